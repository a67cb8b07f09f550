package puppet

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"maps"
	"strconv"
	"strings"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// A command is carried out in an event of p, or of no connection. Its arguments are never fewer than it takes.
type command func(s *Stage, p *Puppet, arguments []string) error

// errors that calls return, by name.
var named = map[error]string{
	protocol.ErrClosed: "closed", protocol.ErrTLSActive: "TLS active", protocol.ErrProducerRegistered: "producer registered",
	protocol.ErrAlreadyCalled: "already called", protocol.ErrAlreadyCancelled: "already cancelled",
	protocol.ErrNotRunning: "not running", protocol.ErrUnsupported: "unsupported", protocol.ErrMessageTooLong: "too long",
}

// Reasons are the names of the reasons, by their numbers.
var Reasons = [...]string{"done", "lost", "aborted", "refused", "timeout", "dns", "no route", "bind", "cannot listen", "tls",
	"cancelled", "idle", "limit", "shutdown", "denied", "reloaded"}

// name is an error as puppets tell it.
func name(err error) string {
	for e, n := range named {
		if errors.Is(err, e) {
			return n
		}
	}
	var r protocol.Reason
	switch {
	case err == nil:
		return "nil"
	case errors.As(err, &r):
		return Reasons[r]
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner // what wraps it differs
	}
	return err.Error()
}

// commands are what scripts can have done.
var commands = map[string]command{}

// The commands on the connection that the event is of.
func init() {
	maps.Copy(commands, map[string]command{
		"write": func(_ *Stage, p *Puppet, a []string) error { // a line
			_, err := p.Transport.Write([]byte(a[0] + "\n"))
			return err
		},
		"fill": func(_ *Stage, p *Puppet, a []string) error { // so many bytes
			_, err := p.Transport.Write(make([]byte, number(a[0])))
			return err
		},
		"lose":      func(_ *Stage, p *Puppet, _ []string) error { p.Transport.LoseConnection(); return nil },
		"abort":     func(_ *Stage, p *Puppet, _ []string) error { p.Transport.AbortConnection(); return nil },
		"losewrite": func(_ *Stage, p *Puppet, _ []string) error { p.Transport.LoseWriteConnection(); return nil },
		"pause":     func(_ *Stage, p *Puppet, _ []string) error { p.Transport.PauseReading(); return nil },
		"resume":    func(_ *Stage, p *Puppet, _ []string) error { p.Transport.ResumeReading(); return nil },
		"resume-in": func(s *Stage, p *Puppet, a []string) error {
			s.Reactor.CallLater(duration(a[0]), p.Transport.ResumeReading)
			return nil
		},
		"options": func(_ *Stage, p *Puppet, _ []string) error {
			p.Transport.SetNoDelay(false)
			p.Transport.SetKeepAlive(true)
			return nil
		},
		"disconnecting": func(s *Stage, p *Puppet, _ []string) error {
			s.Tell("disconnecting " + strconv.FormatBool(p.Transport.Disconnecting()))
			return nil
		},
		"network": func(s *Stage, p *Puppet, _ []string) error {
			s.Tell("network " + p.Transport.Peer().Network() + " " + p.Transport.Host().Network())
			return nil
		},
		"addresses": func(s *Stage, p *Puppet, _ []string) error {
			s.Tell("addresses " + p.Transport.Peer().String() + " " + p.Transport.Host().String())
			return nil
		},
		"count": func(_ *Stage, p *Puppet, a []string) error { p.counting(number(a[0])); return nil },
		"push":  func(_ *Stage, p *Puppet, a []string) error { return p.produce(number(a[0]), true) },
		"pull":  func(_ *Stage, p *Puppet, a []string) error { return p.produce(number(a[0]), false) },
		"unregister": func(_ *Stage, p *Puppet, _ []string) error {
			p.Transport.UnregisterProducer()
			return nil
		},
		"starttls": func(_ *Stage, p *Puppet, a []string) error { return p.Transport.StartTLS(tlsOptions(a)) },
		"tls":      func(s *Stage, p *Puppet, _ []string) error { s.Tell("tls " + describeTLS(p.Transport)); return nil },
	})
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err) // in a script
	}
	return n
}

// tlsOptions reads "server" or "client", and options NAME=VALUE.
func tlsOptions(words []string) protocol.TLSOptions {
	o := protocol.TLSOptions{Server: words[0] == "server"}
	for _, w := range words[1:] {
		switch key, value, _ := strings.Cut(w, "="); key {
		case "alpn":
			o.ALPN = strings.Split(value, "/")
		case "name":
			o.ServerName = value
		case "identity":
			o.Identity = value
		case "clients":
			o.ClientCertificate = map[string]protocol.ClientCertificate{
				"request": protocol.ClientCertificateRequested, "require": protocol.ClientCertificateRequired,
			}[value]
		}
	}
	return o
}

// Fingerprint is how puppets call the owner of a certificate (DER).
func Fingerprint(certificate []byte) string {
	sum := sha256.Sum256(certificate)
	return hex.EncodeToString(sum[:4])
}

func describeTLS(t protocol.Transport) string {
	info, ok := t.TLS()
	if !ok {
		return "none"
	}
	who := "nobody"
	if info.PeerCertificate != nil {
		who = Fingerprint(info.PeerCertificate)
	}
	return info.Version + " alpn=" + info.ALPN + " name=" + info.ServerName + " peer=" + who +
		" verified=" + strconv.FormatBool(info.PeerVerified)
}

// unit is how much a producer writes at a time.
const unit = 16 << 10

// producer writes so many bytes, as fast as the transport wants them: each byte is its number modulo 251.
type producer struct {
	p         *Puppet
	left      int
	at        int
	streaming bool
	paused    bool
	told      bool
	hash      hash.Hash
}

func (p *Puppet) produce(n int, streaming bool) error {
	w := &producer{p: p, left: n, streaming: streaming, hash: sha256.New()}
	if err := p.Transport.RegisterProducer(w, streaming); err != nil {
		return err
	}
	if streaming {
		w.run()
	}
	return nil
}

// run writes a unit in each turn until it is paused.
func (w *producer) run() {
	if w.paused || w.left == 0 {
		return
	}
	if w.write(); w.left > 0 {
		w.p.Transport.Reactor().CallLater(0, w.run)
	}
}

func (w *producer) write() {
	piece := make([]byte, min(unit, w.left))
	for i := range piece {
		piece[i] = byte((w.at + i) % 251)
	}
	w.at += len(piece)
	w.left -= len(piece)
	w.hash.Write(piece)
	if _, err := w.p.Transport.Write(piece); err != nil {
		w.left = 0
		w.p.stage.Tell("write: " + name(err))
		return
	}
	if w.left == 0 {
		w.p.Transport.UnregisterProducer()
		w.p.stage.happened("sent", hex.EncodeToString(w.hash.Sum(nil)), w.p)
	}
}

// PauseProducing implements [protocol.Producer]. The first time is an event, if the script has a line for it: often it
// depends on the kernel.
func (w *producer) PauseProducing() {
	w.paused = true
	if !w.told && w.p.stage.has("paused") {
		w.told = true
		w.p.stage.happened("paused", "", w.p)
	}
}

// ResumeProducing implements [protocol.Producer].
func (w *producer) ResumeProducing() {
	switch {
	case !w.streaming && w.left > 0:
		w.write()
	case w.streaming && w.paused:
		w.paused = false
		w.run()
	}
}

// StopProducing implements [protocol.Producer].
func (w *producer) StopProducing() {
	w.left = 0
	w.p.stage.happened("stopped", "", w.p)
}
