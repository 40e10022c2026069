# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bars: their lengths are in proportion, and a number is shown only where it fits."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantops.entra.plugins.plugin_utils._report import chart_layout
from ansible_collections.tenantops.entra.plugins.plugin_utils._report.html import _environment
from ansible_collections.tenantops.entra.plugins.plugin_utils._report.model import control_totals
from ansible_collections.tenantops.entra.tests.support.fleet import fleet

SVG = "{http://www.w3.org/2000/svg}"


def drawn(chart: chart_layout.Chart) -> ET.Element:
    """The chart as the template draws it."""
    module = _environment().get_template("chart.svg.html.j2").make_module({})
    text = str(module.bars(chart)).replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    return ET.fromstring(text.strip())


@given(st.dictionaries(st.sampled_from(["clean", "drift", "incomplete", "failed", "not run"]), st.integers(0, 10**6)))
def test_bars_are_in_proportion_and_within_the_drawing(states: dict[str, int]) -> None:
    chart = chart_layout.states_chart(states)
    assert chart.text == ", ".join(f"{name} {states[name]:,}" for name in chart_layout.SHOWN_STATES if name in states)
    segments = [segment for one in chart.bars for segment in one.segments]
    assert [segment.count for segment in segments] == [states[n] for n in chart_layout.SHOWN_STATES if states.get(n)]
    for segment in segments:
        assert segment.x == round(chart.label_width, 1)
        assert segment.x + segment.width <= chart_layout.WIDTH
        share = segment.count / max(states.values())
        assert abs(segment.width - share * (chart_layout.WIDTH - chart.label_width - 1.5)) < 0.1


def test_statuses_are_side_by_side_with_numbers_where_there_is_room() -> None:
    controls = control_totals(fleet(40))
    found = chart_layout.compliance_charts(controls)
    assert [chart.title for chart in found] == [
        "Compliance: asd_blueprint",
        "Compliance: cis_azure_v5",
        "Compliance: cis_m365_v7",
    ]
    bars = [one for chart in found for one in chart.bars]
    for one, control in zip(bars, controls, strict=True):
        assert one.label == control.control
        assert {segment.kind: segment.count for segment in one.segments} == {
            k: n for k, n in control.counts.items() if n
        }
        ends = [segment.x + segment.width for segment in one.segments]
        assert all(abs(end - after.x) < 0.2 for end, after in zip(ends, one.segments[1:], strict=False))
    assert not chart_layout.Segment("fail", 12, 0, 18).has_room
    assert chart_layout.Segment("fail", 12, 0, 20).has_room


def test_a_chart_is_one_image_with_a_text() -> None:
    [chart] = chart_layout.compliance_charts(control_totals(fleet(40)))[1:2]
    image = drawn(chart)
    assert image.get("role") == "img"
    assert image.get("aria-label") == "Tenants by control of cis_azure_v5. The table of controls has the numbers."
    assert [text.text for text in image.iter(f"{SVG}text") if text.get("class") == "label"] == [
        "5.5",
        "5.9",
        "5.10",
        "5.11",
    ]
    kinds = {rect.get("class") for rect in image.iter(f"{SVG}rect")}
    assert kinds == {segment.kind for one in chart.bars for segment in one.segments}
    numbers = [text.text for text in image.iter(f"{SVG}text") if text.get("class") == "number"]
    assert numbers == [str(it.count) for one in chart.bars for it in one.segments if it.has_room]


def test_a_long_label_is_shortened() -> None:
    chart = chart_layout.coverage_chart(
        {"tenants": 1, "in_scope": 5, "registered": None, "capable": None, "enabled": 0}, 2
    )
    assert [one.label for one in chart.bars] == ["in scope 5", "enabled 0"]
    assert chart.note == "In the 1 of 2 tenants where this is known"
    assert chart_layout._shortened("x" * 30) == "x" * 23 + "\N{HORIZONTAL ELLIPSIS}"
