# `make run` and `make test` need only Python 3.11 or newer, make and this folder.
PYTHON ?= python3
VENV := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help setup run test lint lint-style lint-types lint-imports lint-templates lint-django format lock

help:
	@echo "make run     start Bihuan at http://localhost:8000/ (PORT=8001 for another port)"
	@echo "make test    run the tests"
	@echo "make setup   build .venv and nothing else"
	@echo "make lint    check style, types, import rules, templates, migrations and translations"
	@echo "make format  put the code into its standard form"
	@echo "make lock    renew requirements*.txt from pyproject.toml (needs uv)"

setup:
	@$(call venv,requirements-dev.txt)

run:
	@$(call venv,requirements.txt)
	@exec $(VENV)/python manage.py run

# On SQLite; where BIHUAN_TEST_POSTGRES names a server, then also on that.
test: setup
	@$(VENV)/python -m pytest $(ARGS); sqlite=$$?; \
	if [ -z "$$BIHUAN_TEST_POSTGRES" ]; then exit $$sqlite; fi; \
	echo "Now on PostgreSQL:"; \
	DATABASE_URL="$$BIHUAN_TEST_POSTGRES" $(VENV)/python -m pytest $(ARGS) && exit $$sqlite

lint: lint-style lint-types lint-imports lint-templates lint-django
lint-style: setup
	$(VENV)/ruff check --output-format concise .
	$(VENV)/ruff format --check .
lint-types: setup
	$(VENV)/mypy .
lint-imports: setup
	$(VENV)/lint-imports
lint-templates: setup
	$(VENV)/djlint templates --lint --quiet
lint-django: setup
	$(VENV)/python manage.py check --fail-level WARNING
	$(VENV)/python manage.py makemigrations --check --dry-run

format: setup
	$(VENV)/ruff check --fix-only --quiet .
	$(VENV)/ruff format .

LOCK := uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links
lock:
	$(LOCK) --output-file requirements.txt
	$(LOCK) --extra s3 --constraint requirements.txt --output-file requirements-s3.txt
	$(LOCK) --extra dev --output-file requirements-dev.txt

define venv
command -v $(PYTHON) >/dev/null || { \
	echo "Bihuan: $(PYTHON) was not found: install Python 3.11 or newer, or say make PYTHON=/path/to/python3."; exit 1; }; \
$(PYTHON) tools/venv.py $(1)
endef
