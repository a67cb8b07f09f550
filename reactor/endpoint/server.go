package endpoint

import (
	"crypto/tls"
	"io/fs"

	"github.com/wasmnet/wasmnet/reactor/internal/pemfile"
)

// Server describes where to listen.
type Server struct {
	// Text is the endpoint string in canonical form; parsing it gives this Server again.
	Text string
	// Network is "tcp" (IPv4), "tcp6", "unix", "udp" (IPv4), "udp6", "unixgram", "fd" or "stdio".
	Network string
	// Address is "host:port", of which the host may be empty or a name, or the path of a UNIX socket; abstract names
	// begin with "@". Empty on the networks fd and stdio.
	Address string
	// Backlog is the length of the queue of connections not yet accepted. 0: the reactor's default.
	Backlog int
	// Mode is the mode of a UNIX socket's file.
	Mode fs.FileMode
	// LockFile asks for a lock beside a UNIX socket's file, so that the file is replaced if the server that made it
	// is dead, and only then.
	LockFile bool
	// FD is the descriptor to adopt on the network fd. It listens already.
	FD int
	// Domain is what the descriptor must be: "INET", "INET6", "UNIX", or empty for any.
	Domain string
	// TLS is the configuration of the server's side, with its files loaded; nil: no TLS.
	TLS *tls.Config
	// Proxy says that each connection begins with a PROXY protocol header, in front of TLS if there is any.
	Proxy bool

	certificates *pemfile.Source
}

// Stream reports whether the endpoint accepts connections; the other ones receive datagrams.
func (s *Server) Stream() bool {
	return s.Network != "udp" && s.Network != "udp6" && s.Network != "unixgram"
}

// OnReload has f told the outcome of every reload of changed certificate files: nil, or the error for which the old
// ones are kept. It is set before TLS is used; f is called on the goroutine of a handshake. Without TLS it is never
// called.
func (s *Server) OnReload(f func(error)) {
	if s.certificates != nil {
		s.certificates.OnReload = f
	}
}

// ParseServer parses a server endpoint string and loads the files that it names. The error is a [*ParseError].
func ParseServer(text string) (*Server, error) { return parseServer(text, true) }

// ParseUntrustedServer parses a server endpoint string of someone who may not name files or descriptors of this process:
// it does what ParseServer does, and refuses those. The paths of UNIX sockets are not among them.
func ParseUntrustedServer(text string) (*Server, error) { return parseServer(text, false) }

func parseServer(text string, trusted bool) (*Server, error) {
	s, canonical, err := reader[Server]{"server", servers, trusted}.parse(text, 0)
	if err != nil {
		return nil, err
	}
	s.Text = canonical
	return s, nil
}
