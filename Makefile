# One command each: sets the environment up if needed, then does what it says.
# Python bytecode is compiled once here: without it every job compiles the libraries anew and takes three times as long.
unexport PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK = 1
unexport PYTHONPATH

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CORES ?= all
SOURCES := $(shell find workflow -name '*.py')

.PHONY: report figures check lint format test test-studies test-library test-rest mreii gallery fuzz mutants coverage torture calibrate cluster bench bench-scale clean lock \
	metadata validators sbom

report: $(READY)
	@$(BIN)/rejsens run --audit --cores $(CORES)

figures: $(READY)
	@$(BIN)/rejsens run --cores $(CORES) figures

check: $(READY)
	@$(BIN)/rejsens check .

# what a formatter, a linter and a checker of types can see: a minute at first, then seconds; `make format` mends layout
lint: $(READY)
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/snakefmt --check Snakefile workflow/rules
	@$(BIN)/mypy --no-error-summary

format: $(READY)
	@$(BIN)/ruff check --quiet --fix
	@$(BIN)/ruff format --quiet
	@$(BIN)/snakefmt Snakefile workflow/rules

# two of three parts at a time: a test has one core to itself, a study that it runs takes what is free
test: lint
	@$(MAKE) --no-print-directory --keep-going --jobs=2 test-studies test-library test-rest

test-studies: $(READY)
	@$(BIN)/python -m pytest -o console_output_style=classic tests/workflow

test-library: $(READY) validators
	@$(BIN)/python -m pytest -o console_output_style=classic tests/unit

test-rest: $(READY)
	@$(BIN)/python -m pytest -o console_output_style=classic --ignore=tests/workflow --ignore=tests/unit

# damaged exports of every platform for as long as told: make fuzz SECONDS=3600 (SEED=1 to begin at a known place)
fuzz: $(READY)
	@$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),600) $(if $(SEED),--seed $(SEED))

# runs that are killed, starved, swapped and raced, and what the next run makes of it: make torture KILLS=50 (SEED=1)
torture: $(READY)
	@$(BIN)/python -m tests.torture --kills $(or $(KILLS),50) $(if $(SEED),--seed $(SEED))

# one small fault at a time in scoring, verdicts and the ledgers: every fault must be seen by a test or explained; some minutes
mutants: $(READY)
	@$(BIN)/python -m tests.mutants $(MODULE)

# lines and branches of the library that the tests reach, jobs of studies included; as long as `make test` on one core
coverage: $(READY)
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest $(or $(TESTS),tests) && $(BIN)/coverage combine --quiet
	@$(BIN)/coverage report --skip-covered --sort=cover

# the questionnaire's pages and importable files in docs/mreii, from the instruments' files
mreii: $(READY)
	@for language in en de; do for wave in 1 2; do $(BIN)/rejsens questionnaire mreii --language $$language --wave $$wave --out docs/mreii; done; done
	@$(BIN)/rejsens questionnaire mreii --format blueprint --format readability --format review --out docs/mreii

# every figure and the report's main pages as pictures in docs/gallery, from the results of `make report`
gallery: $(READY)
	@$(BIN)/python docs/make_gallery.py

# coverage of intervals and rejection rates by simulation: some hours
calibrate: $(READY)
	@$(BIN)/python -m tests.calibrate

# the whole study on a Slurm of one node that the test starts (packages slurm-wlm and munge): the same bytes as here
cluster: $(READY)
	@REJSENS_CLUSTER=1 $(BIN)/python -m pytest tests/workflow/test_slurm.py

bench: $(READY)
	@$(BIN)/python tests/bench.py
	@$(BIN)/python -m tests.bench_report
	@$(BIN)/python tests/bench_psychometrics.py
	@$(BIN)/python tests/bench_hypotheses.py
	@$(BIN)/python tests/bench_multiverse.py

# time and memory against size, to fifty waves and a million people: hours (one part: make bench-scale ONLY=waves)
bench-scale: $(READY)
	@$(BIN)/python -m tests.bench_scale $(if $(ONLY),--only $(ONLY))

$(READY): requirements.lock requirements-build.lock pyproject.toml
	@echo "Setting up the environment in $(VENV) (once; a few minutes)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make report PYTHON=python3.12")'
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-build.lock
	@$(BIN)/python -m pip install --quiet --require-hashes --no-build-isolation -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q workflow
	@touch $@

# versions stay as they are unless pyproject.toml asks for newer ones; afterwards `make sbom`, which reads what is installed
LOCKED := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url
lock:
	uv pip compile $(LOCKED) pyproject.toml -o requirements.lock
	uv pip compile $(LOCKED) requirements-validators.in -o requirements-validators.lock
	@for lock in requirements requirements-build; do uv pip compile $(LOCKED) --no-deps --format pylock.toml $$lock.lock -o pylock.$$lock.toml || exit 1; done
	@$(PYTHON) -m tests.supply.wheels pylock.requirements.toml pylock.requirements-build.toml
	@rm pylock.requirements.toml pylock.requirements-build.toml

# what follows from the lock: licences (read from what is installed), bill of materials, container and conda recipes
sbom: $(READY)
	@$(BIN)/python -m tests.supply.licences
	@$(BIN)/python -m tests.supply.sbom
	@$(BIN)/python -m tests.supply.recipes

# programs of others that check exports in the tests, in an environment of their own: the pipeline needs none of them
VALIDATORS := .venv-validators/.ready
validators: $(VALIDATORS)

$(VALIDATORS): requirements-validators.lock
	@echo "Setting up the validators of exports in .venv-validators (once; a minute)"
	@$(PYTHON) -m venv --clear .venv-validators
	@.venv-validators/bin/python -m pip install --quiet --require-hashes -r requirements-validators.lock
	@touch $@

# CITATION.cff, codemeta.json and .zenodo.json from pyproject.toml
metadata: $(READY)
	@$(BIN)/python -m rejsens.software_metadata

clean:
	rm -rf results logs .snakemake
