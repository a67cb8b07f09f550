package endpoint

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// DefaultTimeout is how long a connection attempt may take if the endpoint string does not say.
const DefaultTimeout = 30 * time.Second

// Client describes where to connect.
type Client struct {
	// Text is the endpoint string in canonical form; parsing it gives this Client again.
	Text string
	// Network is "tcp", "unix", "udp" or "unixgram".
	Network string
	// Host is a name or an IP address without brackets, and Port from 1 to 65535; on tcp and udp.
	Host string
	Port int
	// Path is the path of a UNIX socket; abstract names begin with "@".
	Path string
	// Timeout is for the whole attempt: resolving, connecting and the TLS handshake.
	Timeout time.Duration
	// BindAddress is the local IP address to connect from; empty: the system chooses. On unixgram it is the name of
	// the client's own socket; empty: it has none, and cannot be answered.
	BindAddress string
	// Mode is the mode of the file of a client's own UNIX socket.
	Mode fs.FileMode
	// TLS is the configuration of the client's side, with its files loaded and ServerName set; nil: no TLS.
	TLS *tls.Config
}

// Stream reports whether the endpoint makes connections; the other ones exchange datagrams.
func (c *Client) Stream() bool { return c.Network != "udp" && c.Network != "unixgram" }

// ParseClient parses a client endpoint string and loads the files that it names. The error is a [*ParseError].
func ParseClient(text string) (*Client, error) { return parseClient(text, true) }

// ParseUntrustedClient parses a client endpoint string of someone who may not name files or descriptors of this process:
// it does what ParseClient does, and refuses those. The paths of UNIX sockets are not among them.
func ParseUntrustedClient(text string) (*Client, error) { return parseClient(text, false) }

func parseClient(text string, trusted bool) (*Client, error) {
	c, canonical, err := reader[Client]{"client", clients, trusted}.parse(text, 0)
	if err != nil {
		return nil, err
	}
	c.Text = canonical
	return c, nil
}

// Address is the destination as "host:port" or as a path.
func (c *Client) Address() string {
	if c.Network == "unix" || c.Network == "unixgram" {
		return c.Path
	}
	return net.JoinHostPort(c.Host, strconv.Itoa(c.Port))
}

// WrapClientTLS returns c with TLS on top, whose server is verified to be host: cfg is cloned, and its ServerName is
// host unless it has one.
func WrapClientTLS(cfg *tls.Config, host string, c *Client) (*Client, error) {
	if c.TLS != nil {
		return nil, errors.New("the endpoint has TLS already")
	}
	if !c.Stream() {
		return nil, fmt.Errorf("TLS needs a stream, and %s carries datagrams", c.Network)
	}
	wrapped := *c
	wrapped.TLS = cfg.Clone()
	if wrapped.TLS.ServerName == "" {
		name, err := serverName(host)
		if err != nil {
			return nil, err
		}
		wrapped.TLS.ServerName = name
	}
	return &wrapped, nil
}

// serverName is the name by which a host is verified.
func serverName(host string) (string, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.WithZone("").String(), nil
	}
	for _, r := range host {
		if r >= 0x80 {
			return "", errors.New("the name is not ASCII; write it as it stands in the DNS, with xn--")
		}
	}
	return strings.TrimSuffix(host, "."), nil
}
