package nethttp

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/modules/internal/moduletest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve runs a server natively and returns a function that asks it.
func serve(t *testing.T, c Config) (ask func(method, path string) (status int, body, contentType string)) {
	t.Helper()
	address := moduletest.Serve(t, New(c))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	return func(method, path string) (int, string, string) {
		t.Helper()
		request, err := http.NewRequest(method, "http://"+address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body), response.Header.Get("Content-Type")
	}
}

func configured(t *testing.T, keys ...string) Config {
	t.Helper()
	c, err := Configure(moduletest.Settings(keys...))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestText(t *testing.T) {
	ask := serve(t, configured(t, "text", "<p>hi", "type", "text/html"))
	if status, body, kind := ask("GET", "/any"); status != 200 || body != "<p>hi" || kind != "text/html" {
		t.Errorf("%d %q %q", status, body, kind)
	}
	if status, body, _ := ask("HEAD", "/"); status != 200 || body != "" {
		t.Errorf("HEAD: %d %q", status, body)
	}
	if status, _, _ := ask("DELETE", "/"); status != 405 {
		t.Errorf("DELETE: %d", status)
	}
}

func TestFiles(t *testing.T) {
	c := configured(t, "serve", "files")
	c.Files = fstest.MapFS{
		"index.html":          {Data: []byte("home")},
		"a/b.txt":             {Data: []byte("text")},
		"d/index.html":        {Data: []byte("d's")},
		".secret":             {Data: []byte("no")},
		".git/config":         {Data: []byte("no")},
		".well-known/x":       {Data: []byte("yes")},
		"e/index.html/a.html": {Data: []byte("odd")},
	}
	ask := serve(t, c)
	for _, want := range []struct {
		path   string
		status int
		body   string
	}{
		{"/", 200, "home"}, {"/a/b.txt", 200, "text"}, {"/d/", 200, "d's"}, {"/a/", 404, ""}, {"/.secret", 404, ""},
		{"/.git/config", 404, ""}, {"/.well-known/x", 200, "yes"}, {"/none", 404, ""}, {"/..%2f..%2fetc/passwd", 404, ""},
		{"/e/", 404, ""},
	} {
		status, body, _ := ask("GET", want.path)
		if status != want.status || want.status == 200 && body != want.body {
			t.Errorf("%s: %d %q, want %d %q", want.path, status, body, want.status, want.body)
		}
	}
}

func TestConfigureRefuses(t *testing.T) {
	_, err := Configure(moduletest.Settings("serve", "cakes", "idle", "long", "max-head", "1"))
	for _, key := range []string{"serve", "idle", "max-head"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%v: does not name %s", err, key)
		}
	}
}
