package host

import (
	"slices"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// FuzzTLSOptions: what is accepted has names of protocols that TLS has room for, and demands of a server only. Said twice
// over, the last word counts, as it does if the rest of the text is not there.
func FuzzTLSOptions(f *testing.F) {
	for _, text := range []string{
		"", "role=server\nalpn=h2,echo\nidentity=first\n", "role=client\nserver_name=x", "client_certificate=require",
		"role=server\nclient_certificate=request\nclient_certificate=none", "alpn=", "alpn=,", "=", "role", "\n\n",
	} {
		f.Add(text, true)
		f.Add(text, false)
	}
	f.Fuzz(func(t *testing.T, text string, server bool) {
		o := protocol.TLSOptions{Server: server}
		if !parseTLSOptions(text, &o) {
			return
		}
		if slices.ContainsFunc(o.ALPN, func(name string) bool { return name == "" || len(name) > 255 }) {
			t.Errorf("%q: protocols %q", text, o.ALPN)
		}
		if o.ClientCertificate != protocol.ClientCertificateConfigured && !o.Server || int(o.ClientCertificate) >= len(clientAuth) {
			t.Errorf("%q: %+v", text, o)
		}
		again := protocol.TLSOptions{Server: server}
		if !parseTLSOptions(text+"\n"+text, &again) || again.Server != o.Server || again.Identity != o.Identity ||
			again.ServerName != o.ServerName || !slices.Equal(again.ALPN, o.ALPN) || again.ClientCertificate != o.ClientCertificate {
			t.Errorf("%q twice: %+v, want %+v", text, again, o)
		}
	})
}
