package protocol_test

import (
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func TestPeerCredentials(t *testing.T) {
	c := protocol.PeerCredentials{PID: 12, UID: 0, GID: 4294967294}
	if got, err := protocol.ParsePeerCredentials(c.String()); got != c || err != nil || c.String() != "pid=12,uid=0,gid=4294967294" {
		t.Errorf("%v became %v, %v", c, got, err)
	}
	for _, text := range []string{"", "pid=", "pid=1", "pid=1,uid=2", "pid=1,uid=2,gid=", "pid=1,uid=2,gid=3,", "uid=2,pid=1,gid=3",
		"pid=a,uid=2,gid=3", "x"} {
		if c, err := protocol.ParsePeerCredentials(text); err == nil || c != (protocol.PeerCredentials{}) {
			t.Errorf("%q: %v, %v", text, c, err)
		}
	}
}

func FuzzPeerCredentials(f *testing.F) {
	f.Add("pid=1,uid=2,gid=3")
	f.Add("pid=,uid=")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := protocol.ParsePeerCredentials(text)
		if err != nil {
			return
		}
		if again, err := protocol.ParsePeerCredentials(c.String()); err != nil || again != c {
			t.Errorf("%q became %v and then %v, %v", text, c, again, err)
		}
	})
}
