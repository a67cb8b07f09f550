package redis

import (
	"slices"
)

var pubsubCommands = []command{
	{"subscribe", -2, pubsub | whileSubscribed, 0, 0, 0, (*client).subscribe},
	{"unsubscribe", -1, pubsub | whileSubscribed, 0, 0, 0, (*client).unsubscribe},
	{"psubscribe", -2, pubsub | whileSubscribed, 0, 0, 0, (*client).subscribePattern},
	{"punsubscribe", -1, pubsub | whileSubscribed, 0, 0, 0, (*client).unsubscribePattern},
	{"publish", 3, pubsub, 0, 0, 0, (*client).publish},
	{"pubsub", -2, pubsub, 0, 0, 0, (*client).pubsub},
}

// subscriptions are what a client listens to.
type subscriptions struct {
	channels []string
	patterns []string
}

func (s *subscriptions) subscribed() int { return len(s.channels) + len(s.patterns) }

// pattern is a client's wish to hear of channels whose names have a form.
type pattern struct {
	form   string
	client *client
}

// subscription answers SUBSCRIBE and its like: what was done to which channel, and how many there are now.
func (c *client) subscription(kind, channel string) {
	c.message(3)
	c.text(kind)
	c.text(channel)
	c.integer(int64(c.subscribed()))
}

// room reports whether there is memory for one more subscription, and tells the client if there is not.
func (c *client) room(name []byte) bool {
	if c.server.over() || c.subscribed() >= c.server.config.MaxArgs {
		c.fail("OOM command not allowed when used memory > 'maxmemory'.")
		return false
	}
	c.server.used += len(name) + elementCost
	return true
}

// SUBSCRIBE channel [channel ...]
func (c *client) subscribe(args [][]byte) {
	for _, name := range args[1:] {
		channel := string(name)
		if !slices.Contains(c.channels, channel) {
			if !c.room(name) {
				return
			}
			c.channels = append(c.channels, channel)
			c.server.channels[channel] = append(c.server.channels[channel], c)
		}
		c.subscription("subscribe", channel)
	}
}

// PSUBSCRIBE pattern [pattern ...]
func (c *client) subscribePattern(args [][]byte) {
	for _, name := range args[1:] {
		form := string(name)
		if !slices.Contains(c.patterns, form) {
			if !c.room(name) {
				return
			}
			c.patterns = append(c.patterns, form)
			c.server.patterns = append(c.server.patterns, pattern{form, c})
		}
		c.subscription("psubscribe", form)
	}
}

// UNSUBSCRIBE [channel ...]
func (c *client) unsubscribe(args [][]byte) {
	c.leave("unsubscribe", args[1:], c.channels, c.leaveChannel)
}

// PUNSUBSCRIBE [pattern ...]
func (c *client) unsubscribePattern(args [][]byte) {
	c.leave("punsubscribe", args[1:], c.patterns, c.leavePattern)
}

// leave ends the subscriptions named, or all.
func (c *client) leave(kind string, named [][]byte, all []string, leave func(string)) {
	names := slices.Clone(all)
	if len(named) > 0 {
		names = names[:0]
		for _, name := range named {
			names = append(names, string(name))
		}
	}
	for _, name := range names {
		leave(name)
		c.subscription(kind, name)
	}
	if len(names) == 0 {
		c.message(3)
		c.text(kind)
		c.null()
		c.integer(int64(c.subscribed()))
	}
}

func (c *client) leaveChannel(channel string) {
	i := slices.Index(c.channels, channel)
	if i < 0 {
		return
	}
	s := c.server
	c.channels = slices.Delete(c.channels, i, i+1)
	s.used -= len(channel) + elementCost
	others := slices.DeleteFunc(s.channels[channel], func(other *client) bool { return other == c })
	if len(others) == 0 {
		delete(s.channels, channel)
	} else {
		s.channels[channel] = others
	}
}

func (c *client) leavePattern(form string) {
	i := slices.Index(c.patterns, form)
	if i < 0 {
		return
	}
	s := c.server
	c.patterns = slices.Delete(c.patterns, i, i+1)
	s.used -= len(form) + elementCost
	s.patterns = slices.DeleteFunc(s.patterns, func(p pattern) bool { return p.client == c && p.form == form })
}

// unsubscribeAll ends all subscriptions without a word.
func (c *client) unsubscribeAll() {
	for _, channel := range slices.Clone(c.channels) {
		c.leaveChannel(channel)
	}
	for _, form := range slices.Clone(c.patterns) {
		c.leavePattern(form)
	}
}

// PUBLISH channel message
func (c *client) publish(args [][]byte) {
	s := c.server
	n := int64(0)
	for _, to := range s.channels[string(args[1])] {
		to.message(3)
		to.text("message")
		to.bulk(args[1])
		to.bulk(args[2])
		to.deliver()
		n++
	}
	for _, p := range s.patterns {
		if match([]byte(p.form), args[1]) {
			p.client.message(4)
			p.client.text("pmessage")
			p.client.text(p.form)
			p.client.bulk(args[1])
			p.client.bulk(args[2])
			p.client.deliver()
			n++
		}
	}
	c.integer(n)
}

// countPatterns is how many different patterns there are.
func (s *server) countPatterns() int {
	forms := map[string]bool{}
	for _, p := range s.patterns {
		forms[p.form] = true
	}
	return len(forms)
}

// PUBSUB CHANNELS [pattern] | NUMSUB [channel ...] | NUMPAT
func (c *client) pubsub(args [][]byte) {
	s := c.server
	switch {
	case is(args[1], "channels") && len(args) <= 3:
		var found []string
		for channel := range s.channels {
			if len(args) == 2 || match(args[2], []byte(channel)) {
				found = append(found, channel)
			}
		}
		slices.Sort(found)
		c.array(len(found))
		for _, channel := range found {
			c.text(channel)
		}
	case is(args[1], "numsub"):
		c.array(2 * (len(args) - 2))
		for _, channel := range args[2:] {
			c.bulk(channel)
			c.integer(int64(len(s.channels[string(channel)])))
		}
	case is(args[1], "numpat") && len(args) == 2:
		c.integer(int64(s.countPatterns()))
	case is(args[1], "channels"), is(args[1], "numpat"):
		c.wrongArguments(args)
	default:
		c.unknownSubcommand(args)
	}
}
