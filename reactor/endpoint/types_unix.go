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
			path := socketPath(a)
			abstract := strings.HasPrefix(path, "@")
			lock := a.Flag("lockfile", !abstract)
			if lock && abstract {
				a.Fail("lockfile", "an abstract name has no file to lock")
			}
			return &Server{
				Network:  "unix",
				Address:  path,
				Mode:     a.Mode("mode", 0o666),
				Backlog:  backlog(a),
				LockFile: lock,
			}, nil
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
			return &Client{Network: "unix", Path: socketPath(a), Timeout: a.Seconds("timeout", DefaultTimeout)}, nil
		},
	})
}

// socketPath reads the argument path. Both "@" and a zero byte begin an abstract name.
func socketPath(a *Args) string {
	path := a.String("path")
	if strings.HasPrefix(path, "\x00") {
		path = "@" + path[1:]
	}
	switch {
	case strings.Contains(path, "\x00"):
		a.Fail("path", "path contains a zero byte")
	case len(path) > maxPath:
		a.Fail("path", "path is %d bytes long (the name of a UNIX socket has at most %d)", len(path), maxPath)
	}
	return path
}
