# Paths stay relative, so that a checkout may live in a directory with a space.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check
INSTALLED := .venv/.installed
EXTRAS := .venv/.extras

.PHONY: help install demo serve test bench chaos soak check clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' Makefile

install: $(INSTALLED) ## make .venv with the locked set

demo: $(INSTALLED) ## build the demo bundles, serve them, send the demo traffic
	$(BIN)/understudy demo

serve: $(INSTALLED) ## serve what artifacts/store/roles.json names
	$(BIN)/understudy serve

test: $(EXTRAS) ## run every test, two files at a time
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

bench: $(EXTRAS) ## measure this machine: service, shadow, overload, report; BENCH=--peers adds others
	$(BIN)/python -m load_tests.bench $(BENCH)

chaos: $(INSTALLED) ## disturb running services; CHAOS="NAME ..." runs some scenarios alone
	$(BIN)/python -m load_tests.chaos $(CHAOS)

soak: $(INSTALLED) ## load a service for an hour, plot what it holds; SOAK="--minutes 30 --out DIR"
	$(BIN)/python -m load_tests.soak $(SOAK)

check: $(INSTALLED) ## lint, format, types, import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

clean: ## remove caches and build outputs; .venv and the bundles stay
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	rm -rf build dist understudy.egg-info
	find . -path ./.venv -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +

# torch goes first, by itself, because it alone decides which accelerator packages come along.
$(INSTALLED): requirements.lock requirements-dev.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(PIP) "$$(grep '^torch==' requirements.lock)"
	$(PIP) -r requirements.lock -r requirements-dev.lock
	$(PIP) --no-build-isolation --no-deps -e .
	touch $@

# In no lock, for tests and for the benchmark's browser: what needs one that cannot be had is left out.
$(EXTRAS): $(INSTALLED)
	@if $(PIP) --quiet --retries 1 --no-compile --no-build-isolation -c requirements.lock -c requirements-dev.lock -e '.[browser,explain]'; \
	then touch $@; else echo 'extras cannot be installed here: what needs them is not tested or measured'; fi
