SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

target := $(or $(CARGO_TARGET_DIR),target)
frontend := frontend/dist/index.html
frontend_sources := $(shell find frontend -name node_modules -prune -o -path frontend/dist -prune -o -type f -print)

.PHONY: help
help: ## what can be done here
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

## Running

.PHONY: run build dev
run: build ## build in release mode, start on http://127.0.0.1:5000 with SQLite in ./data
	exec $(target)/release/diquis serve

build: $(frontend) ## make target/release/diquis, the front end inside it
	cargo build --release --locked --package web-api

dev: $(frontend) debug-build ## the server and, on http://127.0.0.1:5173, the front end as it is edited
	trap 'kill $$(jobs -p)' EXIT; $(target)/debug/diquis serve & npm --prefix frontend run dev

## Testing

.PHONY: test setup check test-crates test-frontend test-hub e2e chaos bench deny
test: setup check test-crates test-frontend test-hub e2e ## everything; what the machine lacks is installed first

setup: ## install what the tests need
	@scripts/setup test

check: $(frontend) ## formats and lints
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --all-features --locked -- -D warnings
	npm --prefix frontend run check
	cd e2e && ../frontend/node_modules/.bin/biome ci --error-on-warnings . ../benchmarks

# The stories of the ledger wait more than they work, so more of them than there are cores are told at once.
all_crates := --workspace --all-features --locked
test-crates: setup $(frontend) ## all crates, on memory, SQLite and PostgreSQL
	scripts/with-postgres cargo test $(all_crates) -- --skip nothing_is_lost --skip planted::
	scripts/with-postgres cargo test $(all_crates) --test it -- --test-threads 6 nothing_is_lost planted::

test-frontend: frontend/node_modules/.package-lock.json ## the front end's components
	npm --prefix frontend test

test-hub: setup ## Microsoft's SignalR clients and two in Python against the hub
	libs/signalr-hub/e2e/run

e2e: setup $(or $(DIQUIS_BIN),debug-build) e2e/node_modules/.package-lock.json ## the stories in Chromium; NAME=text picks some, DIQUIS_BIN=file another executable
	DIQUIS_BIN=$(abspath $(or $(DIQUIS_BIN),$(target)/debug/diquis)) scripts/with-postgres e2e/run $(NAME)

chaos: setup $(frontend) ## five minutes of each story of the ledger; 200 tenants with a SIGKILL for every three; SEED=n repeats
	CHAOS_SECONDS=$(or $(CHAOS_SECONDS),300) scripts/with-postgres \
	  cargo test -p job-engine-proof --all-features --locked --test it -- --nocapture --test-threads 2
	TENANTS=200 $(MAKE) e2e NAME=killed

bench: setup build e2e/node_modules/.package-lock.json ## how fast it answers, tells and starts; how much memory it takes
	DIQUIS_BIN=$(abspath $(target)/release/diquis) scripts/with-postgres node benchmarks/provisioning.js

deny: ## licences and banned crates; wants cargo-deny
	cargo deny check bans licenses sources

## Making

.PHONY: api-client debug-build clean tools
api-client: debug-build frontend/node_modules/.package-lock.json ## openapi.json and schema.ts, from the routes
	$(target)/debug/diquis openapi > app/web-api/openapi.json
	npm --prefix frontend run api-client

debug-build: $(frontend)
	cargo build --workspace --bin diquis --locked

$(frontend): frontend/node_modules/.package-lock.json $(frontend_sources) | tools
	npm --prefix frontend run build
	@touch $@

# npm writes this file last, so an installation that was cut off is begun again.
%/node_modules/.package-lock.json: %/package.json %/package-lock.json | tools
	cd $* && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

tools:
	@scripts/setup run

clean: ## remove what was built; ./data stays
	cargo clean
	rm -rf frontend/dist frontend/node_modules e2e/node_modules artefacts
