// Package finger is a server of the finger protocol, RFC 1288: one line asks for a user, or for the list of users, and text
// is the answer. Who there is says the configuration. Queries are never passed on to other hosts.
package finger

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/wasmnet/wasmnet/modules/internal/lines"
	"github.com/wasmnet/wasmnet/modules/internal/settings"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

const (
	// MaxQuery is the longest query, in bytes without its end.
	MaxQuery = 512
	// DefaultTimeout is how long a peer may take for its query unless told otherwise.
	DefaultTimeout = time.Minute
)

// User is somebody who can be asked for.
type User struct {
	Login string // what is asked for: no blanks
	Name  string // may be empty
	Plan  string // told to those who ask for more with /W; may have several lines
}

// Config is who can be asked for, and what may be asked.
type Config struct {
	Users []User
	// List answers the empty query with all users. Otherwise it is refused, as RFC 1288, 3.2.2 allows.
	List bool
	// CRLF ends lines as RFC 1288, 2.2 asks for. Otherwise they end with LF, as Twisted's do.
	CRLF bool
	// Timeout is how long a peer may take for its query. 0: DefaultTimeout.
	Timeout time.Duration
}

// Configure reads a Config; lookup returns the value of a key.
func Configure(lookup func(key string) (value string, ok bool)) (Config, error) {
	s := settings.From(lookup)
	c := Config{
		List:    s.Bool("list", false),
		CRLF:    s.Bool("crlf", false),
		Timeout: s.Duration("timeout", DefaultTimeout, time.Second),
	}
	for _, entry := range s.List("users", "") {
		login, rest, _ := strings.Cut(entry, ":")
		name, plan, _ := strings.Cut(rest, ":")
		c.Users = append(c.Users, User{Login: login, Name: name, Plan: strings.ReplaceAll(plan, `\n`, "\n")})
	}
	return c, s.Err()
}

// service is the factory.
type service struct {
	config Config
	users  map[string]User // by their folded logins
	end    string          // of a line
}

// New returns a factory of servers. It fails on a Config that makes no sense.
func New(_ protocol.Reactor, c Config) (protocol.Factory, error) {
	var err error
	if c.Timeout, err = lines.Patience(c.Timeout, DefaultTimeout); err != nil {
		return nil, err
	}
	f := &service{config: c, users: map[string]User{}, end: "\n"}
	if c.CRLF {
		f.end = "\r\n"
	}
	for _, u := range c.Users {
		key := strings.ToLower(u.Login)
		switch _, twice := f.users[key]; {
		case !settings.Printable(u.Login) || strings.ContainsAny(u.Login, " @"):
			return nil, fmt.Errorf("user %q: want a login of printable characters without blanks and @", u.Login)
		case u.Name != "" && !settings.Printable(u.Name):
			return nil, fmt.Errorf("user %s: name %q: want printable text", u.Login, u.Name)
		case twice:
			return nil, fmt.Errorf("user %s is there twice", u.Login)
		}
		for line := range strings.SplitSeq(u.Plan, "\n") {
			if line != "" && !settings.Printable(line) {
				return nil, fmt.Errorf("user %s: plan %q: want lines of printable text", u.Login, line)
			}
		}
		f.users[key] = u
	}
	return f, nil
}

// BuildProtocol implements [protocol.Factory].
func (f *service) BuildProtocol(protocol.Address) protocol.Protocol {
	p := &server{service: f}
	p.Init(p, MaxQuery+len("\r"), f.config.Timeout)
	return p
}

// server answers one query.
type server struct {
	lines.Server
	service *service
}

// LineReceived implements [basic.LineHandler].
func (p *server) LineReceived(line []byte) {
	q := parse(bytes.TrimSuffix(line, []byte("\r")))
	switch {
	case q.forward:
		p.say("Finger forwarding service denied")
	case q.user != "":
		p.tell(q)
	case p.service.config.List:
		p.list(q.verbose)
	default:
		p.say("Finger online list denied")
	}
	p.Close()
}

// tell answers a query for a user.
func (p *server) tell(q query) {
	u, ok := p.service.users[strings.ToLower(q.user)]
	if !ok {
		p.say("Login: " + q.user)
		p.say("No such user")
		return
	}
	p.say("Login: " + u.Login)
	if u.Name != "" {
		p.say("Name: " + u.Name)
	}
	if !q.verbose {
		return
	}
	if u.Plan == "" {
		p.say("No Plan.")
		return
	}
	p.say("Plan:")
	for line := range strings.SplitSeq(u.Plan, "\n") {
		p.say(line)
	}
}

// list answers a query for all users.
func (p *server) list(verbose bool) {
	if len(p.service.config.Users) == 0 {
		p.say("No one is here")
	}
	for i, u := range p.service.config.Users {
		if verbose {
			if i > 0 {
				p.say("")
			}
			p.tell(query{user: u.Login, verbose: true})
			continue
		}
		p.say(strings.TrimRight(fmt.Sprintf("%-16s %s", u.Login, u.Name), " "))
	}
}

func (p *server) say(line string) { p.Transport.Write([]byte(line + p.service.end)) }
