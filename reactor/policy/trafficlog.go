package policy

import (
	"context"
	"log/slog"
	"strconv"
	"sync/atomic"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// TrafficLog is how traffic is logged.
type TrafficLog struct {
	// Logger is where to; nil: the default logger. Its handler runs on the event loop, which waits for it.
	Logger *slog.Logger
	// Level is that of the records. The default is info.
	Level slog.Level
	// LengthLimit is how many bytes of each direction of a connection are logged; 0: all.
	LengthLimit int
}

// TrafficLoggingFactory logs what goes over its connections: a record for each chunk received and for each write, with
// the bytes as a string with the escapes of Go, and for every other event and request that ends something.
type TrafficLoggingFactory struct {
	WrappingFactory
	log   TrafficLog
	count *atomic.Uint64
}

var _ protocol.ClientFactory = (*TrafficLoggingFactory)(nil)

// NewTrafficLoggingFactory logs the traffic of f. Connections are numbered from 1.
func NewTrafficLoggingFactory(f protocol.Factory, log TrafficLog) *TrafficLoggingFactory {
	if log.Logger == nil {
		log.Logger = slog.Default()
	}
	return &TrafficLoggingFactory{WrappingFactory: WrappingFactory{f}, log: log, count: new(atomic.Uint64)}
}

// With logs the traffic of another factory to the same place, and numbers the connections of both together.
func (f *TrafficLoggingFactory) With(other protocol.Factory) *TrafficLoggingFactory {
	return &TrafficLoggingFactory{WrappingFactory: WrappingFactory{other}, log: f.log, count: f.count}
}

// BuildProtocol implements [protocol.Factory].
func (f *TrafficLoggingFactory) BuildProtocol(addr protocol.Address) protocol.Protocol {
	inner := f.Factory.BuildProtocol(addr)
	if inner == nil {
		f.log.Logger.Log(context.Background(), f.log.Level, "refused", "peer", addr.String())
		return nil
	}
	p := &loggedProtocol{
		ProtocolWrapper: ProtocolWrapper{Protocol: inner},
		log:             f.log.Logger.With("traffic", f.count.Add(1), "peer", addr.String()),
		level:           f.log.Level,
	}
	p.in, p.out = f.log.LengthLimit, f.log.LengthLimit
	if f.log.LengthLimit == 0 {
		p.in, p.out = unlimited, unlimited
	}
	return Expose(p, inner)
}

// unlimited stands for no length limit.
const unlimited = -1

// loggedProtocol is one connection.
type loggedProtocol struct {
	ProtocolWrapper
	log     *slog.Logger
	level   slog.Level
	in, out int // bytes still to be logged, or unlimited
}

// data logs a chunk as far as *left allows.
func (p *loggedProtocol) data(message string, data []byte, left *int) {
	if *left == 0 || !p.log.Enabled(context.Background(), p.level) {
		return
	}
	shown := data
	if *left != unlimited {
		shown = data[:min(len(data), *left)]
		*left -= len(shown)
	}
	quoted := strconv.Quote(string(shown))
	args := []any{"bytes", len(data), "data", quoted[1 : len(quoted)-1]}
	if len(shown) < len(data) {
		args = append(args, "cut", len(data)-len(shown))
	}
	p.log.Log(context.Background(), p.level, message, args...)
}

func (p *loggedProtocol) event(message string, args ...any) {
	p.log.Log(context.Background(), p.level, message, args...)
}

func (p *loggedProtocol) ConnectionMade(t protocol.Transport) {
	p.Transport = t
	p.event("connected", "host", t.Host().String())
	p.Protocol.ConnectionMade(p)
}

func (p *loggedProtocol) DataReceived(data []byte) {
	p.data("received", data, &p.in)
	p.Protocol.DataReceived(data)
}

func (p *loggedProtocol) Write(data []byte) (int, error) {
	n, err := p.Transport.Write(data)
	if err != nil {
		p.event("not sent", "bytes", len(data), "error", err)
	} else {
		p.data("sent", data, &p.out)
	}
	return n, err
}

func (p *loggedProtocol) HandshakeCompleted() {
	info, _ := p.Transport.TLS()
	p.event("TLS established", "version", info.Version, "cipher", info.CipherSuite, "alpn", info.ALPN)
	p.ProtocolWrapper.HandshakeCompleted()
}

func (p *loggedProtocol) ReadConnectionLost() {
	p.event("the peer closed its side")
	p.ProtocolWrapper.ReadConnectionLost()
}

func (p *loggedProtocol) WriteConnectionLost() {
	p.event("our side is closed")
	p.ProtocolWrapper.WriteConnectionLost()
}

func (p *loggedProtocol) ConnectionLost(reason error) {
	p.event("lost", "reason", reason)
	p.Protocol.ConnectionLost(reason)
}

func (p *loggedProtocol) LoseConnection() {
	p.event("closing")
	p.Transport.LoseConnection()
}

func (p *loggedProtocol) LoseWriteConnection() {
	p.event("closing our side")
	p.Transport.LoseWriteConnection()
}

func (p *loggedProtocol) AbortConnection() {
	p.event("aborting")
	p.Transport.AbortConnection()
}

func (p *loggedProtocol) StartTLS(options protocol.TLSOptions) error {
	err := p.Transport.StartTLS(options)
	p.startsTLS(options.Server, err)
	return err
}

func (p *loggedProtocol) startsTLS(server bool, err error) {
	if err != nil {
		p.event("TLS not started", "error", err)
	} else {
		p.event("starting TLS", "server", server)
	}
}
