package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/wasmnet/wasmnet/host"
)

// newTopics are the texts behind 'wasmnet help TOPIC', about what several commands have in common.
func newTopics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "endpoints", Short: "How to say where to listen and connect", Long: endpointsText},
		{Use: "grants", Short: "What --allow takes", Long: grantsText},
		{Use: "limits", Short: "What --limit takes, and what holds without it", Long: limitsText()},
		{Use: "running", Short: "Signals, what is written where, and exit statuses", Long: runningText},
	}
}

const endpointsText = `ENDPOINT is a type and its arguments, separated by colons; names of arguments may be
written out. A colon within an argument is written \:, so [::1] is \:\:1.

Servers (--listen), with what may be left out in brackets:

  tcp:PORT[:interface=ADDRESS][:backlog=N]    TCP; port 0 is any free one
  tcp6:PORT[:interface=ADDRESS]               TCP over IPv6
  unix:PATH[:mode=OCTAL][:lockfile=0|1]       a UNIX socket; @NAME is an abstract one
  ssl:PORT:privateKey=FILE:certKey=FILE[:extraCertChain=FILE][:trustRoots=PATH][:alpn=NAMES]
                                              TLS with one certificate
  tls:PATH:PORT[:trustRoots=PATH]             TLS; a folder of PEM files, chosen by the name
                                              that the client wants (DEFAULT.pem for others)
  udp:PORT[:interface=ADDRESS], udp6:PORT, unixgram:PATH
                                              datagrams
  systemd:domain=INET:index=0                 a socket of systemd's; also INET6, UNIX, name=NAME
  fd:N                                        a listening descriptor that is inherited
  stdio:                                      one connection, on standard input and output
  haproxy:ENDPOINT                            PROXY protocol headers in front of connections

Clients (--to):

  tcp:HOST:PORT[:timeout=SECONDS][:bindAddress=ADDRESS]
  tls:HOST:PORT[:trustRoots=PATH][:certificate=FILE][:privateKey=FILE]
  unix:PATH

Certificates are read anew when their files change. Those in trustRoots, a file or a
folder, are the roots a peer's certificate must lead to: a server with it demands one.`

const grantsText = `A module talks to the peers that connect to it. Anything more is granted with --allow,
once for each grant; what a module tries without one is logged with the --allow for it.

  dial=PATTERN          connect to these servers
  listen=PATTERN        open these listeners; HOST is the interface
  resolve[=NAME]        look up names: this one, *.DOMAIN, or all
  env=NAME[=VALUE]      an environment variable, of this process where it has no value here
  mount=DIR:PATH[:rw]   a directory, read only unless :rw stands behind it, as PATH

PATTERN is SCHEME:HOST:PORT, unix:PATH or unixgram:PATH. SCHEME is tcp (TLS too), tls, udp
or *. PORT is a number, a range such as 8000-8999, or *. HOST is one of

  example.org           that name; *.example.org the names below it; * all names
  192.0.2.7             an address; 192.0.2.0/24 or [2001:db8::]/32 a range
  loopback, private, link-local
                        this machine, and addresses of its networks

A name, and *, stand for public addresses only. To reach this machine or its networks, name
an address, a range or one of the three words: a service cannot be led inside by a name.`

const runningText = `What a command has to say goes to standard error: that it is ready, as a line for each
endpoint with its real port; then log lines, as text or with --log-format json. What a
guest logs has source=guest. Standard output belongs to the guests of exec and connect.

  SIGINT, SIGTERM   the first stops accepting, and lets connections finish for --drain;
                    the second ends at once
  SIGHUP            loads the module's file anew: connections from then on are served by it, those
                    that are there stay with the module they have. If it cannot be loaded,
                    the module at work stays. Endpoints for datagrams keep their module.

A line of the log that says why a connection ended has its bill: fuel, calls, memory,
bytes, timers and dials. Without --log-level debug only faults have one.

Exit statuses:

  0   done; a server that was stopped has served
  1   something failed: a file, an address that is taken, a module that is refused
  2   the command line is wrong
  N   what the guest of exec or connect gave to stop or proc_exit`

// limitsText has a line for each limit.
func limitsText() string {
	var b strings.Builder
	b.WriteString(`Each is given as --limit NAME=VALUE. Sizes take KiB, MiB and GiB, durations are like 90s or
5m, and none switches a limit off. These hold where nothing else is said:

`)
	defaults := host.DefaultLimits(host.PerConnection)
	shared := host.DefaultLimits(host.PerService)
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, name := range host.LimitNames() {
		value, _ := defaults.Get(name)
		about := host.DescribeLimit(name)
		if other, _ := shared.Get(name); other != value {
			about += " (" + other + " if it is shared)"
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\n", name, value, about)
	}
	_ = t.Flush() // to memory
	b.WriteString(`
Beyond rate-in, fuel-rate and fuel-total a connection is made to wait; beyond connections,
per-peer and instances new ones are closed. Of what a module asks for through the ABI,
too many timers, dials and handles are refused to it, and memory does not grow. Any other
breach ends the connection, and is logged with the limit's name.`)
	return b.String()
}
