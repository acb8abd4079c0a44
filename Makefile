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

.PHONY: report figures check test test-studies test-library test-rest mreii gallery fuzz calibrate bench bench-scale clean lock

report: $(READY)
	@$(BIN)/rejsens run --audit --cores $(CORES)

figures: $(READY)
	@$(BIN)/rejsens run --cores $(CORES) figures

check: $(READY)
	@$(BIN)/rejsens check .

# two of three parts at a time: a test has one core to itself, a study that it runs takes what is free
test: $(READY)
	@$(BIN)/ruff check workflow tests
	@$(MAKE) --no-print-directory --keep-going --jobs=2 test-studies test-library test-rest

test-studies: $(READY)
	@$(BIN)/python -m pytest -o console_output_style=classic tests/workflow

test-library: $(READY)
	@$(BIN)/python -m pytest -o console_output_style=classic tests/unit

test-rest: $(READY)
	@$(BIN)/python -m pytest -o console_output_style=classic --ignore=tests/workflow --ignore=tests/unit

# damaged exports of every platform for as long as told: make fuzz SECONDS=3600 (SEED=1 to begin at a known place)
fuzz: $(READY)
	@$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),600) $(if $(SEED),--seed $(SEED))

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

lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url pyproject.toml -o requirements.lock

clean:
	rm -rf results logs .snakemake
