package hostile

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// crowdVariable makes this program a crowd of peers instead of a test: it is the address they connect to. They are in a
// process of their own because a process has only so many descriptors.
const crowdVariable = "WASMNET_TEST_CROWD"

// A crowd is many peers in a process of their own.
type crowd struct {
	testing.TB
	in   io.WriteCloser
	out  *bufio.Scanner
	over func() error
}

// gather starts a crowd of n peers, which connect.
func (s *service) gather(n int) *crowd {
	t := s.arena
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), crowdVariable+"="+s.address)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &crowd{t, in, bufio.NewScanner(out), sync.OnceValue(func() error {
		in.Close()
		return cmd.Wait()
	})}
	t.Cleanup(func() { _ = c.over() })
	c.do("connect", n)
	return c
}

// do has the crowd do something, and returns when all of it has.
func (c *crowd) do(what string, n int) {
	c.Helper()
	if _, err := fmt.Fprintln(c.in, what, n); err != nil {
		c.Fatal(err)
	}
	if !c.out.Scan() || c.out.Text() != "done" {
		c.Fatalf("%s %d: the crowd says %q, %v", what, n, c.out.Text(), c.out.Err())
	}
}

// leave has the crowd reset its connections and go home.
func (c *crowd) leave() {
	c.Helper()
	if err := c.over(); err != nil {
		c.Errorf("the crowd: %v", err)
	}
}

// crowdMain is the program of the process. It reads from standard input what the peers shall do: "connect N", so many of
// them, or "echo N", each a message that is different for each N.
func crowdMain(address string) int {
	var peers []*net.TCPConn
	defer func() {
		for _, p := range peers {
			p.SetLinger(0) // so that the ports are free again
			p.Close()
		}
	}()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		what, number, _ := strings.Cut(lines.Text(), " ")
		n, err := strconv.Atoi(number)
		switch {
		case err != nil:
		case what == "connect":
			peers = make([]*net.TCPConn, n)
			err = inParallel(n, func(i int) (err error) {
				peers[i], err = try(address)
				return err
			})
		case what == "echo":
			err = inParallel(len(peers), func(i int) error { return echoed(peers[i], i, n) })
		}
		if err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Println("done")
	}
	return 0
}

// echoed sends a message and wants it back.
func echoed(p *net.TCPConn, peer, round int) error {
	p.SetDeadline(time.Now().Add(patience))
	var sent, got [64]byte
	for at := 0; at < len(sent); at += 16 {
		binary.LittleEndian.PutUint64(sent[at:], uint64(peer))
		binary.LittleEndian.PutUint64(sent[at+8:], uint64(round))
	}
	if _, err := p.Write(sent[:]); err != nil {
		return err
	}
	if _, err := io.ReadFull(p, got[:]); err != nil {
		return err
	}
	if got != sent {
		return fmt.Errorf("received %x, want %x", got, sent)
	}
	return nil
}

// inParallel calls f for all numbers below n, some at a time, and returns the first error.
func inParallel(n int, f func(int) error) error {
	const workers = 32
	failed := make(chan error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				if err := f(i); err != nil {
					failed <- fmt.Errorf("peer %d: %w", i, err)
					return
				}
			}
		})
	}
	wg.Wait()
	close(failed)
	return <-failed
}
