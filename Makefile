# Each of these sets up what it needs first; a second run starts at once.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test bench fuzz setup app backend

help: ## This list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

demo: ## The whole of it on this machine: prints one URL to open, Ctrl-C stops all
	@exec scripts/demo.sh

test: ## Everything: lints, unit, browser tests, journeys; ONLY="fmt journeys" for some of it
	@exec scripts/test.sh $(ONLY)

bench: ## The benchmarks, as JSON and a table; ARGS=--quick for a short run
	@exec scripts/bench.sh $(ARGS)

fuzz: ## The parsers under libFuzzer; ARGS="300 jwt" for five minutes of one
	@exec scripts/fuzz.sh $(ARGS)

setup: ## Only the tools that the tests need
	@exec scripts/setup.sh test

backend: ## Only the backend, as it is deployed, into target/bin/release/
	@scripts/setup.sh bench && . scripts/env.sh && (hold_target && scripts/build-app.sh) && exec scripts/build-backend.sh

app: ## Only the browser app, into dist/
	@scripts/setup.sh demo && exec scripts/build-app.sh
