# `make` lists the targets. Everything is installed into this folder: .venv, node_modules, .build.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.set-up

export PATH := $(CURDIR)/$(BIN):$(PATH)
export APE_DATA_FOLDER := $(CURDIR)/.build/ape

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(SETUP) ## install everything the project needs into this folder

$(SETUP): requirements/build.txt requirements/dev.txt package-lock.json .npmrc pyproject.toml toolchain/pyproject.toml toolchain/setup.sh
	@toolchain/setup.sh $(VENV)
	@touch $@

.PHONY: clean
clean: ## remove what was installed and built
	rm -rf $(VENV) node_modules .build

.PHONY: artifacts
artifacts: $(SETUP) ## compile the contracts into connext/artifacts and tests/artifacts
	@python toolchain/artifacts.py
