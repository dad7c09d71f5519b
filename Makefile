# Everything that a fresh machine needs is set up by the targets themselves: Python, its venv module and make suffice.
PYTHON ?= $(shell command -v python3.11 || echo python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: run test browsers bench fuzz faults clean

run: .venv/.runs
	@$(BIN)/flask --app wsgi serve

test: .venv/.tests browsers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 3 --dist worksteal

# Chromium, Firefox and WebKit for the tests, where this is root on Debian. Quick when they are there; never fails.
browsers:
	@sh tests/browser/install.sh

# Figures for the README's last section; BENCH=full takes the large sizes, BENCH_ONLY=reads,submission some
# items alone, BENCH_ON=sqlite (or postgresql) one database. tests/benchmarks/bench.py lists them.
bench: .venv/.tests
	@$(BIN)/python -m tests.benchmarks.bench

# Schemathesis, each role, 200 examples an operation, SQLite and PostgreSQL; takes hours, prints what it finds.
fuzz: .venv/.tests
	FUZZ=full $(BIN)/python -m pytest -n 2 --dist load tests/fuzz

# Kills, full disks and dead servers, for as long as it takes: `make test` tries each a few times.
faults: .venv/.tests
	FAULTS=full $(BIN)/python -m pytest tests/faults

# A stamp says for which requirements .venv was set up; pip runs only when they are newer.
.venv/.runs: requirements.txt
	@echo "Setting up .venv, once; this takes a minute or two …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 is needed: make PYTHON=…")'
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear .venv
	@$(PIP) install -r requirements.txt
	@touch $@

.venv/.tests: requirements-dev.txt .venv/.runs
	@$(PIP) install -r requirements-dev.txt
	@touch $@

clean:
	rm -rf .venv

# The JavaScript of the pages. npm runs only when its lock is newer than what it installed.
JS := tests/javascript
NPM := $(BIN)/python $(JS)/npm.py

.PHONY: lint-js format-js javascript clean-js

lint-js: $(JS)/node_modules/.installed ## Check the JavaScript of the pages
	@for tool in eslint prettier tsc; do $(NPM) run --silent $$tool || exit 1; done

format-js: $(JS)/node_modules/.installed ## Format the JavaScript of the pages
	@$(NPM) run --silent format

# Without the tools, the test that runs them is skipped.
test: javascript
javascript: .venv/.tests
	@$(MAKE) --silent $(JS)/node_modules/.installed || echo "The tools that check JavaScript are not installed."

$(JS)/node_modules/.installed: $(JS)/package-lock.json $(JS)/.npmrc | .venv/.tests
	@$(NPM) ci --loglevel error >/dev/null
	@touch $@

clean: clean-js
clean-js:
	rm -rf $(JS)/node_modules
