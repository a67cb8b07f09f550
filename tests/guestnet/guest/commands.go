//go:build wasip1

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	wnet "github.com/wasmnet/wasmnet/guest-sdk/go/net"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// serveCommands answers each line with what the command in it came to.
func serveCommands() error {
	for {
		c, err := wnet.Listener().Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			lines := bufio.NewScanner(c)
			for lines.Scan() {
				words := strings.Fields(lines.Text())
				answer, err := commands[words[0]](c, words[1:])
				if err != nil {
					answer = "error: " + describe(err)
				}
				fmt.Fprintln(c, answer)
			}
		}()
	}
}

// describe is an error with what a program would ask of it.
func describe(err error) string {
	text := err.Error()
	for name, target := range map[string]error{
		"denied": protocol.ErrDenied, "closed": net.ErrClosed, "deadline": os.ErrDeadlineExceeded, "EOF": io.EOF,
		"ECONNREFUSED": syscall.ECONNREFUSED, "ECONNRESET": syscall.ECONNRESET, "context": context.DeadlineExceeded,
	} {
		if errors.Is(err, target) {
			text += " is:" + name
		}
	}
	if ne := net.Error(nil); errors.As(err, &ne) {
		text += fmt.Sprintf(" timeout:%v", ne.Timeout())
	}
	return text
}

var commands = map[string]func(c net.Conn, args []string) (string, error){
	"addresses": func(c net.Conn, _ []string) (string, error) {
		return fmt.Sprintf("%T %v %T %v", c.LocalAddr(), c.LocalAddr(), c.RemoteAddr(), c.RemoteAddr()), nil
	},
	// ask NETWORK ADDRESS TEXT: says TEXT there and returns what is said back until the end.
	"ask": func(_ net.Conn, args []string) (string, error) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		c, err := wnet.DialContext(ctx, args[0], args[1])
		if err != nil {
			return "", err
		}
		defer c.Close()
		if _, err := io.WriteString(c, args[2]+"\n"); err != nil {
			return "", err
		}
		if strings.HasPrefix(args[0], "udp") {
			b := make([]byte, 1500)
			n, err := c.Read(b)
			return strings.TrimSpace(string(b[:n])), err
		}
		if err := c.(*wnet.Conn).CloseWrite(); err != nil {
			return "", err
		}
		b, err := io.ReadAll(c)
		return strings.TrimSpace(string(b)), err
	},
	// late NETWORK ADDRESS DURATION: dials with a deadline.
	"late": func(_ net.Conn, args []string) (string, error) {
		d, _ := time.ParseDuration(args[2])
		ctx, cancel := context.WithTimeout(context.Background(), d)
		defer cancel()
		_, err := wnet.DialContext(ctx, args[0], args[1])
		return "connected", err
	},
	// deadline DURATION: reads with a deadline, and goes on after it.
	"deadline": func(c net.Conn, args []string) (string, error) {
		d, _ := time.ParseDuration(args[0])
		c.SetReadDeadline(time.Now().Add(d))
		_, err := c.Read(make([]byte, 1))
		c.SetReadDeadline(time.Time{})
		return "read", err
	},
	// flood: writes until the deadline, to a peer that does not read.
	"flood": func(c net.Conn, args []string) (string, error) {
		d, _ := time.ParseDuration(args[0])
		c.SetWriteDeadline(time.Now().Add(d))
		var n int
		var err error
		for b := make([]byte, 100_000); err == nil; n += len(b) {
			_, err = c.Write(b)
		}
		c.SetWriteDeadline(time.Time{})
		return "written", err
	},
	// gone: reads to the end, and tells the test how that was.
	"gone": func(c net.Conn, _ []string) (string, error) {
		_, err := c.Read(make([]byte, 1))
		fmt.Println("gone:", describe(err))
		_, err = c.Write(make([]byte, 1))
		return "", err
	},
	"closed": func(c net.Conn, _ []string) (string, error) {
		c.Close()
		_, err := c.Read(make([]byte, 1))
		_, err2 := c.Write(make([]byte, 1))
		fmt.Println("closed:", describe(err), describe(err2), describe(c.Close()))
		return "", nil
	},
	"abort": func(c net.Conn, _ []string) (string, error) { return "", c.(*wnet.Conn).Abort() },
	"fetch": func(_ net.Conn, args []string) (string, error) {
		client := http.Client{
			Transport: &http.Transport{DialContext: wnet.DialContext, DialTLSContext: wnet.DialTLSContext},
			Timeout:   10 * time.Second,
		}
		r, err := client.Get(args[0])
		if err != nil {
			return "", err
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		return fmt.Sprint(r.StatusCode, " ", len(b), " ", r.Header.Get("Test")), err
	},
	// listen NETWORK ADDRESS: serves echoes there and returns where that is.
	"listen": func(_ net.Conn, args []string) (string, error) {
		if strings.HasPrefix(args[0], "udp") {
			p, err := wnet.ListenPacket(args[0], args[1])
			if err != nil {
				return "", err
			}
			go echoPackets(p)
			return p.LocalAddr().String(), nil
		}
		l, err := wnet.Listen(args[0], args[1])
		if err != nil {
			return "", err
		}
		go echoes(l)
		return l.Addr().String(), nil
	},
	"lookup": func(_ net.Conn, args []string) (string, error) {
		addresses, err := wnet.LookupHost(context.Background(), args[0])
		return strings.Join(addresses, " "), err
	},
}
