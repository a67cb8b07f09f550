package redis

import (
	"fmt"
	"strings"
)

// version7 is the version of Redis whose behaviour this is.
const version7 = "7.0.15"

var serverCommands = []command{
	{"info", -1, 0, 0, 0, 0, (*client).info},
	{"config", -2, 0, 0, 0, 0, (*client).configure},
	{"command", -1, 0, 0, 0, 0, (*client).command},
	{"dbsize", 1, 0, 0, 0, 0, func(c *client, _ [][]byte) { c.integer(int64(c.db.keys.len())) }},
	{"flushdb", -1, write, 0, 0, 0, (*client).empty},
	{"flushall", -1, write, 0, 0, 0, (*client).empty},
	{"time", 1, 0, 0, 0, 0, (*client).time},
}

// FLUSHDB [ASYNC | SYNC], FLUSHALL [ASYNC | SYNC]
func (c *client) empty(args [][]byte) {
	if len(args) > 2 || (len(args) == 2 && !is(args[1], "async") && !is(args[1], "sync")) {
		c.fail(errSyntax)
		return
	}
	if is(args[0], "flushdb") {
		c.db.clear()
	} else {
		for _, d := range c.server.dbs {
			d.clear()
		}
	}
	c.ok()
}

// TIME
func (c *client) time([][]byte) {
	now := c.server.clock.Now()
	c.array(2)
	c.text(fmt.Sprint(now.Unix()))
	c.text(fmt.Sprint(now.Nanosecond() / 1000))
}

// INFO [section ...]
func (c *client) info(args [][]byte) {
	s := c.server
	var b strings.Builder
	section := func(name, format string, values ...any) {
		wanted := len(args) == 1
		for _, a := range args[1:] {
			wanted = wanted || is(a, strings.ToLower(name)) || is(a, "all") || is(a, "everything") || is(a, "default")
		}
		if !wanted {
			return
		}
		if b.Len() > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString("# " + name + "\r\n")
		fmt.Fprintf(&b, format, values...)
	}
	blocked := 0
	for other := range s.clients {
		if other.wait != nil {
			blocked++
		}
	}
	section("Server", "redis_version:%s\r\nredis_mode:standalone\r\nuptime_in_seconds:%d\r\n", version7, (s.time()-s.started)/1000)
	section("Clients", "connected_clients:%d\r\nmaxclients:%d\r\nblocked_clients:%d\r\n", len(s.clients), s.config.MaxClients, blocked)
	section("Memory", "used_memory:%d\r\nmaxmemory:%d\r\nmaxmemory_policy:noeviction\r\n", s.used, s.config.MaxMemory)
	section("Stats", "total_connections_received:%d\r\ntotal_commands_processed:%d\r\nexpired_keys:%d\r\npubsub_channels:%d\r\npubsub_patterns:%d\r\n",
		s.accepted, s.served, s.expired, len(s.channels), s.countPatterns())
	section("Replication", "role:master\r\nconnected_slaves:0\r\n")
	var keys strings.Builder
	for _, d := range s.dbs {
		if d.keys.len() > 0 {
			fmt.Fprintf(&keys, "db%d:keys=%d,expires=%d,avg_ttl=0\r\n", d.index, d.keys.len(), d.expires)
		}
	}
	section("Keyspace", "%s", keys.String())
	c.text(b.String())
}

// CONFIG GET parameter [parameter ...] | SET ... | RESETSTAT
func (c *client) configure(args [][]byte) {
	s := c.server
	switch {
	case is(args[1], "get") && len(args) > 2:
		var found []string
		for _, p := range [][2]string{
			{"appendonly", "no"}, {"databases", fmt.Sprint(s.config.Databases)}, {"maxclients", fmt.Sprint(s.config.MaxClients)},
			{"maxmemory", fmt.Sprint(s.config.MaxMemory)}, {"maxmemory-policy", "noeviction"},
			{"proto-max-bulk-len", fmt.Sprint(s.config.MaxBulk)}, {"save", ""}, {"timeout", "0"},
		} {
			for _, a := range args[2:] {
				if match(lower(nil, a), []byte(p[0])) {
					found = append(found, p[0], p[1])
					break
				}
			}
		}
		c.dictionary(len(found) / 2)
		for _, text := range found {
			c.text(text)
		}
	case is(args[1], "resetstat") && len(args) == 2:
		s.served, s.accepted, s.expired = 0, 0, 0
		c.ok()
	case is(args[1], "set") && len(args) > 3:
		c.fail("ERR CONFIG SET is not permitted: the operator configures this server")
	case is(args[1], "get"), is(args[1], "set"), is(args[1], "resetstat"):
		c.wrongArguments(args)
	default:
		c.unknownSubcommand(args)
	}
}
