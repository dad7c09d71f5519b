# Everything that a fresh machine needs is set up by the targets themselves: Python, its venv module and make suffice.
PYTHON ?= python3
BIN := .venv/bin
FLASK := $(BIN)/flask --app wsgi

.PHONY: run test lint bench clean

run: .venv/.runs
	@$(FLASK) serve

test: .venv/.tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist loadgroup

.venv/.runs: requirements.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/.tests: requirements-dev.txt requirements.txt .venv/.runs
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

clean:
	rm -rf .venv
