#!/usr/bin/env bash
# Sets up .venv, or with an argument .venv-oldest or .venv-browser. It can be repeated, and is quick if nothing changed.
# Exit code 3: this machine has no suitable Python, or no browser.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/env.sh

case "${1-dev}" in
dev) venv=.venv lock=requirements/dev.txt versions="3.13 3.12 3.11" ;;
oldest) venv=.venv-oldest lock=requirements/oldest.txt versions="3.10 3.11 3.12" ;;
browser) venv=.venv-browser lock=requirements/browser.txt versions="3.13 3.12 3.11" ;;
*) echo "usage: $0 [dev | oldest | browser]" >&2 && exit 2 ;;
esac

# Prints the first Python of $versions that runs and can make virtual environments. Version managers put commands
# on PATH that only fail, so each candidate is run, and their versions are looked up where they are installed.
find_python() {
    local version folder folders command found lacking=
    IFS=: read -ra folders <<<"$PATH"
    for version in $versions; do
        for folder in "${folders[@]}" "${PYENV_ROOT:-${HOME-}/.pyenv}/versions/$version".*/bin; do
            for command in "$folder/python$version" "$folder/python3"; do
                [ -x "$command" ] || continue
                found=$("$command" -c 'import sys; print("%d.%d" % sys.version_info[:2], sys.executable)' 2>/dev/null) || continue
                [ "${found%% *}" = "$version" ] || continue
                if "${found#* }" -c 'import ensurepip, venv' 2>/dev/null; then
                    echo "${found#* }"
                    return
                fi
                lacking=${lacking:-$version}
            done
        done
    done
    if [ -n "$lacking" ]; then
        echo "error: Python $lacking has no venv module: install the package python$lacking-venv" >&2
    else
        echo "error: no working Python found on PATH (${versions// /, }): install, for example, python3 and python3-venv" >&2
    fi
    return 3
}

find_uv() {
    if uv --version >/dev/null 2>&1; then
        echo uv
        return
    fi
    if ! .cache/uv-tool/bin/uv --version >/dev/null 2>&1; then
        "$1" -m venv --clear .cache/uv-tool
        .cache/uv-tool/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
    fi
    echo .cache/uv-tool/bin/uv
}

# Installs Chromium only in continuous integration, never on a developer's machine.
need_chromium() {
    ! command -v chromium chromium-browser >/dev/null || return 0
    if [ -n "${CI-}" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing Chromium ..."
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium >/dev/null && return
    fi
    echo "error: no Chromium found on PATH: install, for example, the package chromium" >&2
    return 3
}

# Where Ansible and Python look for the collection: a link to this folder.
mkdir -p .cache .ansible/collections/ansible_collections/tenantops
: >"$ANSIBLE_CONFIG"
ln -sfn ../../../.. .ansible/collections/ansible_collections/tenantops/entra

[ "$venv" != .venv-browser ] || need_chromium

stamp="$PWD $(cat "$lock" requirements/uv.txt | cksum)"
works() { "$venv/bin/python" -c '' 2>/dev/null; }
is_current() { [ "$(cat "$venv/.stamp" 2>/dev/null)" = "$stamp" ] && works; }
is_current && exit
if command -v flock >/dev/null; then
    exec 9>".cache/bootstrap$venv.lock"
    flock 9
    is_current && exit
fi

python=$(find_python)
uv=$(find_uv "$python")
echo "Setting up $venv with $("$python" -V) ..."
case $(cat "$venv/.stamp" 2>/dev/null) in
"$PWD "*) works || rm -rf "$venv" ;;
*) rm -rf "$venv" ;; # unfinished, or moved here from another folder
esac
[ -d "$venv" ] || "$uv" venv --quiet --python "$python" "$venv"
"$uv" pip sync --quiet --require-hashes --python "$venv/bin/python" "$lock"
echo "$stamp" >"$venv/.stamp"
