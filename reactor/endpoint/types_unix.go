package endpoint

import "strings"

// maxPath is the longest name that fits a UNIX socket's address on Linux; no other system has room for more.
const maxPath = 107

func init() {
	RegisterServer(Type[Server]{
		Name:       "unix",
		Positional: []string{"path"},
		Named:      []string{"mode", "backlog", "lockfile"},
		Parse: func(a *Args) (*Server, error) {
			path, lock := lockedPath(a)
			return &Server{
				Network:  "unix",
				Address:  path,
				Mode:     a.Mode("mode", 0o666),
				Backlog:  backlog(a),
				LockFile: lock,
			}, nil
		},
	})
	RegisterServer(Type[Server]{
		Name:       "unixgram",
		Positional: []string{"path"},
		Named:      []string{"mode", "lockfile"},
		Parse: func(a *Args) (*Server, error) {
			path, lock := lockedPath(a)
			return &Server{Network: "unixgram", Address: path, Mode: a.Mode("mode", 0o666), LockFile: lock}, nil
		},
	})
	RegisterClient(Type[Client]{
		Name:       "unixgram",
		Positional: []string{"path"},
		Named:      []string{"bindAddress", "mode"},
		Parse: func(a *Args) (*Client, error) {
			c := &Client{Network: "unixgram", Path: socketPath(a, "path"), Mode: a.Mode("mode", 0o666)}
			if a.Has("bindAddress") {
				c.BindAddress = socketPath(a, "bindAddress")
			}
			return c, nil
		},
	})
	RegisterClient(Type[Client]{
		Name:       "unix",
		Positional: []string{"path"},
		Named:      []string{"timeout", "lockfile"},
		Parse: func(a *Args) (*Client, error) {
			if a.Flag("lockfile", false) {
				a.Fail("lockfile", "lockfile=1 is for servers (connecting to a dead server's socket is refused anyway)")
			}
			return &Client{Network: "unix", Path: socketPath(a, "path"), Timeout: a.Seconds("timeout", DefaultTimeout)}, nil
		},
	})
}

// lockedPath reads the arguments path and lockfile of a server.
func lockedPath(a *Args) (path string, lock bool) {
	path = socketPath(a, "path")
	abstract := strings.HasPrefix(path, "@")
	lock = a.Flag("lockfile", !abstract)
	if lock && abstract {
		a.Fail("lockfile", "an abstract name has no file to lock")
	}
	return path, lock
}

// socketPath reads the argument called name. Both "@" and a zero byte begin an abstract name.
func socketPath(a *Args, name string) string {
	path := a.String(name)
	if strings.HasPrefix(path, "\x00") {
		path = "@" + path[1:]
	}
	switch {
	case strings.Contains(path, "\x00"):
		a.Fail(name, "%s contains a zero byte", name)
	case len(path) > maxPath:
		a.Fail(name, "%s is %d bytes long (the name of a UNIX socket has at most %d)", name, len(path), maxPath)
	}
	return path
}
