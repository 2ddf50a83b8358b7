# make demo   install into .venv and run the main job
# make test   format, lint, types, import rules, tests
# make help   everything else

PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,$(shell command -v $(name))))
VENV ?= .venv
DEMO ?= holdback-demo
CONTENDERS ?= .venv-contenders
TESTS ?= 40

BIN := $(VENV)/bin
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
REPORT_TOOLS := tests/browser/requirements.txt
TOOLS := .venv-tools
TOOLS_LOCK := requirements/tools/requirements.txt
LOCK := requirements/py$(VERSION).txt
DEV_LOCK := requirements/dev-py$(VERSION).txt
BAYES_LOCK := requirements/bayes-py$(VERSION).txt
VERSIONS := 3.11 3.12 3.13
# Installed libraries are compiled to bytecode, whatever the environment says.
PIP := env -u PYTHONDONTWRITEBYTECODE $(BIN)/pip install --quiet --disable-pip-version-check
# Tests start Python again and again: one that need not compile starts twice as fast.
PYTEST := env -u PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX=$(abspath $(VENV))/bytecode $(BIN)/pytest -q
# Both cores, with what a file or a group of tests shares made once.
SPREAD := -n auto --dist worksteal
# Folders whose tests need tools of their own: their libraries are not even imported.
APART := --ignore tests/bayes --ignore tests/browser --ignore tests/engines
COMPILE := $(BIN)/uv pip compile pyproject.toml requirements/build.in --quiet --upgrade \
  --generate-hashes --no-strip-extras --no-header --no-annotate --no-emit-index-url

.PHONY: help demo test coverage test-fast test-bayes test-engines test-report calibration mutants docs package audit bench validity notebooks lock clean

help:
	@echo "make demo          install and run the main job on simulated data"
	@echo "make test          format, lint, types, import rules, tests"
	@echo "make coverage      the same tests with branch coverage: twice the time"
	@echo "make test-fast     the tests of the rooms that you changed, in under a minute"
	@echo "make test-bayes    models drawn from with PyMC (600 MB, once)"
	@echo "make test-engines  PostgreSQL, and Spark where Java is (450 MB, once)"
	@echo "make test-report   the gallery in Chromium: axe, PDF, mail, pictures"
	@echo "make calibration   slow simulations of coverage and false positives"
	@echo "make mutants       small faults, one by one: which would the tests notice? (ROOM=stats/srm: minutes)"
	@echo "make docs          the documentation as pages, in build/site"
	@echo "make package       wheel and sdist, checked, installed and run in a clean place"
	@echo "make audit         licences of all pinned libraries (600 MB, once)"
	@echo "make bench         speed and memory beside other tools"
	@echo "make validity      whose ranges hold the truth, beside other tools (a longer TESTS=… adds)"
	@echo "make notebooks     run the notebooks and store what they show"
	@echo "make lock          upgrade the pinned requirements on purpose"
	@echo "make clean         remove the virtual environment and what was made"
	@echo "PYTHON=python3.12 make …  uses another Python: $(VERSIONS)"

demo: $(VENV)/.installed-$(VERSION)
	@$(BIN)/holdback demo $(DEMO)

test: $(VENV)/.dev-$(VERSION)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports & imports=$$!; $(BIN)/mypy && wait $$imports
	$(PYTEST) $(SPREAD) $(APART)

coverage: $(VENV)/.dev-$(VERSION)
	$(PYTEST) $(SPREAD) $(APART) --cov --cov-report=term:skip-covered

test-fast: $(VENV)/.dev-$(VERSION)
	$(PYTEST) -x $(SPREAD) $(APART) $$($(BIN)/python tests/affected.py)

test-engines: $(VENV)/.dev-$(VERSION)
	@if command -v java >/dev/null; then $(PIP) 'pyspark>=4.0,<5'; \
	  else echo "There is no Java here, so Spark is left out."; fi
	BIN=$(BIN) bash tests/engines/run.sh

test-bayes: $(VENV)/.dev-$(VERSION)
	$(PIP) --require-hashes -r $(BAYES_LOCK)
	@$(BIN)/python -W ignore -c "import arviz"  # the day's first import writes a stamp, and two at once fail
	$(PYTEST) -n auto --dist loadfile -m "bayes and not calibration" tests/bayes

test-report: $(VENV)/.dev-$(VERSION)
	$(PIP) --require-hashes -r $(REPORT_TOOLS)
	$(PYTEST) -n auto --dist loadgroup -m browser tests/browser

calibration: $(VENV)/.dev-$(VERSION)
	$(PYTEST) $(SPREAD) -m calibration

mutants: $(VENV)/.dev-$(VERSION)
	$(PIP) --require-hashes -r tests/mutants/requirements.txt
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.mutants.run $(ROOM)

# Strictly: a link or an anchor that leads nowhere, or a page that nothing names, is an error.
docs: $(VENV)/.dev-$(VERSION) $(TOOLS)/.installed-$(VERSION)
	$(BIN)/python docs/build.py build/docs
	NO_MKDOCS_2_WARNING=1 $(TOOLS)/bin/mkdocs build --strict
	@! grep -rlE '<(script|link|img|iframe)[^>]+(src|href)="?(https?:)?//' build/site \
	  || { echo "These pages load something from elsewhere." >&2; exit 1; }

package: $(TOOLS)/.installed-$(VERSION)
	rm -rf dist build/clean
	$(TOOLS)/bin/python -m build --no-isolation
	$(TOOLS)/bin/twine check --strict dist/*
	$(PYTHON) -m venv build/clean
	build/clean/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	build/clean/bin/pip install --quiet --disable-pip-version-check --no-deps --no-index dist/*.whl
	cd build/clean && bin/holdback demo shop --units 5000 --quiet && test -s shop/results/recs-holdback/report.html \
	  && bin/python -c "from importlib.resources import files; assert (files('holdback') / 'py.typed').is_file()"
	@ls -l dist

audit: $(VENV)/.dev-$(VERSION) $(TOOLS)/.installed-$(VERSION)
	$(PIP) --require-hashes -r $(BAYES_LOCK)
	$(PIP) --require-hashes -r $(REPORT_TOOLS)
	$(BIN)/python requirements/licences.py $(DEV_LOCK) $(BAYES_LOCK) $(REPORT_TOOLS)
	$(TOOLS)/bin/python requirements/licences.py $(TOOLS_LOCK)

bench: $(VENV)/.dev-$(VERSION)
	$(PIP) tea-tasting growthbook bayesian-testing
	$(PIP) --require-hashes -r $(BAYES_LOCK)
	$(BIN)/python -m benchmarks.pipeline
	$(BIN)/python -m benchmarks.assigning
	$(BIN)/python -m benchmarks.planning
	$(BIN)/python -m benchmarks.sampling

# The others need older numpy and pandas than ours, so they have a place of their own.
validity: $(VENV)/.dev-$(VERSION)
	@test -x $(CONTENDERS)/bin/python || $(PYTHON) -m venv $(CONTENDERS)
	@for library in 'pyarrow==19.0.1' tea-tasting==1.14.0 gbstats==0.8.0 spotify-confidence==4.1.0; do \
	  $(CONTENDERS)/bin/pip install --quiet --disable-pip-version-check 'numpy==1.26.4' $$library \
	    || echo "$$library could not be installed."; \
	done
	$(BIN)/python -m benchmarks.validity --tests $(TESTS) --python $(CONTENDERS)/bin/python

notebooks: $(VENV)/.dev-$(VERSION)
	$(PIP) --require-hashes -r $(BAYES_LOCK)
	$(BIN)/python notebooks/run.py notebooks/*.ipynb

lock: $(VENV)/.dev-$(VERSION)
	$(PIP) uv
	@for version in $(VERSIONS); do \
	  echo "Pinning for Python $$version …" && \
	  $(COMPILE) --python-version $$version -o requirements/py$$version.txt && \
	  $(COMPILE) --python-version $$version -o requirements/dev-py$$version.txt \
	    --group dev --extra frames --extra postgres --extra predict --extra pdf --extra email --extra excel && \
	  sed 's/\[.*\]==/==/' requirements/dev-py$$version.txt > $(VENV)/constraints.txt && \
	  $(COMPILE) --python-version $$version -o requirements/bayes-py$$version.txt \
	    -c $(VENV)/constraints.txt --extra bayes --extra frames || exit 1; \
	done
	@for tools in browser mutants; do \
	  $(BIN)/uv pip compile tests/$$tools/requirements.in --quiet --upgrade --universal --python-version 3.11 \
	    --generate-hashes --no-strip-extras --no-header --no-annotate --no-emit-index-url \
	    -c $(VENV)/constraints.txt -o tests/$$tools/requirements.txt || exit 1; \
	done
	@$(BIN)/uv pip compile requirements/tools/requirements.in --quiet --upgrade --universal --python-version 3.11 \
	  --generate-hashes --no-strip-extras --no-header --no-annotate --no-emit-index-url -o $(TOOLS_LOCK)

clean:
	rm -rf $(VENV) $(TOOLS) $(CONTENDERS) $(DEMO) build dist .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# The stamps carry the Python's version, so a change of Python installs anew.
$(VENV)/.installed-$(VERSION): $(LOCK) pyproject.toml
	@echo "Installing into $(VENV) (once; about a minute) …"
	@$(call fresh-venv)
	@$(PIP) --require-hashes -r $(LOCK)
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev-$(VERSION): $(DEV_LOCK) pyproject.toml
	@echo "Installing the development tools into $(VENV) (once; a minute or two) …"
	@$(call fresh-venv)
	@$(PIP) --require-hashes -r $(DEV_LOCK)
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $(VENV)/.installed-$(VERSION) $@

$(TOOLS)/.installed-$(VERSION): $(TOOLS_LOCK)
	@echo "Installing the tools of documentation and packages into $(TOOLS) (once; half a minute) …"
	@$(PYTHON) -m venv --clear $(TOOLS)
	@$(TOOLS)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $(TOOLS_LOCK)
	@touch $@

define fresh-venv
$(BIN)/python -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "$(VERSION)")' 2>/dev/null \
  || $(PYTHON) -m venv --clear $(VENV)
endef

requirements/%.txt:
	@echo "No pinned requirements for this Python ($(PYTHON), '$(VERSION)')." >&2
	@echo "Install Python 3.11, or name another: PYTHON=python3.12 make …  ($(VERSIONS))" >&2
	@exit 1
