# `make` lists the targets. Each installs what it needs first, so any of them works on a fresh machine.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
DIST := dist

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(READY) ## create .venv from the hashed lock

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "cvm-medic needs Python 3.10 or newer; this is %s. Set PYTHON=/path/to/python3" % sys.version.split()[0])'
	@echo "setting up .venv (about half a minute, once) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## heal a sick instance, for real, on this machine (ARGS="--keep" to look around)
	@$(BIN)/medic demo $(ARGS)

# Most tests that need a server wait for it, so that five fit on two cores; ARGS may choose from one half alone.
PYTEST := $(BIN)/pytest --dist loadgroup
WAITING := (temporal or processes) and not busy
NONE_CHOSEN = { status=$$?; [ $$status = 5 ] && [ -n "$(ARGS)" ]; }

test: setup ## all tests (ARGS="-k snapshot" for some)
	@$(PYTEST) -n 5 -m "$(WAITING)" $(ARGS) || $(NONE_CHOSEN)
	@$(PYTEST) -n 2 -m "not ($(WAITING))" $(ARGS) || $(NONE_CHOSEN)
	@PYTHON=$(BIN)/python tests/python310.sh

check: setup ## format, lint, types, import contracts, secrets, licences
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@git ls-files >/dev/null || echo "secrets are looked for in what git tracks, and this is no clone: not looked for" >&2
	@git ls-files -z | xargs -0 -n 200 -P 2 $(BIN)/detect-secrets-hook --no-verify --baseline .secrets.json
	@mkdir -p $(DIST)
	@$(BIN)/pip-licenses --format=markdown --output-file=$(DIST)/licenses.md >/dev/null

format: setup ## write the format and the safe fixes
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

sabotage: setup ## plant bugs, and see the suite catch each (ARGS="--only stale-snapshot" for one)
	@$(BIN)/python -m tests.sabotage $(ARGS)

differential: ## our event patterns beside moto's, in an environment of its own (.venv-differential)
	@$(PYTHON) -m venv .venv-differential
	@.venv-differential/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/differential.txt
	@PYTHONPATH=. .venv-differential/bin/python -m pytest -c /dev/null --rootdir . --noconftest -p no:cacheprovider -q \
	  tests/remediation/test_patterns_differential.py $(ARGS)

bench: setup ## measure throughput, latency, history and memory against a bare parent and child
	@$(BIN)/python -m bench $(ARGS)

scf-zip: setup ## dist/medic-scf.zip, the package of the cloud function, the same bytes from the same sources
	@$(BIN)/python -m deploy.scf.package $(ARGS)

sbom: setup ## dist/sbom.json, what requirements/runtime.txt holds, in CycloneDX, the same bytes from the same lock
	@mkdir -p $(DIST)
	@$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible --output-file $(DIST)/sbom.json requirements/runtime.txt

payload: setup ## how large the Python packages of the image are, installed afresh from requirements/runtime.txt
	@$(BIN)/python -m deploy.payload

crash: setup ## kill the worker at every event and around every mutating call (ARGS="--only reboot")
	@$(BIN)/python -m tests.crash $(ARGS)

lock: ## write requirements/*.txt anew from requirements/*.in (needs uv)
	@for name in runtime apprise dev differential; do uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-header \
	  --no-annotate --no-emit-index-url requirements/$$name.in -o requirements/$$name.txt || exit 1; done
	@uv pip compile --quiet --no-deps --universal --python-version 3.10 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url requirements/deploy.in -o requirements/deploy.txt
	@sed -n 's/ \\$$//; /^[a-z]/p' requirements/runtime.txt | uv pip compile --quiet --python-version 3.10 --python-platform x86_64-manylinux2014 \
	  --only-binary :all: --generate-hashes --no-header --no-annotate --no-emit-index-url -c - requirements/function.in -o requirements/function.txt

clean: ## remove what setup, tests and demo made
	rm -rf .venv .venv310 .venv-differential .venv-deploy .demo .crash .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dist

.PHONY: help setup demo test check format bench crash differential sabotage scf-zip sbom payload lock clean
