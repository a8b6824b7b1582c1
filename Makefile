# The project's commands; `make` lists them. ARGS goes to the program: make run ARGS="--port 9000"

SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
ARGS ?=
SOURCES := Package.swift Sources Tests Plugins/EmbedLua/EmbedLua.swift Plugins/EmbedAPIFiles/EmbedAPIFiles.swift

.DEFAULT_GOAL := help
.PHONY: help run test build release lint format interop fuzz-api bench bench-instructions bench-webhooks verify clean
.PHONY: deps

help: ## list the commands
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: deps ## start everything here: Redis, server, worker, and a tenant to try; Ctrl-C ends it
	swift build -c release
	@exec .build/release/holdfast dev $(ARGS)

# Of a crash only the thread that did it: with hundreds of threads the report of all takes minutes.
test: deps ## build and run all tests
	@scripts/test $(ARGS)

build: deps ## build for development
	swift build

release: deps ## build the programs for production
	swift build -c release

lint: deps ## check format, Lua, deployment files, and the house rules
	@scripts/lint

format: ## format all Swift files in place
	swift format format --in-place --recursive --parallel $(SOURCES)

interop: deps ## drive a server with the published Python client of the Cycles protocol
	@scripts/interop

fuzz-api: deps ## throw generated requests at a server and hold its answers against docs/api/cycles.yaml
	@scripts/fuzz-api

bench: deps ## measure everything on this machine and print one table
	swift build -c release
	@exec .build/release/holdfast-bench $(ARGS)

bench-instructions: deps ## count the instructions of Redis per call of each hot script; needs valgrind
	swift build -c release
	@exec .build/release/holdfast-bench --instructions $(ARGS)

bench-webhooks: deps ## measure webhooks on this machine and print one table
	swift build -c release
	@exec .build/release/holdfast-bench --webhooks $(ARGS)

verify: deps ## check the invariants of the Redis that HOLDFAST_REDIS_URL names
	swift build -c release
	@exec .build/release/holdfast verify $(ARGS)

clean: ## remove everything that was built
	rm -rf .build bench-results

deps: ## install what is missing to build and test: hiredis and Redis
	@scripts/deps
