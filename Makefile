# make demo · test · check · bench · soak: each sets up all it needs, from Python >= 3.11 and git alone.
# The environment is .venv (VENV=DIR for another); it is made once and again when pyproject.toml changes.

VENV ?= .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.run
DEV := $(VENV)/.dev
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check install

# the first interpreter that is new enough
PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11 python,\
	$(shell $(name) -c 'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)))

# the developers' packages stand in pyproject.toml alone; a pip older than 25.1 knows no --group, so they are read out
DEV_PACKAGES := 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["dev"], sep="\n")'

.PHONY: help demo test check bench soak docs clean

help:
	@echo "make demo    the story of a bike-hire company: a model's whole life in two minutes"
	@echo "make test    every test"
	@echo "make check   format, lint, types, floors, dependencies, generated pages"
	@echo "make bench   side by side with the peers (installs them beside, takes a while)"
	@echo "make soak    every kill: at all write points, and MLCTL_KILLS (200) times at random a command"
	@echo "make docs    write the generated pages and completions anew"

$(RUN): pyproject.toml
	@test -n "$(PYTHON)" || { echo "mlctl needs Python 3.11 or newer; none was found" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing mlctl into $(VENV) (a minute or two, once)"
	@$(PIP) --editable .
	@touch $@

$(DEV): $(RUN)
	@echo "installing the developers' tools into $(VENV)"
	@$(BIN)/python -c $(DEV_PACKAGES) > $(VENV)/dev-packages.txt
	@$(PIP) --requirement $(VENV)/dev-packages.txt
	@touch $@

demo: $(RUN)
	@PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python templates/bike-demand/demo/replay.py --out demo-output

# two workers, and one thread each inside them: OpenMP's own threads would fight over the same cores. Files in
# the order of their names: by their number of tests, the kills would come last, and one worker idle
test: $(DEV)
	@env -u PYTHONDONTWRITEBYTECODE OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -q

check: $(DEV)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo 2>/dev/null >$(VENV)/floors.txt || $(BIN)/lint-imports
	@$(BIN)/deptry . 2>$(VENV)/dependencies.txt || { cat $(VENV)/dependencies.txt >&2; exit 1; }
	@$(BIN)/python -m mlctl.cli.reference --check
	@echo "check: all good"

bench: $(DEV)
	@env -u PYTHONDONTWRITEBYTECODE PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python benchmarks/run.py

soak: $(DEV)
	@env -u PYTHONDONTWRITEBYTECODE OMP_NUM_THREADS=1 MLCTL_SOAK=1 $(BIN)/python -m pytest -q -k "kill or crash or race or ctrl_c or schedule or world" --timeout 36000

docs: $(DEV)
	@$(BIN)/python -m mlctl.cli.reference

clean:
	@rm -rf $(VENV) demo-output
