package scenario

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"
)

// run runs a client to its end, with input as its standard input, and returns what it wrote to its standard output.
func run(ctx context.Context, input, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var stderr strings.Builder
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin, cmd.Stderr = strings.NewReader(input), &stderr
	out, err := cmd.Output()
	if err != nil {
		return string(out), fmt.Errorf("%s %q: %w; it said %.500q", name, args, err, stderr.String())
	}
	return string(out), nil
}

// expect is run for a client that must write want.
func expect(ctx context.Context, want, input, name string, args ...string) error {
	got, err := run(ctx, input, name, args...)
	if err == nil && got != want {
		err = fmt.Errorf("%s %q saw %.300q, want %.300q", name, args, got, want)
	}
	return err
}

// talkTLS has openssl's client send text, waits for the echo of it, and ends the client.
func talkTLS(ctx context.Context, text string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "openssl", append([]string{"s_client", "-quiet", "-no_ign_eof", "-verify_return_error"}, args...)...)
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	_, _ = io.WriteString(in, text) // what comes back tells
	got := make([]byte, len(text))
	_, err = io.ReadFull(out, got)
	in.Close()
	_, _ = io.Copy(io.Discard, out)
	if ended := cmd.Wait(); err != nil || ended != nil || string(got) != text {
		return fmt.Errorf("s_client saw %q, %v, %v; it said %s", got, err, ended, stderr.String())
	}
	return nil
}

// A member of the chat.
type member struct {
	net.Conn
	lines *bufio.Reader
}

// join enters the room and hears who is there.
func join(t *testing.T, address, nick, there string) member {
	t.Helper()
	c, err := dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	m := member{c, bufio.NewReader(c)}
	m.say(t, nick)
	m.hears(t, "* Welcome.", "* What is your name?", "* You are "+nick+". Here are: "+there)
	return m
}

func (m member) say(t *testing.T, line string) {
	t.Helper()
	if _, err := io.WriteString(m, line+"\r\n"); err != nil {
		t.Error(err)
	}
}

func (m member) hears(t *testing.T, lines ...string) {
	t.Helper()
	for _, want := range lines {
		if got, err := m.lines.ReadString('\n'); got != want+"\r\n" {
			t.Errorf("heard %q, %v, want %q", got, err, want)
		}
	}
}
