package redis

import (
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"
)

var connectionCommands = []command{
	{"ping", -1, whileSubscribed, 0, 0, 0, (*client).ping},
	{"echo", 2, 0, 0, 0, 0, func(c *client, a [][]byte) { c.bulk(a[1]) }},
	{"select", 2, 0, 0, 0, 0, (*client).selectDatabase},
	{"auth", -2, noAuth, 0, 0, 0, (*client).auth},
	{"hello", -1, noAuth, 0, 0, 0, (*client).hello},
	{"quit", -1, noAuth | immediate | whileSubscribed, 0, 0, 0, func(c *client, _ [][]byte) { c.ok(); c.close() }},
	{"reset", 1, noAuth | immediate | whileSubscribed, 0, 0, 0, (*client).reset},
	{"client", -2, 0, 0, 0, 0, (*client).client},
}

// PING [message]
func (c *client) ping(args [][]byte) {
	switch {
	case len(args) > 2:
		c.fail("ERR wrong number of arguments for 'ping' command")
	case c.subscribed() > 0 && !c.resp3:
		c.array(2)
		c.text("pong")
		if len(args) == 2 {
			c.bulk(args[1])
		} else {
			c.text("")
		}
	case len(args) == 2:
		c.bulk(args[1])
	default:
		c.simple("PONG")
	}
}

// SELECT index
func (c *client) selectDatabase(args [][]byte) {
	n, ok := parseInt(args[1])
	switch {
	case !ok:
		c.fail(errInteger)
	case n < 0 || n >= int64(len(c.server.dbs)):
		c.fail("ERR DB index is out of range")
	default:
		c.db = c.server.dbs[n]
		c.ok()
	}
}

// AUTH [username] password
func (c *client) auth(args [][]byte) {
	switch {
	case len(args) > 3:
		c.fail(errSyntax)
	case len(args) == 2 && c.server.config.Password == "":
		c.fail("ERR AUTH <password> called without any password configured for the default user. " +
			"Are you sure your configuration is correct?")
	case len(args) == 2 && c.authenticate([]byte("default"), args[1]), len(args) == 3 && c.authenticate(args[1], args[2]):
		c.ok()
	}
}

// authenticate reports whether the password is right, and tells the client if it is not.
func (c *client) authenticate(user, password []byte) bool {
	want := c.server.config.Password
	right := want == "" || subtle.ConstantTimeCompare(password, []byte(want)) == 1
	if string(user) != "default" || !right {
		c.fail("WRONGPASS invalid username-password pair or user is disabled.")
		return false
	}
	c.authenticated = true
	return true
}

// HELLO [version [AUTH username password] [SETNAME name]]
func (c *client) hello(args [][]byte) {
	version := int64(2)
	if c.resp3 {
		version = 3
	}
	if len(args) > 1 {
		var ok bool
		if version, ok = parseInt(args[1]); !ok {
			c.fail("ERR Protocol version is not an integer or out of range")
			return
		}
		if version < 2 || version > 3 {
			c.fail("NOPROTO unsupported protocol version")
			return
		}
	}
	name := c.name
	for i := 2; i < len(args); {
		switch {
		case is(args[i], "auth") && i+2 < len(args):
			if !c.authenticate(args[i+1], args[i+2]) {
				return
			}
			i += 3
		case is(args[i], "setname") && i+1 < len(args):
			if !validName(args[i+1]) {
				c.fail(errName)
				return
			}
			name = string(args[i+1])
			i += 2
		default:
			c.fail("ERR Syntax error in HELLO option '" + string(args[i]) + "'")
			return
		}
	}
	if !c.authenticated {
		c.fail("NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> " +
			"option can be used to authenticate the client and select the RESP protocol version at the same time")
		return
	}
	c.name, c.resp3 = name, version == 3
	c.dictionary(7)
	c.text("server")
	c.text("redis")
	c.text("version")
	c.text(version7)
	c.text("proto")
	c.integer(version)
	c.text("id")
	c.integer(c.id)
	c.text("mode")
	c.text("standalone")
	c.text("role")
	c.text("master")
	c.text("modules")
	c.array(0)
}

// RESET
func (c *client) reset([][]byte) {
	c.discard()
	c.unsubscribeAll()
	c.db, c.name, c.resp3 = c.server.dbs[0], "", false
	c.authenticated = c.server.config.Password == ""
	c.simple("RESET")
}

const errName = "ERR Client names cannot contain spaces, newlines or special characters."

// validName reports whether a client may be called so.
func validName(name []byte) bool {
	return !slices.ContainsFunc(name, func(b byte) bool { return b < '!' || b > '~' })
}

// CLIENT ID | GETNAME | SETNAME name | LIST | INFO | NO-EVICT on | NO-TOUCH on | SETINFO ...
func (c *client) client(args [][]byte) {
	n := len(args)
	switch sub := args[1]; {
	case is(sub, "id") && n == 2:
		c.integer(c.id)
	case is(sub, "getname") && n == 2:
		if c.name == "" {
			c.null()
		} else {
			c.text(c.name)
		}
	case is(sub, "setname") && n == 3:
		if !validName(args[2]) {
			c.fail(errName)
			return
		}
		c.name = string(args[2])
		c.ok()
	case is(sub, "info") && n == 2:
		c.text(c.line())
	case is(sub, "list") && n == 2:
		lines := make([]string, 0, len(c.server.clients))
		for other := range c.server.clients {
			lines = append(lines, other.line())
		}
		slices.Sort(lines)
		c.text(strings.Join(lines, ""))
	case is(sub, "id"), is(sub, "getname"), is(sub, "setname"), is(sub, "info"), is(sub, "list"):
		c.wrongArguments(args)
	default:
		c.unknownSubcommand(args)
	}
}

// line describes a client as CLIENT LIST does.
func (c *client) line() string {
	return fmt.Sprintf("id=%d addr=%s name=%s db=%d sub=%d psub=%d multi=%d qbuf=%d obl=%d\n",
		c.id, c.peer, c.name, c.db.index, len(c.channels), len(c.patterns), c.depth(), len(c.parser.held), len(c.out))
}
