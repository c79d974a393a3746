# The front door. Each target sets up what it needs; nothing has to be installed first but Python 3.11.
.PHONY: start test check bench docs ui screenshots
.DEFAULT_GOAL := start

# What to run; T=fast, a folder or a file. For bench: names of scripts.
T ?= all
fast := tests/unit tests/contract
parallel := -n auto --maxprocesses 4 --dist loadfile
# Programs that came as wheels (Node, where the machine has none) come after the machine's own.
path := PATH="$$PATH:$(CURDIR)/.venv/bin"

start:
	@scripts/setup run
	@exec .venv/bin/insula start

# T=fast: unit and contract. T=tests/integration/data: one folder or file. Without T: everything.
# Many files are shared out, file by file, among as many processes as there are cores.
test:
	@scripts/setup $(if $(filter fast $(fast),$(T)),tools,test)
	@$(path) $(if $(filter all,$(T)),.venv/bin/python scripts/complete_run.py $(parallel) tests,.venv/bin/pytest $(if $(filter fast,$(T)),$(parallel) $(fast),$(T)))

check:
	@scripts/setup tools
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@.venv/bin/lint-imports --config tests/architecture/cycles.toml
	@.venv/bin/python scripts/docs.py --check
	@.venv/bin/python scripts/openapi.py --check
	@.venv/bin/pytest tests/architecture
	@scripts/setup pages
	@scripts/npm run --silent types:check
	@scripts/npm run --silent check
	@scripts/npm run --silent budget

bench:
	@scripts/setup bench
	@.cache/bench/bin/python scripts/bench.py $(filter-out all,$(T))

docs:
	@scripts/setup tools
	@.venv/bin/python scripts/docs.py
	@.venv/bin/python scripts/openapi.py

# The pages from Vite's own server, which shows each change at once; what they ask goes to a running Insula (INSULA_URL).
ui:
	@scripts/setup pages
	@scripts/npm run dev

# A picture of every page in both themes, into .cache/screenshots; those that the documentation shows, into docs/pictures.
screenshots:
	@scripts/setup test
	@$(path) .venv/bin/python scripts/screenshots.py
