// Package examples runs the examples as a reader would, natively and sandboxed.
package examples

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/internal/testpeer"
)

var programs = []string{"echoserver", "hello", "deferred", "getpage", "tlsclient"}

// bin is where TestMain has built wasmnet and the examples, as NAME and NAME.wasm.
var bin string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	var err error
	if bin, err = os.MkdirTemp("", "wasmnet-examples"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(bin)
	err = build(nil, "wasmnet", "../cmd/wasmnet")
	for _, name := range programs {
		err = errors.Join(err, build(nil, name, "./"+name),
			build([]string{"GOOS=wasip1", "GOARCH=wasm"}, name+".wasm", "./"+name, "-buildmode=c-shared"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	os.Setenv("XDG_CACHE_HOME", filepath.Join(bin, "cache"))
	return m.Run()
}

func build(env []string, out, folder string, flags ...string) error {
	args := append(append([]string{"build", "-o", filepath.Join(bin, out)}, flags...), folder)
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), env...)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, text)
	}
	return nil
}

// patience bounds every wait for something that is sure to come.
const patience = time.Minute

// run runs a program that ends, in one of the two worlds, and returns its standard output and status. The argument is
// the native program's, and the value of key for the guest.
func run(t *testing.T, sandboxed bool, name, key, argument string, env ...string) (output string, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(bin, name), argument)
	if sandboxed {
		cmd = exec.CommandContext(ctx, filepath.Join(bin, "wasmnet"), "exec", filepath.Join(bin, name+".wasm"),
			"--set", key+"="+argument, "--allow", "dial=tcp:loopback:*")
	}
	cmd.Env = append(os.Environ(), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if stderr.Len() > 0 {
		t.Logf("standard error: %s", &stderr)
	}
	return stdout.String(), cmd.ProcessState.ExitCode()
}

// ending is how a program is expected to end.
type ending struct {
	name, argument string
	env            []string
	output         string // all of it, or its beginning if it ends with "..."
	status         int
}

// inBothWorlds runs a program natively and sandboxed, each with every ending.
func inBothWorlds(t *testing.T, program, key string, endings []ending) {
	for _, sandboxed := range []bool{false, true} {
		for _, e := range endings {
			t.Run(fmt.Sprintf("sandboxed=%v/%s", sandboxed, e.name), func(t *testing.T) {
				t.Parallel()
				output, status := run(t, sandboxed, program, key, e.argument, e.env...)
				want, part := strings.CutSuffix(e.output, "...")
				if status != e.status || output != want && !(part && strings.HasPrefix(output, want)) {
					t.Errorf("status %d, output\n%s\nwant status %d, output\n%s", status, output, e.status, e.output)
				}
			})
		}
	}
}

// answer answers a line.
func answer(c net.Conn) {
	line, err := bufio.NewReader(c).ReadString('\n')
	if err == nil {
		fmt.Fprintf(c, "%s yourself\r\n", strings.TrimSpace(line))
	}
}

// silent reads until the peer leaves.
func silent(c net.Conn) { io.Copy(io.Discard, c) }

// closed is an address where nobody listens.
func closed(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestHello(t *testing.T) {
	inBothWorlds(t, "hello", "to", []ending{
		{name: "answered", argument: "tcp:" + testpeer.Serve(t, "tcp", "127.0.0.1:0", answer), output: "the server says: hello yourself\n"},
		{name: "refused", argument: "tcp:" + closed(t), output: "hello: connection was refused...", status: 1},
		{name: "timeout", argument: "tcp:" + testpeer.Serve(t, "tcp", "127.0.0.1:0", silent), output: "hello: no outcome within 3s\n", status: 1},
		{name: "hung up", argument: "tcp:" + testpeer.Serve(t, "tcp", "127.0.0.1:0", func(c net.Conn) { bufio.NewReader(c).ReadString('\n') }),
			output: "hello: the server hung up without an answer\nconnection was closed cleanly\n", status: 1},
		{name: "nonsense", argument: "carrier-pigeon:coop", output: "hello: ...", status: 1},
	})
}

func TestDeferred(t *testing.T) {
	const start = "before it runs: reactor is not running\nthe Deferred waits\n"
	inBothWorlds(t, "deferred", "number", []ending{
		{name: "callback", argument: "20", output: start + "the callback is given 40\nthe next one is given 41\n"},
		{name: "errback", argument: "twenty", status: 1,
			output: start + "the errback is given strconv.Atoi: parsing \"twenty\": invalid syntax\n"},
	})
}

func TestGetPage(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		switch q.URL.Path {
		case "/moved":
			http.Redirect(w, q, "/page", http.StatusFound)
		case "/page":
			w.Write([]byte("hello "))
			w.(http.Flusher).Flush()
			w.Write([]byte("page\n"))
		default:
			http.NotFound(w, q)
		}
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	plain := httptest.NewServer(s.Config.Handler)
	t.Cleanup(plain.Close)
	none := "http://" + closed(t) + "/"
	inBothWorlds(t, "getpage", "url", []ending{
		{name: "page", argument: plain.URL + "/moved", output: "hello page\n"},
		{name: "over TLS", argument: s.URL + "/page", env: trust(t, s), output: "hello page\n"},
		{name: "wrong certificate", argument: s.URL + "/page", status: 1,
			output: "getpage: GET " + s.URL + "/page: TLS failed..."},
		{name: "not found", argument: plain.URL + "/x", status: 1,
			output: "getpage: GET " + plain.URL + "/x: answered 404 Not Found\n"},
		{name: "refused", argument: none, output: "getpage: GET " + none + ": connection was refused...", status: 1},
	})
}

// trust is the environment of a program that trusts a test server's certificate.
func trust(t *testing.T, s *httptest.Server) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "roots.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"SSL_CERT_FILE=" + file}
}

func TestTLSClient(t *testing.T) {
	// Only the certificate of this server is used, which is for 127.0.0.1.
	s := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	address := testpeer.Serve(t, "tcp", "127.0.0.1:0", func(c net.Conn) {
		secured := tls.Server(c, &tls.Config{Certificates: s.TLS.Certificates})
		defer secured.Close()
		answer(secured)
	})
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	inBothWorlds(t, "tlsclient", "to", []ending{
		{name: "verified", argument: "tls:" + address, env: trust(t, s),
			output: "TLS 1.3 with " + address + ", verified: true\nthe server says: hello yourself\n"},
		{name: "unknown authority", argument: "tls:" + address, output: "tlsclient: TLS failed...", status: 1},
		{name: "another name", argument: "tls:localhost:" + port, env: trust(t, s), status: 1,
			output: "tlsclient: TLS failed..."},
		{name: "no TLS there", argument: "tls:" + testpeer.Serve(t, "tcp", "127.0.0.1:0", answer), output: "tlsclient: TLS failed...", status: 1},
		{name: "refused", argument: "tls:" + closed(t), output: "tlsclient: connection was refused...", status: 1},
	})
}

func TestEchoServer(t *testing.T) {
	const free = "tcp:0:interface=127.0.0.1"
	guest := filepath.Join(bin, "echoserver.wasm")
	for name, command := range map[string][]string{
		"native":    {filepath.Join(bin, "echoserver")},
		"sandboxed": {filepath.Join(bin, "wasmnet"), "run", guest, "--listen"},
	} {
		t.Run(name, func(t *testing.T) {
			on := func(endpoint string) *exec.Cmd {
				return exec.Command(command[0], append(command[1:len(command):len(command)], endpoint)...)
			}
			cmd := on(free)
			output, in, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer output.Close()
			cmd.Stdout, cmd.Stderr = in, in
			err = cmd.Start()
			in.Close()
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				cmd.Process.Signal(os.Interrupt)
				if err := cmd.Wait(); err != nil {
					t.Errorf("after an interrupt: %v", err)
				}
			}()
			address := listeningOn(t, output)
			c, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			c.Write([]byte("hello"))
			c.(*net.TCPConn).CloseWrite()
			if got, err := io.ReadAll(c); string(got) != "hello" || err != nil {
				t.Errorf("%q, %v", got, err)
			}
			taken := on("tcp:" + portOf(address) + ":interface=127.0.0.1")
			text, err := taken.CombinedOutput()
			if taken.ProcessState.ExitCode() != 1 || !strings.Contains(string(text), "cannot listen") {
				t.Errorf("on a port that is taken: %v, %s", err, text)
			}
		})
	}
}

// listeningOn reads the line in which a server tells its address.
func listeningOn(t *testing.T, output io.Reader) string {
	t.Helper()
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if _, rest, ok := strings.Cut(lines.Text(), "listening on "); ok {
			return strings.TrimPrefix(rest, "tcp:")
		}
	}
	t.Fatal("the server ended without listening")
	return ""
}

func portOf(address string) string {
	_, port, _ := strings.Cut(address, ":")
	return port
}
