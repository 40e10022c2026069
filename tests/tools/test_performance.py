from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.tenantops.entra.benchmarks import picture, report

ROOT = Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def results() -> Any:
    return json.loads((ROOT / "benchmarks/results.json").read_text())


def test_the_documentation_shows_the_measurements_at_hand(results: Any) -> None:
    assert report.table(results) in (ROOT / "docs/performance.md").read_text()
    assert (ROOT / "docs/performance.svg").read_text() == picture.draw(results)


def test_the_picture_has_a_title_the_numbers_as_text_and_no_script(results: Any) -> None:
    drawing = ET.fromstring(picture.draw(results))
    names = {element.attrib["id"]: element.text or "" for element in drawing if "id" in element.attrib}
    assert drawing.get("role") == "img"
    assert drawing.get("aria-labelledby") == " ".join(names)
    assert names["title"] == f"CPU seconds for {results['conditions']['tenants']} tenants"
    assert len(names["numbers"].split("\n")) == len(picture.JOBS) + 2
    for name in ("uri_steps", "uri_compact", "uri_audit"):
        assert f"with uri {results['variants'][name]['cpu']:.0f}, " in names["numbers"]
    assert {element.tag.removeprefix(SVG) for element in drawing.iter()} == {
        "svg",
        "title",
        "desc",
        "style",
        "rect",
        "text",
    }


def test_bars_are_as_long_as_what_was_measured() -> None:
    variants = {"uri_steps": {"cpu": 200.0}, "pages": {"cpu": 50.0}, "info": {"cpu": 4.25}, "noop_wait": {"cpu": 999.0}}
    pages, policy, info = picture.jobs(variants)
    assert [(drawn.label, drawn.number, drawn.width) for drawn in pages.bars] == [
        ("with uri", "200", picture.LONGEST_BAR),
        ("this collection", "50", picture.LONGEST_BAR / 4),
    ]
    assert policy.bars == ()
    assert [(drawn.label, drawn.number) for drawn in info.bars] == [("this collection", "4.2")]
    assert picture.BARS_START + picture.LONGEST_BAR < picture.WIDTH
