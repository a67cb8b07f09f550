package get

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/modules/internal/moduletest"
	"github.com/wasmnet/wasmnet/reactor/http1"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const text = "hello hello hello hello hello hello\n"

// packed is text as w writes it.
func packed(w func(io.Writer) io.WriteCloser) string {
	var b bytes.Buffer
	z := w(&b)
	io.WriteString(z, text)
	z.Close()
	return b.String()
}

var codings = map[string][2]string{
	"/gzip": {"gzip", packed(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })},
	"/zlib": {"Deflate", packed(func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })},
	"/flate": {"deflate", packed(func(w io.Writer) io.WriteCloser {
		z, _ := flate.NewWriter(w, 9)
		return z
	})},
	"/identity":  {"identity", text},
	"/brotli":    {"br", text},
	"/not-gzip":  {"gzip", text},
	"/cut-short": {"gzip", packed(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })[:30]},
}

// answer is the server.
func answer(q *http1.Request) {
	target := string(q.Target)
	if coding, ok := codings[target]; ok {
		q.AddHeader("Content-Encoding", coding[0])
		q.Respond(200, nil, []byte(coding[1]))
		return
	}
	switch target {
	case "/":
		q.Respond(200, []byte("A: b\r\n"), []byte(text))
	case "/chunks":
		for range 5 {
			io.WriteString(q, text)
		}
		q.Finish()
	case "/away":
		q.AddHeader("Location", "http://other.example/gzip")
		q.Respond(302, nil, []byte("not here"))
	case "/loop":
		q.AddHeader("Location", "/loop")
		q.Respond(301, nil, nil)
	case "/slow":
		q.SetLength(100)
		io.WriteString(q, "x")
	case "/broken":
		q.SetLength(100)
		io.WriteString(q, "x")
		q.Finish()
	case "/agent":
		q.Respond(200, nil, append(q.Fields.Get("User-Agent"), q.Fields.Get("Accept-Encoding")...))
	default:
		q.Respond(404, nil, []byte("no"))
	}
}

type outcome struct {
	status         int
	stdout, stderr string
}

// get runs the program against the server, with keys and values of its configuration in turn.
func get(t *testing.T, url string, config ...string) outcome {
	t.Helper()
	r := reactortest.NewReactor()
	r.Hosts["example.com"], r.Hosts["other.example"] = []string{"192.0.2.1"}, []string{"192.0.2.2"}
	f := &http1.Factory{Build: func() http1.Handler { return http1.HandlerFunc(answer) }}
	for _, endpoint := range []string{"tcp:80:interface=192.0.2.1", "tcp:80:interface=192.0.2.2"} {
		if _, err := r.Listen(endpoint, f); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Listen("tcp:25:interface=192.0.2.1", protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
		return &greeter{}
	})); err != nil {
		t.Fatal(err)
	}
	c, err := Configure(moduletest.Settings(config...))
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	args := []string{"get"}
	if url != "" {
		args = append(args, url)
	}
	Run(r, c, args)
	for range 100 {
		r.Settle()
		if status, ok := r.Stopped(); ok {
			return outcome{status, stdout.String(), stderr.String()}
		}
		r.Advance(time.Second)
	}
	t.Fatal("it does not end")
	return outcome{}
}

// greeter speaks another protocol.
type greeter struct{ protocol.Base }

func (g *greeter) DataReceived([]byte) { g.Transport.Write([]byte("220 hello\r\n\r\n")) }

func TestOutcomes(t *testing.T) {
	const head = "get: GET http://example.com"
	for _, c := range []struct {
		url    string
		config []string
		want   outcome
	}{
		{"http://example.com/", nil, outcome{0, text, ""}},
		{"http://example.com/", []string{"headers", "true"}, outcome{0, "HTTP/1.1 200 OK\nA: b\nConnection: close\nContent-Length: 36\n", ""}},
		{"http://example.com/chunks", nil, outcome{0, strings.Repeat(text, 5), ""}},
		{"http://example.com/gzip", nil, outcome{0, text, ""}},
		{"http://example.com/zlib", nil, outcome{0, text, ""}},
		{"http://example.com/flate", nil, outcome{0, text, ""}},
		{"http://example.com/identity", nil, outcome{0, text, ""}},
		{"http://example.com/away", nil, outcome{0, text, ""}},
		{"http://example.com/away", []string{"redirects", "0"}, outcome{0, "not here", ""}},
		{"http://example.com/agent", nil, outcome{0, "wasmnetgzip, deflate", ""}},
		{"http://example.com/agent", []string{"user-agent", "me", "compressed", "false"}, outcome{0, "me", ""}},
		{"http://example.com/loop", nil, outcome{1, "", head + `/loop: redirected once more to "/loop"`}},
		{"http://example.com/none", nil, outcome{StatusHTTP, "", "get: http://example.com/none: answered 404 Not Found"}},
		{"http://example.com/brotli", nil, outcome{StatusProtocol, "", head + `/brotli: content coding "br": cannot be decoded`}},
		{"http://example.com/not-gzip", nil, outcome{StatusProtocol, "", head + "/not-gzip: body: cannot be decoded: gzip: invalid header"}},
		{"http://example.com/cut-short", nil, outcome{StatusProtocol, "", head + "/cut-short: body: cannot be decoded: unexpected EOF"}},
		{"http://example.com/broken", nil, outcome{StatusProtocol, "x", head + "/broken: after 1 bytes of the body: connection was closed cleanly"}},
		{"http://example.com/slow", []string{"idle", "5s"}, outcome{StatusTimeout, "x", head + "/slow: after 1 bytes of the body: nothing for 5s"}},
		{"http://example.com/slow", []string{"timeout", "3s"}, outcome{StatusTimeout, "x", head + "/slow: "}},
		{"http://example.com/", []string{"max-size", "35"}, outcome{StatusOutput, "", head + "/: more than 35 bytes"}},
		{"http://example.com/gzip", []string{"max-size", "35"}, outcome{StatusOutput, "", head + "/gzip: more than 35 bytes"}},
		{"http://example.com/gzip", []string{"max-size", "36"}, outcome{0, text, ""}},
		{"http://example.com:25/", nil, outcome{StatusProtocol, "", head + `:25/: malformed status line "220 hello"`}},
		{"http://example.com:81/", nil, outcome{StatusConnect, "", head + ":81/: connection was refused"}},
		{"http://nowhere.example/", nil, outcome{StatusConnect, "", "get: GET http://nowhere.example/: name could not be resolved"}},
		{"ftp://example.com/", nil, outcome{StatusUsage, "", `get: GET ftp://example.com/: scheme "ftp": want http or https`}},
		{"", nil, outcome{StatusUsage, "", "get: want one argument, the URL"}},
	} {
		got := get(t, c.url, c.config...)
		if got.status != c.want.status || !strings.HasPrefix(got.stdout, c.want.stdout) || !strings.HasPrefix(got.stderr, c.want.stderr) ||
			c.want.stderr == "" && got.stderr != "" {
			t.Errorf("%s %q:\n%+v, want\n%+v", c.url, c.config, got, c.want)
		}
	}
}

func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "page")
	got := get(t, "http://example.com/gzip", "output", name)
	content, err := os.ReadFile(name)
	if got.status != 0 || got.stdout != "" || string(content) != text || err != nil {
		t.Errorf("%+v, %q, %v", got, content, err)
	}
	size := len(codings["/gzip"][1])
	if want := fmt.Sprintf("get: %s: %d of %d bytes (100%%)\n", name, size, size); got.stderr != want {
		t.Errorf("said %q, want %q", got.stderr, want)
	}
	// A file that cannot be completed is not there, and leaves the one before alone.
	for _, path := range []string{"/broken", "/cut-short", "/none", "/not-gzip"} {
		if got := get(t, "http://example.com"+path, "output", name); got.status == 0 {
			t.Errorf("%s: %+v", path, got)
		}
		if content, err := os.ReadFile(name); string(content) != text || err != nil {
			t.Errorf("after %s: %q, %v", path, content, err)
		}
		if _, err := os.Stat(name + partial); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("after %s: %v", path, err)
		}
	}
	got = get(t, "http://example.com/slow", "output", name, "idle", "4s")
	if n := strings.Count(got.stderr, "get: 1 of 100 bytes (1%)\n"); n < 3 {
		t.Errorf("progress: %q", got.stderr)
	}
	if got := get(t, "http://example.com/", "output", filepath.Join(name, "x")); got.status != StatusOutput {
		t.Errorf("a file below a file: %+v", got)
	}
}

func TestServingIsRefused(t *testing.T) {
	if _, err := New(nil); err == nil || !strings.Contains(err.Error(), "wasmnet exec get URL") {
		t.Errorf("error %v", err)
	}
	f, err := New([]string{"get"})
	if err != nil || f.BuildProtocol(nil) != nil {
		t.Errorf("%v, %v", f, err)
	}
}

func TestWrongConfiguration(t *testing.T) {
	for key, value := range map[string]string{"redirects": "-1", "timeout": "soon", "compressed": "perhaps", "max-size": "big"} {
		_, err := Configure(func(k string) (string, bool) { return value, k == key })
		if err == nil || !strings.HasPrefix(err.Error(), key+"=") {
			t.Errorf("%s=%s: %v", key, value, err)
		}
	}
}
