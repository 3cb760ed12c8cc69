# What people and CI run. `make setup` needs Python 3.11 or newer, pip and make, and writes to .venv only.
.DEFAULT_GOAL := setup
.PHONY: setup run test lint bench chaos soak lock

BIN := .venv/bin
ROOMS := assessment cli connectors contracts deployments expectations flows ledger lifecycle runtime sandbox tasks web

setup: .venv/stamp
	@$(BIN)/python -m compileall -q $(wildcard $(ROOMS))

.venv/stamp: requirements.lock pyproject.toml scripts/setup.sh
	@bash scripts/setup.sh
	@touch $@

run: setup
	@$(BIN)/towline up --demo

test: lint
	$(BIN)/pytest -n 2 --dist loadfile

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	@for name in gateway leads outage deals gates rollback reconcile memory assess whatif console; do echo "== $$name" && $(BIN)/python -m benchmarks.$$name || exit 1; done

chaos: setup
	@$(BIN)/python -m benchmarks.chaos --kills $(or $(KILLS),50) $(if $(SEED),--seed $(SEED))

soak: setup
	@$(BIN)/python -m benchmarks.soak --minutes $(or $(MINUTES),30)

lock: setup
	@uv=$$(bash scripts/setup.sh --which-uv) && $$uv pip compile --universal --generate-hashes --group dev pyproject.toml \
		-o requirements.lock --no-emit-index-url --custom-compile-command "make lock" --quiet
