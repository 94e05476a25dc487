# Each target sets up what it needs, and a second call sets up nothing that has not changed.
PYTHON ?= python3
BIN := .venv/bin
UV_VERSION := 0.13.9
SETUP := .venv/.set-up
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/'

setup: $(SETUP) ## make .venv with everything that running, deploying and testing need

# The stamp is written last, so a set-up that was interrupted starts again.
$(SETUP): requirements.txt requirements-dev.txt pyproject.toml Makefile
	rm -rf .venv
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

lock: setup ## pin every requirement again, with hashes, after a change of a .in file
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes requirements-dev.in -o requirements-dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes lambdas/resize/requirements.in -o lambdas/resize/requirements.txt

lint: setup ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: setup lint ## every check and every test
	$(BIN)/pytest -n $(WORKERS)

clean: ## remove what the other targets made
	rm -rf .venv .darkroom node_modules cdk.out out
