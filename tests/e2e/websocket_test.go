package e2e

import (
	"path/filepath"
	"strings"
	"testing"
)

// A program for python3-websockets: two members of the chat, and what they hear.
const chatters = `
import asyncio, sys, websockets

async def main(url):
    async with websockets.connect(url) as ann, websockets.connect(url) as bob:
        await ann.send("Ann")
        print("Ann", await ann.recv())
        await bob.send("Bob")
        print("Ann", await ann.recv())
        print("Bob", await bob.recv())
        await bob.send("hello")
        print("Ann", await ann.recv())
        await bob.close()
        print("Ann", await ann.recv())
        await ann.send("x" * 5000)
        try:
            await ann.recv()
        except websockets.ConnectionClosed as e:
            print("Ann closed", e.code)

asyncio.run(main(sys.argv[1]))
`

// A program for node's ws: echoes, fragments and a ping.
const echoes = `
const WebSocket = require("ws")
const socket = new WebSocket(process.argv[1])
socket.on("open", () => {
	socket.ping("are you there")
	socket.send("first ", { fin: false })
	socket.send("second", { fin: true })
	socket.send(Buffer.alloc(4000, 7))
})
socket.on("pong", data => console.log("pong", data.toString()))
socket.on("message", (data, binary) => {
	console.log(binary ? data.length + " bytes of " + data[0] : data.toString())
	if (binary) socket.close(1000)
})
socket.on("close", code => console.log("closed", code))
`

func TestWebSocketClients(t *testing.T) {
	chat := serve(t, "run", "websocket", "--listen", "tcp:0:interface=127.0.0.1")
	r := command(t, "", "/usr/bin/python3", "-c", chatters, "ws://127.0.0.1:"+chat.port(0)+"/ws")
	if want := "Ann * Ann has come\nAnn * Bob has come\nBob * Bob has come\nAnn <Bob> hello\nAnn * Bob has gone\nAnn closed 1009\n"; r.stdout != want {
		t.Errorf("python3-websockets: %q, want %q\n%s", r.stdout, want, r.stderr)
	}
	echo := serve(t, "run", "websocket", "--listen", "tcp:0:interface=127.0.0.1", "--set", "app=echo", "--isolation", "connection")
	r = command(t, "", "env", "NODE_PATH=/usr/share/nodejs", "node", "-e", echoes, "ws://127.0.0.1:"+echo.port(0)+"/ws")
	if want := "pong are you there\nfirst second\n4000 bytes of 7\nclosed 1000\n"; r.stdout != want {
		t.Errorf("node-ws: %q, want %q\n%s", r.stdout, want, r.stderr)
	}
}

// The chat's page in a browser: it joins with the name in its address, and shows that it has come.
func TestChatPageInABrowser(t *testing.T) {
	s := serve(t, "run", "websocket", "--listen", "tcp:0:interface=127.0.0.1")
	r := command(t, "", "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--user-data-dir="+filepath.Join(t.TempDir(), "profile"), "--timeout=20000", "--virtual-time-budget=3000", "--dump-dom",
		"http://127.0.0.1:"+s.port(0)+"/?name=Ann")
	if !strings.Contains(r.stdout, "<div>* Ann has come</div>") {
		t.Errorf("the page shows %s\n%s", r.stdout, r.stderr)
	}
}
