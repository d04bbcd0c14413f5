# Each target's help stands after "##"; `make` alone prints them.
SHELL := /bin/sh
.DEFAULT_GOAL := help

# The first Python that is new enough; `make PYTHON=/path/to/python …` chooses another.
PYTHON ?= $(shell for candidate in python3 python3.13 python3.12 python3.11; do \
	if command -v $$candidate >/dev/null 2>&1 && \
	   $$candidate -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then echo $$candidate; break; fi; done)
VENV_PYTHON := .venv/bin/python
LOCK := var/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header

.PHONY: help demo demo-once test check bench fuzz lock clean environment environment-dev python

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: environment ## Run the whole service with two tenants and sample mails; Ctrl-C stops it
	@$(VENV_PYTHON) -m demo

demo-once: environment ## The same, then exit 0 only if every sample had its stated outcome
	@$(VENV_PYTHON) -m demo --once

test: environment-dev ## Run all tests (ARGS="tests/gateway -k subject" for some)
	@$(VENV_PYTHON) -m pytest -n auto $(ARGS)

check: environment-dev ## Format, lint, types, import contracts, deploy check, migrations
	@$(VENV_PYTHON) -m demo.check

bench: environment-dev ## Measure accepts and deliveries per second, beside Postfix if installed
	@$(VENV_PYTHON) -m bench

fuzz: environment-dev ## Try broken mail on the core (ARGS="--seed 2 --inputs 100000")
	@$(VENV_PYTHON) -m tests.fuzz $(ARGS)

lock: python ## Resolve requirements*.in anew into the hashed locks
	@test -x var/uv/bin/uv || { $(PYTHON) -m venv var/uv && var/uv/bin/python -m pip install --quiet uv; }
	@$(LOCK) requirements.in -o requirements.txt
	@$(LOCK) requirements-embedded.in -o requirements-embedded.txt
	@$(LOCK) requirements-dev.in -o requirements-dev.txt

clean: ## Stop the embedded servers and remove .venv, var/ and all caches
	@for password in var/*/password; do test -e "$$password" || continue; \
		$(VENV_PYTHON) -m demo.servers remove --name "$$(basename "$$(dirname "$$password")")" || exit 1; done
	@rm -rf .venv var staticfiles .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed (on Debian: python3-venv)." >&2; exit 1; }

environment: python
	@$(PYTHON) bootstrap.py

environment-dev: python
	@$(PYTHON) bootstrap.py --dev
