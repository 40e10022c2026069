# Short names for tools/*.sh, which need bash, git and Python 3.11 or later. Everything else goes into this folder.
SHELL := /bin/bash
CHECKS := ruff format yamllint codespell shellcheck djlint deno changelog build mypy imports docs-lint generated ansible-lint unit modules oldest browser sanity molecule sanity-oldest

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint generate docs benchmark lock clean $(CHECKS)

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 18
	@echo "  make CHECK      run one check: $(CHECKS)"

setup: ## install all tools into .venv
	@tools/bootstrap.sh

demo: ## run the playbooks on simulated tenants
	@tools/demo.sh

test: ## run all tests and linters
	@tools/test.sh

lint: ## run the linters only
	@tools/test.sh lint

$(CHECKS):
	@tools/test.sh $@

generate: setup ## update the generated parts of the documentation and the role
	@. tools/env.sh && PYTHONPATH=$$PWD/.ansible/collections python -m ansible_collections.tenantops.entra.tools.generate_docs

docs: setup ## build the HTML documentation in .cache/docs
	@. tools/env.sh && tools/docs.sh

benchmark: ## measure the performance (takes about ten minutes)
	@tools/benchmark.sh

lock: ## update the lock files in requirements/
	@tools/lock.sh

clean: ## remove all environments, caches and build results
	rm -rf .venv .venv-oldest .venv-browser .ansible .cache
