# The front door. Each target sets up what it needs; nothing has to be installed first but Python 3.11.
.PHONY: start test check bench docs
.DEFAULT_GOAL := start

T ?= all

start:
	@scripts/setup run
	@exec .venv/bin/insula start

# T=fast: unit and contract. T=tests/integration/data: one folder or file. Without T: everything.
test:
	@scripts/setup test
	@.venv/bin/pytest $(if $(filter all,$(T)),tests,$(if $(filter fast,$(T)),tests/unit tests/contract,$(T)))

check:
	@scripts/setup test
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

bench:
	@scripts/setup test
	@scripts/bench

docs:
	@scripts/setup test
	@.venv/bin/python scripts/docs.py
