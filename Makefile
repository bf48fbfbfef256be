# Outpace. `make` alone prints what there is.

GO            ?= go
LINT_VERSION  ?= v2.15.0
LINT          := .bin/golangci-lint-$(LINT_VERSION)
# Arguments for the tests, e.g. make test ARGS='-run Claim ./store'
ARGS          ?=
# The benchmarks, e.g. make bench BENCH=Claim PKG=./store
BENCH         ?= .
PKG           ?= ./...
FUZZTIME      ?= 5s
FUZZTIME_MAIN ?= $(FUZZTIME)
# The suites of Debian whose Asterisk the end-to-end tests run on: sid has 22, bullseye 16.
LABS          ?= sid bullseye
# The seed of `make sim` that is played again, and the parts of `make prove`; none means all.
SEED          ?=
PROVE         ?=

.DEFAULT_GOAL := help
.PHONY: help demo test sim prove e2e lint fmt verify build fuzz bench clean

help: ## Print this
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' Makefile

demo: ## Dial a campaign on a simulated PBX, about a minute; needs nothing but Go
	CGO_ENABLED=0 $(GO) run ./cmd/outpace demo

test: ## Run all tests; with the race detector and Postgres where the machine has a C compiler and Postgres
	@$(GO) run ./.ci/gotest $(ARGS)

sim: ## Put the engine through faults in virtual time; SEED=123 plays one seed again, with all that happens
	@.ci/sim '$(SEED)'

prove: ## Run the tests of what is promised under crash, fault, abuse and load in full counts, some hours; see docs/reliability.md
	@.ci/prove $(PROVE)

e2e: ## Run the end-to-end tests on a real Asterisk, 22 and then 16; needs Debian or Ubuntu
	@LABS='$(LABS)' .ci/e2e

lint: $(LINT) ## Run the linters, which also freeze the directions of imports
	$(LINT) run

fmt: ## Format the code
	$(GO) fmt ./...

verify: ## Fail if something is not formatted, go.mod is not tidy or a module is not what go.sum says
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo 'not formatted; run make fmt:'; gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) mod tidy -diff
	$(GO) mod verify
	$(GO) vet ./...
	$(GO) vet -tags e2e ./...

build: ## Build bin/outpace, a static binary
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/outpace ./cmd/outpace

fuzz: ## Run each fuzz target for a short while: FUZZTIME=5s
	@FUZZTIME='$(FUZZTIME)' FUZZTIME_MAIN='$(FUZZTIME_MAIN)' .ci/fuzz

bench: ## Run the benchmarks: BENCH=Claim PKG=./store
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem $(PKG)

clean: ## Remove what the other verbs have built
	rm -rf bin .bin build outpace-demo

# The linter is built from source, once for each version, with the Go that is here.
$(LINT):
	@mkdir -p .bin
	GOBIN='$(CURDIR)/.bin' CGO_ENABLED=0 $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	mv .bin/golangci-lint $@
