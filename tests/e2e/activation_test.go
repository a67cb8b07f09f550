package e2e

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestSocketActivation hands two listening sockets over as a service manager does: by number, with their names and the
// process they are for in the environment.
func TestSocketActivation(t *testing.T) {
	tcp, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "echo.sock")
	unix, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	var files []*os.File
	for _, l := range []interface{ File() (*os.File, error) }{tcp, unix} {
		f, err := l.File()
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files = append(files, f)
	}
	at := tcp.Addr().String()
	tcp.Close() // from here on it is the program that listens
	unix.SetUnlinkOnClose(false)
	unix.Close()

	// The shell becomes the program, so that its process number is the program's.
	cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=first:second exec "$0" "$@"`, program, "run", "echo",
		"--listen", "systemd:domain=INET:index=0", "--listen", "systemd:domain=UNIX:name=second")
	cmd.ExtraFiles = files
	s := serveCommand(t, cmd)
	for network, address := range map[string]string{"tcp": at, "unix": path} {
		c, err := net.Dial(network, address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 5)
		if _, err := io.ReadFull(c, got); err != nil || string(got) != "hello" {
			t.Errorf("%s: received %q, %v", network, got, err)
		}
	}
	if status := s.stop(); status != 0 {
		t.Errorf("exit status %d", status)
	}

	for _, listen := range []string{"systemd:domain=UNIX:index=0", "systemd:domain=INET:name=third"} {
		cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=first:second exec "$0" "$@"`, program, "run", "echo",
			"--listen", listen)
		cmd.ExtraFiles = files
		if out, err := cmd.CombinedOutput(); err == nil {
			t.Errorf("%s is taken: %s", listen, out)
		}
	}
}
