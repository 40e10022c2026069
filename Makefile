# Short names for tools/*.sh, which need bash, git and Python 3.11 or later. Everything else goes into this folder.
SHELL := /bin/bash
GATES := ruff format yamllint shellcheck djlint biome changelog build mypy docs-lint ansible-lint unit modules oldest browser sanity molecule sanity-oldest

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint docs benchmark lock clean $(GATES)

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16
	@echo "  make GATE     one of: $(GATES)"

setup: ## install all tools into .venv
	@tools/bootstrap.sh

demo: ## run the main job on simulated tenants
	@tools/demo.sh

test: ## every test and linter
	@tools/test.sh

lint: ## the linters only
	@tools/test.sh lint

$(GATES):
	@tools/test.sh $@

docs: setup ## HTML documentation in .cache/docs
	@. tools/env.sh && tools/docs.sh

benchmark: ## measure what a fleet costs, ten minutes
	@tools/benchmark.sh

lock: ## update the locks in requirements/
	@tools/lock.sh

clean: ## remove all that was set up or generated
	rm -rf .venv .venv-oldest .venv-browser .ansible .cache
