# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/performance.svg: the CPU time of each job, as horizontal bars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

TEMPLATES = Path(__file__).resolve().parent / "templates"

# Who does a job, with the class of the color; and for each job the variants, in the same order
SERIES = {"with uri": "uri", "this collection": "ours", "its requests alone": "bare", "by http.client": "thin"}
JOBS = {
    "Set five pages": ("uri_steps", "pages", "bare_pages", "thin_pages"),
    "Set all at once": ("uri_compact", "policy", "bare_policy", "thin_policy"),
    "Audit": ("uri_audit", "info", "bare_info", "thin_info"),
}

# In units of the drawing
WIDTH = 800
BARS_START = 180
LONGEST_BAR = 540
TITLE_HEIGHT = 64
HEADING_HEIGHT = 24
ROW_HEIGHT = 22
JOB_HEIGHT = HEADING_HEIGHT + ROW_HEIGHT * len(SERIES) + 16


@dataclass(frozen=True)
class Bar:
    """``kind`` is the class that colors it. ``top`` is the upper edge of its row."""

    label: str
    kind: str
    number: str
    top: int
    width: float


@dataclass(frozen=True)
class Job:
    """``top`` is the upper edge of its heading."""

    title: str
    top: int
    bars: tuple[Bar, ...]


def draw(results: Mapping[str, Any]) -> str:
    """The drawing as SVG. It has no script, and a background of its own: it is legible on light and dark pages."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("performance.svg.j2").render(
        title=f"CPU seconds for {results['conditions']['tenants']} tenants",
        jobs=jobs(results["variants"]),
        width=WIDTH,
        height=TITLE_HEIGHT + JOB_HEIGHT * len(JOBS),
        bars_start=BARS_START,
        row_height=ROW_HEIGHT,
    )


def jobs(variants: Mapping[str, Mapping[str, Any]]) -> list[Job]:
    """The bars of each job. A variant that was not measured has none."""
    seconds = {name: float(variants[name]["cpu"]) for names in JOBS.values() for name in names if name in variants}
    scale = LONGEST_BAR / max(seconds.values())
    drawn: list[Job] = []
    for title, names in JOBS.items():
        top = TITLE_HEIGHT + JOB_HEIGHT * len(drawn)
        bars = tuple(
            Bar(
                label,
                kind,
                _shown(seconds[name]),
                top + HEADING_HEIGHT + ROW_HEIGHT * row,
                round(seconds[name] * scale, 1),
            )
            for row, ((label, kind), name) in enumerate(zip(SERIES.items(), names, strict=True))
            if name in seconds
        )
        drawn.append(Job(title, top, bars))
    return drawn


def _shown(seconds: float) -> str:
    return f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.1f}"
