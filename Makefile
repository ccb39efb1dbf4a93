.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help corpus test lint type
help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(VENV)/.ready: pyproject.toml requirements.lock
	python3 -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

test: $(VENV)/.ready ## run every test
	$(BIN)/pytest

lint: $(VENV)/.ready ## check style
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

type: $(VENV)/.ready ## check types
	$(BIN)/mypy
