#!/usr/bin/env bash
# Runs all tests and linters. Sets up what it needs inside this folder, and ends with a count.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/bootstrap.sh
. tools/env.sh
exec python tools/checks.py "${@:-all}"
