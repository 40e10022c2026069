#!/usr/bin/env bash
# Measures what a fleet of simulated tenants costs, and writes the result into docs/. Takes some ten minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/bootstrap.sh
. tools/env.sh

uv=uv
"$uv" --version >/dev/null 2>&1 || uv=.cache/uv-tool/bin/uv
drawing=.cache/drawing
"$uv" pip install --quiet --require-hashes --target "$drawing" --python .venv/bin/python -r requirements/benchmark.txt
PYTHONPATH=$PWD/.ansible/collections:$PWD/$drawing exec python -m ansible_collections.tenantops.entra.benchmarks "$@"
