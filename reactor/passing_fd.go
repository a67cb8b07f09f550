//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package reactor

import (
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

var _ fileSocket = (*fdSocket)(nil)

// descriptorOf calls f with the descriptor of file, which stays as it is (os.File.Fd would make it block).
func descriptorOf(file *os.File, f func(fd int)) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Control(func(fd uintptr) { f(int(fd)) })
}

func (s *fdSocket) duplicate(f *os.File) (own *os.File, err error) {
	var failed error
	err = descriptorOf(f, func(fd int) {
		n, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			failed = os.NewSyscallError("fcntl", err)
			return
		}
		own = os.NewFile(uintptr(n), f.Name())
	})
	if err == nil {
		err = failed
	}
	return own, err
}

func (s *fdSocket) writeFiles(p []byte, files []outgoingFile) (int, error) {
	fds := make([]int, 0, len(files))
	for _, f := range files {
		if err := descriptorOf(f.file, func(fd int) { fds = append(fds, fd) }); err != nil {
			return 0, err
		}
	}
	for {
		n, err := unix.SendmsgN(s.fd, p, unix.UnixRights(fds...), nil, passFlags)
		switch err {
		case nil:
			return n, nil
		case unix.EAGAIN:
			return 0, errAgain
		case unix.EINTR:
		default:
			return 0, os.NewSyscallError("sendmsg", err)
		}
	}
}

func (s *fdSocket) readFiles(p []byte) (int, []*os.File, error) {
	rights := make([]byte, unix.CmsgSpace(4*maxPassed))
	for {
		// Between the call and CloseOnExec no process is started, where the call does not do it.
		syscall.ForkLock.RLock()
		n, have, _, _, err := unix.Recvmsg(s.fd, p, rights, receiveFlags)
		files := filesIn(rights[:max(have, 0)])
		syscall.ForkLock.RUnlock()
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			return 0, files, errAgain
		case err != nil:
			return 0, files, os.NewSyscallError("recvmsg", err)
		case n == 0:
			return 0, files, io.EOF
		default:
			return n, files, nil
		}
	}
}

// filesIn returns the descriptors in what came beside the bytes. The kernel wrote it; more than there was room for it has
// closed.
func filesIn(control []byte) (files []*os.File) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return nil
	}
	for i := range messages {
		fds, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			continue
		}
		for _, fd := range fds {
			unix.CloseOnExec(fd)
			files = append(files, os.NewFile(uintptr(fd), "received"))
		}
	}
	return files
}
