# `make demo` shows the whole loop, `make test` proves it; everything else is in `make help`.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
DEMO_HOME ?= .demo
PYTEST_ARGS ?=

# The first interpreter on PATH that is Python 3.11, whatever it is called.
PYTHON ?= $(shell for name in python3.11 python3 python; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null \
	&& { echo "$$name"; break; }; done)

# A real Milvus, which only the slow tests need: not in the lock, pinned by its extra.
MILVUS = $(shell sed -nE 's/^milvus-server = \["(.*)"\]$$/\1/p' pyproject.toml)

.PHONY: help install demo test test-slow lint bench clean

help: ## Show what can be made
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

install: $(INSTALLED) ## Create .venv with every locked dependency

$(INSTALLED): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "UniECS needs Python 3.11, and none of python3.11, python3 and \
	python is one. Install it, or run: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || { echo "creating $(VENV) with $(PYTHON)"; "$(PYTHON)" -m venv $(VENV); }
# uv installs the lock in seconds. It reads neither pip's environment nor its configuration, so the
# one setting that decides which build of torch is taken is handed over; where pip has none, it is
# empty. Bytecode is compiled here, as pip does, on all cores: else every first import of a step
# would do it on one.
	@echo "installing the locked dependencies into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv 2>/dev/null || true
	@if $(BIN)/python -m uv --version >/dev/null 2>&1; then \
		export UV_FIND_LINKS="$${PIP_FIND_LINKS:-$$($(BIN)/python -m pip config get global.find-links 2>/dev/null || true)}"; \
		export UV_COMPILE_BYTECODE=1 UV_COMPILE_BYTECODE_TIMEOUT=600; \
		$(BIN)/python -m uv pip install --quiet --python $(BIN)/python -r requirements.lock; \
		$(BIN)/python -m uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	else \
		echo "uv cannot be installed here; pip takes its place (minutes instead of seconds)"; \
		$(BIN)/python -m pip install --quiet -r requirements.lock; \
		$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .; \
	fi
	@touch $@

demo: $(INSTALLED) ## Run the whole loop on a generated catalog (5 to 9 minutes, again: seconds)
	@UNIECS_HOME="$${UNIECS_HOME:-$(DEMO_HOME)}" $(BIN)/python -m pipelines demo

test: $(INSTALLED) ## Run the test suite (at most 10 minutes)
	@$(BIN)/python -m pytest -m "not slow" -n auto --maxprocesses 4 --dist worksteal $(PYTEST_ARGS)

test-slow: $(INSTALLED) ## Run the long stories: end to end, kill matrices, real servers
	@$(BIN)/python -m uv pip install --quiet --python $(BIN)/python --no-deps "$(MILVUS)" 2>/dev/null \
	|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps "$(MILVUS)" \
	|| echo "$(MILVUS) cannot be installed here: the tests against a real Milvus are skipped" >&2
	@$(BIN)/python -m pytest -m slow --timeout 3600 $(PYTEST_ARGS)

lint: $(INSTALLED) ## Check style, types and layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/mypy feature_repo/*.py
	@$(BIN)/lint-imports

bench: $(INSTALLED) ## Measure encoding and training against peers (about 10 minutes)
	@$(BIN)/python -m benchmarks.speed peers
	@$(BIN)/python -m benchmarks.speed run --suite encode --suite train --size small \
		--budget-minutes 8 --allow-busy --results reports/speed.jsonl

clean: ## Remove the environment, the demo's state and caches
	@rm -rf $(VENV) .venv-peers $(DEMO_HOME) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache \
		.import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
