package redis

import "slices"

var transactionCommands = []command{
	{"multi", 1, immediate, 0, 0, 0, (*client).begin},
	{"exec", 1, immediate, 0, 0, 0, (*client).exec},
	{"discard", 1, immediate, 0, 0, 0, (*client).discardCommand},
	{"watch", -2, immediate, 1, -1, 1, (*client).watch},
	{"unwatch", 1, 0, 0, 0, 0, func(c *client, _ [][]byte) { c.unwatch(); c.ok() }},
}

// transaction is a client's commands that wait for EXEC, and the keys it watches.
type transaction struct {
	multi     bool
	broken    bool // a command was refused
	spoiled   bool // a watched key has changed
	executing bool
	steps     []step
	size      int // of the steps, in bytes
	watches   []watch
}

type step struct {
	command *command
	args    [][]byte
}

type watch struct {
	db  *database
	key string
}

// depth is the number of commands that wait; -1 outside a transaction.
func (t *transaction) depth() int {
	if !t.multi {
		return -1
	}
	return len(t.steps)
}

// abort remembers that a command of the transaction was refused.
func (c *client) abort() { c.broken = c.multi }

// MULTI
func (c *client) begin([][]byte) {
	if c.multi {
		c.fail("ERR MULTI calls can not be nested")
		return
	}
	c.multi = true
	c.ok()
}

// enqueue keeps a command for EXEC.
func (c *client) enqueue(cmd *command, args [][]byte) {
	size := 0
	for _, a := range args {
		size += len(a) + elementCost
	}
	if c.size+size > c.server.config.MaxRequest {
		c.fail("ERR the transaction is too large")
		c.abort()
		return
	}
	c.size += size
	all := make([]byte, 0, size)
	kept := make([][]byte, len(args))
	for i, a := range args {
		all = append(all, a...)
		kept[i] = all[len(all)-len(a) : len(all) : len(all)]
	}
	c.steps = append(c.steps, step{cmd, kept})
	c.simple("QUEUED")
}

// EXEC
func (c *client) exec([][]byte) {
	if !c.multi {
		c.fail("ERR EXEC without MULTI")
		return
	}
	for _, w := range c.watches {
		w.db.find([]byte(w.key)) // one that has expired spoils it
	}
	steps, broken, spoiled := c.steps, c.broken, c.spoiled
	c.discard()
	switch {
	case broken:
		c.fail("EXECABORT Transaction discarded because of previous errors.")
		return
	case spoiled:
		c.nullArray()
		return
	}
	c.array(len(steps))
	c.executing = true
	for _, s := range steps {
		if problem := c.refuse(s.command, s.args); problem != "" {
			c.fail(problem)
		} else {
			s.command.run(c, s.args)
		}
	}
	c.executing = false
}

// DISCARD
func (c *client) discardCommand([][]byte) {
	if !c.multi {
		c.fail("ERR DISCARD without MULTI")
		return
	}
	c.discard()
	c.ok()
}

// discard ends the transaction.
func (c *client) discard() {
	c.unwatch()
	c.transaction = transaction{}
}

// WATCH key [key ...]
func (c *client) watch(args [][]byte) {
	if c.multi {
		c.fail("ERR WATCH inside MULTI is not allowed")
		return
	}
	for _, key := range args[1:] {
		c.db.find(key)
		w := watch{c.db, string(key)}
		if slices.Contains(c.watches, w) {
			continue
		}
		if len(c.watches) >= c.server.config.MaxArgs {
			c.fail("ERR too many keys are watched")
			return
		}
		c.watches = append(c.watches, w)
		c.db.watched[w.key] = append(c.db.watched[w.key], c)
	}
	c.ok()
}

// unwatch forgets the keys that are watched.
func (c *client) unwatch() {
	for _, w := range c.watches {
		others := slices.DeleteFunc(w.db.watched[w.key], func(other *client) bool { return other == c })
		if len(others) == 0 {
			delete(w.db.watched, w.key)
		} else {
			w.db.watched[w.key] = others
		}
	}
	c.watches, c.spoiled = nil, false
}
