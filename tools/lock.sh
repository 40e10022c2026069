#!/usr/bin/env bash
# Updates the lock files in requirements/, from requirements.txt and the groups in pyproject.toml.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/env.sh
tools/bootstrap.sh

uv=uv
"$uv" --version >/dev/null 2>&1 || uv=.cache/uv-tool/bin/uv

lock() { # NAME OLDEST_PYTHON SOURCE...
    local name=$1 version=$2
    shift 2
    "$uv" pip compile --quiet --universal --generate-hashes --no-header --upgrade --python-version "$version" \
        --python .venv/bin/python --output-file "requirements/$name.txt" "$@"
}

lock dev 3.11 requirements.txt --group dev
lock oldest 3.10 requirements.txt --group oldest
lock uv 3.10 --group uv
lock browser 3.11 --group browser
