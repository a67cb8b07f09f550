package websocket

import (
	"context"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/coder/websocket"
)

// room is the chat: everybody in it hears what one of them says. A client's first message is its name.
type room struct {
	most int

	mu      sync.Mutex
	members map[*member]struct{}
}

// backlog is how many messages may wait for a member; one who reads too slowly is shown out.
const backlog = 64

type member struct {
	name  string
	hears chan string
	slow  context.CancelFunc
}

func newRoom(most int) *room { return &room{most: most, members: map[*member]struct{}{}} }

// join is a client's stay.
func (r *room) join(ctx context.Context, socket *websocket.Conn) error {
	name, err := text(ctx, socket)
	if err != nil {
		return err
	}
	if name == "" || utf8.RuneCountInString(name) > 20 {
		return socket.Close(websocket.StatusPolicyViolation, "a name has 1 to 20 characters")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m := &member{name: name, hears: make(chan string, backlog), slow: cancel}
	if why := r.enter(m); why != "" {
		return socket.Close(websocket.StatusPolicyViolation, why)
	}
	defer r.leave(m)
	go m.listen(ctx, socket)
	for {
		said, err := text(ctx, socket)
		if err != nil {
			return err
		}
		if said != "" {
			r.say("<" + name + "> " + said)
		}
	}
}

// text reads a message as one line without control characters.
func text(ctx context.Context, socket *websocket.Conn) (string, error) {
	kind, message, err := socket.Read(ctx)
	if err != nil {
		return "", err
	}
	if kind != websocket.MessageText {
		return "", socket.Close(websocket.StatusUnsupportedData, "text, please")
	}
	line := strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, string(message))
	return strings.TrimSpace(line), nil
}

// listen writes what the member hears.
func (m *member) listen(ctx context.Context, socket *websocket.Conn) {
	defer m.slow()
	for {
		select {
		case <-ctx.Done():
			return
		case line := <-m.hears:
			if socket.Write(ctx, websocket.MessageText, []byte(line)) != nil {
				return // its reader notices as well
			}
		}
	}
}

// enter adds m, or says why not.
func (r *room) enter(m *member) (why string) {
	r.mu.Lock()
	if len(r.members) >= r.most {
		why = "the room is full"
	}
	for other := range r.members {
		if other.name == m.name {
			why = "the name is taken"
		}
	}
	if why == "" {
		r.members[m] = struct{}{}
	}
	r.mu.Unlock()
	if why == "" {
		r.say("* " + m.name + " has come")
	}
	return why
}

func (r *room) leave(m *member) {
	r.mu.Lock()
	delete(r.members, m)
	r.mu.Unlock()
	r.say("* " + m.name + " has gone")
}

// say has everybody hear line.
func (r *room) say(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for m := range r.members {
		select {
		case m.hears <- line:
		default:
			m.slow()
		}
	}
}
