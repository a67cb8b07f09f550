#!/bin/sh
# Builds the bundles of built-in modules into the folder named, or into modules/builtin. The same sources give the same
# wasm on every machine: the toolchain is pinned, and the go command fetches it where another one is installed.
set -eu
cd "$(dirname "$0")"
out=${1:-builtin}
wasm=$(mktemp)
trap 'rm -f "$wasm"' EXIT
for main in builtin/guests/*/main.go; do
	bundle=$(basename "$(dirname "$main")")
	env GOTOOLCHAIN=go1.26.8 CGO_ENABLED=0 GOOS=wasip1 GOARCH=wasm GOWASM= GOEXPERIMENT= GOFLAGS=-mod=readonly \
		go build -buildmode=c-shared -trimpath -buildvcs=false -ldflags='-s -w -buildid=' -o "$wasm" "./builtin/guests/$bundle"
	gzip -9 -n -c "$wasm" >"$out/$bundle.wasm.gz"
done
