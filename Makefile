# `make run` and `make test` set up all they need. `make help` lists the rest.
TRIALS  ?= 50
TIMEOUT ?= 15m
SPACE   ?= cnn_v4
DATASET ?= fashion-mnist

# The first Python that TensorFlow has wheels for.
PYTHON ?= $(firstword $(foreach p,python3.12 python3.11 python3.13 python3,\
	$(shell $(p) -c 'import sys; 0 if (3,11) <= sys.version_info < (3,14) else sys.exit(1)' 2>/dev/null && echo $(p))))
VENV := .venv
BIN  := $(VENV)/bin
# pip follows no lock file of its own: requirements/ holds every version with its hashes.
PIP  := $(BIN)/python -m pip --disable-pip-version-check -q

.PHONY: help run test check lint data docs lock clean engines faults killed bench defaults curves audit

help:
	@echo 'make run      set up, get Fashion-MNIST, search, and say where the report is (TRIALS=50 TIMEOUT=15m)'
	@echo 'make test     set up and run the tests'
	@echo 'make check    style, types, architecture and dead code (make lint), then the tests'
	@echo 'make data     get Fashion-MNIST'
	@echo 'make engines  the three engines on one space, killed once each, and their comparison (10 minutes)'
	@echo 'make faults   the fault tests of docs/faults.md, both tiers, and the page of what they measured (an hour)'
	@echo 'make killed   the main job on Fashion-MNIST with a kill -9 every 30 s, against an undisturbed one (20 minutes)'
	@echo 'make bench    what an epoch, what a trial and what a good model costs, against peers in the same run (7 hours)'
	@echo 'make defaults the Optuna engine over recorded learning curves (LCBENCH=FOLDER adds those of LCBench)'
	@echo 'make audit    look up what requirements/ pins among known vulnerabilities (needs a network)'
	@echo 'make docs     write docs/commands.md from the commands themselves'
	@echo 'make lock     write requirements/ anew from pyproject.toml (needs uv)'
	@echo 'make clean    remove what make made'

run: $(VENV)/run.done data
	$(BIN)/tune $(DATASET) --space $(SPACE) --trials $(TRIALS) --timeout $(TIMEOUT)

test: $(VENV)/dev.done
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: lint test

lint: $(VENV)/dev.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture

# Debian's package serves where no mirror can be reached; it needs root, or sudo that asks nothing.
data: $(VENV)/run.done
	@$(BIN)/tune data fetch $(DATASET) || { $(MAKE) --no-print-directory package && $(BIN)/tune data fetch $(DATASET); }

.PHONY: package
package:
	@command -v apt-get >/dev/null || { echo 'no apt-get here to install dataset-$(DATASET) with' >&2; exit 1; }
	@sudo=; [ "$$(id -u)" = 0 ] || sudo='sudo -n'; \
	echo 'installing the Debian package dataset-$(DATASET)' >&2; \
	$$sudo apt-get install -y -qq dataset-$(DATASET) >/dev/null 2>&1 || \
	{ $$sudo apt-get update -qq && $$sudo apt-get install -y -qq dataset-$(DATASET) >/dev/null; }

$(VENV)/bin/python:
	@[ -n "$(PYTHON)" ] || { echo 'Python 3.11, 3.12 or 3.13 is needed, and none was found' >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/run.done: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements/run.txt
	$(PIP) install --no-deps -e .
	@touch $@

$(VENV)/dev.done: requirements/dev.txt $(VENV)/run.done
	$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

engines: data
	$(BIN)/python benchmarks/three_engines.py

# A part of them: make faults PART=tests/faults/test_signals.py
faults: $(VENV)/dev.done
	$(BIN)/python benchmarks/faults.py $(PART)

killed: data
	$(BIN)/python benchmarks/killed_run.py

# Each goes on where it was cut off.
bench: data
	$(BIN)/python benchmarks/epoch.py
	$(BIN)/python benchmarks/overhead.py
	$(BIN)/python benchmarks/splits.py
	$(BIN)/python benchmarks/race.py

defaults: $(VENV)/dev.done
	$(BIN)/python -m benchmarks.defaults --tables $(if $(LCBENCH),--lcbench $(LCBENCH))

# Trainings of mlp_v1 and cnn_v4 for make defaults to replay (two hours).
curves: data
	$(BIN)/python -m benchmarks.defaults.record mlp_v1 --draws 100
	$(BIN)/python -m benchmarks.defaults.record cnn_v4 --draws 45

# In an environment of its own, so that it cannot change what it looks at. Strict, because what cannot be looked up, as
# where no database is reached, would else count as harmless. requirements/dev.txt holds all of run.txt too.
audit:
	$(PYTHON) -m venv .audit
	.audit/bin/python -m pip --disable-pip-version-check -q install pip-audit
	.audit/bin/pip-audit --strict --disable-pip --require-hashes -r requirements/dev.txt

docs: $(VENV)/dev.done
	$(BIN)/python tests/cli/reference.py

UV := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
lock:
	$(UV) pyproject.toml -o requirements/run.txt
	$(UV) --group dev pyproject.toml -c requirements/run.txt -o requirements/dev.txt

clean:
	rm -rf $(VENV) .audit .mypy_cache .ruff_cache .pytest_cache
