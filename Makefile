# Everything a newcomer, a developer and CI run. `make` alone lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
DATA ?=
PARTS ?= all
TRAIN_PIP := .venv-train/bin/pip install --quiet --disable-pip-version-check
# What torch's default build asks for and training on a CPU does not use.
CUDA := cuda-bindings cuda-pathfinder cuda-toolkit $(addprefix nvidia-,cublas cuda-cupti cuda-nvrtc \
  cuda-runtime cudnn-cu13 cufft cufile curand cusolver cusparse cusparselt-cu13 nccl-cu13 nvjitlink \
  nvshmem-cu13 nvtx)

.PHONY: help demo test faults lint types bench train evaluate lock serve setup clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

demo: ## set up, then run the whole loop on the bundled helpdesks and open the explorer (ARGS="--no-serve --json")
	@$(MAKE) --no-print-directory setup PARTS=run >&2
	@$(BIN)/verbatim demo $(ARGS)

test: setup ## set up everything that the tests need, then run them
	@echo "Running the tests ..."
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

faults: setup ## fail every step of a run, one after the other, and print what survived (half an hour on two cores)
	@$(BIN)/python -m pytest -n 2 --dist worksteal --every-step tests/faults $(ARGS)

lint: setup ## ruff, formatting, import rules and strict types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-logo
	@$(MAKE) --no-print-directory types

types: ## mypy --strict on our packages
	@$(BIN)/mypy

bench: setup ## print the figures: analyser, answers, start-up, calls
	@$(BIN)/python -m bench $(ARGS)

serve: setup ## the web explorer on the configured database
	@$(BIN)/verbatim serve $(ARGS)

train: ## train the local analyser's models (DATA=folder of the data sets; about an hour, one core)
	@test -d "$(DATA)" || { echo "Say where the training data is: make train DATA=folder"; exit 2; }
	@$(MAKE) --no-print-directory .venv-train/.installed
	@.venv-train/bin/python -m bench.training --data "$(DATA)" $(ARGS)

evaluate: ## the tone model beside VADER and TF-IDF, set by set (DATA=folder, ARGS="--reference folder")
	@test -d "$(DATA)" || { echo "Say where the data is: make evaluate DATA=folder"; exit 2; }
	@$(MAKE) --no-print-directory .venv-train/.installed
	@.venv-train/bin/python -m bench.training.beside --data "$(DATA)" $(ARGS)

.venv-train/.installed: requirements-train.lock requirements-torch.lock
	@echo "Setting up .venv-train with torch (first run: a minute or two) ..."
	@test -x .venv-train/bin/python || $(PYTHON) -m venv .venv-train
	@$(TRAIN_PIP) --require-hashes --no-deps -r requirements-train.lock
	@$(TRAIN_PIP) --require-hashes --no-deps -r requirements-torch.lock || { \
	  echo "pip sees no CPU build of torch here: taking the usual one with its CUDA libraries (3 GB) ..."; \
	  $(TRAIN_PIP) "$$(grep -o '^torch==[0-9.]*' requirements-torch.lock)"; }
	@touch $@

lock: $(BIN)/uv ## resolve the dependencies again, with hashes and without addresses
	@$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --extra postgres --extra deploy --extra dev --custom-compile-command "make lock" --quiet $(ARGS) \
	  --output-file requirements.lock pyproject.toml
	@$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --extra train --custom-compile-command "make lock" --quiet $(ARGS) --constraints requirements.lock \
	  $(addprefix --no-emit-package ,torch triton $(CUDA)) --output-file requirements-train.lock pyproject.toml
	@echo "requirements.lock and requirements-train.lock are up to date"

setup: .venv/.installed ## the environment in .venv, and (unless PARTS=run) the browser that the tests drive
	@if [ "$(PARTS)" != "run" ]; then sh tests/install_browser.sh; fi

.venv/.installed: requirements.lock requirements-setup.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Verbatim needs Python 3.11 or newer; say which with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up .venv (first run: about a minute) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(MAKE) --no-print-directory $(BIN)/uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock || \
	  $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@
	@echo "Ready: .venv/bin/verbatim"

$(BIN)/uv: requirements-setup.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-setup.lock
	@touch $@

clean: ## remove the environment and the caches
	@rm -rf .venv .venv-train .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
