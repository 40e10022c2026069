#!/usr/bin/env bash
# Measures what a fleet of simulated tenants costs, and writes the result into docs/. Takes some ten minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/bootstrap.sh
. tools/env.sh

PYTHONPATH=$PWD/.ansible/collections exec python -m ansible_collections.tenantops.entra.benchmarks "$@"
