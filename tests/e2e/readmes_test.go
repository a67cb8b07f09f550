//go:build unix

package e2e

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/modules"
)

// A rehearsal is what the commands in a module's README need here, and must show.
type rehearsal struct {
	instead []string // pairs: what a command names that is not on this machine, and what is
	input   string   // of the clients
	shows   []string // for each command that is no server, in order: what it writes
}

// rehearsals has every module, also those whose README has servers only.
func rehearsals(website string) map[string]rehearsal {
	hello := "hello from "
	year := time.Now().Format("2006")
	return map[string]rehearsal{
		"amp": {}, "discard": {}, "websocket": {},
		"chargen": {shows: []string{` !"#$%&'()`}},
		"chat":    {input: "Ann\n", shows: []string{"* You are Ann."}},
		"daytime": {shows: []string{year}},
		"dns": {instead: []string{"192.0.2.53 192.0.2.54", "127.0.0.1:5353", "192.0.2.0/24:53", "127.0.0.0/8:*"},
			shows: []string{"192.0.2.7", "192.0.2.7"}},
		"echo":    {shows: []string{"hello"}},
		"finger":  {shows: []string{"Out to lunch"}},
		"framing": {shows: []string{""}},
		"get": {instead: []string{"127.0.0.1:8080", website, "https://example.org", "http://" + website, "tls:example.org:443", "tcp:" + website},
			shows: []string{hello, ""}},
		"ident":        {shows: []string{"40001, 25 : USERID : UNIX : mailer"}},
		"nethttp":      {shows: []string{"It works.", "a public page"}},
		"portforward":  {instead: []string{"192.0.2.7:80", website}, shows: []string{hello}},
		"qotd":         {shows: []string{"Less is more."}},
		"redis":        {shows: []string{"OK"}},
		"reverseproxy": {instead: []string{"127.0.0.1:3000", website}, shows: []string{hello}},
		"socks": {instead: []string{"example.org", "localhost:" + website[strings.LastIndexByte(website, ':')+1:], "dial=tcp:*:*", "dial=tcp:localhost:*"},
			shows: []string{hello}},
		"tcpmap": {shows: []string{"200 ann"}},
		"time":   {shows: []string{"00000000: "}},
		"web":    {shows: []string{"It works.", "a public page"}},
		"who":    {shows: []string{"bob"}},
	}
}

var (
	fence     = regexp.MustCompile("(?s)```\n(.*?)```")
	listening = regexp.MustCompile(`^(tcp|udp|ssl):(\d+)(.*)$`)
)

// TestREADMEsOfModules runs the commands under "Run it" of every module's README.
func TestREADMEsOfModules(t *testing.T) {
	table := rehearsals("127.0.0.1:" + website(t))
	for _, m := range modules.All() {
		t.Run(m.Name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("..", "..", "modules", m.Name, "README.md"))
			if err != nil {
				t.Fatal(err)
			}
			_, section, _ := strings.Cut(string(text), "\n## Run it\n")
			section, _, _ = strings.Cut(section, "\n## ")
			todo, ok := table[m.Name]
			if !ok {
				t.Fatal("the table of rehearsals does not have it")
			}
			s := newStage(t, todo)
			for _, block := range fence.FindAllStringSubmatch(section, -1) {
				s.play(strings.ReplaceAll(block[1], "\\\n", ""))
			}
			if s.begun == 0 {
				t.Error("no command runs the module")
			}
			if len(s.todo.shows) != 0 {
				t.Errorf("no command shows %q", s.todo.shows)
			}
		})
	}
}

// TestOperating runs the commands of docs/operating.md.
func TestOperating(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "operating.md"))
	if err != nil {
		t.Fatal(err)
	}
	s := newStage(t, rehearsal{shows: []string{"hello", "hello", "hello", "wasmnet_connections_total{"}})
	for _, block := range fence.FindAllStringSubmatch(string(text), -1) {
		s.play(block[1])
	}
	if len(s.todo.shows) != 0 {
		t.Errorf("no command shows %q", s.todo.shows)
	}
}

// TestBoxOfTheREADME: the table in README.md has every module, and what it says to run runs.
func TestBoxOfTheREADME(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## What is in the box\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var named, all []string
	for _, row := range regexp.MustCompile("(?m)^\\| (.+) \\| `(wasmnet (run|exec) .+)` \\| .+ \\|$").FindAllStringSubmatch(section, -1) {
		names, line := strings.Split(row[1], ", "), strings.ReplaceAll(row[2], "NAME", "echo")
		named = append(named, names...)
		if !slices.Contains(names, strings.Fields(line)[2]) {
			t.Errorf("%s: it does not run any of %q", line, names)
		}
		if row[3] == "run" {
			t.Run(names[0], func(t *testing.T) { newStage(t, rehearsal{}).begin(line) })
		}
	}
	for _, m := range modules.All() {
		all = append(all, m.Name)
	}
	if slices.Sort(named); !slices.Equal(named, all) {
		t.Errorf("README.md has %q in the box, and there are %q", named, all)
	}
}

// furnished makes the folder that READMEs assume to be in.
func furnished(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	key, cert := selfSigned(t, "localhost")
	for name, from := range map[string]string{"key.pem": key, "cert.pem": cert} {
		if err := os.Symlink(from, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string]string{
		"public/index.html":  "a public page",
		"zones/example.zone": "$ORIGIN example.\n@ SOA ns root 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\nwww A 192.0.2.7\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A stage is where the commands of one README are run.
type stage struct {
	*testing.T
	dir   string
	todo  rehearsal
	ports map[string]string // real ones, of those that the README names
	begun int
	since []map[string]string // the ports of the servers that were begun last, which clients come to
}

func newStage(t *testing.T, todo rehearsal) *stage {
	t.Helper()
	return &stage{T: t, dir: furnished(t), todo: todo, ports: map[string]string{}}
}

// play runs a block: servers stay, and each client comes to all the servers that were begun since the last client.
func (s *stage) play(block string) {
	var before bool
	for line := range strings.Lines(block) {
		line = strings.NewReplacer(s.todo.instead...).Replace(strings.TrimSpace(line))
		switch {
		case strings.HasPrefix(line, "wasmnet run "):
			if !before {
				s.since = nil
			}
			s.begin(line)
			before = true
		case line != "":
			before = false
			if strings.HasPrefix(line, "wasmnet ") {
				s.begun++
				line = program + strings.TrimPrefix(line, "wasmnet")
			}
			if len(s.since) == 0 {
				s.client(line)
			}
			for _, ports := range s.since {
				s.client(withPorts(line, ports))
			}
		}
	}
}

// begin runs a server, on free ports of the loopback.
func (s *stage) begin(line string) {
	s.Helper()
	args := s.words(line)[1:]
	var named []string
	for i, arg := range args {
		if m := listening.FindStringSubmatch(arg); m != nil && args[i-1] == "--listen" {
			named = append(named, m[2])
			args[i] = m[1] + ":0" + strings.TrimSuffix(m[3], ":interface=127.0.0.1") + ":interface=127.0.0.1"
		} else {
			args[i] = withPorts(arg, s.ports)
		}
	}
	cmd := exec.Command(program, args...)
	cmd.Dir = s.dir
	server := serveCommand(s.T, cmd)
	s.begun++
	ports := map[string]string{}
	for i, name := range named {
		if ports[name] == "" { // where it serves TCP and UDP, clients mean the first
			ports[name] = server.port(i)
			s.ports[name] = ports[name]
		}
	}
	s.since = append(s.since, ports)
}

// words splits a command line as the shell does.
func (s *stage) words(line string) []string {
	s.Helper()
	out, err := exec.Command("bash", "-c", `printf '%s\0' `+line).Output()
	if err != nil {
		s.Fatalf("%s: %v", line, err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

// withPorts puts the real ports into a command.
func withPorts(text string, ports map[string]string) string {
	for named, real := range ports {
		text = regexp.MustCompile(`\b`+named+`\b`).ReplaceAllString(text, real)
	}
	return text
}

// client runs a command until it has shown what it must, or ends.
func (s *stage) client(line string) {
	s.Helper()
	if len(s.todo.shows) == 0 {
		s.Fatalf("%s: the table does not say what it shows", line)
	}
	want := s.todo.shows[0]
	s.todo.shows = s.todo.shows[1:]
	cmd := exec.Command("bash", "-c", line)
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it may be a pipeline
	cmd.Stdin = strings.NewReader(s.todo.input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		s.Fatal(err)
	}
	kill := func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // of its own group
	late := time.AfterFunc(patience, kill)
	defer late.Stop()
	var shown []byte
	for b := make([]byte, 4096); want == "" || !bytes.Contains(shown, []byte(want)); {
		n, err := out.Read(b)
		if shown = append(shown, b[:n]...); err == io.EOF {
			break
		} else if err != nil {
			s.Fatal(err)
		}
	}
	found := bytes.Contains(shown, []byte(want))
	if want != "" && found {
		kill() // some clients end only when somebody ends them
	}
	if err := cmd.Wait(); !found || want == "" && err != nil {
		s.Errorf("%s: it shows %.300q, and not %q; %v, it said %.300q", line, shown, want, err, stderr.String())
	}
}
