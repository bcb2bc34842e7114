# What people do daily: `make` lists it. `make run` and `make test` need nothing before them.
# `make run ARGS="…"` hands arguments on to the command behind a target.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:

BIN := .venv/bin
FLOW := .venv-flow/bin
SPARK := .venv-spark/bin
UV := uv==0.13.9

often := run dashboard alerts test
tools := .venv/project .venv/dev
say = @printf '==> %s\n'

.PHONY: help
help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { line = sprintf("  make %-10s %s\n", $$1, $$2); \
		if (" $(often) " ~ " "$$1" ") first = first line; else others = others line } \
		END { printf "Most used:\n%s\nAll others:\n%s", first, others }' $(firstword $(MAKEFILE_LIST))

# Work ---------------------------------------------------------------------------------------

.PHONY: run
run: .venv/project ## the daily job: find the data, dbt build, detect, report, summary
	@$(BIN)/retail run $(ARGS)

.PHONY: run-spark
run-spark: .venv-spark/ready ## the same job with its tables built on Spark (ARGS="--engine spark": on a JVM)
	@$(SPARK)/retail spark $(ARGS)

.PHONY: build
build: .venv/project ## stage, clean, test and materialise everything up to the KPI tables
	@$(BIN)/dbt build $(ARGS)

.PHONY: detect
detect: .venv/project ## write the insights tables from the KPI tables
	@$(BIN)/python -m detect $(ARGS)

.PHONY: evaluate
evaluate: $(tools) ## inject incidents into copies, and compare with the usual rules
	@$(BIN)/python -m lab.evaluate $(ARGS)

.PHONY: bench
bench: $(tools) ## time and memory beside plain scripts (ARGS="--scale 1 --scale 100")
	@$(BIN)/python -m lab.bench $(ARGS)

.PHONY: faults
faults: .venv/project .venv/dev ## kill, fill, cut, flip and mutate; prints what survived (ARGS="--share 0.1")
	@PYTHONPATH=tests/python $(BIN)/python -m faults $(ARGS)

.PHONY: dumps
dumps: .venv/project .venv/dev ## build three shops, dump their tables, compare with the digests (ARGS=--accept: note them)
	@PYTHONPATH=tests/python $(BIN)/python -m dumps \
		$(if $(filter write of compare check,$(firstword $(ARGS))),,write) $(ARGS)

.PHONY: report
report: .venv/project ## what was found, as one page: report.html beside the database
	@$(BIN)/retail report $(ARGS)

.PHONY: alerts
alerts: .venv/project ## send what is new or worse (ARGS=--dry-run: only say what would be sent)
	@$(BIN)/retail alerts $(ARGS)

.PHONY: flow
flow: .venv-flow/ready ## the daily job as a Prefect flow, once (ARGS='--serve "0 6 * * *"')
	@$(FLOW)/retail schedule $(ARGS)

.PHONY: dashboard
dashboard: .venv/project .venv/serve ## look around in the findings with a browser, down to the order lines
	@$(BIN)/retail dashboard $(ARGS)

.PHONY: mcp
mcp: .venv/project .venv/serve ## the server that agents ask: install it, print the entry for a client's configuration
	@$(BIN)/retail mcp --config $(ARGS)

.PHONY: picture
picture: report .venv/dev ## the documentation's pictures of the report, with Chromium
	@$(BIN)/python docs/picture.py report.html

.PHONY: docs
docs: .venv/project ## document every table of the built file, in target/static_index.html
	@$(BIN)/dbt docs generate --static $(ARGS)

# Checks -------------------------------------------------------------------------------------

# The tests of a file stay together: what they build for themselves is built once for each file.
# Coverage counts what runs in the process of the tests; of chosen tests (ARGS) it says nothing.
pytest = $(BIN)/python -m pytest --numprocesses auto --dist loadfile \
	--cov --cov-report= $(if $(ARGS),--cov-fail-under=0) $(ARGS)

# Environments are installed and linters run two at a time, each prints when it has ended.
.PHONY: checked
checked: lint audit .venv-spark/tried
in_pairs = --jobs=2 --output-sync=recurse checked

.PHONY: test
test: ## everything that must hold: lint, audit, then pytest
	@$(MAKE) $(in_pairs)
	$(say) 'pytest, a file of tests on each core'
	@$(pytest)

.PHONY: test-full
test-full: ## before a release: the slow forms too; on a JVM where there is Java
	@$(MAKE) $(in_pairs) .venv-flow/ready
	$(say) 'pytest, with the slow forms'
	@RETAIL_TEST_FULL=1 $(pytest)
	@if command -v java >/dev/null; then $(MAKE) test-spark ARGS=; \
		else echo '==> no Java here: make test-spark is SKIPPED' >&2; fi

.PHONY: test-spark
test-spark: .venv-spark/ready .venv/dev ## PySpark on this machine's Java, in a session and as servers, gives what DuckDB gives
	$(say) 'pytest: PySpark = DuckDB'
	@RETAIL_TEST_FULL=1 RETAIL_TEST_JVM=1 $(BIN)/python -m pytest tests/python/test_lakehouse.py $(ARGS)

.PHONY: lint
lint: lint-python lint-yaml lint-dbt lint-sql ## every linter, the type checker and the layers

.PHONY: audit
audit: $(tools) ## known vulnerabilities in what the locks pin
	$(say) 'pip-audit: known vulnerabilities in what the locks pin'
	@$(BIN)/python .ci/audit.py $(wildcard requirements*.txt)

.PHONY: lint-python
lint-python: $(tools)
	$(say) 'ruff: faults and form of the Python'
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	$(say) 'mypy: types'
	@$(BIN)/mypy
	$(say) 'import-linter: who may import whom'
	@$(BIN)/lint-imports --no-logo

.PHONY: lint-yaml
lint-yaml: $(tools)
	$(say) 'yamllint: form of the YAML'
	@$(BIN)/yamllint --strict .

# dbt is asked about a file of its own, so nobody's data is touched or waited for.
scratch := target/check
# Macros are linted where they are used: by themselves they are no SQL.
sql := $(wildcard models tests/data_tests/singular analyses)
on_scratch = env RETAIL_DB=$(scratch)/retail.duckdb RETAIL_SOURCE=$(scratch)/order_lines.csv \
	RETAIL_CACHE=$(scratch)/landed DBT_TARGET_PATH=$(scratch) DBT_LOG_PATH=$(scratch)

.PHONY: $(scratch)
$(scratch): $(tools)
	$(say) 'dbt: build a shop of one order'
	@mkdir -p $@
	@printf '%s\n' 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country' \
		'536365,85123A,HOLDER,6,12/13/2010 8:26,2.55,17850,United Kingdom' > $@/order_lines.csv
	@$(on_scratch) $(BIN)/dbt --quiet build --exclude-resource-type test unit_test
	@$(on_scratch) $(BIN)/dbt --quiet docs generate --no-compile

.PHONY: lint-dbt
lint-dbt: $(scratch)
	$(say) 'dbt-bouncer: names, places, contracts, keys and descriptions of the models'
	@COLUMNS=160 $(BIN)/dbt-bouncer run

.PHONY: lint-sql
lint-sql: $(scratch)
	$(say) 'sqlfluff: form of the SQL'
	@$(on_scratch) $(BIN)/sqlfluff lint --quiet $(sql)

.PHONY: format
format: $(tools) ## put Python and SQL into form
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format
	@$(on_scratch) $(BIN)/sqlfluff fix --quiet $(sql)

# Environments -------------------------------------------------------------------------------
# Each is a file that is written last: what was interrupted is made again, what is there is used.

versions := import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3 python; do \
	"$$python" -c '$(versions)' 2>/dev/null && echo "$$python" && break; done)
python = $(or $(PYTHON),python3)

# $(call environment,folder,what is in it)
define environment
	@"$(python)" -c '$(versions)' 2>/dev/null || { echo "make: Python 3.11, 3.12 or 3.13 with its venv" \
		"(Debian: apt-get install python3-venv) is needed, and $(python) is" \
		"$$("$(python)" -V 2>/dev/null || echo missing): name another with PYTHON=/path/to/python" >&2; exit 1; }
	@echo '==> environment: installing $(2) into $(1), once'
	@"$(python)" -m venv --clear $(1)
endef

pip_options := --quiet --quiet --no-input --disable-pip-version-check --root-user-action ignore \
	--no-deps --no-build-isolation

# $(call install,folder,lock): nothing is resolved, and a module is compiled when it is first imported.
define install
	@$(1)/bin/python -m pip install $(pip_options) --no-compile --require-hashes --requirement $(2)
endef

# An environment does not survive being moved or copied.
ifneq ($(CURDIR),$(shell cat .venv/home 2>/dev/null))
.PHONY: .venv/packages
endif

.venv/packages: requirements.txt
	$(call environment,.venv,the pinned packages)
	$(call install,.venv,requirements.txt)
	@echo '$(CURDIR)' > .venv/home
	@touch $@

.venv/project: .venv/packages pyproject.toml
	@$(BIN)/python -m pip install $(pip_options) --editable .
	@touch $@

.venv/dev: .venv/packages requirements-dev.txt
	$(say) 'environment: adding the pinned tools for tests to .venv, once'
	$(call install,.venv,requirements-dev.txt)
	@touch $@

.venv/serve: .venv/packages requirements-serve.txt
	$(say) 'environment: adding Streamlit and the MCP server to .venv, once'
	$(call install,.venv,requirements-serve.txt)
	@touch $@

# Prefect and dbt each pin packages that the other's newest versions don't take.
.venv-flow/ready: requirements-flow.txt pyproject.toml
	$(call environment,.venv-flow,the packages with Prefect)
	$(call install,.venv-flow,requirements-flow.txt)
	@$(FLOW)/python -m pip install $(pip_options) --editable .
	@touch $@

# A part of PySpark can't live with pandas 3.
.venv-spark/ready: requirements-spark.txt pyproject.toml
	$(call environment,.venv-spark,the packages with Spark: half a gigabyte)
	@sed -n '/^setuptools==/,/[^\\]$$/p' $< > .venv-spark/setuptools.txt  # PySpark comes as source
	@$(SPARK)/python -m pip install $(pip_options) --require-hashes --requirement .venv-spark/setuptools.txt
	$(call install,.venv-spark,requirements-spark.txt)
	@$(SPARK)/python -m pip install $(pip_options) --editable .
	@touch $@

# Tests go without Spark where it can't be installed, and say so; continuous integration doesn't.
.PHONY: .venv-spark/tried
.venv-spark/tried:
	@$(MAKE) .venv-spark/ready || { test -z "$$CI" && \
		echo '==> Spark could not be installed: its tests are SKIPPED' >&2; }

.venv-lock/$(UV):
	$(call environment,.venv-lock,uv)
	@.venv-lock/bin/python -m pip install $(pip_options) $(UV)
	@touch $@

# dbt-bouncer asks for duckdb < 2, and never imports it.
lock_command = sed -n 's/^ *"\(duckdb==.*\)",$$/\1/p' pyproject.toml > .venv-lock/override.txt; .venv-lock/bin/uv pip compile --quiet --no-config \
	--universal --python-version 3.11 --fork-strategy fewest --generate-hashes --no-annotate --no-strip-extras \
	--override .venv-lock/override.txt --custom-compile-command 'make lock' $(ARGS)

.PHONY: lock
lock: .venv-lock/$(UV) ## pin what pyproject.toml asks for (ARGS=--upgrade: at its newest)
	@$(lock_command) pyproject.toml --group build --group dev --group dashboard --group mcp --extra postgres --output-file requirements-dev.txt
	@$(lock_command) pyproject.toml --group build --constraint requirements-dev.txt --output-file requirements.txt
	@$(lock_command) pyproject.toml --group dashboard --group mcp --constraint requirements-dev.txt --output-file requirements-serve.txt
	@cp requirements.txt requirements-flow.txt  # its versions are kept where Prefect can live with them
	@$(lock_command) pyproject.toml --group build --group flow --output-file requirements-flow.txt
	@cp requirements.txt requirements-spark.txt
	@$(lock_command) pyproject.toml --group build --extra spark --output-file requirements-spark.txt

# Tidying ------------------------------------------------------------------------------------

.PHONY: clean
clean: ## remove what tools left behind; data, database and environments stay
	@rm -rf target logs .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
	@find python tests -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: distclean
distclean: clean ## remove environments, data and retail.duckdb too; what people said stays
	@rm -rf .venv .venv-flow .venv-spark .venv-lock python/*.egg-info data \
		.building-retail.duckdb .changing-retail.duckdb .retail.duckdb.* \
		retail.duckdb retail.duckdb.* report.html
