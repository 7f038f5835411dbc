# `make demo` and `make test` do all their own set-up; a second call starts at once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SCREEN := xvfb-run -a -s "-screen 0 1600x1000x24 +extension GLX"
WORKERS ?= 2
WEB := finercam_core/report/web/finercam.js

.PHONY: demo stack test test-slow lint benchmarks screen web clean site release

demo: $(READY) web
	$(BIN)/finercam demo --out demo

# Prefect's server on PostgreSQL, a worker and an S3 server on 127.0.0.1, until Ctrl-C; ARGS=folder keeps what they hold.
stack: $(READY)
	@bash deploy/stack/stack.sh $(ARGS)

# One thread for each worker, so that they do not wait for each other.
test: export OMP_NUM_THREADS ?= 1
test: $(READY) screen web lint
	$(SCREEN) $(BIN)/python -m pytest -m "not slow" --numprocesses $(WORKERS) --dist loadgroup $(ARGS)

test-slow: $(READY) web
	@bash tests/screen.sh slurmctld slurmd slurm-client munge
	$(SCREEN) $(BIN)/python -m pytest -m slow $(ARGS)

benchmarks: $(READY) screen web
	for script in tests/benchmarks/*.py; do $(SCREEN) $(BIN)/python $$script || exit 1; done

# docs/ as a site, with the API from the docstrings; needs no network and fails at a dead link.
site: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --config-file deploy/site/mkdocs.yml

# Builds and checks the files of a release in dist/; tags and uploads nothing. ARGS=--draft before there is one.
release: $(READY) web
	$(BIN)/python -m pip install --progress-bar off --quiet --constraint constraints.txt --editable ".[release]"
	$(BIN)/python deploy/release.py $(ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

web: $(WEB)

# The script of the live atlas; where there is no Node.js it is left out, said in one line.
$(WEB): $(wildcard viewer/web/src/*.ts viewer/web/src/*/*.ts viewer/web/test/*.ts) viewer/web/package-lock.json viewer/web/build.mjs
	@bash viewer/web/build.sh

screen:
	@bash tests/screen.sh

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "finercam needs Python 3.11 or later: make PYTHON=python3.11 …")'
	@echo "Installing into $(VENV): some minutes, once."
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --progress-bar off --quiet --constraint constraints.txt --editable ".[test]"
	touch $(READY)

clean:
	rm -rf $(VENV) demo site dist viewer/web/node_modules viewer/web/build finercam_core/report/web
