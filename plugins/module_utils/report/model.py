# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a report over many tenants says: entries joined, counted, and compared with an earlier report. Pure."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._version import COLLECTION
from .._version import VERSION as COLLECTION_VERSION
from .schema import ENTRY, GRADES, RUNS, SCHEMA, STATES, STATUSES, VERSION

Entry = dict[str, Any]
Report = dict[str, Any]

NEVER, DRIFT, INCOMPLETE = "never", "drift", "incomplete"
# Which states of a tenant make a report fail; each choice is stricter than the one before.
FAILING: Mapping[str, tuple[str, ...]] = {NEVER: (), DRIFT: (DRIFT,), INCOMPLETE: (DRIFT, INCOMPLETE)}

# What neither XML nor UTF-8 can carry: control characters, halves of surrogate pairs, non-characters.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_JSON_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "null": type(None),
}
# Names that Windows gives to devices, whatever the extension
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_FILE_NAME_LENGTH = 80


def cleaned(value: Any) -> Any:
    """The same without characters that no file of a report can carry."""
    if isinstance(value, str):
        return UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, Mapping):
        return {cleaned(key): cleaned(item) for key, item in value.items()}
    if isinstance(value, list):
        return [cleaned(item) for item in value]
    return value


def misfit(value: Any, schema: Mapping[str, Any], where: str = "") -> str | None:
    """The first place where a value is not as this part of the schema has it, or None."""
    if "const" in schema and (value != schema["const"] or isinstance(value, bool)):
        return f"{where or 'it'} is {value!r}, not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{where} is {value!r}, not one of {', '.join(schema['enum'])}"
    types = schema.get("type", ())
    types = [types] if isinstance(types, str) else types
    # True and False are integers to Python, not to JSON.
    if types and (isinstance(value, bool) or not any(isinstance(value, _JSON_TYPES[name]) for name in types)):
        return f"{where or 'it'} is not of type {' or '.join(types)}"
    if isinstance(value, int) and value < schema.get("minimum", value):
        return f"{where} is {value}, below {schema['minimum']}"
    if isinstance(value, dict) and (missing := [key for key in schema.get("required", ()) if key not in value]):
        return f"{where or 'it'} has no {missing[0]}"
    return next((found for part in _parts(value, schema, where) if (found := misfit(*part))), None)


def _parts(value: Any, schema: Mapping[str, Any], where: str) -> Iterator[tuple[Any, Mapping[str, Any], str]]:
    """What a value contains, each with its part of the schema."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield item, schema.get("items", {}), f"{where}[{index}]"
    elif isinstance(value, dict):
        known = schema.get("properties", {})
        for key, item in value.items():
            yield item, known.get(key, schema.get("additionalProperties", {})), f"{where}.{key}".lstrip(".")


def entry_misfit(entry: Any) -> str | None:
    return misfit(entry, ENTRY)


def report_misfit(report: Any) -> str | None:
    return misfit(report, SCHEMA)


def not_run(host: str, tenant: str | None) -> Entry:
    """The entry of a tenant that no slice has."""
    return {
        "schema": VERSION,
        "host": host,
        "tenant": {"id": tenant, "display_name": None, "default_domain": None} if tenant else None,
        "run": "not_run",
        "error": None,
        "state": INCOMPLETE,
        "migration_state": None,
        "controls": [],
        "findings": [],
        "coverage": None,
        "outlook": [],
        "evidence": None,
        "unavailable": [],
    }


def joined(slices: Iterable[tuple[str, Iterable[Entry]]], hosts: Mapping[str, str | None]) -> list[Entry]:
    """One entry a tenant, by name. ``slices``: entries, with the time of those that do not tell it themselves.

    Of two entries the later one counts, but that a tenant was not run says nothing against one that was.
    """
    best: dict[str, tuple[tuple[bool, str], Entry]] = {
        host: ((False, ""), not_run(host, tenant)) for host, tenant in hosts.items()
    }
    for time, entries in slices:
        for entry in entries:
            rank = (entry["run"] != "not_run", (entry["evidence"] or {}).get("at") or time)
            known = best.get(entry["host"])
            if known is None or rank >= known[0]:
                best[entry["host"]] = rank, entry
    return [best[host][1] for host in sorted(best, key=lambda host: (natural(host.casefold()), host))]


def natural(text: str) -> tuple[tuple[int, str], ...]:
    """Sorts 5.2.4.10 behind 5.2.4.9."""
    return tuple((int(digits or 0), other) for digits, other in re.findall(r"([0-9]{1,18})|([^0-9]+)", text))


def assembled(entries: Sequence[Entry], *, title: str, generated: str, as_of: str, previous: Report | None) -> Report:
    """The whole report, as report.json has it."""
    return {
        "schema": VERSION,
        "generated": generated,
        "as_of": as_of,
        "title": title,
        "collection": {"name": COLLECTION, "version": COLLECTION_VERSION},
        "baselines": [{"id": name, "version": version} for name, version in sorted(_baselines(entries))],
        "tenants": list(entries),
        "since": None if previous is None else since(previous, entries, as_of),
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
        "coverage": _coverage(entries),
        "outlook": _outlook(entries),
    }


def _counts(names: Iterable[str], found: Iterable[str]) -> dict[str, int]:
    counted = Counter(found)
    return {name: counted[name] for name in names}


def _coverage(entries: Iterable[Entry]) -> dict[str, int | None]:
    """Sums over the tenants that tell all that is compared with each other."""
    needed = ("in_scope", "registered", "capable")
    known = [c for entry in entries if (c := entry["coverage"]) and all(c[name] is not None for name in needed)]
    enabled = [coverage["enabled"] for coverage in known]
    return {
        "tenants": len(known),
        **{name: sum(coverage[name] for coverage in known) if known else None for name in needed},
        "enabled": sum(enabled) if enabled and None not in enabled else None,
    }


def _outlook(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """What comes, by date: how many tenants and users it meets."""
    found: dict[tuple[str, str], list[int | None]] = {}
    for entry in entries:
        for line in entry["outlook"]:
            found.setdefault((line["date"], line["what"]), []).append(line["users"])
    return [
        {
            "date": date,
            "what": what,
            "tenants": sum(bool(count) for count in users),
            "users": sum(count or 0 for count in users),
            "unknown": users.count(None),
        }
        for (date, what), users in sorted(found.items())
    ]


def since(previous: Report, entries: Iterable[Entry], as_of: str) -> dict[str, Any]:
    """What is different from an earlier report. Only controls that both have evaluated are compared."""
    before = {entry["host"]: entry for entry in previous["tenants"]}
    now = {entry["host"]: entry for entry in entries}
    changes = [change for host, entry in now.items() if host in before for change in _changes(before[host], entry)]
    expired = [change for change in changes if change["was"] == "waived" and _is_over(change["expires"], as_of)]
    plain = [{key: change[key] for key in change if key != "expires"} for change in changes if change not in expired]
    return {
        "generated": previous["generated"],
        "new_drift": [change for change in plain if change["is"] == "fail"],
        "fixed": [change for change in plain if (change["was"], change["is"]) == ("fail", "pass")],
        "expired_waivers": expired,
        "no_longer_known": [change for change in plain if change["is"] == "unknown"],
        "new_tenants": [host for host, entry in now.items() if entry["controls"] and not _evaluated(before.get(host))],
        "gone_tenants": [host for host in before if host not in now],
    }


def _changes(before: Entry, now: Entry) -> Iterator[dict[str, Any]]:
    known = {control["id"]: control for control in before["controls"]}
    for control in now["controls"]:
        old = known.get(control["id"])
        if old and old["status"] != control["status"]:
            yield {
                "host": now["host"],
                "id": control["id"],
                "title": control["title"],
                "was": old["status"],
                "is": control["status"],
                "expires": (old["waiver"] or {}).get("expires"),
            }


def _is_over(expires: str | None, as_of: str) -> bool:
    """A waiver still holds on its last day."""
    return expires is not None and expires[:10] < as_of[:10]


def _evaluated(entry: Entry | None) -> bool:
    return bool(entry and entry["controls"])


def verdict(report: Report, fail_on: str) -> dict[str, Any]:
    """Whether whoever asked for this report wants it to fail, and why."""
    states = report["totals"]["states"]
    found = [f"{states[state]} in state {state}" for state in FAILING[fail_on] if states[state]]
    message = f"fail_on is {fail_on}: {' and '.join(found) or 'none counts'}, of {report['totals']['tenants']} tenants."
    return {"fail": bool(found), "message": message}


# What a page shows


@dataclass
class Column:
    """One control, over all tenants."""

    id: str
    baseline: str
    control: str
    title: str
    level: str | int | None
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def name(self) -> str:
        """Usable as part of an HTML id."""
        return hashlib.sha256(self.id.encode()).hexdigest()[:10]

    @property
    def share(self) -> float | None:
        """The share of tenants that pass, of those where it can be told."""
        told = sum(self.counts[status] for status in STATUSES if status != "unknown")
        return self.counts["pass"] / told if told else None


def columns(entries: Iterable[Entry]) -> list[Column]:
    """All controls, by baseline and number."""
    found: dict[str, Column] = {}
    for entry in entries:
        for control in entry["controls"]:
            names = ("id", "baseline", "control", "title", "level")
            column = found.setdefault(control["id"], Column(*(control[name] for name in names)))
            column.counts[control["status"]] += 1
    return sorted(found.values(), key=lambda column: (column.baseline, natural(column.control), column.id))


def shown_state(entry: Entry) -> str:
    """A tenant's state in the words of a page: not run, and failed, are not just incomplete there."""
    return {"not_run": "not run", "failed": "failed"}.get(entry["run"]) or str(entry["state"])


SHOWN_STATES = ("clean", "drift", "incomplete", "failed", "not run")


def shown_name(entry: Entry) -> str:
    tenant = entry["tenant"] or {}
    return str(tenant.get("display_name") or tenant.get("default_domain") or entry["host"])


def headline(totals_: Mapping[str, Any], shown: Mapping[str, int]) -> str:
    """The report in one or two sentences."""
    count, clean = totals_["tenants"], totals_["states"]["clean"]
    if not count:
        return "There are no tenants in this report."
    if clean == count:
        return (
            "The one tenant meets all that was checked."
            if count == 1
            else f"All {count} tenants meet all that was checked."
        )
    rest = [
        f"{shown[state]} {text}"
        for state, text in (
            ("drift", "drifted"),
            ("incomplete", "could not be checked in full"),
            ("failed", "could not be read"),
            ("not run", "not run"),
        )
        if shown.get(state)
    ]
    return f"{clean} of {count} tenants meet all that was checked. {', '.join(rest)}."


def file_names(hosts: Iterable[str]) -> dict[str, str]:
    """A safe file name for each tenant's page: the same for the same host, and unlike any other's, on any disk."""
    return {host: f"{_stem(host)}.html" for host in hosts}


def _stem(host: str) -> str:
    plain = re.sub(r"[^a-z0-9._-]+", "-", host.lower()).strip(".-_")[:_FILE_NAME_LENGTH]
    if _DEVICE.fullmatch(plain):
        plain = f"tenant-{plain}"
    if plain and plain == host:
        return plain
    # A tilde is in no plain name, so no other host can be called that.
    return f"{plain or 'tenant'}~{hashlib.sha256(host.encode('utf-8', 'surrogatepass')).hexdigest()[:10]}"
