// Package wire lists the modules of the bundle "wire": the small ones that are written on package protocol.
package wire

import (
	"os"

	"github.com/wasmnet/wasmnet/modules/builtin"
	"github.com/wasmnet/wasmnet/modules/chargen"
	"github.com/wasmnet/wasmnet/modules/chat"
	"github.com/wasmnet/wasmnet/modules/daytime"
	"github.com/wasmnet/wasmnet/modules/discard"
	"github.com/wasmnet/wasmnet/modules/echo"
	"github.com/wasmnet/wasmnet/modules/finger"
	"github.com/wasmnet/wasmnet/modules/framing"
	"github.com/wasmnet/wasmnet/modules/ident"
	"github.com/wasmnet/wasmnet/modules/portforward"
	"github.com/wasmnet/wasmnet/modules/qotd"
	"github.com/wasmnet/wasmnet/modules/socks"
	"github.com/wasmnet/wasmnet/modules/tcpmap"
	timeprotocol "github.com/wasmnet/wasmnet/modules/time"
	"github.com/wasmnet/wasmnet/modules/who"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Modules holds them by name.
var Modules = map[string]builtin.Builder{
	"chargen": builtin.Of(chargen.Configure, chargen.New),
	"chat":    builtin.Of(chat.Configure, chat.New),
	"daytime": builtin.Of(daytime.Configure, daytime.New),
	"discard": builtin.Of(discard.Configure, discard.New),
	"echo":    builtin.Of(echo.Configure, echo.New),
	"finger":  builtin.Of(finger.Configure, finger.New),
	"framing": builtin.Of(framing.Configure, func(r protocol.Reactor, c framing.Config) (protocol.Factory, error) {
		c.Output = os.Stdout
		return framing.New(r, c)
	}),
	"ident":       builtin.Of(ident.Configure, ident.New),
	"portforward": builtin.Of(portforward.Configure, portforward.New),
	"qotd":        builtin.Of(qotd.Configure, qotd.New),
	"socks":       builtin.Of(socks.Configure, socks.New),
	"tcpmap":      builtin.Of(tcpmap.Configure, tcpmap.New),
	"time":        builtin.Of(timeprotocol.Configure, timeprotocol.New),
	"who":         builtin.Of(who.Configure, who.New),
}
