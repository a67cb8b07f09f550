//go:build linux

package main

func tlsWorkloads(o options, ps *peers) []workload {
	secure := []subject{ps.netTLS, ps.reactorTLS, ps.sandboxCTLS, ps.sandboxGoTLS}
	return []workload{
		{name: "TLS echo 64 B, 64 connections", subjects: secure, run: tlsEcho(o, 64, 64)},
		{name: "TLS echo 16 KiB, 64 connections", subjects: secure, run: tlsEcho(o, 64, 16<<10)},
		{name: "TLS handshake, one echo, close", subjects: secure, run: handshakes(o)},
	}
}

// tlsEcho is echo over TLS.
func tlsEcho(o options, conns, size int) func(*process) (figures, error) {
	return func(p *process) (figures, error) {
		return measureLoad(p, conns, o.window, 0, func(int) (func() error, func(), error) { return tlsPingPong(p.addrs[0], size) })
	}
}

// handshakes is churn over TLS.
func handshakes(o options) func(*process) (figures, error) {
	out := message(64)
	return func(p *process) (figures, error) {
		return measureLoad(p, 16, o.window, 0, func(int) (func() error, func(), error) {
			return func() error {
				c, closeIt, err := dialTLS(p.addrs[0])
				if err != nil {
					return err
				}
				defer closeIt()
				return roundTrip(c, out, make([]byte, len(out)), out)
			}, func() {}, nil
		})
	}
}
