.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
GOLD ?= samples/gold

.PHONY: help corpus test lint type evaluate bench hostile docs
help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(VENV)/.ready: pyproject.toml requirements.lock
	python3 -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

corpus: $(VENV)/.ready ## build the corpus of samples/ in corpus/
	$(BIN)/newsieve run samples/pages --out corpus

test: $(VENV)/.ready ## run every test
	$(BIN)/pytest

lint: $(VENV)/.ready ## check style, and that the CLI reference is up to date
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/python docs/make_cli.py --check

type: $(VENV)/.ready ## check types
	$(BIN)/mypy

evaluate: $(VENV)/.ready ## count body lines lost and chrome lines left on labelled pages (GOLD=folder)
	$(BIN)/newsieve evaluate $(GOLD)

bench: $(VENV)/.ready ## measure stripping, extraction and dedup, beside other programs
	$(BIN)/python -m benchmarks.bench

hostile: $(VENV)/.ready ## run 10,000 pages made to hurt among good ones, and judge what comes out (slow)
	$(BIN)/python -m benchmarks.hostile

docs: $(VENV)/.ready ## write the CLI reference from the commands' help
	$(BIN)/python docs/make_cli.py
