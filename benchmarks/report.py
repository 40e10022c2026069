# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The measurements as ratios, as tables in docs/performance.md, and as the chart next to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from . import picture
from .variants import GROWTH_BASE, GROWTH_TARGET, RATIOS, VARIANTS, Ratio

DOCS = Path(__file__).resolve().parent.parent / "docs"
BEGIN, END = "<!-- benchmark: begin -->\n", "<!-- benchmark: end -->\n"
UNITS = {"cpu": "CPU", "wall": "wall", "largest": "largest process", "memory": "memory of all"}

Results = Mapping[str, Any]


def value(results: Results, ratio: Ratio) -> float | None:
    """None when one of the two was not measured."""
    measured = results["variants"]
    if ratio.of not in measured or ratio.to not in measured:
        return None
    parts = [
        measured[name][ratio.measure] / (VARIANTS[name].tasks if ratio.per_task else 1) for name in (ratio.of, ratio.to)
    ]
    return float(parts[0] / parts[1])


def shown(number: float) -> str:
    return f"1/{1 / number:.1f}" if number < 0.7 else f"{number:.2f}"


def ratios(results: Results) -> Iterator[tuple[str, str, str, str]]:
    """What is compared, the ratio, its target, and whether it is met."""
    for ratio in RATIOS:
        found = value(results, ratio)
        if found is None:
            continue
        what = f"{ratio.of} : {ratio.to}, {UNITS[ratio.measure]}{' per task' if ratio.per_task else ''}"
        target = "" if ratio.target is None else f"<= {shown(ratio.target)}"
        met = "" if ratio.target is None else "yes" if found <= ratio.target else "NO"
        yield what, shown(found), target, met
    for name, costs in results["growth"].items():
        most = max(map(int, costs))
        if str(GROWTH_BASE) in costs and most > GROWTH_BASE:
            found = costs[str(most)]["cpu"] / most / (costs[str(GROWTH_BASE)]["cpu"] / GROWTH_BASE)
            met = "yes" if found <= GROWTH_TARGET else "NO"
            yield f"{name}, CPU per tenant, {most} : {GROWTH_BASE}", shown(found), f"<= {GROWTH_TARGET:.2f}", met


def summary(results: Results) -> Iterator[str]:
    for what, found, target, met in ratios(results):
        yield f"{what:46} {found:>8}  {target:>9}  {met}"


def table(results: Results) -> str:
    """The generated part of docs/performance.md."""
    conditions = results["conditions"]
    setting = (
        f"{conditions['date']}, {conditions['tenants']} tenants, {conditions['forks']} forks,"
        f" {conditions['latency_ms']:g} ms per response, {conditions['cores']} cores,"
        f" Python {conditions['python']}, ansible-core {conditions['ansible-core']},"
        f" msgraph-sdk {conditions['msgraph-sdk']}, azure-identity {conditions['azure-identity']}."
    )
    lines = [
        setting,
        "",
        "| | what runs | CPU s | wall s | largest process, MiB | all, MiB | requests per tenant |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, cost in results["variants"].items():
        requests = ", ".join(f"{count:g} {kind}" for kind, count in cost["requests"].items()) or "none"
        lines.append(
            f"| `{name}` | {VARIANTS[name].title} | {cost['cpu']:.1f} | {cost['wall']:.1f} "
            f"| {cost['largest']:.0f} | {cost['memory']:.0f} "
            f"| {requests} |"
        )
    lines += ["", "| compared | ratio | target | met |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(line)} |" for line in ratios(results)]
    sizes = sorted({int(number) for costs in results["growth"].values() for number in costs})
    lines += ["", f"| CPU s / wall s with | {' | '.join(f'{number} tenants' for number in sizes)} |"]
    lines.append("|---" * (len(sizes) + 1) + "|")
    for name, costs in results["growth"].items():
        cells = [
            f"{cost['cpu']:.1f} / {cost['wall']:.1f}" if cost else "" for cost in (costs.get(str(n)) for n in sizes)
        ]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def write(results: Results) -> None:
    """Update the tables and the chart in the documentation."""
    path = DOCS / "performance.md"
    before, _begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    path.write_text(f"{before}{BEGIN}\n{table(results)}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    (DOCS / "performance.svg").write_text(picture.draw(results), encoding="utf-8")
