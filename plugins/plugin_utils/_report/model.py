# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report as data: the entries of tenants merged, counted, and assembled as report.json has them. Pure.

Entries and reports are JSON in the form of ``audit-report-1.schema.json``.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from typing import Any

from ...module_utils._dates import parse_timestamp
from ...module_utils._version import COLLECTION, VERSION
from ...module_utils.compliance.audit_entry import RUNS, SCHEMA_VERSION, STATES, AuditEntry
from ...module_utils.compliance.evaluation import GRADES, STATUSES
from .comparison import compare

Entry = dict[str, Any]
Report = dict[str, Any]

_LONG_AGO = datetime.min.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class Slice:
    """Entries that were collected together. ``timestamp`` is for those without a time of their own."""

    timestamp: str
    entries: Sequence[Entry]


def merge(slices: Iterable[Slice], hosts: Mapping[str, str | None]) -> list[Entry]:
    """One entry per tenant, by name. ``hosts`` are the requested tenants, each with its ID or domain.

    Of two entries the later one counts; but one that was not run never replaces one that was.
    """
    best: dict[str, tuple[tuple[bool, datetime], Entry]] = {
        host: ((False, _LONG_AGO), AuditEntry.not_run(host, tenant).as_result()) for host, tenant in hosts.items()
    }
    for piece in slices:
        for entry in piece.entries:
            read_at = (entry["evidence"] or {}).get("at") or piece.timestamp
            rank = (entry["run"] != "not_run", parse_timestamp(read_at) or _LONG_AGO)
            known = best.get(entry["host"])
            if known is None or rank >= known[0]:
                best[entry["host"]] = rank, entry
    return [best[host][1] for host in sorted(best, key=lambda host: (natural(host.casefold()), host))]


def natural(text: str) -> tuple[tuple[int, str], ...]:
    """A key that sorts 5.2.4.10 after 5.2.4.9."""
    return tuple((int(digits or 0), other) for digits, other in re.findall(r"([0-9]{1,18})|([^0-9]+)", text))


def assemble(entries: Sequence[Entry], *, title: str, generated: str, as_of: date, previous: Report | None) -> Report:
    """The whole report, as report.json has it."""
    return {
        "schema": SCHEMA_VERSION,
        "generated": generated,
        "as_of": as_of.isoformat(),
        "title": title,
        "collection": {"name": COLLECTION, "version": VERSION},
        "baselines": [{"id": name, "version": version} for name, version in sorted(_baselines(entries))],
        "tenants": list(entries),
        "since": None if previous is None else compare(previous, entries, as_of),
        "totals": totals(entries),
    }


def _baselines(entries: Iterable[Entry]) -> set[tuple[str, str]]:
    known = [entry["evidence"]["baselines"] for entry in entries if entry["evidence"]]
    return {(name, version or "") for baselines in known for name, version in baselines.items()}


def totals(entries: Sequence[Entry]) -> dict[str, Any]:
    controls = [control for entry in entries for control in entry["controls"]]
    return {
        "tenants": len(entries),
        "states": _counts(STATES, (entry["state"] for entry in entries)),
        "runs": _counts(RUNS, (entry["run"] for entry in entries)),
        "statuses": _counts(STATUSES, (control["status"] for control in controls)),
        "grades": _counts(GRADES, (control["grade"] for control in controls)),
        "coverage": _total_coverage(entries),
        "outlook": _total_outlook(entries),
    }


def _counts(names: Iterable[str], found: Iterable[str]) -> dict[str, int]:
    counted = Counter(found)
    return {name: counted[name] for name in names}


def _total_coverage(entries: Iterable[Entry]) -> dict[str, int | None]:
    """Sums over the tenants that report every number that is compared with another."""
    needed = ("in_scope", "registered", "capable")
    known = [c for entry in entries if (c := entry["coverage"]) and all(c[name] is not None for name in needed)]
    enabled = [coverage["enabled"] for coverage in known]
    return {
        "tenants": len(known),
        **{name: sum(coverage[name] for coverage in known) if known else None for name in needed},
        "enabled": sum(enabled) if enabled and None not in enabled else None,
    }


def _total_outlook(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Upcoming changes by date, with how many tenants and users each affects."""
    found: dict[tuple[str, str], list[int | None]] = {}
    for entry in entries:
        for line in entry["outlook"]:
            found.setdefault((line["date"], line["what"]), []).append(line["users"])
    return [
        {
            "date": day,
            "what": what,
            "tenants": sum(bool(count) for count in users),
            "users": sum(count or 0 for count in users),
            "unknown": users.count(None),
        }
        for (day, what), users in sorted(found.items())
    ]


@dataclass
class ControlTotals:
    """One control over all tenants. ``counts`` by status."""

    id: str
    baseline: str
    control: str
    title: str
    level: str | int | None
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def anchor(self) -> str:
        """Its place on the page of all tenants."""
        return f"c{hashlib.sha256(self.id.encode()).hexdigest()[:10]}"

    @property
    def share(self) -> float | None:
        """The share of tenants that pass, of those whose status is known."""
        known = sum(self.counts[status] for status in STATUSES if status != "unknown")
        return self.counts["pass"] / known if known else None


def control_totals(entries: Iterable[Entry]) -> list[ControlTotals]:
    """All controls, by baseline and number."""
    found: dict[str, ControlTotals] = {}
    for entry in entries:
        for control in entry["controls"]:
            names = ("id", "baseline", "control", "title", "level")
            counted = found.setdefault(control["id"], ControlTotals(*(control[name] for name in names)))
            counted.counts[control["status"]] += 1
    return sorted(found.values(), key=lambda it: (it.baseline, natural(it.control), it.id))
