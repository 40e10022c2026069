# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the cost of many tenants: this collection, hand-written playbooks, and Ansible itself, in one run."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from . import report
from .fleet import Fleet, fleet
from .measure import run
from .variants import GROWTH, VARIANTS, Variant

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
WORK = ROOT / ".cache" / "benchmark"
LIBRARIES = ("ansible-core", "msgraph-sdk", "microsoft-kiota-http", "httpx", "azure-identity", "msal")


def measure(variant: Variant, tenants: Fleet, forks: int) -> dict[str, Any]:
    """Run one variant on tenants as they were seeded, and make sure that it did the work."""
    tenants.reset()
    directory = WORK / variant.name
    directory.mkdir(parents=True, exist_ok=True)
    log = directory / "output.log"
    command = [
        str(Path(sys.executable).with_name("ansible-playbook")),
        *("-i", str(tenants.inventory(directory / "inventory.json"))),
        *("-f", str(forks)),
        *("-e", f"@{HERE / 'playbooks' / 'vars' / 'jobs.yml'}", "-e", f"client={variant.client}"),
        str(HERE / "playbooks" / f"{variant.playbook}.yml"),
    ]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AZURE_", "ENTRA_"))},
        "ANSIBLE_HOME": str(directory / "home"),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".ansible" / "collections"),
        "ANSIBLE_ACTION_PLUGINS": str(HERE / "plugins" / "action"),
        "ANSIBLE_LIBRARY": str(HERE / "plugins" / "modules"),
        "ANSIBLE_PIPELINING": "true",
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
    cost = run(command, environment, log)
    if cost.code:
        raise SystemExit(f"error: {variant.name} failed, see {log}")
    if variant.changes and (undone := tenants.undone()):
        raise SystemExit(f"error: {variant.name} did not configure {len(undone)} tenants, the first is {undone[0]}")
    found = {name: value for name, value in asdict(cost).items() if name != "code"}
    return {**found, "requests": tenants.requests()}


def repeated(variant: Variant, tenants: Fleet, arguments: argparse.Namespace) -> dict[str, Any]:
    """The median of each measure."""
    runs = [measure(variant, tenants, arguments.forks) for _turn in range(arguments.repeat)]
    values = {
        name: round(statistics.median(one[name] for one in runs), 2) for name in ("cpu", "wall", "memory", "largest")
    }
    result = {**values, "requests": runs[-1]["requests"]}
    shown = "  ".join(f"{kind} {count:g}" for kind, count in result["requests"].items())
    print(
        f"{tenants.tenants:5} tenants  {variant.name:12} {values['cpu']:8.1f} CPU s {values['wall']:7.1f} s "
        f"{values['memory']:6.0f} MiB {values['largest']:5.0f} MiB  {shown}",
        flush=True,
    )
    return result


def conditions(arguments: argparse.Namespace) -> dict[str, Any]:
    version = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return {
        "date": time.strftime("%Y-%m-%d"),
        "commit": version.stdout.strip(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in LIBRARIES},
        "tenants": arguments.tenants,
        "forks": arguments.forks,
        "latency_ms": arguments.latency_ms,
        "repeat": arguments.repeat,
    }


def numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",") if part]


def parse(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make benchmark", description=__doc__)
    parser.add_argument("--tenants", type=int, default=50)
    parser.add_argument("--forks", type=int, default=10)
    parser.add_argument("--latency-ms", type=float, default=80, help="delay of each response of the services")
    parser.add_argument(
        "--growth", type=numbers, default=[10, 50, 200, 1000], help="numbers of tenants to compare, separated by commas"
    )
    parser.add_argument("--repeat", type=int, default=1, help="number of runs, of which the median counts")
    parser.add_argument(
        "--only",
        type=lambda text: text.split(","),
        default=list(VARIANTS),
        help="measure only these variants, separated by commas",
    )
    parser.add_argument("--output", type=Path, default=HERE / "results.json")
    parser.add_argument(
        "--draw", action="store_true", help="measure nothing, and only update docs/performance.md and its chart"
    )
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    arguments = parse(given)
    if not arguments.draw:
        results: dict[str, Any] = {"conditions": conditions(arguments), "variants": {}, "growth": {}}
        with fleet(WORK / "simulator", arguments.tenants, arguments.latency_ms) as tenants:
            for name in arguments.only:
                results["variants"][name] = repeated(VARIANTS[name], tenants, arguments)
        for number in arguments.growth:
            chosen = [name for name, most in GROWTH.items() if name in arguments.only and number <= most]
            with fleet(WORK / "simulator", number, arguments.latency_ms) as tenants:
                for name in chosen:
                    results["growth"].setdefault(name, {})[str(number)] = repeated(VARIANTS[name], tenants, arguments)
        arguments.output.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    results = json.loads(arguments.output.read_text(encoding="utf-8"))
    print("\n" + "\n".join(report.summary(results)))
    if arguments.output == HERE / "results.json":
        report.write(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
