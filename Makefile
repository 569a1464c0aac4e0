# Everything a developer types. `make` alone lists the targets.
# Only make and a Python from 3.11 on have to be there; the rest lands in .venv/.

BIN := .venv/bin
PYTHON := $(BIN)/python
INSTALLED := .venv/installed
# Linters load the settings too: they get a data folder to throw away, and never the developer's own.
MYPY := WHIRR_MODE= WHIRR_DATA_DIR=.mypy_cache/data $(BIN)/mypy
MANAGE := DJANGO_SETTINGS_MODULE=tests.support.settings $(PYTHON) manage.py
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--custom-compile-command "make lock"

# PyTorch without CUDA is in PyTorch's own index, or where this machine's pip finds wheels; PyPI has the large build alone.
TORCH := $(if $(PIP_FIND_LINKS),--find-links "$(PIP_FIND_LINKS)",--torch-backend cpu)

.DEFAULT_GOAL := help
.PHONY: help install demo test lint format check lock agent bench bench-queue bench-agent \
	bench-tracking bench-pages soak screenshots clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' Makefile

install: $(INSTALLED) ## make .venv/ with everything in it (no work when it is up to date)

$(INSTALLED): requirements/dev.txt pyproject.toml scripts/install.sh
	@sh scripts/install.sh
	@touch $@

demo: install ## start whirr, train six small networks, show them live (ONCE=1: exit when done)
	@$(BIN)/whirr demo $(if $(filter-out 0,$(ONCE)),--once)

test: install ## install what the tests need, then run them all (ARGS="-k lease" goes to pytest)
	@$(PYTHON) scripts/test.py $(ARGS)

lint: install ## ruff, mypy, models without a migration, and what Python 3.9 lacks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(MYPY)
	$(BIN)/vermin --no-tips --quiet --violations --target=3.9- worker_agent whirr
	$(MANAGE) makemigrations --check --dry-run

format: install ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: lint test ## what has to pass before a commit is shared

lock: install ## compile requirements/*.in into the pinned requirements/*.txt (ARGS=--upgrade)
	$(COMPILE) $(ARGS) requirements/cli.in -o requirements/cli.txt
	$(COMPILE) $(ARGS) requirements/server.in -o requirements/server.txt
	$(COMPILE) $(ARGS) requirements/all.in -o requirements/all.txt
	$(COMPILE) $(ARGS) requirements/cli.in requirements/server.in requirements/s3.in requirements/dev.in -o requirements/dev.txt
	$(COMPILE) $(ARGS) requirements/legacy-server.in -o requirements/legacy-server.txt
	$(COMPILE) $(ARGS) requirements/legacy-client.in -o requirements/legacy-client.txt
	$(COMPILE) $(ARGS) requirements/mlflow-client.in -o requirements/mlflow-client.txt
	$(BIN)/uv pip compile --quiet --python-version 3.11 --python-platform linux $(TORCH) \
		--custom-compile-command "make lock" $(ARGS) requirements/integrations.in -o requirements/integrations.txt
	@for peer in benchmarks/trackers/peers/*.in; do $(COMPILE) $(ARGS) $$peer -o $${peer%.in}.txt || exit 1; done

agent: install ## build dist/whirr-worker.pyz, the agent in one file
	@$(PYTHON) scripts/build_agent.py

bench: bench-queue bench-agent bench-tracking bench-pages ## all benchmarks

bench-queue: install ## claims and submit-to-start
	@$(PYTHON) benchmarks/queue.py $(ARGS)

bench-agent: install ## memory, start-up and shipping of the agent
	@$(PYTHON) benchmarks/agent.py $(ARGS)

bench-tracking: install ## the record beside its peers from PyPI (ARGS="--only log")
	@$(PYTHON) benchmarks/tracking.py $(ARGS)

bench-pages: install ## tables, charts and logs in a browser, and how soon a line is seen (ARGS="--only log")
	@$(PYTHON) benchmarks/pages.py $(ARGS)

soak: install ## many agents for ten minutes, then a bad network (ARGS=--quick)
	@$(PYTHON) benchmarks/soak.py $(ARGS)

screenshots: install ## every page as a picture: light and dark, desk and phone
	@$(PYTHON) scripts/screenshots.py $(ARGS)

clean: ## remove what was built and cached, and .venv/
	rm -rf .venv .venv-0.5.3 .venv-0.5.3-server .venv-mlflow .bench-envs build dist staticfiles *.egg-info .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
