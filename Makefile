# Every target installs what it needs: Go modules through the go command, Debian packages through scripts/debian-packages.
GO       ?= go
PACKAGES := clang lld wabt socat netcat-openbsd openssl
GOFILES   = $(shell git ls-files -co --exclude-standard '*.go')

.PHONY: help build demo check test lint format cross fuzz soak bench builtins header packages clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

build: ## bin/wasmnet
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/wasmnet ./cmd/wasmnet

demo: build ## serve the echo sandbox on a free port of 127.0.0.1 and show it answering
	@scripts/demo bin/wasmnet

check: packages lint cross test ## all that CI runs
	@echo "check: passed"

test: packages ## the tests, under the race detector
	$(GO) test -race -timeout 20m ./...

lint: ## gofmt, go vet, staticcheck
	@test -z "$$(gofmt -l $(GOFILES))" || { gofmt -l $(GOFILES); echo "run gofmt on these files"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

cross: ## the other platforms build and vet
	@for os in darwin freebsd windows; do echo "vet GOOS=$$os"; GOOS=$$os CGO_ENABLED=0 $(GO) vet ./... || exit 1; done
	@for os in darwin freebsd windows; do echo "build GOOS=$$os"; GOOS=$$os CGO_ENABLED=0 $(GO) build -o /dev/null ./cmd/wasmnet || exit 1; done

fuzz: ## every fuzz target for FUZZTIME (default 10s)
	@scripts/fuzz $${FUZZTIME:-10s}

packages: ## Debian packages the tests use
	@scripts/debian-packages $(PACKAGES)

clean: ## what the targets built
	rm -rf bin bench-results
