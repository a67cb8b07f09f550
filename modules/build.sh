#!/bin/sh
# Builds the built-in modules to the file named, or to modules/builtin.wasm.gz. The same sources give the same wasm on
# every machine: the toolchain is pinned, and the go command fetches it where another one is installed.
set -eu
cd "$(dirname "$0")"
out=${1:-builtin.wasm.gz}
wasm=$(mktemp)
trap 'rm -f "$wasm"' EXIT
env GOTOOLCHAIN=go1.26.8 CGO_ENABLED=0 GOOS=wasip1 GOARCH=wasm GOWASM= GOEXPERIMENT= GOFLAGS=-mod=readonly \
	go build -buildmode=c-shared -trimpath -buildvcs=false -ldflags='-s -w -buildid=' -o "$wasm" ./builtin
gzip -9 -n -c "$wasm" >"$out"
