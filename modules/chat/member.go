package chat

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/wasmnet/wasmnet/reactor/basic"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// maxNick is the longest name that a member may choose, in bytes.
const maxNick = 20

const help = "* /who lists who is here, /me TEXT says what you do, /quit leaves"

// member is one connection.
type member struct {
	basic.LineOnlyReceiver
	room    *room
	peer    protocol.Address
	nick    string // empty until it is chosen
	counted bool   // among the room's connections
	full    bool   // does not read what it is sent
	missed  int    // lines that were not sent for that reason
	said    int    // lines in the second that second ends
	second  protocol.DelayedCall
}

var (
	_ basic.LineHandler       = (*member)(nil)
	_ basic.LineLengthHandler = (*member)(nil)
)

// outlet follows the member's output, so that one who does not read costs the room no memory.
type outlet struct{ *member }

// PauseProducing implements [protocol.Producer].
func (o outlet) PauseProducing() { o.full = true }

// ResumeProducing implements [protocol.Producer].
func (o outlet) ResumeProducing() {
	o.full = false
	if o.missed > 0 {
		o.say("* %d lines were not sent to you because you did not read", o.missed)
		o.missed = 0
	}
}

// StopProducing implements [protocol.Producer].
func (o outlet) StopProducing() {}

// ConnectionMade implements [protocol.Protocol].
func (m *member) ConnectionMade(t protocol.Transport) {
	m.LineOnlyReceiver.ConnectionMade(t)
	if m.room.count >= m.room.config.MaxMembers {
		m.say("* The room is full.")
		t.LoseConnection()
		return
	}
	m.room.count++
	m.counted = true
	t.RegisterProducer(outlet{m}, true)
	m.say("* %s", m.room.config.Welcome)
	if m.room.config.Nick == NickPeer {
		m.enter(m.unused(m.peer.String()))
	} else {
		m.say("* What is your name?")
	}
}

// ConnectionLost implements [protocol.Protocol].
func (m *member) ConnectionLost(error) {
	if m.counted {
		m.room.count--
	}
	if m.second != nil {
		m.second.Cancel()
	}
	m.leave()
}

// count counts a line. A member who has said enough for a second is read from when it is over: each line costs the room
// as many as there are members, and the room is one sandbox with one budget.
func (m *member) count() {
	m.said++
	if m.second == nil {
		m.second = m.Transport.Reactor().CallLater(time.Second, func() {
			paused := m.said >= m.room.config.MaxRate
			m.second, m.said = nil, 0
			if paused {
				m.ResumeProducing()
			}
		})
	}
	if m.said == m.room.config.MaxRate {
		m.PauseProducing()
	}
}

// LineReceived implements [basic.LineHandler].
func (m *member) LineReceived(received []byte) {
	m.count()
	text := clean(received)
	word, rest, _ := strings.Cut(text, " ")
	switch {
	case m.nick == "":
		m.choose(text)
	case text == "":
	case word == "/quit":
		m.say("* Good bye.")
		m.close()
	case word == "/who":
		m.say("* Here are: %s", strings.Join(m.room.nicks(), ", "))
	case word == "/me" && rest != "":
		m.room.tell(m, "* %s %s", m.nick, rest)
	case word == "/help":
		m.say("%s", help)
	case text[0] == '/':
		m.say("* There is no command %s; try /help", word)
	default:
		m.room.tell(m, "<%s> %s", m.nick, text)
	}
}

// LineLengthExceeded implements [basic.LineLengthHandler]. The rest of the line is passed over.
func (m *member) LineLengthExceeded([]byte) {
	m.count()
	m.say("* That line is too long: at most %d bytes.", m.room.config.MaxLine)
}

// choose takes the first line as the member's name.
func (m *member) choose(nick string) {
	switch {
	case !valid(nick):
		m.say("* A name has 1 to %d letters, digits, - and _. What is your name?", maxNick)
	case m.room.names[strings.ToLower(nick)] != nil:
		m.say("* %s is taken. What is your name?", nick)
	default:
		m.enter(nick)
	}
}

func (m *member) enter(nick string) {
	m.nick = nick
	m.room.tell(nil, "* %s has come", nick)
	m.room.members = append(m.room.members, m)
	m.room.names[strings.ToLower(nick)] = m
	m.say("* You are %s. Here are: %s", nick, strings.Join(m.room.nicks(), ", "))
}

// unused returns nick, or, if it is taken, with a number after it.
func (m *member) unused(nick string) string {
	name := nick
	for n := 2; m.room.names[strings.ToLower(name)] != nil; n++ {
		name = fmt.Sprintf("%s-%d", nick, n)
	}
	return name
}

// leave takes the member out of the room, if it is in.
func (m *member) leave() {
	i := slices.Index(m.room.members, m)
	if i < 0 {
		return
	}
	m.room.members = slices.Delete(m.room.members, i, i+1)
	delete(m.room.names, strings.ToLower(m.nick))
	m.room.tell(nil, "* %s has gone", m.nick)
}

func (m *member) close() {
	m.leave()
	m.Transport.UnregisterProducer()
	m.Transport.LoseConnection()
}

func (m *member) say(format string, args ...any) { m.send(line(format, args...)) }

// line formats one line with its end.
func line(format string, args ...any) []byte { return fmt.Appendf(nil, format+"\r\n", args...) }

// send sends a line, unless the member does not read.
func (m *member) send(line []byte) {
	if m.full {
		m.missed++
		return
	}
	m.Transport.Write(line)
}

func (r *room) nicks() []string {
	nicks := make([]string, len(r.members))
	for i, m := range r.members {
		nicks[i] = m.nick
	}
	return nicks
}

func valid(nick string) bool {
	if nick == "" || len(nick) > maxNick {
		return false
	}
	for _, c := range nick {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// clean makes a line safe to show on the terminals of others: what is not printable text becomes a question mark.
func clean(line []byte) string {
	line = bytes.TrimSuffix(line, []byte("\r"))
	return strings.Map(func(c rune) rune {
		if c == '\t' || unicode.IsGraphic(c) && c != unicode.ReplacementChar {
			return c
		}
		return '?'
	}, string(line))
}
