package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/wasmnet/wasmnet/modules/internal/percent"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func TestFiles(t *testing.T) {
	f := filesFactory(t)
	for _, c := range []struct {
		target string
		code   int
		body   string
		kind   string
	}{
		{"/", 200, "<p>root", "text/html; charset=utf-8"},
		{"/?a/../b", 200, "<p>root", "text/html; charset=utf-8"},
		{"http://x/sub/", 200, "<p>sub", "text/html; charset=utf-8"},
		{"HTTPS://x?q", 200, "<p>root", "text/html; charset=utf-8"},
		{"/a%20b.txt", 200, "hello world", "text/plain; charset=utf-8"},
		{"/empty", 200, "", "application/octet-stream"},
		{"/big.bin", 200, big, "application/octet-stream"},
		{"/bare/x.JPG", 200, "jpg", "image/jpeg"},
		{"/.well-known/thing.css", 200, "c{}", "text/css; charset=utf-8"},
		{"/none", 404, "Not Found\n", "text/plain; charset=utf-8"},
		{"/bare/", 404, "Not Found\n", "text/plain; charset=utf-8"},
		{"/empty/", 404, "Not Found\n", "text/plain; charset=utf-8"},
		{"/pipe", 404, "Not Found\n", "text/plain; charset=utf-8"},
		{"/sub", 301, "Moved Permanently\n", "text/plain; charset=utf-8"},
		{"/sub/.hidden", 404, "Not Found\n", "text/plain; charset=utf-8"},
		{"/sub/../index.html", 404, "Not Found\n", "text/plain; charset=utf-8"},
		{"/sub/%2e%2E/index.html", 404, "Not Found\n", "text/plain; charset=utf-8"},
		{"/sub%2findex.html", 404, "Not Found\n", "text/plain; charset=utf-8"},
		{"/sub%5c..%5cindex.html", 404, "Not Found\n", "text/plain; charset=utf-8"},
		{"/index.html%00.txt", 404, "Not Found\n", "text/plain; charset=utf-8"},
		{"//sub/", 404, "Not Found\n", "text/plain; charset=utf-8"},
		{"/%zz", 404, "Not Found\n", "text/plain; charset=utf-8"},
		{"/%2", 404, "Not Found\n", "text/plain; charset=utf-8"},
		{"*", 404, "Not Found\n", "text/plain; charset=utf-8"},
		{"../x", 404, "Not Found\n", "text/plain; charset=utf-8"},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			a, body := ask(t, f, method, c.target)
			want := c.body
			if method == "HEAD" {
				want = ""
			}
			if a.StatusCode != c.code || body != want || a.Header.Get("Content-Type") != c.kind || a.ContentLength != int64(len(c.body)) {
				t.Errorf("%s %s: %s %q, %d bytes of %.50q", method, c.target, a.Status, a.Header, len(body), body)
			}
		}
	}
	if a, _ := ask(t, f, "GET", "/sub?x=//y"); a.Header.Get("Location") != "/sub/?x=//y" {
		t.Errorf("redirected to %q", a.Header.Get("Location"))
	}
	for _, method := range []string{"POST", "DELETE", "get"} {
		if a, _ := ask(t, f, method, "/"); a.StatusCode != 405 || a.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
			t.Errorf("%s: %s, Allow: %q", method, a.Status, a.Header.Get("Allow"))
		}
	}
	if a, _ := ask(t, f, "OPTIONS", "*"); a.StatusCode != 204 || a.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
		t.Errorf("OPTIONS: %s, %q", a.Status, a.Header)
	}
}

func TestConditions(t *testing.T) {
	f := filesFactory(t)
	a, _ := ask(t, f, "GET", "/a%20b.txt")
	tag := a.Header.Get("ETag")
	if len(tag) < 4 || a.Header.Get("Last-Modified") != lastModified || a.Header.Get("Accept-Ranges") != "bytes" {
		t.Fatalf("headers %q", a.Header)
	}
	for _, c := range []struct {
		name, value string
		more        []string
		code        int
	}{
		{"If-None-Match", tag, nil, 304},
		{"If-None-Match", "W/" + tag, nil, 304},
		{"If-None-Match", `"x", ` + tag, nil, 304},
		{"If-None-Match", "*", nil, 304},
		{"If-None-Match", `"x"`, []string{"If-Modified-Since", lastModified}, 200},
		{"If-Modified-Since", lastModified, nil, 304},
		{"If-Modified-Since", "Monday, 06-May-24 07:08:09 GMT", nil, 304},
		{"If-Modified-Since", "Mon May  6 07:08:09 2024", nil, 304},
		{"If-Modified-Since", earlier, nil, 200},
		{"If-Modified-Since", "yesterday", nil, 200},
		{"If-Match", tag, nil, 200},
		{"If-Match", "W/" + tag, nil, 412},
		{"If-Match", "*", nil, 200},
		{"If-Unmodified-Since", lastModified, nil, 200},
		{"If-Unmodified-Since", earlier, nil, 412},
		{"If-Match", tag, []string{"If-Unmodified-Since", earlier}, 200},
		{"If-Range", tag, []string{"Range", "bytes=0-0"}, 206},
		{"If-Range", lastModified, []string{"Range", "bytes=0-0"}, 206},
		{"If-Range", "W/" + tag, []string{"Range", "bytes=0-0"}, 200},
		{"If-Range", earlier, []string{"Range", "bytes=0-0"}, 200},
	} {
		a, body := ask(t, f, "GET", "/a%20b.txt", append([]string{c.name, c.value}, c.more...)...)
		if a.StatusCode != c.code || c.code == 304 && (body != "" || a.Header.Get("ETag") != tag) {
			t.Errorf("%s: %s %q: %s, want %d", c.name, c.value, c.more, a.Status, c.code)
		}
	}
}

func TestRanges(t *testing.T) {
	f := filesFactory(t)
	for _, c := range []struct{ ranges, contentRange, body string }{
		{"bytes=0-4", "bytes 0-4/11", "hello"},
		{"Bytes=6-", "bytes 6-10/11", "world"},
		{"bytes=-5", "bytes 6-10/11", "world"},
		{"bytes=-50", "bytes 0-10/11", "hello world"},
		{"bytes=10-999999999999", "bytes 10-10/11", "d"},
		{"bytes=50-, 0-0", "bytes 0-0/11", "h"},
		{"bytes=11-", "bytes */11", ""},
		{"bytes=-0", "bytes */11", ""},
		{"bytes=4-2", "", "hello world"},
		{"bytes=0-4-5", "", "hello world"},
		{"bytes=+1-2", "", "hello world"},
		{"bytes=-", "", "hello world"},
		{"bytes=x", "", "hello world"},
		{"lines=0-1", "", "hello world"},
		{"bytes=0-,0-", "", "hello world"},
		{"bytes=0-0" + strings.Repeat(",1-1", 20), "", "hello world"},
		{"bytes=99999999999999999999-", "", "hello world"},
	} {
		a, body := ask(t, f, "GET", "/a%20b.txt", "Range", c.ranges)
		code := 206
		if c.contentRange == "" {
			code = 200
		} else if c.body == "" {
			code, c.body = 416, "Range Not Satisfiable\n"
		}
		if a.StatusCode != code || a.Header.Get("Content-Range") != c.contentRange || body != c.body {
			t.Errorf("%s: %s, %q, %q", c.ranges, a.Status, a.Header, body)
		}
	}
}

func TestSeveralRanges(t *testing.T) {
	for target, text := range map[string]string{"/a%20b.txt": "hello world", "/big.bin": big} {
		last := len(text) - 1
		a, body := ask(t, filesFactory(t), "GET", target, "Range", fmt.Sprintf("bytes=1-2,%d-,4-%d", last, last-1))
		kind, params, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
		if a.StatusCode != 206 || kind != "multipart/byteranges" || err != nil || int64(len(body)) != a.ContentLength {
			t.Fatalf("%s, %q, %v", a.Status, a.Header, err)
		}
		r := multipart.NewReader(strings.NewReader(body), params["boundary"])
		for _, want := range [][2]int{{1, 2}, {last, last}, {4, last - 1}} {
			part, err := r.NextPart()
			if err != nil {
				t.Fatal(err)
			}
			got, _ := io.ReadAll(part)
			head := fmt.Sprintf("bytes %d-%d/%d", want[0], want[1], len(text))
			if string(got) != text[want[0]:want[1]+1] || part.Header.Get("Content-Range") != head {
				t.Errorf("part %q: %d bytes", part.Header, len(got))
			}
		}
		if _, err := r.NextPart(); !errors.Is(err, io.EOF) {
			t.Errorf("after the last part: %v", err)
		}
	}
}

// A file that became shorter while it was sent ends the connection: its length has been told.
func TestFileThatShrinks(t *testing.T) {
	files := fstest.MapFS{"big": file(big)}
	f := factory(t, Config{Serve: ServeFiles, Files: files})
	peer := &reactortest.Recorder{}
	pair := reactortest.NewPair(peer, f.BuildProtocol(nil))
	defer pair.Close()
	pair.Client.Write([]byte("GET /big HTTP/1.1\r\n\r\n"))
	pair.Turn()
	pair.Turn()
	files["big"].Data = files["big"].Data[:40_000]
	pair.Settle()
	if !pair.Server.Disconnecting() || len(peer.Received) > 140_000 || !bytes.Contains(peer.Received, []byte("Content-Length: 160000\r\n")) {
		t.Errorf("closed: %v, received %d bytes", pair.Server.Disconnecting(), len(peer.Received))
	}
}

// FuzzPath: a name that is found is one that fs takes, without a component that is hidden or leads upwards.
func FuzzPath(f *testing.F) {
	f.Add("/a/%2e%2e/b?c")
	f.Add("http://x/..%2f")
	f.Add("/.well-known/x")
	f.Fuzz(func(t *testing.T, target string) {
		name, _, ok := filePath(target)
		if !ok || name == "." {
			return
		}
		for _, part := range strings.Split(name, "/") {
			if part == "" || part[0] == '.' && part != ".well-known" || strings.ContainsAny(part, "\\\x00") {
				t.Errorf("%q names %q", target, name)
			}
		}
		again, _, ok := filePath("/" + percent.Encode(name))
		if !ok || again != name {
			t.Errorf("%q escaped is %q, which names %q", name, percent.Encode(name), again)
		}
	})
}

// FuzzRanges: what is sent lies in the file.
func FuzzRanges(f *testing.F) {
	f.Add("bytes=0-4,-5,6-", int64(11))
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size < 0 {
			return
		}
		ranges, _ := parseRanges(header, size)
		for _, r := range ranges {
			if r.offset < 0 || r.length <= 0 || r.offset > size-r.length {
				t.Errorf("%q of %d bytes: %+v", header, size, ranges)
			}
		}
	})
}
