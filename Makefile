# The targets install everything that they need. A new machine needs Python, its venv module and make only.

# The newest supported Python on this machine that can create a virtual environment. `make PYTHON=…` selects another.
PYTHON ?= $(shell for version in 3.14 3.13 3.12 3.11; do \
	"python$$version" -c 'import ensurepip, venv' 2>/dev/null && echo "python$$version" && exit; done; echo python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest
# The tests that start no server but the program itself
EMBEDDED := -m "not browser and not postgres and not s3 and not faults and not fuzz"
UNIT := tests/domain tests/schemas tests/uploads tests/services
# T is a path, with or without ::test_name. Anything else is an expression for -k.
SELECTION = $(if $(wildcard $(firstword $(subst ::, ,$(T)))),$(T),-k "$(T)")
# The tools that check the JavaScript of the pages, and in a workspace those that check the OpenAPI document
JS := tests/javascript
NPM := $(BIN)/python $(JS)/npm.py

# Python compiles the program once, and not again for each process that a test starts.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test full unit quick lint lint-js format format-js lock browsers bench fuzz faults load clean
.DEFAULT_GOAL := help

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

run: .venv/.runs ## Set everything up and serve on http://127.0.0.1:8000, until Ctrl-C
	@$(BIN)/flask --app wsgi serve

test: .venv/.tests ## Set everything up and run all checks and tests; T=path or T=expression runs some tests
ifdef T
	@$(MAKE) --no-print-directory browsers javascript
	$(PYTEST) $(SELECTION)
else
	@$(MAKE) --no-print-directory -j 2 lint compile-tests browsers javascript
	$(PYTEST) -n 4 --dist worksteal --durations 30
endif

# The three ignored files would take half of the time: the demo's visits, random histories of totals, and
# photographs in many encodings. `make quick` runs them.
unit: .venv/.tests ## Run the tests of domain, schemas, uploads and services, without servers: under 30 seconds
	$(PYTEST) -n 2 --dist worksteal $(EMBEDDED) $(UNIT) \
		--ignore tests/services/test_demo.py --ignore tests/services/test_totals.py --ignore tests/uploads/test_fingerprint.py

quick: .venv/.tests ## Run the unit tests and the journeys on SQLite and a photo folder: under 2 minutes
	$(PYTEST) -n 2 --dist worksteal $(EMBEDDED) $(UNIT) tests/journeys

# Several processes would each compile all tests. The tests report what is wrong with them.
.PHONY: compile-tests
compile-tests: .venv/.tests
	@$(PYTEST) --collect-only >/dev/null 2>&1 || true

lint: .venv/.tests ## Check style, types, spelling and the Containerfile
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	git ls-files -z | xargs -0 $(BIN)/codespell
	$(BIN)/hadolint Containerfile

lint-js: $(JS)/node_modules/.installed ## Check the JavaScript of the pages: style, layout and types
	@for tool in eslint prettier tsc; do $(NPM) run --silent $$tool || exit 1; done

format: .venv/.tests ## Format the Python code and apply automatic fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

format-js: $(JS)/node_modules/.installed ## Format the JavaScript of the pages
	@$(NPM) run --silent format

# Versions change only if a list requires it. UPGRADE=1 also updates everything that the lists do not pin.
lock: .venv/.tests ## Compile the lists of requirements into the locks that make installs from
	$(COMPILE) requirements.txt --output-file requirements.lock
	$(COMPILE) requirements-dev.txt --constraint requirements.lock --output-file requirements-dev.lock

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

browsers: ## Install Chromium, Firefox and WebKit for the tests, as root on Debian; never fails
	@sh tests/browser/install.sh

# BENCH=full measures the large sizes, BENCH=scale a chain of 10,000 locations. BENCH_ONLY=reads,submission measures
# only these items, and BENCH_ON=sqlite (or postgresql) one database. tests/benchmarks/bench.py lists the items.
bench: .venv/.tests ## Measure speed and memory, as in docs/performance.md: about ten minutes
	@$(BIN)/python -m tests.benchmarks.bench

# Schemathesis: each role on SQLite and PostgreSQL. FUZZ=8 runs eight examples per operation instead of 200.
fuzz: FUZZ ?= 200
fuzz: .venv/.tests ## Attack every operation of the OpenAPI document: hours
	FUZZ=$(FUZZ) $(PYTEST) -n 2 --dist load tests/fuzz

# `make test` runs some tests on one database or browser only, or in fewer sizes and rounds.
full: .venv/.tests ## Run all tests in full: on both databases, in all browsers and sizes, with many faults
	TESTS=full $(PYTEST) -n 4 --dist worksteal --durations 30

faults: .venv/.tests ## Kill the program, fill its disk and stop its servers, many times
	TESTS=full $(PYTEST) tests/faults tests/serving/test_restarts.py tests/journeys/test_change_feed.py \
		tests/browser/engines tests/browser/test_failures.py

load: .venv/.tests ## Load the program with phones and dashboards: about half an hour
	LOAD=full $(PYTEST) -s tests/load

clean: ## Remove everything that was installed: .venv and the JavaScript tools
	rm -rf .venv $(JS)/node_modules $(JS)/openapi/node_modules

# A stamp file records when .venv was set up. pip runs only if the lock is newer. Most modules are never imported,
# so Python compiles each at its first import.
.venv/.runs: requirements.lock
	@echo "Setting up .venv, once; this takes a minute or two …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 is needed: make PYTHON=…")'
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear .venv
	@$(PIP) install --no-compile --require-hashes -r requirements.lock
	@touch $@

.venv/.tests: requirements-dev.lock .venv/.runs
	@$(PIP) install --no-compile --require-hashes -r requirements-dev.lock
	@touch $@

# npm runs only if its lock is newer than what it installed. Without the tools, the test that runs them is skipped.
.PHONY: javascript
javascript: .venv/.tests
	@$(MAKE) --silent $(JS)/node_modules/.installed || echo "The tools that check JavaScript are not installed."

$(JS)/node_modules/.installed: $(JS)/package-lock.json $(JS)/.npmrc | .venv/.tests
	@$(NPM) ci --loglevel error >/dev/null
	@touch $@
