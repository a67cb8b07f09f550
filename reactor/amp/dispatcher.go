package amp

import (
	"errors"
	"fmt"
	"log"
	"strconv"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// The keys that make a box a command, an answer or an error.
const (
	keyCommand     = "_command"
	keyAsk         = "_ask"
	keyAnswer      = "_answer"
	keyError       = "_error"
	keyCode        = "_error_code"
	keyDescription = "_error_description"
)

// DefaultMaxAsks is how many commands of the other end may be waiting for their answers.
const DefaultMaxAsks = 1000

// Locator finds the responder of a command.
type Locator interface {
	// LocateResponder returns nil if there is none. command is valid until the call returns.
	LocateResponder(command []byte) Responder
}

// Responder obeys one command. It is made by methods of [Command], or deals in boxes itself.
type Responder interface {
	// Respond is given the command's box, which is valid until the call returns. It answers ask once, at once or
	// later.
	Respond(box *Box, ask *Ask)
}

// CommandLocator finds responders by the names of their commands.
type CommandLocator map[string]Responder

// LocateResponder implements [Locator].
func (l CommandLocator) LocateResponder(command []byte) Responder { return l[string(command)] }

// Add adds the responder of a command, or replaces it.
func (l CommandLocator) Add(command string, r Responder) { l[command] = r }

// BoxDispatcher makes commands, answers and errors of boxes: it gives the commands it receives to responders, and the
// answers it receives to whoever has asked.
type BoxDispatcher struct {
	// Locator finds responders. Nil: there are none.
	Locator Locator
	// MaxAsks is how many commands may be waiting for their answers before the connection is not read any more, until
	// one is answered. 0: [DefaultMaxAsks].
	MaxAsks int
	// Report hears of errors that responders have not declared: the other end is told of them without their text. Nil:
	// package log.
	Report func(command string, err error)

	sender   *BinaryBoxProtocol
	lost     error // why there is no connection any more
	counter  uint64
	calls    map[uint64]func(answer *Box, err error)
	asks     int  // commands that wait for their answers
	full     bool // too many: reading is paused
	outgoing Box
}

var _ BoxReceiver = (*BoxDispatcher)(nil)

// Caller is what commands are sent with: a *[BoxDispatcher], or an [AMP] or another type that has one embedded.
type Caller interface{ dispatcher() *BoxDispatcher }

func (d *BoxDispatcher) dispatcher() *BoxDispatcher { return d }

// StartReceivingBoxes implements [BoxReceiver].
func (d *BoxDispatcher) StartReceivingBoxes(sender *BinaryBoxProtocol) { d.sender = sender }

// StopReceivingBoxes implements [BoxReceiver]: the calls that are outstanding fail, and so does every later one.
func (d *BoxDispatcher) StopReceivingBoxes(reason error) {
	d.lost = reason
	calls := d.calls
	d.calls = nil
	for tag := uint64(1); tag <= d.counter && len(calls) > 0; tag++ { // in the order in which they were made
		if done, ok := calls[tag]; ok {
			delete(calls, tag)
			done(nil, reason)
		}
	}
}

// AmpBoxReceived implements [BoxReceiver].
func (d *BoxDispatcher) AmpBoxReceived(box *Box) {
	if tag, ok := box.Get(keyAnswer); ok {
		d.answered(tag, box, nil)
	} else if tag, ok := box.Get(keyError); ok {
		code, _ := box.Get(keyCode)
		description, _ := box.Get(keyDescription)
		err := &RemoteError{Code: string(code), Description: string(description)}
		if err.Code == CodeUnhandled {
			err.Err = ErrUnhandledCommand
		}
		d.answered(tag, nil, err)
	} else if command, ok := box.Get(keyCommand); ok {
		d.asked(command, box)
	} else {
		d.sender.Close(ErrNoEmptyBoxes)
	}
}

func (d *BoxDispatcher) answered(tag []byte, box *Box, err error) {
	n, malformed := strconv.ParseUint(string(tag), 16, 64)
	done, ok := d.calls[n]
	if malformed != nil || !ok {
		d.sender.Close(ErrUnknownAnswer)
		return
	}
	delete(d.calls, n)
	done(box, err)
}

func (d *BoxDispatcher) asked(command []byte, box *Box) {
	ask := &Ask{dispatcher: d, command: string(command)}
	if tag, ok := box.Get(keyAsk); ok {
		ask.tag, ask.wanted = string(tag), true
	}
	d.asks++
	var r Responder
	if d.Locator != nil {
		r = d.Locator.LocateResponder(command)
	}
	if r == nil {
		ask.Fail(unhandled(command))
		return
	}
	r.Respond(box, ask)
	limit := d.MaxAsks
	if limit <= 0 {
		limit = DefaultMaxAsks
	}
	if d.asks >= limit && !d.full && d.lost == nil {
		d.full = true
		d.sender.pause(forAsks)
	}
}

// done counts an answer.
func (d *BoxDispatcher) done() {
	d.asks--
	if d.full && d.lost == nil {
		d.full = false
		d.sender.resume(forAsks)
	}
}

// call sends a command, with the arguments that are in d.outgoing. done is called once, in a later event; if it is nil
// no answer is asked for.
func (d *BoxDispatcher) call(command string, done func(answer *Box, err error)) error {
	switch {
	case d.lost != nil:
		return d.lost
	case d.sender == nil:
		return ErrNotConnected
	}
	d.outgoing.Set(keyCommand, []byte(command))
	if done != nil {
		d.outgoing.Set(keyAsk, strconv.AppendUint(nil, d.counter+1, 16))
	}
	if err := d.sender.SendBox(&d.outgoing); err != nil {
		return err
	}
	d.counter++
	if done != nil {
		if d.calls == nil {
			d.calls = map[uint64]func(*Box, error){}
		}
		d.calls[d.counter] = done
	}
	return nil
}

// CallRemoteBox sends a command with the arguments of a box and gives the box of the answer, which is a copy (Twisted's
// callRemoteString). The errors are those of [Command.CallRemote].
func (d *BoxDispatcher) CallRemoteBox(command string, arguments *Box) *deferred.Deferred[*Box] {
	answer := deferred.New[*Box](d.clock())
	d.outgoing.Reset()
	for key, value := range arguments.All() {
		d.outgoing.Set(key, value)
	}
	err := d.call(command, func(box *Box, err error) {
		if err != nil {
			_ = answer.Errback(err)
			return
		}
		_ = answer.Callback(box.Clone())
	})
	if err != nil {
		_ = answer.Errback(fmt.Errorf("calling %s: %w", command, err))
	}
	return answer
}

func (d *BoxDispatcher) clock() protocol.Clock {
	if d.sender == nil || d.sender.Transport == nil {
		return nil
	}
	return d.sender.Transport.Reactor()
}

// report tells of an error that the other end is not told of.
func (d *BoxDispatcher) report(command string, err error) {
	if d.Report != nil {
		d.Report(command, err)
		return
	}
	log.Printf("amp: command %q: %v", command, err)
}

// Ask is a command of the other end that is to be answered once.
type Ask struct {
	dispatcher *BoxDispatcher
	command    string
	tag        string
	wanted     bool // there is to be an answer
	over       bool
}

// Answer sends an answer; box is changed. A box that cannot be sent is answered with UNKNOWN and ends the connection.
func (a *Ask) Answer(box *Box) {
	if !a.end() {
		return
	}
	defer a.dispatcher.done()
	a.send(box)
}

func (a *Ask) send(box *Box) {
	if !a.wanted {
		return
	}
	box.Set(keyAnswer, []byte(a.tag))
	err := a.dispatcher.sender.SendBox(box)
	var tooLong *TooLongError
	if errors.As(err, &tooLong) {
		a.fail(err)
	}
}

// Fail answers with an error: with its code and description if err is a *[RemoteError], otherwise with UNKNOWN, which
// ends the connection. If no answer is asked for, every error ends the connection.
func (a *Ask) Fail(err error) {
	if !a.end() {
		return
	}
	defer a.dispatcher.done()
	a.fail(err)
}

func (a *Ask) fail(err error) {
	d := a.dispatcher
	var answer *RemoteError
	if !errors.As(err, &answer) {
		d.report(a.command, err)
		answer = &RemoteError{Code: CodeUnknown, Description: "Unknown Error", Fatal: true}
	}
	if !a.wanted {
		d.sender.Close(fmt.Errorf("command %q: %w", a.command, err))
		return
	}
	box := &d.outgoing
	box.Reset()
	box.Set(keyError, []byte(a.tag))
	box.Set(keyCode, []byte(answer.Code))
	box.Set(keyDescription, []byte(fitting(answer.Description)))
	if d.sender.SendBox(box) == nil && answer.Fatal {
		d.sender.Close(err)
	}
}

// end reports whether the ask is still to be answered, by a connection that is there.
func (a *Ask) end() bool {
	if a.over {
		return false
	}
	a.over = true
	if a.dispatcher.lost != nil {
		a.dispatcher.asks--
		return false
	}
	return true
}
