#!/usr/bin/env bash
# Measures the cost of many simulated tenants, and writes the result to docs/. Takes about ten minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/bootstrap.sh
. tools/env.sh

PYTHONPATH=$PWD/.ansible/collections exec python -m ansible_collections.tenantops.entra.benchmarks "$@"
