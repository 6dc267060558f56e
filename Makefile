# make train ARGS="--data moons"   train a network and write what came of it to runs/
# make test                        run the tests; ARGS='-m "not slow"' the quick ones
# make benchmark                   time this library beside its peers
# make build                       a wheel and an sdist in dist/, the wheel tried by itself
# make docs                        build the site, every page executed: docs/_build/html
# make docs-serve                  show it on localhost
# make docs-examples               run the examples of its docstrings
# make docs-messages               bring the Chinese catalogues up to the English pages
# make clean                       remove the environments and the caches
#
# The first call makes .venv from $(PYTHON) and installs the versions of
# constraints.txt; later calls start at once.

PYTHON ?= python3
VENV = .venv
CONSTRAINTS = constraints.txt
ARGS =

.DELETE_ON_ERROR:
.PHONY: train test benchmark build docs docs-serve docs-messages docs-examples clean

train: $(VENV)/.app
	@$(VENV)/bin/jaxdnn train $(ARGS)

# Where Python is told to keep no bytecode, each process compiles the sources anew.
test: $(VENV)/.test
	@PYTHONDONTWRITEBYTECODE= $(VENV)/bin/python -m pytest --numprocesses auto --dist loadfile $(ARGS)

benchmark: $(VENV)/.bench
	@$(VENV)/bin/python -m scripts.benchmark $(ARGS)

# The wheel is installed where nothing else is, and looked at from elsewhere.
WHEEL_PIP = .venv-wheel/bin/python -m pip install --quiet --quiet --disable-pip-version-check

build:
	@rm -rf dist
	@$(PYTHON) -m venv --clear .venv-wheel
	@$(WHEEL_PIP) build
	@.venv-wheel/bin/python -m build --outdir dist > /dev/null
	@$(PYTHON) -m venv --clear .venv-wheel
	@$(WHEEL_PIP) --constraint $(CONSTRAINTS) dist/*.whl
	@cd dist && ../.venv-wheel/bin/python -I ../scripts/check_wheel.py .

# Sphinx searches Chinese pages from 9.2 on, which Python 3.13 gets.
DOCS_PYTHON = $(shell for python in python3.13 $(HOME)/.pyenv/versions/3.13.*/bin/python $(PYTHON); do \
    $$python -c 'import ensurepip' 2> /dev/null && echo $$python && break; done)

SPHINX = .venv-docs/bin/python -m sphinx --quiet --jobs auto --fail-on-warning
UNEXECUTED = $(SPHINX) --define nb_execution_mode=off \
    --define suppress_warnings=myst-nb.lexer

docs:
	@$(MAKE) --no-print-directory .venv-docs/.docs \
	    VENV=.venv-docs PYTHON=$(DOCS_PYTHON) CONSTRAINTS=docs/constraints.txt
	@rm -rf docs/_build
	@$(SPHINX) --doctree-dir docs/_build/en docs docs/_build/html
	@$(SPHINX) --doctree-dir docs/_build/zh_CN --tag zh_CN docs docs/_build/html/zh_CN
	@echo docs/_build/html/index.html

docs-serve:
	@$(PYTHON) -m http.server --bind 127.0.0.1 --directory docs/_build/html 8000

# One stamp for each extra of pyproject.toml.
$(VENV)/.%: $(VENV)/bin/python pyproject.toml $(CONSTRAINTS)
	@echo "installing jaxdnn[$*] into $(VENV), about a minute"
	@$(VENV)/bin/python -m pip install --quiet --quiet --disable-pip-version-check \
	    --constraint $(CONSTRAINTS) --editable ".[$*]"
	@touch $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("jaxdnn needs Python 3.11 or newer, but $(PYTHON) is %d.%d: name another, as in make PYTHON=python3.12" % sys.version_info[:2])'
	@$(PYTHON) -m venv --clear $(VENV)

docs-examples:
	@$(UNEXECUTED) --builder doctest --doctree-dir docs/_build/examples \
	    docs docs/_build/doctest \
	    $(filter-out docs/reference/interop.md,$(wildcard docs/reference/*.md))

docs-messages:
	@$(UNEXECUTED) --builder gettext docs docs/_build/gettext
	@.venv-docs/bin/python docs/messages.py $(ARGS)

clean:
	rm -rf .venv* .pytest_cache .ruff_cache build dist docs/_build
	find jaxdnn tests scripts -name __pycache__ -prune -exec rm -rf {} +
