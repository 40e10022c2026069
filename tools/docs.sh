#!/usr/bin/env bash
# Builds the HTML documentation of the modules and roles into .cache/docs/build/html.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/env.sh
docs=$PWD/.cache/docs
rm -rf "$docs"
mkdir -p "$docs"
antsibull-docs sphinx-init --use-current --dest-dir "$docs" --squash-hierarchy --sphinx-theme alabaster tenantops.entra
printf 'intersphinx_mapping = {}\nnitpicky = False\n' >>"$docs/conf.py" # works without a network
sed -i 's/ -W / /' "$docs/build.sh" # labels of Ansible's own documentation stay open
"$docs/build.sh"
