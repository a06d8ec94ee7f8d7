# `make` lists the targets. Everything is installed into this folder: .venv, node_modules, .build.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.set-up
BROWSER := $(VENV)/.browser
ANALYSIS := .build/analysis/.set-up

export PATH := $(CURDIR)/$(BIN):$(PATH)
export APE_DATA_FOLDER := $(CURDIR)/.build/ape

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(SETUP) ## install everything the project needs into this folder

$(SETUP): requirements/build.txt requirements/dev.txt package-lock.json toolchain/setup.sh
	@toolchain/setup.sh $(VENV)
	@touch $@

.PHONY: test
test: $(ANALYSIS) ## run all tests
	@python toolchain/checks.py test

$(BROWSER): $(SETUP) requirements/browser.txt
	@python -m pip --quiet --quiet --disable-pip-version-check install \
		--require-hashes --only-binary :all: --requirement requirements/browser.txt
	@touch $@

.PHONY: test-report
test-report: $(BROWSER) ## test the pages of replays in a real browser (needs the Debian package chromium)
	@python toolchain/checks.py report

.PHONY: lint
lint: $(ANALYSIS) ## check the form of all code
	@python toolchain/checks.py lint

.PHONY: demo
demo: $(SETUP) ## play lives of channels and payments on a local fork of mainnet
	@env -u APE_FOUNDRY_HOST ape run lifecycle --network ethereum:mainnet-fork:foundry

.PHONY: bench
bench: $(SETUP) ## measure countersigned updates and vouchers per second
	@python -m connext.bench

.PHONY: artifacts
artifacts: $(SETUP) ## compile the contracts into connext/artifacts and tests/artifacts
	@python toolchain/artifacts.py

.PHONY: gas
gas: artifacts ## measure gas anew: snapshots/gas.json and docs/gas.md
	@ape test -q tests/gas --write-gas

.PHONY: bench-peers
bench-peers: $(SETUP) ## measure what a channel costs here and in other systems, and print it
	@python -m peers

.PHONY: performance
performance: $(SETUP) ## measure that anew: peers/figures.json, docs/performance.md and its pictures
	@python -m peers --save

.PHONY: regressions
regressions: $(SETUP) ## bring known failures back, one at a time, and see that tests notice (ONLY=07 for one)
	@python -m proof.regressions $(if $(ONLY),--only $(ONLY),--save)

.PHONY: fuzz
fuzz: $(SETUP) ## play random lives on bytecode and model (FUZZ="--minutes 30 --cores 2 --save", FUZZ=--help)
	@python -m proof.fuzz $(FUZZ)

.PHONY: explore
explore: $(SETUP) ## play every order of everything on chain against an honest party (EXPLORE="payments --honest alice")
	@python -m proof.explore $(or $(EXPLORE),--every-moment --save)

.PHONY: coverage
coverage: $(SETUP) ## run the tests and list the lines and branches of contracts/ that none of them runs (COVERAGE=--last)
	@python -m proof.coverage $(or $(COVERAGE),--save)

.PHONY: mutants
mutants: $(ANALYSIS) ## put small faults into the contracts and see that they are noticed; goes on where it was (MUTANTS=--help)
	@python -m proof.mutants $(or $(MUTANTS),--save)

$(ANALYSIS): $(SETUP) requirements/analysis.txt
	@python -m venv --clear .build/analysis
	@.build/analysis/bin/python -m pip --quiet --quiet --disable-pip-version-check install \
		--require-hashes --only-binary :all: --requirement requirements/analysis.txt
	@touch $@

.PHONY: analysis
analysis: $(ANALYSIS) ## install halmos and slither into an environment of their own

.PHONY: symbolic
symbolic: $(ANALYSIS) ## prove what holds for all inputs (SYMBOLIC="--only G7", SYMBOLIC=--help)
	@python -m proof.symbolic $(or $(SYMBOLIC),--save)

.PHONY: invariants
invariants: $(SETUP) ## play random calls at forge's speed (INVARIANTS="--runs 2000", INVARIANTS=--help)
	@python -m proof.invariants $(or $(INVARIANTS),--runs 1000 --save)

.PHONY: slither
slither: $(ANALYSIS) ## static analysis: no finding without an answer in SECURITY.md
	@python -m proof.slither --save

.PHONY: audit
audit: $(SETUP) ## print hashes, storage layout and what the deep runs found
	@python -m proof.audit

.PHONY: docs
docs: $(SETUP) ## write docs/errors.md from the interfaces, docs/story.schema.json from the actions
	@python toolchain/errors_doc.py > docs/errors.md
	@python toolchain/story_schema.py > docs/story.schema.json

.PHONY: lock
lock: $(SETUP) ## renew the lock files from requirements/*.in and package.json
	@for name in build dev ledger analysis browser; do \
		uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
			requirements/$$name.in --output-file requirements/$$name.txt || exit 1; \
	done
	@rm -f package-lock.json
	@npm install --package-lock-only --ignore-scripts

.PHONY: clean
clean: ## remove what was installed and built
	rm -rf $(VENV) node_modules .build
