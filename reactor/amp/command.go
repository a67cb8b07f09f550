package amp

import (
	"errors"
	"fmt"

	"github.com/wasmnet/wasmnet/reactor/deferred"
)

// Command is a command with arguments A that is answered with R. It is not changed once it is in use, and both ends of
// any number of connections may use it.
type Command[A, R any] struct {
	// Name is the command's name on the wire.
	Name      string
	Arguments Fields[A]
	Response  Fields[R]
	// Errors are those that responders may answer with. The first that fits is taken.
	Errors []DeclaredError
}

// CallRemote asks the other end to obey the command. The outcome is its response, or an error: a *[RemoteError], in
// which errors.Is finds what the command declares, a *[FieldError], or the reason for which the connection was lost.
func (c *Command[A, R]) CallRemote(to Caller, arguments A) *deferred.Deferred[R] {
	d := to.dispatcher()
	outcome := deferred.New[R](d.clock())
	err := c.send(d, &arguments, func(answer *Box, err error) {
		var response R
		if err == nil {
			if err = c.Response.FromBox(&response, answer); err != nil {
				err = fmt.Errorf("answer to %s: %w", c.Name, err)
			}
		}
		if err != nil {
			_ = outcome.Errback(c.declared(err))
			return
		}
		_ = outcome.Callback(response)
	})
	if err != nil {
		_ = outcome.Errback(err)
	}
	return outcome
}

// CallRemoteWithoutAnswer sends the command and asks for no answer (Twisted's requiresAnswer = False). The other end
// closes the connection if it cannot obey.
func (c *Command[A, R]) CallRemoteWithoutAnswer(to Caller, arguments A) error {
	return c.send(to.dispatcher(), &arguments, nil)
}

func (c *Command[A, R]) send(d *BoxDispatcher, arguments *A, done func(*Box, error)) error {
	d.outgoing.Reset()
	err := c.Arguments.ToBox(arguments, &d.outgoing)
	if err == nil {
		err = d.call(c.Name, done)
	}
	if err != nil {
		return fmt.Errorf("calling %s: %w", c.Name, err)
	}
	return nil
}

// declared puts the error that the command declares into a remote one.
func (c *Command[A, R]) declared(err error) error {
	var remote *RemoteError
	if errors.As(err, &remote) {
		for _, e := range c.Errors {
			if e.Code == remote.Code {
				remote.Err = e.Err
				break
			}
		}
	}
	return err
}

// Responder obeys the command with f, which answers at once.
func (c *Command[A, R]) Responder(f func(arguments A) (R, error)) Responder {
	return responder(func(box *Box, ask *Ask) {
		var arguments A
		if err := c.Arguments.FromBox(&arguments, box); err != nil {
			ask.Fail(err)
			return
		}
		response, err := f(arguments)
		c.answer(ask, response, err)
	})
}

// DeferredResponder obeys the command with f, which answers later.
func (c *Command[A, R]) DeferredResponder(f func(arguments A) *deferred.Deferred[R]) Responder {
	return responder(func(box *Box, ask *Ask) {
		var arguments A
		if err := c.Arguments.FromBox(&arguments, box); err != nil {
			ask.Fail(err)
			return
		}
		f(arguments).Handle(func(response R, err error) { c.answer(ask, response, err) })
	})
}

func (c *Command[A, R]) answer(ask *Ask, response R, err error) {
	if err != nil {
		ask.Fail(c.outgoing(err))
		return
	}
	box := &ask.dispatcher.outgoing
	box.Reset()
	if err := c.Response.ToBox(&response, box); err != nil {
		ask.Fail(fmt.Errorf("the answer cannot be sent: %w", err))
		return
	}
	ask.Answer(box)
}

// outgoing gives an error the code that the command declares for it.
func (c *Command[A, R]) outgoing(err error) error {
	for _, e := range c.Errors {
		if errors.Is(err, e.Err) {
			return &RemoteError{Code: e.Code, Description: err.Error(), Fatal: e.Fatal, Err: e.Err}
		}
	}
	return err
}

// responder is a function used as a [Responder].
type responder func(box *Box, ask *Ask)

func (f responder) Respond(box *Box, ask *Ask) { f(box, ask) }
