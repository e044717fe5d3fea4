# OFITEC ops. `make help` lists the commands; the work is done by dev/stack/bootstrap.sh and `python -m dev.stack`.
SHELL := /bin/bash
.DEFAULT_GOAL := help

export PYTHONPATH := $(CURDIR)/include:$(CURDIR)
# Container images often set it; every process here would then compile all it imports anew.
unexport PYTHONDONTWRITEBYTECODE
RUN := .local/venv/bin/python
# local or celery: where `make up` runs Airflow's tasks; what .env says holds for every later `docker compose`
EXECUTOR ?= $(if $(shell grep -sx AIRFLOW_EXECUTOR=CeleryExecutor .env),celery,local)
# Much of the suite waits for servers: more of it at once than there are cores.
WORKERS ?= 4

.PHONY: help docs demo status down up deploy rollback test drill bench lint lock wheel bootstrap

help: ## list these commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1\t/' | expand -t 16

demo: bootstrap ## start the real local services, close a month's F29, show what happened
	@$(RUN) -m dev.stack demo

status: bootstrap ## list the demo's servers
	@$(RUN) -m dev.stack status

down: bootstrap ## end what `make demo` and `make up` started; data stay
	@$(RUN) -m dev.stack down
	@if [ -d state ] && command -v docker >/dev/null; then docker compose --profile '*' down; fi

up: ## on Odoo's host: make missing secrets, start PostgreSQL, HAProxy, the released Odoo, and Airflow, by docker (EXECUTOR=celery: with workers)
	@case "$(EXECUTOR)" in local|celery) ;; *) echo "EXECUTOR is local or celery, not $(EXECUTOR)" >&2; exit 1;; esac
	@command -v docker >/dev/null || { echo "make up needs docker with compose 2.24 or newer (docs/operations.md)" >&2; exit 1; }
	@python3 -m ofitec.deploy.host --home . up
	@include/images/build.sh airflow ofitec-airflow:local
	@$(if $(filter celery,$(EXECUTOR)),AIRFLOW_EXECUTOR=CeleryExecutor )docker compose --profile odoo --profile airflow \
		$(if $(filter celery,$(EXECUTOR)),--profile celery )up --detach --wait

deploy: bootstrap ## deploy IMAGE=registry/name@sha256:... from a terminal, with the same gates as odoo_deploy
	@$(RUN) -m ofitec.deploy deploy --image "$(IMAGE)" $(ARGS)

rollback: bootstrap ## return to the previous release from a terminal
	@$(RUN) -m ofitec.deploy rollback $(ARGS)

test: bootstrap ## run the whole test suite on real services, WORKERS=4 at once (ARGS="-k f29" for a part, one by one)
	@$(RUN) -m pytest $(if $(ARGS),$(ARGS),-n $(WORKERS) --dist loadgroup --cov --cov-report=)

drill: bootstrap ## run the drills: deploys on a docker engine, faults put into the running stack and its storages, workers that die
	@$(RUN) -m pytest --drills -m drill $(if $(ARGS),$(ARGS),-v -n 2 --dist loadgroup --durations=0 --durations-min=60)

bench: bootstrap ## run the benchmarks, figures in .local/bench.json (ARGS="dag_parse" for one)
	@$(RUN) -m tests.bench $(ARGS)

lint: bootstrap ## ruff, mypy, pylint-odoo, shellcheck, hadolint, zizmor, bandit, pip-audit, gitleaks
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy include dev dags plugins tests
	@if [ -f odoo_addon/.pylintrc ]; then $(RUN) -m pylint --rcfile=odoo_addon/.pylintrc odoo_addon/of_sii_cl; fi
	@.local/venv/bin/shellcheck .ci/run $$(find include dev odoo_addon -name '*.sh')
	@.local/venv/bin/hadolint $$(find include -name Dockerfile)
	@.local/venv/bin/zizmor --offline --quiet .github
	@$(RUN) -m bandit --quiet --severity-level high --recursive include dags plugins dev odoo_addon
	@$(RUN) -m dev.supply

wheel: bootstrap ## build dist/ofitec_ops-*.whl
	@$(RUN) -m hatchling build -t wheel -d dist

docs: bootstrap ## write the made pages and pictures of docs/ anew
	@$(RUN) -m dev.docs

lock: bootstrap ## resolve the hashed requirements anew from the *.in files and pyproject.toml
	@$(RUN) -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade \
		requirements.in -o requirements.txt
	@$(RUN) -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade \
		requirements-kubernetes.in -c requirements.txt -o requirements-kubernetes.txt
	@$(RUN) -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade \
		--group dev -c requirements.txt -o requirements-dev.txt
	@$(RUN) -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade \
		--group build -c requirements-dev.txt -o include/images/airflow/requirements-build.txt
	@$(RUN) -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade \
		dev/stack/services/requirements-odoo-19.in -o dev/stack/services/requirements-odoo-19.txt
	@$(RUN) -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade \
		tests/odoo_addon/cl_sii/requirements.in -o tests/odoo_addon/cl_sii/requirements.txt

bootstrap:
	@dev/stack/bootstrap.sh
