package reactor

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"

	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/internal/flock"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// defaultMode is the mode of a UNIX socket's file.
const defaultMode fs.FileMode = 0o666

// socketFile is the file of a UNIX socket that others use, and the lock beside it.
type socketFile struct {
	network string // "unix" or "unixgram"
	path    string
	mode    fs.FileMode
	made    fs.FileInfo // the file that is ours, or nil
	lock    *os.File    // or nil
}

// claim makes way for the file of e: with a lock file, a socket file that is in the way is replaced if the server that
// made it is dead, and only then. An abstract name has no file; the result is nil then.
func claim(e *endpoint.Server) (*socketFile, error) {
	if strings.HasPrefix(e.Address, "@") {
		return nil, nil
	}
	s := &socketFile{network: e.Network, path: e.Address, mode: e.Mode}
	if s.mode == 0 {
		s.mode = defaultMode
	}
	if !e.LockFile {
		return s, nil
	}
	if err := s.takeLock(); err != nil {
		return nil, err
	}
	if err := s.replaceDead(); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// takeLock locks the file path.lock, for as long as the process lives or until remove.
func (s *socketFile) takeLock() error {
	name := s.path + ".lock"
	lock, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := flock.Lock(lock); err != nil {
		lock.Close()
		return fmt.Errorf("locking %s (another server may use the socket): %w", name, err)
	}
	s.lock = lock
	return nil
}

// replaceDead removes a socket file that nobody listens on. The lock is held.
func (s *socketFile) replaceDead() error {
	info, err := os.Lstat(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s exists and is not a socket", s.path)
	}
	// Somebody may listen who knows nothing of the lock.
	conn, err := net.Dial(s.network, s.path)
	if err == nil {
		conn.Close()
	}
	if protocol.ReasonOf(dialReason(err)) != protocol.ErrConnectionRefused {
		return fmt.Errorf("%s is in use by another server", s.path)
	}
	return os.Remove(s.path)
}

// bound is called between bind and listen: nobody can connect while the mode is not set yet.
func (s *socketFile) bound() error {
	if s == nil {
		return nil
	}
	info, err := os.Lstat(s.path)
	if err != nil {
		return err
	}
	s.made = info
	return os.Chmod(s.path, s.mode)
}

// remove removes the file if it is still ours, and gives up the lock.
func (s *socketFile) remove() {
	if s == nil {
		return
	}
	if s.made != nil {
		if info, err := os.Lstat(s.path); err == nil && os.SameFile(info, s.made) {
			os.Remove(s.path)
		}
		s.made = nil
	}
	if s.lock != nil {
		// The lock file goes while the lock is held, so that nobody locks a file that is about to go.
		os.Remove(s.lock.Name())
		s.lock.Close()
		s.lock = nil
	}
}
