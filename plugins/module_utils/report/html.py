# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report as pages to read: Jinja, which comes with Ansible, fills the templates; pygal draws the pictures."""

from __future__ import annotations

import base64
import hashlib
import math
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from .._errors import SsprError
from .model import SHOWN_STATES, Column, Entry, Report, columns, file_names, headline, natural, shown_name, shown_state
from .schema import STATES
from .style import SCRIPT, STYLE
from .templates import TEMPLATES

SVG = "http://www.w3.org/2000/svg"
# From the left to the right of a bar, and the colours of the style sheet in that order
STATUS_SERIES = ("pass", "waived", "unknown", "fail")
COVERAGE_NAMES = {"in_scope": "in scope", "registered": "registered", "capable": "able to reset", "enabled": "enabled"}
STATUS_TITLES = {"fail": "To be done", "unknown": "Not known", "waived": "Waived", "pass": "Met"}
CHANGE_TITLES = {
    "new_drift": "New drift",
    "expired_waivers": "Waiver expired",
    "no_longer_known": "No longer known",
    "fixed": "Fixed",
}
MARKS = {
    "verified": "",
    "inferred": '<sup title="inferred">i</sup>',
    "attested": '<sup title="attested">a</sup>',
    "last_verified": '<sup title="last verified">l</sup>',
    "unavailable": "",
}
_MOST_MISSED = 5
# The share of the longest bar that a number needs
_ROOM_FOR_NUMBER = 0.07
_WIDTH, _BAR_HEIGHT = 400, 26


def require_libraries() -> None:
    """Say which Python library is missing, for this interpreter. No other module needs them, so none waits for them."""
    try:
        import jinja2
        import pygal
    except ImportError as exc:
        raise SsprError(
            "internal",
            f"a Python library is missing for {sys.executable}: {exc}",
            hint="Install pygal for this Python (requirements.txt of the collection). Jinja2 comes with ansible-core.",
        ) from exc
    del jinja2, pygal


def fleet_page(report: Report, *, pages: bool) -> str:
    """report.html: all tenants on one page that needs nothing but itself."""
    entries = sorted(report["tenants"], key=lambda entry: (natural(shown_name(entry).casefold()), entry["host"]))
    report = {**report, "tenants": entries}
    found = columns(entries)
    grades = report["totals"]["grades"]
    answers = sum(grades.values())
    states = _by_state(entries)
    worst = sorted((column for column in found if column.counts["fail"]), key=lambda column: -column.counts["fail"])
    return _rendered(
        "fleet",
        SCRIPT,
        report=report,
        sentence=headline(report["totals"], states),
        states=states,
        verified=100 * grades["verified"] // answers if answers else None,
        worst=worst[:_MOST_MISSED],
        pictures=list(_pictures(report, states)),
        compliance=list(_compliance(found)),
        columns=found,
        rows={entry["host"]: {control["id"]: control for control in entry["controls"]} for entry in entries},
        unchanged=not any(found for found in (report["since"] or {}).values() if isinstance(found, list)),
        names={entry["host"]: shown_name(entry) for entry in entries},
        files=file_names(entry["host"] for entry in entries) if pages else None,
        marks=MARKS,
    )


def tenant_pages(report: Report) -> Iterator[tuple[str, str]]:
    """A page for each client, with nothing of another: file name and content."""
    files = file_names(entry["host"] for entry in report["tenants"])
    for entry in report["tenants"]:
        counts = Counter(control["status"] for control in entry["controls"])
        yield (
            files[entry["host"]],
            _rendered(
                "tenant",
                "",
                report={key: report[key] for key in ("title", "as_of", "generated", "since")},
                entry=entry,
                counts=counts,
                sentence=_sentence(entry, counts),
                changes=list(_changes_of(report["since"] or {}, entry["host"])),
            ),
        )


def _sentence(entry: Entry, counts: Mapping[str, int]) -> str:
    if entry["run"] != "ok":
        return "This tenant was not checked."
    told = [f"{counts[status]} {word}" for status, word in _WORDS.items() if counts[status]]
    return f"Of {sum(counts.values())} controls, {', '.join(told)}." if told else "No control was checked."


_WORDS = {"pass": "are met", "fail": "are to be done", "unknown": "are not known", "waived": "are waived"}


def _changes_of(since: Mapping[str, Any], host: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, title in CHANGE_TITLES.items():
        yield from ((title, change) for change in since.get(name, ()) if change["host"] == host)


def _by_state(entries: Iterable[Entry]) -> dict[str, int]:
    counted = Counter(map(shown_state, entries))
    return {state: counted[state] for state in SHOWN_STATES if counted[state] or state in STATES}


# Templates


def _rendered(template: str, script: str, **values: Any) -> str:
    policy = "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_digest(STYLE)}'",
            f"script-src '{_digest(script)}'" if script else "script-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    page: str = _environment().get_template(template).render(policy=policy, style=STYLE, script=script, **values)
    return page


def _digest(text: str) -> str:
    """How a content security policy names an inline style or script."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _environment() -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.DictLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(_FILTERS)
    environment.globals.update(coverage_names=COVERAGE_NAMES, status_titles=STATUS_TITLES)
    return environment


def _moment(text: str) -> str:
    """A time of day as people write it; anything else as it is."""
    date, separator, time = text.partition("T")
    utc = time.endswith(("Z", "+00:00"))
    return f"{date} {time[:5]} UTC" if separator and utc else text


def _isolated(text: str) -> str:
    """Where there can be no <bdi>: its marks, so that right-to-left text leaves what is around it in order."""
    return f"\N{FIRST STRONG ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}"


_FILTERS: Mapping[str, Callable[..., Any]] = {
    "failing": lambda controls: sum(control["status"] == "fail" for control in controls),
    "is_web": lambda url: str(url).startswith("https://"),
    "isolated": _isolated,
    "moment": _moment,
    "name": shown_name,
    "percent": lambda share: "not known" if share is None else f"{math.floor(100 * share)}%",
    "state": shown_state,
    "versions": lambda found: ", ".join(f"{name} {version or ''}".strip() for name, version in found.items()),
    "words": lambda name: name.replace("_", " "),
}


# Pictures


@dataclass(frozen=True)
class Picture:
    title: str
    svg: str
    note: str | None = None


def _pictures(report: Report, states: Mapping[str, int]) -> Iterator[Picture]:
    count = len(report["tenants"])
    if count:
        yield Picture("Tenants by state", _counted("states", states, SHOWN_STATES))
    coverage = report["totals"]["coverage"]
    if coverage["tenants"]:
        known = {name: coverage[key] for key, name in COVERAGE_NAMES.items() if coverage[key] is not None}
        note = f"In the {coverage['tenants']} of {count} tenants where this is known"
        yield Picture("Users", _counted("plain", known, tuple(known)), note)


def _counted(kind: str, counts: Mapping[str, int], colours: Sequence[str]) -> str:
    """A bar for each number. Its colour goes by its name's place among the colours."""
    labels = [f"{name} {count:,}" for name, count in counts.items()]
    series = {name: [count if other == name else None for other, count in counts.items()] for name in colours}
    return _bars(kind, labels, series, ", ".join(labels), print_values=False)


def _compliance(found: Sequence[Column]) -> Iterator[Picture]:
    """A picture a baseline: how many tenants meet each of its controls."""
    for baseline in dict.fromkeys(column.baseline for column in found):
        group = [column for column in found if column.baseline == baseline]
        bars = {status: [column.counts[status] for column in group] for status in STATUS_SERIES}
        text = f"Tenants by control of {baseline}. The table of controls has the numbers."
        yield Picture(f"Compliance: {baseline}", _bars("statuses", [column.control for column in group], bars, text))


def _bars(
    kind: str,
    labels: Sequence[str],
    series: Mapping[str, Sequence[int | None]],
    text: str,
    *,
    print_values: bool = True,
) -> str:
    """Horizontal bars, from the top down, as an SVG element that takes its colours from the page."""
    import pygal

    chart = pygal.HorizontalStackedBar(
        classes=["chart", kind],
        css=[],
        js=[],
        width=_WIDTH,
        height=_BAR_HEIGHT * len(labels) + 20,
        margin=6,
        no_prefix=True,
        print_values=print_values,
        print_zeroes=False,
        show_legend=False,
        show_x_labels=False,
        style=pygal.style.Style(label_font_size=13, value_font_size=13),
        truncate_label=30,
        value_formatter=lambda count: f"{count:.0f}",
    )
    chart.x_labels = list(reversed(labels))
    longest = max((sum(filter(None, counts)) for counts in zip(*series.values(), strict=True)), default=0)
    for name, values in series.items():
        chart.add(name, [_bar(count, longest) for count in reversed(values)])
    return _plain(chart.render(is_unicode=True), text)


def _bar(count: int | None, longest: int) -> Any:
    """A bar, with its number where there is room for it."""
    room = count is not None and count >= _ROOM_FOR_NUMBER * longest
    return count if room else {"value": count, "formatter": lambda _count: ""}


def _plain(svg: str, text: str) -> str:
    """Without the script, style, comments and tooltips that pygal adds; with a text for who cannot see it."""
    root = ET.fromstring(svg)
    for parent in list(root.iter()):
        parent.attrib.pop("style", None)
        for child in list(parent):
            if child.tag in _LEFT_OUT:
                parent.remove(child)
    root.attrib.pop("id", None)
    root.set("role", "img")
    root.set("aria-label", text)
    ET.register_namespace("", SVG)
    return ET.tostring(root, encoding="unicode")


_LEFT_OUT = {f"{{{SVG}}}{tag}" for tag in ("defs", "title", "desc")}
