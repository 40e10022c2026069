# shellcheck shell=bash
# The environment of every tool: `. tools/env.sh`. All state stays inside the checkout.
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
export PATH="$checkout/.venv/bin:$PATH"
export ANSIBLE_HOME="$checkout/.ansible"
export ANSIBLE_CONFIG="$ANSIBLE_HOME/empty.cfg" # not the user's own settings
export ANSIBLE_ASYNC_DIR="$ANSIBLE_HOME/async"
export ANSIBLE_REMOTE_TMP="$ANSIBLE_HOME/tmp"
export ANSIBLE_COLLECTIONS_PATH="$ANSIBLE_HOME/collections"
export XDG_CACHE_HOME="$checkout/.cache"
export HYPOTHESIS_STORAGE_DIRECTORY="$checkout/.cache/hypothesis"
export UV_CACHE_DIR="${UV_CACHE_DIR:-$checkout/.cache/uv}"
export UV_PYTHON_DOWNLOADS=never
if [ -e /etc/ssl/certs/ca-certificates.crt ]; then export UV_SYSTEM_CERTS=true; fi # including a company's own certificate authority
if [ "$(locale charmap 2>/dev/null)" != UTF-8 ]; then export LC_ALL=C.UTF-8; fi # else Ansible refuses to start
unset checkout PYTHONDONTWRITEBYTECODE # without bytecode, each module compiles its libraries again, which triples the time
