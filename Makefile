# make train ARGS="--data moons"   train a network and write what came of it to runs/
# make test                        run the tests; ARGS='-m "not slow"' the quick ones
# make benchmark                   time this library beside its peers
# make clean                       remove the environments and the caches
#
# The first call makes .venv from $(PYTHON) and installs the versions of
# constraints.txt; later calls start at once.

PYTHON ?= python3
VENV = .venv
CONSTRAINTS = constraints.txt
ARGS =

.DELETE_ON_ERROR:
.PHONY: train test benchmark clean

train: $(VENV)/.app
	@$(VENV)/bin/jaxdnn train $(ARGS)

test: $(VENV)/.test
	@$(VENV)/bin/python -m pytest --numprocesses auto --dist loadfile $(ARGS)

benchmark: $(VENV)/.bench
	@$(VENV)/bin/python -m scripts.benchmark $(ARGS)

# One stamp for each extra of pyproject.toml.
$(VENV)/.%: $(VENV)/bin/python pyproject.toml $(CONSTRAINTS)
	@echo "installing jaxdnn[$*] into $(VENV), about a minute"
	@$(VENV)/bin/python -m pip install --quiet --quiet --disable-pip-version-check \
	    --constraint $(CONSTRAINTS) --editable ".[$*]"
	@touch $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("jaxdnn needs Python 3.11 or newer, but $(PYTHON) is %d.%d: name another, as in make PYTHON=python3.12" % sys.version_info[:2])'
	@$(PYTHON) -m venv --clear $(VENV)

clean:
	rm -rf .venv* .hypothesis .pytest_cache .ruff_cache build dist
	find jaxdnn tests scripts -name __pycache__ -prune -exec rm -rf {} +
