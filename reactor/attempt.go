package reactor

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// attempt is one attempt of a connector: look the name up, dial its addresses, 300 ms apart and in the order of RFC
// 8305 ("happy eyeballs"), keep the first that answers, and shake hands. The timeout is for all of it.
type attempt struct {
	connector *connector
	loop      *Loop
	timer     protocol.DelayedCall // the timeout
	stagger   protocol.DelayedCall // until the next address is dialled, or nil
	lookup    context.CancelFunc   // or nil
	left      []protocol.Address   // not dialled yet
	dials     []*dialing           // under way
	failure   error                // of the first address that failed
	counted   bool                 // in the loop's load
	over      bool
}

type dialing struct{ cancel func() }

// dialStagger is the connection attempt delay: Twisted's figure.
const dialStagger = 300 * time.Millisecond

var errNoAddresses = errors.New("the name has no addresses")

func newAttempt(c *connector) *attempt { return &attempt{connector: c, loop: c.loop} }

func (a *attempt) start() {
	if a.loop.stopping.refuses() {
		a.fail(protocol.ErrShutdown)
		return
	}
	a.loop.load.Add(1)
	a.loop.attempts[a] = struct{}{}
	a.counted = true
	to := a.connector.to
	timeout := to.Timeout
	if timeout <= 0 {
		timeout = endpoint.DefaultTimeout
	}
	a.timer = a.loop.CallLater(timeout, func() {
		a.timer = nil
		a.fail(protocol.ErrTimeout.Because(fmt.Errorf("connecting to %s took longer than %v", to.Text, timeout)))
	})
	switch d := a.connector.Destination().(type) {
	case protocol.HostnameAddress:
		a.resolve(d)
	default:
		a.dial([]protocol.Address{d})
	}
}

func (a *attempt) resolve(to protocol.HostnameAddress) {
	a.lookup = a.loop.lookup(to.Host, func(ips []netip.Addr, err error) {
		a.lookup = nil
		switch {
		case a.over:
		case err != nil:
			a.fail(err)
		default:
			a.dial(a.order(ips, uint16(to.Port)))
		}
	})
}

// order puts addresses into the order they are dialled in: families in turn, IPv6 first. What cannot be reached from
// the address to bind is left out.
func (a *attempt) order(ips []netip.Addr, port uint16) []protocol.Address {
	bind, _ := bindAddress(a.connector.to) // checked when the connector was made
	var four, six []protocol.Address
	for _, ip := range ips {
		ip = ip.Unmap()
		if bind.IsValid() && bind.Addr().Is4() != ip.Is4() {
			continue
		}
		address := protocol.TCPAddress{AddrPort: netip.AddrPortFrom(ip, port)}
		if ip.Is4() {
			four = append(four, address)
		} else {
			six = append(six, address)
		}
	}
	var ordered []protocol.Address
	for i := range max(len(four), len(six)) {
		if i < len(six) {
			ordered = append(ordered, six[i])
		}
		if i < len(four) {
			ordered = append(ordered, four[i])
		}
	}
	return ordered
}

func (a *attempt) dial(addresses []protocol.Address) {
	a.left = addresses
	a.failure = protocol.ErrDNSLookup.Because(errNoAddresses)
	if len(addresses) > 0 {
		a.failure = nil
	}
	a.dialNext()
}

// dialNext dials the next address that may be dialled.
func (a *attempt) dialNext() {
	a.stopStagger()
	for len(a.left) > 0 {
		to := a.left[0]
		a.left = a.left[1:]
		if err := a.check(to); err != nil {
			a.note(protocol.ErrDenied.Because(err))
			continue
		}
		bind, _ := bindAddress(a.connector.to)
		d := &dialing{}
		a.dials = append(a.dials, d)
		d.cancel = a.loop.reactor.backend.dial(a.loop, to, dialOptions{bind: bind}, func(sock socket, err error) {
			a.dialed(d, to, sock, err)
		})
		if len(a.left) > 0 {
			a.stagger = a.loop.CallLater(dialStagger, func() {
				a.stagger = nil
				a.dialNext()
			})
		}
		return
	}
	if len(a.dials) == 0 {
		a.fail(a.failure)
	}
}

func (a *attempt) check(to protocol.Address) error {
	tcp, ok := to.(protocol.TCPAddress)
	checker, checks := a.connector.build.(AddressChecker)
	if !ok || !checks {
		return nil
	}
	return checker.CheckAddress(tcp.AddrPort)
}

// note keeps the first failure: it is that of the address that was liked best.
func (a *attempt) note(err error) {
	if a.failure == nil {
		a.failure = err
	}
}

func (a *attempt) dialed(d *dialing, to protocol.Address, sock socket, err error) {
	i := slices.Index(a.dials, d)
	a.dials = slices.Delete(a.dials, i, i+1)
	if err != nil {
		a.note(dialReason(err))
		a.dialNext()
		return
	}
	a.stopDialling()
	a.connector.connected(sock, to)
}

// fail ends the attempt, once.
func (a *attempt) fail(reason error) {
	if a.over {
		return
	}
	a.end()
	if conn := a.connector.conn; conn != nil {
		conn.abort(reason)
	}
	a.connector.failed(reason)
}

// end lets go of what the attempt holds.
func (a *attempt) end() {
	a.over = true
	a.stopDialling()
	if a.lookup != nil {
		a.lookup()
		a.lookup = nil
	}
	if a.timer != nil {
		a.timer.Cancel()
		a.timer = nil
	}
	if a.counted {
		a.counted = false
		delete(a.loop.attempts, a)
		a.loop.load.Add(-1)
	}
}

func (a *attempt) stopDialling() {
	a.stopStagger()
	a.left = nil
	for _, d := range a.dials {
		d.cancel()
	}
	a.dials = nil
}

func (a *attempt) stopStagger() {
	if a.stagger != nil {
		a.stagger.Cancel()
		a.stagger = nil
	}
}
