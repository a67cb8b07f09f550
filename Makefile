# Every target installs what it needs: Go modules through the go command, Debian packages through scripts/debian-packages.
GO       ?= go
PACKAGES := clang lld wabt
PACKAGES += socat netcat-openbsd openssl openssh-client
PACKAGES += redis-server redis-tools
PACKAGES += bind9-dnsutils knot-dnsutils dnsperf nsd
PACKAGES += python3-twisted python3-openssl python3-service-identity
PACKAGES += finger curl proxychains4 python3-socks
PACKAGES += wget wrk nghttp2-client slowhttptest
PACKAGES += python3-websockets nodejs node-ws chromium
BENCH_PACKAGES := python3-uvloop haproxy nginx-light libnginx-mod-stream strace nsd dnsperf
GOFILES   = $(shell git ls-files -co --exclude-standard '*.go')

.PHONY: help build demo check test lint cross fuzz soak bench bench-compare bench-table bench-quick builtins header packages bench-packages clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

build: ## bin/wasmnet
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/wasmnet ./cmd/wasmnet

demo: build ## serve the echo sandbox on a free port of 127.0.0.1 and show it answering
	@scripts/demo bin/wasmnet

check: packages lint cross test bench-quick ## all that CI runs
	@echo "check: passed"

# Compiling a guest takes a minute under the race detector, and seconds without: tests find the built-ins in the cache.
# Ten thousand sandboxes of a Go guest are for a machine without it.
test: packages build ## the tests, under the race detector
	bin/wasmnet compile echo web nethttp
	$(GO) test -race -timeout 20m ./...
	$(GO) test -timeout 10m -run TestTenThousandSandboxes ./tests/hostile

lint: ## gofmt, go vet, staticcheck
	@test -z "$$(gofmt -l $(GOFILES))" || { gofmt -l $(GOFILES); echo "run gofmt on these files"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

cross: ## the other platforms build and vet
	@for os in darwin freebsd windows; do echo "vet GOOS=$$os"; GOOS=$$os CGO_ENABLED=0 $(GO) vet ./... || exit 1; done
	@for os in darwin freebsd windows; do echo "build GOOS=$$os"; GOOS=$$os CGO_ENABLED=0 $(GO) build -o /dev/null ./cmd/wasmnet || exit 1; done

fuzz: ## every fuzz target for FUZZTIME (default 10s)
	@scripts/fuzz $${FUZZTIME:-10s}

soak: packages ## every attack at once for SOAK (default 10m)
	$(GO) test -race -timeout 0 ./tests/hostile -run TestSoak -soak $${SOAK:-10m}

bench: build packages bench-packages bin/bench ## measure against everything else, into bench-results; BENCH holds more flags
	$(GO) run ./tests/bench -out bench-results $(BENCH)

bench-compare: ## by how much NEW differs from OLD, two results.json
	@$(GO) run ./tests/bench compare $(OLD) $(NEW)

bench-table: ## the main table of the last make bench, into README.md
	$(GO) run ./tests/bench table bench-results/results.json README.md

# Without what compiles for long and has no answers that could be wrong.
bench-quick: build packages bench-packages bin/bench ## the same in three minutes, for wrong answers rather than figures
	$(GO) run ./tests/bench -rounds 1 -time 200ms -settle 0s -most 1000 -slow=false

.PHONY: bin/bench
bin/bench: ## the guests and peers that bench runs
	@mkdir -p $@
	$(MAKE) -s -C guest-sdk/c
	cp guest-sdk/c/build/echo.wasm $@/
	GOOS=wasip1 GOARCH=wasm $(GO) build -buildmode=c-shared -trimpath -ldflags='-s -w' -o $@/echo-go.wasm ./guest-sdk/go/examples/echo
	GOOS=wasip1 GOARCH=wasm $(GO) build -buildmode=c-shared -trimpath -ldflags='-s -w' -o $@/work.wasm ./tests/bench/guests/work
	GOOS=wasip1 GOARCH=wasm $(GO) build -buildmode=c-shared -trimpath -ldflags='-s -w' -o $@/line.wasm ./tests/bench/guests/line
	clang -O2 -pthread tests/bench/peers/epoll.c -o $@/epoll
	wat2wasm tests/hostile/guests/loop.wat -o $@/spin.wasm
	clang --target=wasm32 -nostdlib -O2 -Wl,--no-entry -Wl,--strip-all -o $@/relay.wasm tests/bench/guests/water/relay.c
	@rm -f $@/gnet
	cd tests/bench/gnet && CGO_ENABLED=0 $(GO) build -o ../../../$@/gnet . || echo "make: peer gnet will be absent"
	@rm -f $@/water
	cd tests/bench/water && CGO_ENABLED=0 $(GO) build -o ../../../$@/water . || echo "make: peer water will be absent"

builtins: ## modules/builtin/*.wasm.gz from modules/ and guest-sdk/go
	$(GO) generate ./modules

header: ## guest-sdk/c/wasmnet.h from abi/
	$(GO) generate ./guest-sdk/c/...

packages: ## Debian packages the tests use
	@scripts/debian-packages $(PACKAGES)

# A peer that cannot be installed or built is reported as absent.
bench-packages:
	@scripts/debian-packages $(BENCH_PACKAGES) || for p in $(BENCH_PACKAGES); do scripts/debian-packages $$p || true; done

clean: ## what the targets built
	rm -rf bin bench-results
