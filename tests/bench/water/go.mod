module github.com/wasmnet/wasmnet/tests/bench/water

go 1.26.0

require (
	github.com/refraction-networking/water v0.7.1-alpha
	github.com/tetratelabs/wazero v1.7.3
)

require (
	github.com/blang/vfs v1.0.0 // indirect
	github.com/gaukas/wazerofs v0.1.0 // indirect
	google.golang.org/protobuf v1.33.0 // indirect
)

// WATER needs sockets that wazero itself does not have.
replace github.com/tetratelabs/wazero => github.com/refraction-networking/wazero v1.7.3-w
