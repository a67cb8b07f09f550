package redis

import (
	"strings"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

const (
	piece   = 128 << 10 // so many bytes are written at a time when the connection is slow
	backlog = 64 << 10  // so many bytes of requests are read ahead for a client that waits
)

// client is one connection.
type client struct {
	protocol.Base
	server *server
	peer   protocol.Address
	db     *database
	id     int64
	name   string
	parser parser

	authenticated bool
	resp3         bool
	running       bool // requests are being executed
	closing       bool // when the replies are written
	gone          bool
	held          bool // reading is paused

	last     *command          // the one of the request before
	lastName [longestName]byte // its name, as that request has written it

	out       []byte // replies that were not given to the transport
	queued    bool   // in the server's pending
	given     int    // bytes given to the transport since it was last asked what it has not written
	producing bool   // the transport asks for more of out when it has written what it was given

	transaction
	subscriptions
	wait *wait // for a blocking command; nil if there is none
}

// ConnectionMade implements [protocol.Protocol].
func (c *client) ConnectionMade(t protocol.Transport) {
	c.Base.ConnectionMade(t)
	s := c.server
	s.begin()
	defer s.end()
	s.accepted++
	if s.started == 0 {
		s.started = s.time()
	}
	if len(s.clients) >= s.config.MaxClients {
		c.fail("ERR max number of clients reached")
		c.close()
		return
	}
	s.ids++
	c.id, c.db, c.authenticated = s.ids, s.dbs[0], s.config.Password == ""
	s.clients[c] = struct{}{}
}

// DataReceived implements [protocol.Protocol].
func (c *client) DataReceived(data []byte) {
	c.server.begin()
	defer c.server.end()
	c.parser.feed(data)
	c.run()
}

// ConnectionLost implements [protocol.Protocol].
func (c *client) ConnectionLost(error) {
	c.server.begin()
	defer c.server.end()
	c.gone = true
	delete(c.server.clients, c)
	c.unwatch()
	c.unsubscribeAll()
	c.unblock()
	c.out = nil
}

// can reports whether the client's next request can be executed.
func (c *client) can() bool { return !c.gone && !c.closing && c.wait == nil && len(c.out) < piece }

// run executes the requests that are complete.
func (c *client) run() {
	if c.running || c.gone {
		return
	}
	c.running = true
	if c.parser.in == nil {
		c.parser.feed(nil)
	}
	for c.can() {
		args, err := c.parser.next(!c.authenticated)
		if err != nil {
			c.fail(err.Error())
			c.close()
		}
		if len(args) == 0 {
			break
		}
		c.execute(args)
		if len(c.server.ready) > 0 {
			c.server.serveReady()
		}
		if len(c.out) >= piece {
			c.flush()
		}
	}
	c.parser.keep()
	c.running = false
	c.queue()
	full := !c.can() && len(c.parser.held) > backlog
	if full != c.held && !c.gone {
		if c.held = full; full {
			c.Transport.PauseReading()
		} else {
			c.Transport.ResumeReading()
		}
	}
}

// queue has what is in out written when the event ends.
func (c *client) queue() {
	if !c.queued && (len(c.out) > 0 || c.closing) {
		c.queued = true
		c.server.pending = append(c.server.pending, c)
	}
}

// close closes the connection when the replies are written.
func (c *client) close() {
	c.closing = true
	c.queue()
}

// flush gives replies to the transport: all of them, or as much as it should have at a time.
func (c *client) flush() {
	if c.gone || c.producing {
		return
	}
	if c.given += len(c.out); c.given < piece/2 {
		c.give()
		c.finish()
		return
	}
	c.given = 0
	waiting := c.Transport.Buffered()
	if (waiting > 0 || len(c.out) > piece) && c.Transport.RegisterProducer(outlet{c}, false) == nil {
		c.producing = true
		if waiting == 0 {
			c.give()
		}
		return
	}
	c.give()
	c.finish()
}

// give writes a piece of the replies. That it fails the client hears from ConnectionLost.
func (c *client) give() {
	n := min(len(c.out), piece)
	if n > 0 {
		_, _ = c.Transport.Write(c.out[:n])
	}
	rest := copy(c.out, c.out[n:])
	if c.out = c.out[:rest]; rest == 0 && cap(c.out) > keepBuffer {
		c.out = nil
	}
}

// finish closes the connection, if that was wanted.
func (c *client) finish() {
	if c.closing && len(c.out) == 0 {
		c.Transport.LoseConnection()
	}
}

// outlet is registered with the transport while replies wait.
type outlet struct{ *client }

var _ protocol.Producer = outlet{}

// PauseProducing implements [protocol.Producer]: a pull producer is never paused.
func (o outlet) PauseProducing() {}

// ResumeProducing implements [protocol.Producer].
func (o outlet) ResumeProducing() {
	c := o.client
	if !c.producing || c.Transport.Buffered() > 0 {
		return // it is asked once at the beginning
	}
	c.server.begin()
	defer c.server.end()
	if len(c.out) > 0 {
		c.give()
	}
	if len(c.out) < piece {
		c.producing = false
		c.Transport.UnregisterProducer()
		c.queue()
		c.run() // what was not executed because replies waited
		c.finish()
	}
}

// StopProducing implements [protocol.Producer].
func (o outlet) StopProducing() { o.producing = false }

// deliver makes sure that what was appended to the replies of a client from outside, as a message of another's, is
// written; a client for whom too much waits is dropped.
func (c *client) deliver() {
	if len(c.out) > c.server.config.MaxOutput {
		c.out, c.closing = nil, true
		c.Transport.AbortConnection()
		return
	}
	c.queue()
}

// execute obeys one request.
func (c *client) execute(args [][]byte) {
	s := c.server
	s.served++
	cmd := c.find(args[0])
	if cmd == nil || !c.authenticated || c.subscribed() > 0 || !cmd.fits(len(args)) || cmd.flags&denyOOM != 0 && s.over() {
		if problem := c.refuse(cmd, args); problem != "" {
			c.fail(problem)
			c.abort()
			return
		}
	}
	if c.multi && cmd.flags&immediate == 0 {
		c.enqueue(cmd, args)
		return
	}
	cmd.run(c, args)
}

// refuse says why a request cannot be obeyed, as the client is told; empty if it can.
func (c *client) refuse(cmd *command, args [][]byte) string {
	s := c.server
	switch {
	case cmd == nil:
		return unknown(args)
	case !cmd.fits(len(args)):
		return "ERR wrong number of arguments for '" + cmd.name + "' command"
	case !c.authenticated && cmd.flags&noAuth == 0:
		return "NOAUTH Authentication required."
	case cmd.flags&denyOOM != 0 && s.over():
		return "OOM command not allowed when used memory > 'maxmemory'."
	case c.subscribed() > 0 && !c.resp3 && cmd.flags&whileSubscribed == 0:
		return "ERR Can't execute '" + cmd.name +
			"': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
	}
	return ""
}

// unknown describes a command that there is not.
func unknown(args [][]byte) string {
	var s strings.Builder
	s.WriteString("ERR unknown command '")
	s.Write(args[0][:min(len(args[0]), 128)])
	s.WriteString("', with args beginning with: ")
	for n, i := 0, 1; n < 128 && i < len(args); i++ {
		a := args[i][:min(len(args[i]), 128-n)]
		n += len(a) + 3
		s.WriteString("'" + string(a) + "' ")
	}
	return s.String()
}
