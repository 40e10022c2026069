# Short names for tools/*.sh, which need bash, git and Python 3.11 or later. Everything else goes into this folder.
SHELL := /bin/bash
CHECKS := ruff format yamllint codespell shellcheck djlint deno changelog build mypy imports docs-lint generated ansible-lint unit modules oldest browser sanity molecule sanity-oldest

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint generate docs benchmark lock clean $(CHECKS)

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 18
	@echo "  make CHECK      one of: $(CHECKS)"

setup: ## install all tools into .venv
	@tools/bootstrap.sh

demo: ## run the main job on simulated tenants
	@tools/demo.sh

test: ## run every test and linter
	@tools/test.sh

lint: ## run the linters only
	@tools/test.sh lint

$(CHECKS):
	@tools/test.sh $@

generate: setup ## update what documentation and role repeat: return values, variables, tables
	@. tools/env.sh && PYTHONPATH=$$PWD/.ansible/collections python -m ansible_collections.tenantops.entra.tools.generate_docs

docs: setup ## build the HTML documentation in .cache/docs
	@. tools/env.sh && tools/docs.sh

benchmark: ## measure the performance, ten minutes
	@tools/benchmark.sh

lock: ## update the locks in requirements/
	@tools/lock.sh

clean: ## remove everything that was set up or built
	rm -rf .venv .venv-oldest .venv-browser .ansible .cache
