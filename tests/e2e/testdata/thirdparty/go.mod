module github.com/wasmnet/wasmnet/tests/e2e/testdata/thirdparty

go 1.26.0

require (
	github.com/gliderlabs/ssh v0.3.8
	github.com/go-chi/chi/v5 v5.5.0
	github.com/miekg/dns v1.1.73
	github.com/wasmnet/wasmnet v0.0.0
	golang.org/x/crypto v0.58.0
)

require (
	github.com/anmitsu/go-shlex v0.0.0-20200514113438-38f4b401e2be // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/wasmnet/wasmnet => ../../../..
