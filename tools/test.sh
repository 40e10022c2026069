#!/usr/bin/env bash
# Every test and linter. Sets up what it needs inside this folder; ends with a line that counts.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/bootstrap.sh
. tools/env.sh
exec python tools/checks.py "${@:-all}"
