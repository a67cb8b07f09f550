package endpoint

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
)

func init() {
	RegisterServer(Type[Server]{
		Name:       "tcp",
		Positional: []string{"port"},
		Named:      []string{"interface", "backlog"},
		Parse:      func(a *Args) (*Server, error) { return listenOn(a, "tcp", "", a.Port("port", 0)), nil },
	})
	RegisterServer(Type[Server]{
		Name:       "tcp6",
		Positional: []string{"port"},
		Named:      []string{"interface", "backlog"},
		Parse:      func(a *Args) (*Server, error) { return listenOn(a, "tcp6", "::", a.Port("port", 0)), nil },
	})
	RegisterServer(Type[Server]{
		Name:       "udp",
		Positional: []string{"port"},
		Named:      []string{"interface"},
		Parse:      func(a *Args) (*Server, error) { return listenOn(a, "udp", "", a.Port("port", 0)), nil },
	})
	RegisterServer(Type[Server]{
		Name:       "udp6",
		Positional: []string{"port"},
		Named:      []string{"interface"},
		Parse:      func(a *Args) (*Server, error) { return listenOn(a, "udp6", "::", a.Port("port", 0)), nil },
	})
	RegisterClient(Type[Client]{
		Name:       "tcp",
		Positional: []string{"host", "port"},
		Named:      []string{"timeout", "bindAddress"},
		Parse:      func(a *Args) (*Client, error) { return connectTo(a, "tcp"), nil },
	})
	RegisterClient(Type[Client]{
		Name:       "udp",
		Positional: []string{"host", "port"},
		Named:      []string{"bindAddress"},
		Parse:      func(a *Args) (*Client, error) { return connectTo(a, "udp"), nil },
	})
}

// listenOn reads the arguments interface and backlog. network is that of IPv4 or of IPv6; an IPv6 address as
// interface turns the one into the other.
func listenOn(a *Args, network, anywhere string, port int) *Server {
	host := anywhere
	if f := a.field("interface"); f != nil && f.value != "" {
		host = f.value
	}
	if ip, err := netip.ParseAddr(host); err == nil && a.Has("interface") {
		six := network == "tcp6" || network == "udp6"
		switch {
		case six && ip.Is4():
			a.Fail("interface", "interface %s is an IPv4 address (%s listens on IPv6; use %s)", host, network, network[:3])
		case !six && ip.Is6():
			network += "6"
		}
	}
	return &Server{
		Network: network,
		Address: net.JoinHostPort(host, strconv.Itoa(port)),
		Backlog: backlog(a),
	}
}

func backlog(a *Args) int { return a.Int("backlog", 0, 1, 1<<20) }

// connectTo reads the arguments host, port, timeout and bindAddress.
func connectTo(a *Args, network string) *Client {
	host := a.String("host")
	if strings.HasPrefix(host, "[") {
		a.Fail("host", `host begins with a bracket (an IPv6 address is written without, with escaped colons: tcp:\:\:1:80)`)
	}
	c := &Client{Network: network, Host: host, Port: a.Port("port", 1), Timeout: a.Seconds("timeout", DefaultTimeout)}
	if bind := a.Address("bindAddress"); bind.IsValid() {
		c.BindAddress = bind.String()
	}
	return c
}
