# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The layout of horizontal bars, which ``chart.svg.html.j2`` draws. Lengths are in units of the drawing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .model import ControlTotals
from .wording import COVERAGE_TITLES, SHOWN_STATES, baseline_title

WIDTH = 400
ROW_HEIGHT = 26
BAR_HEIGHT = 22
# From left to right in a bar of statuses
STATUS_ORDER = ("pass", "waived", "unknown", "fail")

_CHARACTER_WIDTH = 8
_LONGEST_LABEL = 24
_GAP = 8
_PADDING = 3


@dataclass(frozen=True)
class Segment:
    """A part of a bar. ``kind`` is the class that colors it."""

    kind: str
    count: int
    x: float
    width: float

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)

    @property
    def has_room(self) -> bool:
        """Whether its number fits into it."""
        return self.width >= len(str(self.count)) * _CHARACTER_WIDTH + _PADDING


@dataclass(frozen=True)
class Bar:
    label: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Chart:
    """``text`` is for those who cannot see it. ``numbered``: each segment shows its number where there is room."""

    title: str
    text: str
    bars: tuple[Bar, ...]
    label_width: float
    numbered: bool = False
    note: str | None = None

    @property
    def height(self) -> int:
        return ROW_HEIGHT * len(self.bars)


def states_chart(states: Mapping[str, int]) -> Chart:
    """How many tenants are in each state, as on the page."""
    counts = {state: states[state] for state in SHOWN_STATES if state in states}
    return _counts_chart("Tenants by state", {state: state.replace(" ", "-") for state in counts}, counts)


def coverage_chart(coverage: Mapping[str, int | None], tenants: int) -> Chart:
    """How many users are covered, of the totals of a report with that many tenants."""
    counts = {title: count for key, title in COVERAGE_TITLES.items() if (count := coverage[key]) is not None}
    note = f"In the {coverage['tenants']} of {tenants} tenants where this is known"
    return _counts_chart("Users", dict.fromkeys(counts, "plain"), counts, note)


def compliance_charts(controls: Sequence[ControlTotals]) -> list[Chart]:
    """One chart per baseline: how many tenants meet each of its controls."""
    charts = []
    for baseline in dict.fromkeys(control.baseline for control in controls):
        title = baseline_title(baseline)
        of_baseline = [control for control in controls if control.baseline == baseline]
        rows = [
            (control.control, {status: control.counts[status] for status in STATUS_ORDER}) for control in of_baseline
        ]
        text = f"Tenants by control of {title}. The table of controls has the numbers."
        charts.append(_chart(f"Compliance: {title}", text, rows, numbered=True))
    return charts


def _counts_chart(title: str, kinds: Mapping[str, str], counts: Mapping[str, int], note: str | None = None) -> Chart:
    """One bar per number, with the number in its label."""
    rows = [(f"{name} {count:,}", {kinds[name]: count}) for name, count in counts.items()]
    return _chart(title, ", ".join(label for label, _counts in rows), rows, note=note)


def _chart(
    title: str,
    text: str,
    rows: Sequence[tuple[str, Mapping[str, int]]],
    *,
    numbered: bool = False,
    note: str | None = None,
) -> Chart:
    labels = [_shortened(label) for label, _counts in rows]
    label_width = max(map(len, labels), default=0) * _CHARACTER_WIDTH + _GAP
    longest = max((sum(counts.values()) for _label, counts in rows), default=0)
    scale = (WIDTH - label_width - 1.5) / longest if longest else 0
    bars = tuple(
        Bar(label, tuple(_segments(counts, label_width, scale)))
        for label, (_label, counts) in zip(labels, rows, strict=True)
    )
    return Chart(title, text, bars, label_width, numbered, note)


def _segments(counts: Mapping[str, int], start: float, scale: float) -> Iterable[Segment]:
    """The parts of a bar, side by side."""
    passed = 0
    for kind, count in counts.items():
        if count:
            yield Segment(kind, count, round(start + passed * scale, 1), round(count * scale, 1))
        passed += count


def _shortened(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}\N{HORIZONTAL ELLIPSIS}"
