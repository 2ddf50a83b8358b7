# make demo   install into .venv and run the main job
# make test   format, lint, types, import rules, tests
# make help   everything else

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
LOCK := requirements/py$(VERSION).txt
DEV_LOCK := requirements/dev-py$(VERSION).txt
DEMO ?= holdback-demo

.PHONY: help demo test test-fast test-engines calibration bench lock clean

help:
	@echo "make demo          install and run the main job on simulated data"
	@echo "make test          format, lint, types, import rules, tests with coverage"
	@echo "make test-engines  the same statement on a real PostgreSQL"
	@echo "make calibration   slow simulations of coverage and false positives"
	@echo "make bench         speed and memory beside other tools"
	@echo "make lock          upgrade the pinned requirements on purpose"
	@echo "make clean         remove the virtual environments and what was made"
	@echo "PYTHON=python3.12 make …  uses another Python (3.11, 3.12, 3.13)"

demo: $(VENV)/.installed
	@$(BIN)/holdback demo $(DEMO)

test: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest --cov --cov-report=term:skip-covered

test-fast: $(VENV)/.dev
	$(BIN)/pytest -x -q

test-engines: $(VENV)/.dev
	BIN=$(BIN) bash tests/engines/run.sh

calibration: $(VENV)/.dev
	$(BIN)/pytest -m calibration

bench: $(VENV)/.dev
	$(BIN)/pip install --quiet --disable-pip-version-check tea-tasting
	$(BIN)/python -m benchmarks.pipeline

$(VENV)/.installed: $(LOCK) pyproject.toml
	@echo "Installing into $(VENV) (once; about a minute) …"
	@$(PYTHON) -m venv $(VENV)
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(DEV_LOCK) pyproject.toml
	@echo "Installing the development tools into $(VENV) (once) …"
	@$(PYTHON) -m venv $(VENV)
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $(DEV_LOCK)
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(VENV)/.installed $@

lock: $(VENV)/.dev
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	@for v in 3.11 3.12 3.13; do \
	  $(BIN)/uv pip compile pyproject.toml requirements/build.in --upgrade --generate-hashes \
	    --no-header --no-annotate --no-emit-index-url --python-version $$v -q -o requirements/py$$v.txt && \
	  $(BIN)/uv pip compile pyproject.toml requirements/build.in --group dev --extra frames --extra postgres \
	    --upgrade --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version $$v -q \
	    -o requirements/dev-py$$v.txt || exit 1; \
	done

clean:
	rm -rf $(VENV) $(DEMO) build dist .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
