package redis

import (
	"slices"
	"strings"
)

// command is what the server knows of a command.
type command struct {
	name  string
	arity int // arguments with the name; below zero: at least so many
	flags flags
	first int // where the first key is among the arguments; 0: there is none
	last  int // where the last key is; below zero: counted from the end
	step  int // from one key to the next
	run   func(c *client, args [][]byte)
}

type flags uint8

const (
	write           flags = 1 << iota // it may change data
	denyOOM                           // it may need more memory
	noAuth                            // it may come before the password
	immediate                         // it is obeyed inside a transaction at once
	whileSubscribed                   // a subscriber may use it
	pubsub                            // it is of publish and subscribe
)

// fits reports whether n arguments are as many as the command takes.
func (c *command) fits(n int) bool { return n == c.arity || (c.arity < 0 && n >= -c.arity) }

// table is all commands by name.
func table() map[string]*command {
	t := map[string]*command{}
	for _, commands := range [][]command{
		connectionCommands, serverCommands, keyCommands, expiryCommands, stringCommands, rangeCommands, numberCommands, listCommands,
		blockingCommands, hashCommands, setCommands, sortedCommands, transactionCommands, pubsubCommands,
	} {
		for i := range commands {
			t[commands[i].name] = &commands[i]
		}
	}
	return t
}

// longestName is longer than every command's name.
const longestName = 24

// find finds a command by its name. Clients mostly say the same thing again, so the last one is compared first.
func (c *client) find(name []byte) *command {
	if c.last == nil || string(name) != string(c.lastName[:len(c.last.name)]) {
		if c.last = c.server.lookup(name); c.last != nil {
			copy(c.lastName[:], name)
		}
	}
	return c.last
}

// lookup finds a command by its name, in letters of any case.
func (s *server) lookup(name []byte) *command {
	var room [longestName]byte
	if len(name) > len(room) {
		return nil
	}
	return s.commands[string(lower(room[:0], name))]
}

// lower appends s in small letters to dst.
func lower(dst, s []byte) []byte {
	for _, c := range s {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// is reports whether an argument is a word, which is given in small letters.
func is(arg []byte, word string) bool {
	if len(arg) != len(word) {
		return false
	}
	for i := range arg {
		c := arg[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

// unknownSubcommand answers a command like CONFIG or CLIENT that does not know its first argument.
func (c *client) unknownSubcommand(args [][]byte) {
	c.fail("ERR unknown subcommand '" + string(args[1][:min(len(args[1]), 128)]) + "'. Try " + strings.ToUpper(string(args[0])) + " HELP.")
}

// wrongArguments answers a subcommand that was given too few arguments, or too many.
func (c *client) wrongArguments(args [][]byte) {
	c.fail("ERR wrong number of arguments for '" + string(lower(nil, args[0])) + "|" + string(lower(nil, args[1])) + "' command")
}

// COMMAND [COUNT | LIST | INFO [name ...] | DOCS [name ...]]
func (c *client) command(args [][]byte) {
	commands := c.server.commands
	names := make([]string, 0, len(commands))
	for name := range commands {
		names = append(names, name)
	}
	slices.Sort(names)
	switch {
	case len(args) == 1 || (is(args[1], "info") && len(args) == 2):
		c.array(len(names))
		for _, name := range names {
			c.describe(commands[name])
		}
	case is(args[1], "count") && len(args) == 2:
		c.integer(int64(len(names)))
	case is(args[1], "list") && len(args) == 2:
		c.array(len(names))
		for _, name := range names {
			c.text(name)
		}
	case is(args[1], "info"):
		c.array(len(args) - 2)
		for _, name := range args[2:] {
			if cmd := c.server.lookup(name); cmd != nil {
				c.describe(cmd)
			} else {
				c.nullArray()
			}
		}
	case is(args[1], "docs"):
		c.dictionary(0)
	default:
		c.unknownSubcommand(args)
	}
}

// describe writes what COMMAND tells of a command.
func (c *client) describe(cmd *command) {
	var words []string
	for _, f := range []struct {
		flag flags
		word string
	}{{write, "write"}, {denyOOM, "denyoom"}, {noAuth, "no_auth"}, {pubsub, "pubsub"}} {
		if cmd.flags&f.flag != 0 {
			words = append(words, f.word)
		}
	}
	if cmd.flags&write == 0 && cmd.first > 0 {
		words = append(words, "readonly")
	}
	c.array(6)
	c.text(cmd.name)
	c.integer(int64(cmd.arity))
	c.collection(len(words))
	for _, word := range words {
		c.simple(word)
	}
	c.integer(int64(cmd.first))
	c.integer(int64(cmd.last))
	c.integer(int64(cmd.step))
}
