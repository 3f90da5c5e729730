# Two commands matter: `make up` runs Tocsin on this machine, `make test` checks all of it. `make help` lists the rest.
# Everything that is installed or written goes to .tocsin/ and target/.

PYTHON ?= python3
LOCAL := $(PYTHON) infra/local

.DEFAULT_GOAL := help
.PHONY: help up start stop restart watch logs demo build test lint fuzz conformance check package tools clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

up: ## build, deploy to this machine, and show what happens until Ctrl-C
	@$(LOCAL)/stack.py up

start: ## the same in the background; settings for a shell in .tocsin/local.env
	@$(LOCAL)/stack.py start

stop: ## stop what `make start` started
	@$(LOCAL)/stack.py stop

restart: ## a fresh local stack with the binaries as they are
	@$(LOCAL)/stack.py restart

watch: ## what happens on the running stack, until Ctrl-C
	@$(LOCAL)/watch.py

logs: ## what the functions print, until Ctrl-C
	@tail -n 100 -F .tocsin/run/functions.log

demo: ## an incident through a real Prometheus Alertmanager (stack up)
	@$(LOCAL)/demo.py

build: ## the functions and the command, for this machine
	@$(LOCAL)/build.py

tools: ## the pinned tools that `make up` installs
	@$(LOCAL)/tools.py run

test: ## every test, on fakes and on a local stack that enforces the template's permissions
	@$(LOCAL)/test.py

check: ## formatting and lints of the Rust code
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

lint: ## the template, the state machine and the policies
	@$(LOCAL)/tools.py lint
	@$(PYTHON) infra/policy/lint.py

fuzz: ## each parser against random bodies, for a few seconds
	@$(LOCAL)/fuzz.py

conformance: ## real clients against a local stack (needs ../shared/conformance)
	@$(LOCAL)/conformance.py

package: ## what `sam deploy` uploads: release builds of the functions, by `sam build`
	@$(LOCAL)/tools.py release lint
	@$(LOCAL)/package.py

clean: stop ## remove what is built and written, keep the tools
	rm -rf .tocsin/build .tocsin/run .tocsin/run-* .tocsin/calls-* .aws-sam
