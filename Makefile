# Everything runs in .venv, which the first target that needs it makes from requirements-dev.lock.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test check fix docs golden bench catalog lock clean

help:  ## What there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/ —/'

$(STAMP): requirements-dev.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "xacct needs Python 3.11 or newer; name one with make PYTHON=python3.x")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP)  ## Plan, apply, plan again, list and destroy a vendor's role in the embedded sandbox
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh scripts/demo.sh

test: check  ## Lint, types and all tests
	$(BIN)/python -m pytest -n auto

check: $(STAMP)  ## Lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fix: $(STAMP)  ## Mend what lint and format can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(STAMP)  ## Write the generated pages of docs/ anew
	$(BIN)/python scripts/generate_docs.py

golden: $(STAMP)  ## Write the golden files of the tests anew; read the difference before you commit
	XACCT_GOLDEN=write $(BIN)/python -m pytest -n auto -q tests

bench: $(STAMP)  ## Run the benchmarks
	@for file in benchmarks/bench_*.py; do $(BIN)/python $$file; done

catalog: $(STAMP)  ## Generate the catalog of Lightsail from its public sources
	$(BIN)/python scripts/generate_catalog.py

lock: $(STAMP)  ## Resolve the development set anew
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --group dev --group lock \
		--no-emit-index-url --no-header pyproject.toml -o requirements-dev.lock

clean:  ## Remove what was made
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
