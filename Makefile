# All commands of this repository. `make` alone lists them; `make start` needs Node.js 20 or later and nothing else.
# npm puts the Node.js of package.json first on the PATH, so every command runs on it.

.DEFAULT_GOAL := help
ARGS ?=
run := npm run --silent
installed := node_modules/.package-lock.json

.PHONY: help
help: ## List what make can do
	@echo 'Usage: make TARGET [ARGS="--flags of the command"]'; echo
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo; echo 'Options of the gateway are environment variables: PORT=8080 make start. All of them: make start ARGS=--help'

# A target that no rule makes. Files that exist need none.
.DEFAULT:
	@echo "make: there is no target '$@'. \`make help\` lists the targets." >&2; exit 2

# ---- run

.PHONY: install
install: $(installed) ## Install what package-lock.json names, if that is not done yet

$(installed): package-lock.json
	@command -v node >/dev/null && command -v npm >/dev/null || { echo 'Node.js 20 or later with npm is needed and was not found: see https://nodejs.org/en/download, or on Debian: apt-get install nodejs npm' >&2; exit 1; }
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || { echo "Node.js 20 or later is needed; this is $$(node --version): see https://nodejs.org/en/download" >&2; exit 1; }
	@echo 'Installing what package-lock.json names (npm ci) ...'
	@npm ci --loglevel=error
	@touch $@

.PHONY: start
start: $(installed) ## Run the gateway on http://localhost:8000, without Kafka unless KAFKA_BROKERS is set
	@npm start --silent -- $(ARGS)

.PHONY: dev
dev: $(installed) ## Run the gateway, and restart it whenever a file changes
	@$(run) dev -- $(ARGS)

.PHONY: infra
infra: $(installed) ## Start a real Kafka on 127.0.0.1:9092 (docker compose, else kafka-server)
	@$(run) infra -- $(ARGS)

.PHONY: infra-down
infra-down: $(installed) ## Stop the Kafka that make infra started
	@$(run) infra:down -- $(ARGS)

.PHONY: emit-test
emit-test: $(installed) ## Produce a test record to Kafka (ARGS=--help shows how to adjust it)
	@$(run) emit-test -- $(ARGS)

# ---- on Kubernetes

.PHONY: up
up: $(installed) ## Make a kind cluster with Kafka, Traefik, the operator and a channel (ARGS=--help)
	@$(run) up -- $(ARGS)

.PHONY: reload
reload: $(installed) ## Bring the changes of this checkout into the cluster of make up
	@$(run) reload -- $(ARGS)

.PHONY: down
down: $(installed) ## Delete the cluster of make up
	@$(run) down -- $(ARGS)

.PHONY: token
token: $(installed) ## Write a token that the channel of make up accepts (ARGS=--help)
	@$(run) token -- $(ARGS)

# ---- check

.PHONY: check
check: lint typecheck verify test ## Run lint, typecheck, verify and test: what a change must pass

.PHONY: format
format: $(installed) ## Format the code (oxfmt)
	@$(run) format

.PHONY: lint
lint: $(installed) ## Look for mistakes, and for code that is not formatted (oxlint, oxfmt)
	@$(run) lint

.PHONY: typecheck
typecheck: $(installed) ## Check the types (TypeScript)
	@$(run) typecheck

.PHONY: verify
verify: $(installed) ## Check that generated pages are current and no boundary is crossed
	@$(run) verify

.PHONY: test
test: $(installed) ## Run every test suite that this machine can run; with CI=true all of them
	@$(run) test

.PHONY: test-unit
test-unit: $(installed) ## Run the tests that need nothing but Node.js
	@$(run) test:unit

.PHONY: test-watch
test-watch: $(installed) ## Run the unit tests again whenever a file changes (ARGS=gateway/replay: that folder)
	@$(run) test:watch -- $(ARGS)

.PHONY: engines
engines: $(installed) ## Test the console and the client in Chromium, Firefox and WebKit
	@$(run) test:engines

.PHONY: smoke
smoke: $(installed) ## Start the gateway as make start does, wait until it is ready, stop it
	@$(run) smoke

.PHONY: proof
proof: $(installed) ## Check what 200 clients get from two gateways on one Kafka, against an oracle
	@$(run) proof -- $(ARGS)

.PHONY: e2e
e2e: $(installed) ## Test everything on a kind cluster that it makes and deletes (ARGS=--help)
	@$(run) e2e -- $(ARGS)

.PHONY: interop
interop: $(installed) ## Test with foreign programs, which it installs into .interop/ (ARGS=http: that folder)
	@$(run) interop -- $(ARGS)

.PHONY: bench
bench: $(installed) ## Measure speed and memory, side by side with a bare server
	@$(run) bench -- $(ARGS)

.PHONY: pairs
pairs: $(installed) ## Measure emits, broadcasts and handshakes of two trees side by side (ARGS='--before DIR')
	@$(run) pairs -- $(ARGS)

.PHONY: peers
peers: $(installed) ## Measure side by side with other servers, and write docs/benchmarks.md
	@$(run) peers -- $(ARGS)

.PHONY: capacity
capacity: $(installed) ## Measure what a pod of a channel costs, and write docs/capacity.md (ARGS=--quick)
	@$(run) capacity -- $(ARGS)

.PHONY: soak
soak: $(installed) ## Load one gateway for half an hour, and draw its memory and delays (ARGS='--minutes N')
	@$(run) soak -- $(ARGS)

# ---- make

.PHONY: image
image: $(installed) ## Build the image of gateway and operator (docker)
	@$(run) image

.PHONY: pictures
pictures: $(installed) ## Take the pictures of the console in docs/pictures/, with Chromium
	@$(run) pictures

.PHONY: docs
docs: $(installed) ## Generate docs/reference/ from the tables in the code
	@$(run) docs

.PHONY: docs-site
docs-site: $(installed) ## Build the documentation as a site into dist/docs-site (ARGS=--help)
	@$(run) docs-site -- $(ARGS)

.PHONY: client
client: $(installed) ## Bundle the browser's client into client/dist
	@$(run) build:client

.PHONY: packages
packages: $(installed) ## Build the npm packages into dist/packages
	@$(run) packages

.PHONY: release
release: $(installed) ## Make all files of a release in dist/release (VERSION=0.2.0; docs/releasing.md)
	@$(run) release -- --version '$(VERSION)' $(ARGS)

.PHONY: reproduce
reproduce: $(installed) ## Make the release in two clones, and compare their digests
	@$(run) reproduce -- $(ARGS)

.PHONY: clean
clean: ## Remove installed and built files (but not Kafka's data in .infra/)
	rm -rf node_modules dist site/generated client/dist cdk8s/dist cli/dist coverage artifacts .interop
