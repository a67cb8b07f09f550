package endpoint

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
)

// firstInherited is the descriptor at which socket activation begins (sd_listen_fds(3)).
const firstInherited = 3

func init() {
	RegisterServer(Type[Server]{
		Name: "stdio",
		Parse: func(a *Args) (*Server, error) {
			a.Trusted()
			return &Server{Network: "stdio"}, nil
		},
	})
	RegisterServer(Type[Server]{
		Name:       "fd",
		Positional: []string{"fd"},
		Named:      []string{"domain"},
		Parse: func(a *Args) (*Server, error) {
			a.Trusted()
			a.String("fd")
			return &Server{Network: "fd", FD: a.Int("fd", 0, 0, math.MaxInt32), Domain: domain(a, "")}, nil
		},
	})
	RegisterServer(Type[Server]{
		Name:  "systemd",
		Named: []string{"domain", "index", "name"},
		Parse: func(a *Args) (*Server, error) {
			if !a.Trusted() {
				return nil, nil
			}
			s := &Server{Network: "fd", Domain: domain(a, a.String("domain"))}
			if a.Has("index") == a.Has("name") {
				a.Fail("name", "systemd takes index or name, exactly one of them")
			}
			names, err := inherited()
			if err != nil {
				return nil, err
			}
			index := a.Int("index", 0, 0, math.MaxInt32)
			switch {
			case a.Has("index") && index >= len(names):
				a.Fail("index", "index %d is beyond the %d sockets that were handed over", index, len(names))
			case a.Has("name"):
				name := a.String("name")
				if index = slices.Index(names, name); index < 0 {
					a.Fail("name", "no socket called %q was handed over (there are %q)", name, names)
				}
			}
			s.FD = firstInherited + index
			return s, nil
		},
	})
	RegisterServer(Type[Server]{
		Name: "haproxy",
		Wrap: func(s *Server) error {
			if s.Proxy {
				return errors.New("given twice")
			}
			if !s.Stream() {
				return fmt.Errorf("the PROXY protocol needs a stream, and %s carries datagrams", s.Network)
			}
			s.Proxy = true
			return nil
		},
	})
}

// domain reads the argument that says what kind of socket a descriptor is.
func domain(a *Args, otherwise string) string {
	d := a.Default("domain", otherwise)
	if d != "" && !slices.Contains([]string{"INET", "INET6", "UNIX"}, d) {
		a.Fail("domain", "domain %q is none of INET, INET6, UNIX", d)
	}
	return d
}

// inherited returns the names of the sockets handed over by socket activation, in the order of their descriptors. A
// socket without a name is called "unknown", as systemd does.
func inherited() ([]string, error) {
	if pid := os.Getenv("LISTEN_PID"); pid != strconv.Itoa(os.Getpid()) {
		return nil, errors.New("no sockets were handed over (LISTEN_PID is not this process)")
	}
	n, err := strconv.ParseUint(os.Getenv("LISTEN_FDS"), 10, 16)
	if err != nil {
		return nil, errors.New("no sockets were handed over (LISTEN_FDS is not a number)")
	}
	names := make([]string, n)
	given := strings.Split(os.Getenv("LISTEN_FDNAMES"), ":")
	for i := range names {
		names[i] = "unknown"
		if i < len(given) && given[i] != "" {
			names[i] = given[i]
		}
	}
	return names, nil
}
