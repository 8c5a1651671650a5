# trimtab needs python3 (3.11 or newer), python3-venv, git and make. Every target may be repeated.
SHELL := /usr/bin/env bash
.DEFAULT_GOAL := help
.PHONY: help setup demo test sim kill-rounds check bench bench-peers lock clean

export PYTHON ?= python3
BIN := .venv/bin

help:
	@echo 'make demo               watch the daemon keep a portfolio on target (about a minute)'
	@echo 'make demo PRICES=my.csv the same on your own prices (date,SYMBOL,SYMBOL,...)'
	@echo 'make test               run all tests (ARGS="-k words" chooses some)'
	@echo 'make sim SEEDS=n START=s simulate bad days from seeds (ARGS=--exhaustive, --mutants: more)'
	@echo 'make kill-rounds ROUNDS=n  kill -9 a real daemon n times while it trades, on both databases'
	@echo 'make check              format, lint, types, floors and the house test'
	@echo 'make bench              measure and print the figures'
	@echo 'make bench-peers        backtests side by side with bt and vectorbt, each in its own environment'
	@echo 'make lock               make requirements.lock anew from pyproject.toml'
	@echo 'make clean              remove .venv and what the tools left behind'

setup:
	@scripts/setup.sh

demo: setup
	@$(BIN)/trimtab demo $(if $(PRICES),--prices '$(PRICES)')

test: setup
	@$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

sim: setup
	@$(BIN)/python -m tests.simulation.run --seeds $(or $(SEEDS),100) --start $(or $(START),1) $(ARGS)

kill-rounds: setup
	@$(BIN)/python -m tests.support.kill_rounds --rounds $(or $(ROUNDS),300) $(ARGS)

check: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest -q tests/test_house.py

bench: setup
	@$(BIN)/python -m benchmarks $(ARGS)

bench-peers: setup
	@scripts/bench-peers.sh $(ARGS)

lock:
	@scripts/lock.sh

clean:
	rm -rf .venv .venv.lock .peers .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
