# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report as pages to read: Jinja, which comes with Ansible, fills the templates of this directory."""

from __future__ import annotations

import base64
import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ...module_utils.compliance.audit_entry import STATES
from . import chart_layout, wording
from .file_names import file_names
from .model import Entry, Report, control_totals, natural

_HERE = Path(__file__).parent
_MOST_COMMON = 5


def fleet_page(report: Report, *, pages: bool) -> str:
    """report.html: all tenants on one self-contained page. ``pages``: whether it links to the pages of clients."""
    entries = sorted(report["tenants"], key=_by_name)
    controls = control_totals(entries)
    states = _states(entries)
    failing = sorted((it for it in controls if it.counts["fail"]), key=lambda it: -it.counts["fail"])
    return _render(
        "fleet.html.j2",
        _file("report.js"),
        report={**report, "tenants": entries},
        headline=wording.headline(report["totals"]["states"], states),
        states=states,
        verified=_percent_verified(report["totals"]["grades"]),
        most_common_failures=failing[:_MOST_COMMON],
        summary_charts=list(_summary_charts(report, states)),
        compliance_charts=chart_layout.compliance_charts(controls),
        controls=controls,
        by_control={entry["host"]: {control["id"]: control for control in entry["controls"]} for entry in entries},
        unchanged=not any(found for found in (report["since"] or {}).values() if isinstance(found, list)),
        names={entry["host"]: wording.shown_name(entry) for entry in entries},
        files=file_names(entry["host"] for entry in entries) if pages else None,
    )


def tenant_pages(report: Report) -> Iterator[tuple[str, str]]:
    """A page for each client, with nothing about another client: file name and content."""
    files = file_names(entry["host"] for entry in report["tenants"])
    for entry in report["tenants"]:
        counts = Counter(control["status"] for control in entry["controls"])
        page = _render(
            "tenant.html.j2",
            "",
            report={key: report[key] for key in ("title", "as_of", "generated", "since")},
            entry=entry,
            counts=counts,
            headline=wording.tenant_headline(entry, counts),
            changes=list(_changes_of(entry["host"], report["since"] or {})),
        )
        yield files[entry["host"]], page


def _by_name(entry: Entry) -> tuple[Any, ...]:
    return natural(wording.shown_name(entry).casefold()), entry["host"]


def _states(entries: Iterable[Entry]) -> dict[str, int]:
    """How many tenants are in each state; those that are rare only where there is one."""
    counted = Counter(map(wording.shown_state, entries))
    return {state: counted[state] for state in wording.SHOWN_STATES if counted[state] or state in STATES}


def _percent_verified(grades: Mapping[str, int]) -> int | None:
    results = sum(grades.values())
    return 100 * grades["verified"] // results if results else None


def _summary_charts(report: Report, states: Mapping[str, int]) -> Iterator[chart_layout.Chart]:
    if report["tenants"]:
        yield chart_layout.states_chart(states)
    coverage = report["totals"]["coverage"]
    if coverage["tenants"]:
        yield chart_layout.coverage_chart(coverage, len(report["tenants"]))


def _changes_of(host: str, since: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The changes of one tenant, each with what it is called."""
    for name, title in wording.CHANGE_TITLES.items():
        yield from ((title, change) for change in since.get(name, ()) if change["host"] == host)


# Templates


def _render(template: str, script: str, **values: Any) -> str:
    style = _file("report.css")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(script)}'" if script else "script-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    page: str = _environment().get_template(template).render(policy=policy, style=style, script=script, **values)
    return page


@cache
def _file(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """How a content security policy names an inline style or script."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _environment() -> Any:
    import jinja2

    # Everything is escaped. The templates mark only the style sheet and the script as safe.
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(_FILTERS)
    environment.globals.update(
        bar_height=chart_layout.BAR_HEIGHT,
        chart_width=chart_layout.WIDTH,
        coverage_titles=wording.COVERAGE_TITLES,
        grade_letters=wording.GRADE_LETTERS,
        grade_meanings=wording.GRADE_MEANINGS,
        grade_titles=wording.GRADE_TITLES,
        row_height=chart_layout.ROW_HEIGHT,
        status_meanings=wording.STATUS_MEANINGS,
        status_titles=wording.STATUS_TITLES,
    )
    return environment


def _moment(text: str) -> str:
    """A timestamp in UTC, to the minute; anything else as it is."""
    date, separator, time = text.partition("T")
    utc = time.endswith(("Z", "+00:00"))
    return f"{date} {time[:5]} UTC" if separator and utc else text


def _isolated(text: str) -> str:
    """Where there can be no <bdi>: its marks, so that right-to-left text leaves what is around it in order."""
    return f"\N{FIRST STRONG ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}"


_FILTERS: Mapping[str, Callable[..., Any]] = {
    "baseline_title": wording.baseline_title,
    "failing": lambda controls: sum(control["status"] == "fail" for control in controls),
    "is_web": lambda url: str(url).startswith("https://"),
    "isolated": _isolated,
    "moment": _moment,
    "name": wording.shown_name,
    "percent": lambda share: "unknown" if share is None else f"{math.floor(100 * share)}%",
    "state": wording.shown_state,
    "user": wording.shown_user,
    "versions": lambda found: ", ".join(f"{name} {version or ''}".strip() for name, version in found.items()),
}
