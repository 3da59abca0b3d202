# What developers and CI run. "make help" lists it.

BIN := $(CURDIR)/bin

# The embedded Temporal server is compiled only where none is given: TEMPORAL_ADDRESS
# is one that runs already, SEVER_TEMPORALD a program (temporald, or the temporal
# command line).
ifeq ($(TEMPORAL_ADDRESS)$(SEVER_TEMPORALD),)
TEMPORALD := bin/temporald
export SEVER_TEMPORALD := $(BIN)/temporald
endif

# Leaves out what only Google's cloud storage needs: an eighth of the compile.
TEMPORALD_TAGS := disable_grpc_modules

.DEFAULT_GOAL := help
.NOTPARALLEL: # go uses all processors by itself, and what fails first should end first

##@ Use

.PHONY: demo
demo: targets programs $(TEMPORALD) ## offboard invented people on six systems, and show the proof
	bin/sever demo

.PHONY: up
up: postgres programs $(TEMPORALD) ## run everything on this machine, until Ctrl-C
	bin/sever up

.PHONY: build
build: programs $(TEMPORALD) ## compile bin/sever, bin/sever-worker and bin/temporald

.PHONY: secrets
secrets: ## draw the passwords for docker compose, and begin connections.env
	@internal/tools/secrets.sh

##@ Develop

.PHONY: setup
setup: tools $(TEMPORALD) ## install and compile what the tests need and this machine lacks
	@internal/tools/setup.sh all

# What costs little comes first. The tests come last, so that the end of the output
# is about them.
.PHONY: test
test: setup house format vet lint determinism $(if $(TEMPORALD),test-temporald) ## check everything, with real servers and the race detector
	go test -race -timeout 30m -p 3 ./...

.PHONY: check
check: tools house format vet lint determinism ## check what can be checked without servers
	go test -short ./...

# Their seeds run with the ordinary tests. One after another: each takes all processors.
FUZZTIME := 10s
.PHONY: fuzz
fuzz: ## search for inputs that break the readers of foreign text, FUZZTIME each
	@for file in $$(grep -rl '^func Fuzz' --include='*_test.go' .); do \
		for name in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9]*\)(.*/\1/p' $$file); do \
			echo "$$(dirname $$file) $$name"; \
			go test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s $$(dirname $$file) || exit 1; \
		done; \
	done

.PHONY: bench
bench: targets $(TEMPORALD) ## measure many principals beside plain SQL, and providers beside bare calls
	go test -run '^$$' -bench . -benchtime 1x -timeout 2h ./internal/bench

# SEEDS=n is how many, FROM=k the first: a seed that failed runs again by FROM=k SEEDS=1.
# WORLDS=n installations take turns at them: mostly each waits.
SEEDS ?= 100
FROM ?= 1
WORLDS ?= 1

.PHONY: chaos
chaos: $(TEMPORALD) ## break a whole installation as seeds say (SEEDS=100 FROM=1 WORLDS=1), and judge what came of it
	SEVER_CHAOS_SEEDS=$(SEEDS) SEVER_CHAOS_FROM=$(FROM) SEVER_CHAOS_WORLDS=$(WORLDS) go test -run '^TestChaos$$' -count 1 -timeout 0 -v ./internal/chaos

.PHONY: clean
clean: ## remove what was compiled and installed here
	rm -rf bin internal/dev/postgres/node_modules

.PHONY: help
help: ## list these targets
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# Parts of the above.

.PHONY: postgres
postgres:
	@internal/tools/setup.sh one

# What people have accounts on, in the demonstration and in the benchmarks.
.PHONY: targets
targets:
	@internal/tools/setup.sh demo

# go build knows by itself what has changed.
.PHONY: programs
programs:
	go build -o bin/sever ./starter
	go build -o bin/sever-worker ./worker

.PHONY: house
house:
	go test ./internal/house

.PHONY: format
format:
	@bad=$$(find . -name '*.go' -not -path '*/node_modules/*' -exec gofmt -l {} +); \
	test -z "$$bad" || { echo "not formatted by gofmt:"; echo "$$bad"; exit 1; }

.PHONY: vet
vet:
	go vet ./...

.PHONY: lint
lint: bin/golangci-lint
	bin/golangci-lint run

.PHONY: determinism
determinism: bin/workflowcheck
	bin/workflowcheck -config internal/tools/workflowcheck.yaml ./workflows/...

# A module of its own. Without the race detector, with which the whole server would have
# to be compiled a second time; what can race is the server's own.
.PHONY: test-temporald
test-temporald: $(TEMPORALD) bin/golangci-lint
	cd internal/dev/temporald && $(BIN)/golangci-lint run --build-tags $(TEMPORALD_TAGS)
	go test -C internal/dev/temporald -tags $(TEMPORALD_TAGS) ./...

# Compiled from source, so that everybody has the same versions.

.PHONY: tools
tools: bin/golangci-lint bin/workflowcheck

TEMPORALD_SOURCE := $(filter-out %_test.go,$(wildcard internal/dev/temporald/*.go)) $(wildcard internal/dev/temporald/go.*)

bin/temporald: $(TEMPORALD_SOURCE)
	@echo "compiling the embedded Temporal server: 3 to 5 minutes on two cores, once"
	go build -C internal/dev/temporald -tags $(TEMPORALD_TAGS) -ldflags="-s -w" -o $(BIN)/temporald .
	@touch $@

bin/golangci-lint: PACKAGE := github.com/golangci/golangci-lint/v2/cmd/golangci-lint
bin/workflowcheck: PACKAGE := go.temporal.io/sdk/contrib/tools/workflowcheck

bin/golangci-lint bin/workflowcheck: internal/tools/go.mod internal/tools/go.sum
	@echo "compiling $(@F): less than 2 minutes on two cores, once"
	go build -C internal/tools -ldflags="-s -w" -o $(CURDIR)/$@ $(PACKAGE)
	@touch $@
