#!/usr/bin/env bash
# Runs the playbooks on the tenants of examples/inventory, which are simulated. Nothing leaves this machine.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/bootstrap.sh
. tools/env.sh
state=$PWD/.cache/demo
rm -rf "$state"
mkdir -p "$state"

export PYTHONPATH=$PWD/.ansible/collections
python -m ansible_collections.tenantops.entra.tests.simulator --seed examples/simulated-tenants.yml --state-dir "$state" &
simulator=$!
trap 'kill "$simulator" 2>/dev/null || true; wait "$simulator" 2>/dev/null || true' EXIT
until [ -e "$state/ready.json" ]; do
    kill -0 "$simulator" 2>/dev/null || { echo "error: the simulator did not start" >&2 && exit 1; }
    sleep 0.1
done

unset -v "${!AZURE_@}" "${!ENTRA_@}" # never a real tenant
url=$(sed 's/.*"url": "\([^"]*\)".*/\1/' "$state/ready.json")
export ENTRA_AUTHORITY_URL=$url ENTRA_GRAPH_URL=$url ENTRA_PORTAL_URL=$url ENTRA_CA_PATH=$state/ca.pem
export AZURE_CLIENT_ID=aaaaaaaa-0000-4000-8000-000000000001 AZURE_CLIENT_SECRET=demo-client-secret
export MSP_PORTAL_REFRESH_TOKEN=demo-refresh-token
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
export ANSIBLE_HOME=$state/ansible ANSIBLE_STDOUT_CALLBACK=default ANSIBLE_CALLBACK_RESULT_FORMAT=yaml ANSIBLE_NOCOLOR=true
python tools/demo.py
