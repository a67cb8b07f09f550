// Command getpage prints what is at an address, by HTTP or HTTPS.
//
//	go run ./examples/getpage https://example.com/
//	wasmnet exec getpage.wasm --set url=https://example.com/ --allow dial=tls:example.com:443
package main

import (
	"fmt"
	"os"

	"github.com/wasmnet/wasmnet/reactor/httpclient"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// getPage prints the page, and stops the reactor with the status of the program.
func getPage(r protocol.Reactor, address string) {
	httpclient.GetPage(r, address).Handle(func(page []byte, err error) {
		if err != nil {
			fmt.Println("getpage:", err)
			r.Stop(1)
			return
		}
		os.Stdout.Write(page)
		r.Stop(0)
	})
}
