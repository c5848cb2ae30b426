# The way in: `make help`. Each target sets up what it needs; what is there already is used as it is.
# Needs python3 (3.11 or newer), make and git; on Debian 12 the rest comes through apt and pip.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCKS := deploy/requirements
CODE := farm api inventory jobs deploy tests
DEMO_DIR := $(or $(FARM_DEMO_DIR),.demo)

# For one run: `make test PYTEST_ARGS="-k version -x"`, `make demo ARGS=--no-wait`.
PYTEST_ARGS ?=
# Many tests wait for a guest or a process; a guest under TCG wants a processor of its own.
TEST_JOBS ?= 3
ARGS ?=
CONSOLE_ARGS ?=

# Only wheels, only the hashes in the lock files; where they come from is this machine's own setting.
PIP_INSTALL = $(BIN)/python -m pip --disable-pip-version-check --no-input install -qq
PIP_LOCKED = $(PIP_INSTALL) --require-hashes --only-binary :all:
# Compiled here, since whoever runs it later may not write: a farm that is its own user's, PYTHONDONTWRITEBYTECODE.
PIP_SELF = $(PIP_INSTALL) --no-deps --no-build-isolation --editable . && \
	$(BIN)/python -m compileall -q farm api inventory jobs
UV_LOCK = env -u UV_INDEX -u UV_DEFAULT_INDEX -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS \
	$(BIN)/uv --no-config pip compile --quiet --upgrade --python-version 3.11 --python-platform linux \
	--generate-hashes --only-binary :all: --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock"

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  \033[1mmake %-13s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: venv ## Boot real Debian kernels on a QEMU box and leave the status page up (ARGS=--no-wait: end instead)
	@$(PYTHON) -m deploy.setup.packages demo
	@$(PYTHON) -m deploy.setup.kernels
	@$(BIN)/python -m deploy.demo.demo $(ARGS)

.PHONY: test
test: check kernels ## Run the checks and every test except the slow ones (PYTEST_ARGS=... goes to pytest)
	@$(PYTHON) -m deploy.setup.packages test
	$(BIN)/python -m pytest -n $(TEST_JOBS) --dist worksteal -m "not slow and not lab" $(PYTEST_ARGS)

.PHONY: test-slow
test-slow: venv-dev kernels ## Run the tests that take minutes
	@$(PYTHON) -m deploy.setup.packages test
	$(BIN)/python -m pytest -m slow $(PYTEST_ARGS)

.PHONY: check
check: venv-dev ## Lint, formatting, types, and which room may import which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports

.PHONY: fmt
fmt: venv-dev ## Format the code and repair what the linter can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: bench
bench: bench-console ## Measure the farm: console reader, overhead per boot, CLI start, latency, throughput, memory, size
	@$(PYTHON) -m deploy.setup.packages demo
	@$(PYTHON) -m deploy.setup.kernels
	@$(BIN)/python -m tests.bench.run $(ARGS)

.PHONY: bench-console
bench-console: venv ## Measure the console reader alone (CONSOLE_ARGS=--peers: beside code of SQUAD and LAVA, fetched)
	@$(BIN)/python -m tests.bench.console $(CONSOLE_ARGS)

.PHONY: verdict-score
verdict-score: venv ## How often the console reader is right, over consoles whose answer is known (ARGS="--misses 20")
	@$(BIN)/python -m tests.score $(ARGS)

.PHONY: fuzz
fuzz: venv ## Feed the console reader a million broken consoles (ARGS="--seconds 600", ARGS="--only 77")
	@$(BIN)/python -m tests.fuzz $(ARGS)

.PHONY: venv
venv: $(VENV)/.runtime ## Make .venv with what the farm needs to run

.PHONY: venv-dev
venv-dev: $(VENV)/.dev ## Make .venv with the development tools too

.PHONY: kernels
kernels: ## Fetch real 32-bit Debian kernels (not installed; .demo/kernels)
	@$(PYTHON) -m deploy.setup.kernels

.PHONY: lock
lock: venv-dev ## Write the lock files anew, with the latest releases
	$(UV_LOCK) --output-file $(LOCKS)/runtime.txt pyproject.toml
	$(UV_LOCK) --output-file $(LOCKS)/dev.txt --group dev --constraint $(LOCKS)/runtime.txt pyproject.toml
	$(UV_LOCK) --output-file $(LOCKS)/build.txt --constraint $(LOCKS)/dev.txt $(LOCKS)/build.in

.PHONY: clean
clean: ## Remove all that make made here: .venv, .demo, caches
	rm -rf $(VENV) $(DEMO_DIR) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -m deploy.setup.packages venv
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: $(LOCKS)/runtime.txt $(LOCKS)/build.txt pyproject.toml | $(BIN)/python
	@echo "Installing what the farm needs into $(VENV)"
	@$(PIP_LOCKED) -r $(LOCKS)/runtime.txt -r $(LOCKS)/build.txt
	@$(PIP_SELF)
	@touch $@

$(VENV)/.dev: $(LOCKS)/dev.txt pyproject.toml | $(BIN)/python
	@echo "Installing the farm and its development tools into $(VENV)"
	@$(PIP_LOCKED) -r $(LOCKS)/dev.txt
	@$(PIP_SELF)
	@touch $(VENV)/.runtime $@
