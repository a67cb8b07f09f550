package host

import (
	"strconv"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/policy"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// A describer is a resource with properties that conn_info reads.
type describer interface {
	describe(key int32) (string, abi.Code)
}

func connInfo(i *instance, s []uint64) {
	r, _ := i.handles.Get(int32(s[0]))
	to := i.view(s[2], s[3])
	d, ok := r.(describer)
	if !ok {
		ret(s, abi.Handle)
		return
	}
	text, result := d.describe(int32(s[1]))
	if result != abi.OK {
		ret(s, result)
		return
	}
	i.chargeBytes(uint64(len(text)))
	copy(to, text)
	ret(s, int32(len(text)))
}

// absent is the answer for a key that is known but has no value here.
func absent(key int32) (string, abi.Code) {
	if key < 0 || int(key) >= len(abi.InfoKeys) {
		return "", abi.Invalid
	}
	return "", abi.NotFound
}

// describe implements [describer].
func (c *conn) describe(key int32) (string, abi.Code) {
	switch key {
	case abi.InfoService:
		return c.svc.name, abi.OK
	case abi.InfoEndpoint:
		return c.endpoint()
	case abi.InfoListener:
		if c.port != nil && c.port.inst != nil {
			return strconv.Itoa(int(c.port.handle)), abi.OK
		}
		return "", abi.NotFound
	}
	if c.t == nil {
		return absent(key)
	}
	switch key {
	case abi.InfoPeer:
		return addressText(c.t.Peer()), abi.OK
	case abi.InfoHost:
		return addressText(c.t.Host()), abi.OK
	case abi.InfoNetwork:
		return networkOf(c.t.Peer()), abi.OK
	case abi.InfoBytesIn, abi.InfoBytesOut:
		in, out := c.traffic()
		if key == abi.InfoBytesOut {
			in = out
		}
		return strconv.FormatUint(in, 10), abi.OK
	case abi.InfoPeerCredentials:
		if t, ok := policy.Unwrap(c.t).(protocol.CredentialedTransport); ok {
			if who, err := t.PeerCredentials(); err == nil {
				return who.String(), abi.OK
			}
		}
		return "", abi.NotFound
	}
	info, ok := c.t.TLS()
	if !ok {
		return absent(key)
	}
	return describeTLS(&info, key)
}

func describeTLS(info *protocol.TLSInfo, key int32) (string, abi.Code) {
	switch key {
	case abi.InfoALPN:
		return info.ALPN, abi.OK
	case abi.InfoSNI:
		return info.ServerName, abi.OK
	case abi.InfoTLSVersion:
		return info.Version, abi.OK
	case abi.InfoCipher:
		return info.CipherSuite, abi.OK
	case abi.InfoPeerVerified:
		if info.PeerVerified {
			return "1", abi.OK
		}
		return "0", abi.OK
	case abi.InfoPeerCertificate:
		if info.PeerCertificate != nil {
			return string(info.PeerCertificate), abi.OK
		}
	}
	return absent(key)
}

func (c *conn) endpoint() (string, abi.Code) {
	switch {
	case c.port != nil:
		return c.port.text, abi.OK
	case c.dial != nil:
		return c.dial.text, abi.OK
	}
	if t, ok := c.t.(interface{ Endpoint() string }); ok {
		return t.Endpoint(), abi.OK
	}
	return "", abi.NotFound
}

// traffic is how many bytes came in and went out: by the guest's count, or by the transport's where the host relays.
func (c *conn) traffic() (in, out uint64) {
	if m, ok := c.t.(metered); ok && c.state&connSpliced != 0 {
		return m.BytesIn(), m.BytesOut()
	}
	return c.bill.BytesIn, c.bill.BytesOut
}

func addressText(a protocol.Address) string {
	if a == nil {
		return ""
	}
	return a.String()
}

func networkOf(a protocol.Address) string {
	if a == nil {
		return "pipe"
	}
	return a.Network()
}
