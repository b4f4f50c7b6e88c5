SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

target := $(or $(CARGO_TARGET_DIR),target)
npm_ci := npm ci --no-audit --no-fund --loglevel=error
frontend_sources := $(shell find frontend -name node_modules -prune -o -path frontend/dist -prune -o -type f -print 2>/dev/null)

.PHONY: help run build dev test check test-crates test-frontend test-hub-client e2e bench deny api-client clean

help: ## what can be done here
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

## Running

run: build ## build in release mode, start on http://127.0.0.1:5000 with SQLite in ./data
	exec $(target)/release/diquis serve

build: frontend/dist/index.html ## make target/release/diquis, the front end inside it
	@scripts/setup run
	cargo build --release --locked --package web-api

dev: frontend/dist/index.html ## start the server and, on http://127.0.0.1:5173, the front end as it is edited
	cargo build --package web-api
	$(target)/debug/diquis serve & trap "kill $$!" EXIT; npm --prefix frontend run dev

## Testing

test: check test-crates test-frontend test-hub-client e2e ## everything; what the machine lacks is installed first

check: frontend/dist/index.html ## formats and lints
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

test-crates: frontend/dist/index.html ## all crates on memory, SQLite and PostgreSQL
	@scripts/setup test
	scripts/with-postgres cargo test --workspace --locked

test-frontend: frontend/node_modules/.package-lock.json ## the front end's lints, types and tests
	npm --prefix frontend run check
	npm --prefix frontend test
	cd e2e && ../frontend/node_modules/.bin/biome ci --error-on-warnings . ../benchmarks

test-hub-client: ## the official SignalR client against the hub
	libs/signalr-hub/e2e/run

e2e: $(or $(DIQUIS_BIN),debug-diquis) e2e/node_modules/.package-lock.json ## the stories in Chromium; NAME=text picks some, DIQUIS_BIN another executable
	@scripts/setup test
	DIQUIS_BIN=$(abspath $(or $(DIQUIS_BIN),$(target)/debug/diquis)) scripts/with-postgres e2e/run $(NAME)

bench: build e2e/node_modules/.package-lock.json ## how fast it answers, tells, starts; how much memory it takes
	@scripts/setup test
	DIQUIS_BIN=$(abspath $(target)/release/diquis) scripts/with-postgres node benchmarks/provisioning.js

deny: ## licences and banned crates; wants 'cargo install --locked cargo-deny'
	cargo deny check bans licenses sources

## Making

.PHONY: debug-diquis
debug-diquis: frontend/dist/index.html
	cargo build --workspace --bin diquis --locked

api-client: debug-diquis frontend/node_modules/.package-lock.json ## openapi.json and schema.ts, from the routes
	$(target)/debug/diquis openapi > app/web-api/openapi.json
	npm --prefix frontend run api-client

frontend/dist/index.html: frontend/node_modules/.package-lock.json $(frontend_sources)
	npm --prefix frontend run build
	@touch $@

# npm writes this file last, so an installation that was cut off is begun again.
%/node_modules/.package-lock.json: %/package.json %/package-lock.json
	@scripts/setup run
	cd $* && $(npm_ci)
	@touch $@

clean: ## remove what was built; ./data stays
	cargo clean
	rm -rf frontend/dist frontend/node_modules e2e/node_modules artefacts
