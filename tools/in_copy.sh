#!/usr/bin/env bash
# Runs a command in a copy of all files that git does not ignore: `tools/in_copy.sh ansible-test sanity --test pep8`.
# ansible-test requires a git repository at ansible_collections/NAMESPACE/NAME, and checks every file in it.
# With VENV=.venv-oldest, that environment's commands come first.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/env.sh
venv=$PWD/${VENV:-.venv}
copy=$PWD/.cache/copy/$(basename "$venv")/ansible_collections/tenantops/entra

# ansible-test starts each Python that it finds by name: omit the commands of version managers, which may only fail.
path=$venv/bin
IFS=: read -ra folders <<<"$PATH"
for folder in "${folders[@]}" "${PYENV_ROOT:-${HOME-}/.pyenv}"/versions/3.*/bin; do
    case $folder in */shims) continue ;; esac
    if [ -d "$folder" ]; then path=$path:$folder; fi
done
export PATH=$path

# ansible-test keeps its environments, one for each sanity test, in the home directory.
export XDG_CONFIG_HOME="${XDG_CONFIG_HOME:-${HOME-}/.config}"
export HOME="$PWD/.cache/home"
shims=$HOME/.ansible/test/cache
requirements=$(python -c 'import ansible_test._internal.python_requirements as module; print(module.__file__)')
version=$(sed -n "s/^ *pip='\([0-9.]*\)',*\$/\1/p" "$requirements" | head -n 1)
mkdir -p "$shims"
cp tools/get_pip.py "$shims/get_pip_${version//./_}.py"

rm -rf "$copy"
mkdir -p "$copy"
git -c safe.directory="$PWD" ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do
        if [ -e "$file" ] || [ -L "$file" ]; then printf '%s\0' "$file"; fi
    done |
    tar --create --null --no-recursion --files-from=- | tar --extract --directory "$copy"
cd "$copy"
git init --quiet
git add --all --force
exec "$@"
