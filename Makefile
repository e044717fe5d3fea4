# OFITEC ops. `make help` lists the commands; the work is done by include/stack/bootstrap.sh and `python -m stack`.
SHELL := /bin/bash
.DEFAULT_GOAL := help

export PYTHONPATH := $(CURDIR)/include
RUN := .local/venv/bin/python

.PHONY: help demo status down test drill bench lint lock bootstrap

help: ## list these commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1\t/' | expand -t 16

demo: bootstrap ## start the real local services, close a month's F29, show what happened
	@$(RUN) -m stack demo

status: bootstrap ## list the demo's servers
	@$(RUN) -m stack status

down: bootstrap ## end what `make demo` started
	@$(RUN) -m stack down

test: bootstrap ## run the whole test suite on real services (ARGS="-k f29" for a part)
	@$(RUN) -m pytest $(ARGS)

drill: bootstrap ## run the drills: deploys on a docker engine, faults put into the running stack
	@$(RUN) -m pytest --drills -m drill $(ARGS)

bench: bootstrap ## run the benchmarks, figures in .local/bench.json (ARGS="dag_parse" for one)
	@$(RUN) -m tests.bench $(ARGS)

lint: bootstrap ## ruff, mypy, pylint-odoo, shellcheck
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy include
	@if [ -f odoo_addon/.pylintrc ]; then $(RUN) -m pylint --rcfile=odoo_addon/.pylintrc odoo_addon/of_sii_cl; fi
	@.local/venv/bin/shellcheck .ci/run $$(find include odoo_addon -name '*.sh')

lock: bootstrap ## resolve the hashed requirements anew from the *.in files
	@$(RUN) -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade \
		requirements.in -o requirements.txt
	@$(RUN) -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade \
		requirements-dev.in -o requirements-dev.txt
	@$(RUN) -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade \
		include/stack/requirements-odoo-19.in -o include/stack/requirements-odoo-19.txt

bootstrap:
	@include/stack/bootstrap.sh
