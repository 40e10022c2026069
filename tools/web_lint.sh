#!/usr/bin/env bash
# Checks the form of style sheets, scripts and JSON schemas with Biome. npm installs it as tools/web-lint/package-lock.json
# says, into .cache. With `--write`, it corrects what it can. Exit code 3: this machine has no npm.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/env.sh

if ! command -v npm >/dev/null; then
    echo "error: no npm found on PATH: install, say, the packages nodejs and npm" >&2
    exit 3
fi
home=.cache/web-lint
stamp="$PWD $(cksum <tools/web-lint/package-lock.json)"
if [ "$(cat "$home/.stamp" 2>/dev/null)" != "$stamp" ]; then
    mkdir -p "$home"
    cp tools/web-lint/package.json tools/web-lint/package-lock.json "$home"
    npm ci --prefix "$home" --cache "$home/npm" --ignore-scripts --no-audit --no-fund --silent
    echo "$stamp" >"$home/.stamp"
fi

command=(ci --error-on-warnings)
if [ "${1-}" = --write ]; then command=(check --write); fi
"$home/node_modules/.bin/biome" "${command[@]}" --colors=off --config-path=tools/web-lint plugins/plugin_utils docs/schemas
