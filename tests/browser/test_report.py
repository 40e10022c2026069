# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as users see it: opened from disk in Chromium, filtered, sorted, printed, read with a screen reader."""

from __future__ import annotations

import io
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from ansible_collections.tenantops.entra.plugins.plugin_utils._report.printable import printable
from ansible_collections.tenantops.entra.tests.support.fleet import HOSTILE, fleet

from .conftest import Visit

STYLE = Path(__file__).resolve().parents[2] / "plugins" / "plugin_utils" / "_report" / "report.css"
DECLARATION = re.compile(r"([\w-]+):\s*([^;{}]+);")
SHOWN = "#grid tbody tr:not([hidden])"
PHONE: dict[str, Any] = {"viewport": {"width": 375, "height": 800}, "has_touch": True, "is_mobile": True}
WAYS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": PHONE,
}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def names(page: Page) -> list[str]:
    return page.locator(f"{SHOWN} a.name").all_inner_texts()


def column(page: Page, number: int) -> list[str]:
    return page.locator(f"{SHOWN} > :nth-child({number + 1})").all_inner_texts()


def hosts(page: Page) -> set[str]:
    return {text.split()[0] for text in page.locator(f"{SHOWN} bdi.hidden").all_text_contents()}


def with_status(status: str, control: str | None = None) -> set[str]:
    """By the entries themselves: the hosts that have a control of this status."""
    return {
        entry["host"]
        for entry in fleet(40)
        if any(found["status"] == status and control in (None, found["id"]) for found in entry["controls"])
    }


def test_the_browser_knows_every_declaration_of_the_style_sheet(visit: Visit, few: Path) -> None:
    declarations = DECLARATION.findall(STYLE.read_text(encoding="utf-8"))
    assert len(declarations) > 50
    page = visit.open(few / "report.html")
    unknown = "all => all.filter(([name, value]) => !CSS.supports(name, value.replace('!important', '')))"
    assert page.evaluate(unknown, [list(pair) for pair in declarations]) == []


@pytest.mark.parametrize("visit", WAYS.values(), ids=WAYS.keys(), indirect=True)
def test_no_violation_of_accessibility(visit: Visit, few: Path) -> None:
    page = visit.open(few / "report.html")
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
    visit.open(few / "tenants" / "t004.html")
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("visit", [PHONE, {"viewport": {"width": 320, "height": 600}}], indirect=True)
@pytest.mark.parametrize("report", ["small", "odd"])
def test_a_phone_scrolls_tables_and_not_the_page(visit: Visit, report: str, request: pytest.FixtureRequest) -> None:
    directory: Path = request.getfixturevalue(report)
    for path in (directory / "report.html", next((directory / "tenants").iterdir())):
        page = visit.open(path)
        page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
        width, seen = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width <= seen


def test_the_summary_is_seen_first(visit: Visit, small: Path) -> None:
    page = visit.open(small / "report.html")
    expect(page.locator(".lead")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("img", name="clean")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("heading", name="Most common failures")).to_be_in_viewport(ratio=1)


def test_filters(visit: Visit, small: Path) -> None:
    page = visit.open(small / "report.html")
    status = page.get_by_role("status")
    expect(status).to_have_text("42 of 42 tenants")
    page.get_by_label("Has a control with status").select_option("fail")
    assert hosts(page) == with_status("fail")
    page.get_by_label("Control", exact=True).select_option(label="cis_azure_v5:5.10")
    assert hosts(page) == with_status("fail", "cis_azure_v5:5.10") != set()
    page.get_by_label("Has a control with status").select_option("")
    page.get_by_label("State", exact=True).select_option("not run")
    assert names(page) == ["late", "later"]
    page.get_by_label("State", exact=True).select_option("")
    page.get_by_label("Tenant", exact=True).fill("  T01")
    wanted = {f"t01{digit}" for digit in range(10)}
    assert hosts(page) == wanted
    expect(status).to_have_text("10 of 42 tenants")
    assert page.locator("section.details > details:not([hidden])").count() == len(wanted), "the details follow"
    page.get_by_label("Tenant", exact=True).fill("nobody is called that")
    expect(status).to_have_text("0 of 42 tenants")


def test_sorting(visit: Visit, small: Path) -> None:
    page = visit.open(small / "report.html")
    by_name = names(page)
    fails = page.locator("thead th", has=page.get_by_role("button", name="Sort by Fails"))
    assert fails.get_attribute("aria-sort") is None
    fails.get_by_role("button").click()
    expect(fails).to_have_attribute("aria-sort", "ascending")
    counts = [int(text) for text in column(page, 2)]
    assert counts == sorted(counts)
    fails.get_by_role("button").press("Enter")
    expect(fails).to_have_attribute("aria-sort", "descending")
    assert [int(text) for text in column(page, 2)] == sorted(counts, reverse=True)
    page.get_by_role("button", name="Sort by cis_m365_v7:5.2.4.5").click()
    assert fails.get_attribute("aria-sort") is None
    classes = page.locator(f"{SHOWN} > :nth-child(23)").evaluate_all("cells => cells.map(cell => cell.className)")
    groups = [status for number, status in enumerate(classes) if number == 0 or classes[number - 1] != status]
    assert groups == [status for status in ("fail", "unknown", "waived", "pass", "") if status in groups]
    assert len(groups) > 2
    page.get_by_role("button", name="Sort by Tenant").click()
    assert names(page) == by_name


def test_head_and_names_stay_in_sight(visit: Visit, small: Path) -> None:
    page = visit.open(small / "report.html")
    grid = page.get_by_role("region", name="Matrix")
    grid.evaluate("grid => grid.scrollTo(700, 600)")
    places = [
        part.evaluate("part => part.getBoundingClientRect().toJSON()")
        for part in (grid, page.locator("#grid .corner"), page.locator("#grid tbody th").nth(20))
    ]
    whole, corner, name = places
    assert abs(corner["x"] - whole["x"]) < 3
    assert abs(corner["y"] - whole["y"]) < 3
    assert abs(name["x"] - whole["x"]) < 3
    assert grid.evaluate("grid => [grid.scrollLeft, grid.scrollTop]") == [700, 600]


def test_a_name_leads_to_its_details_and_page(visit: Visit, small: Path) -> None:
    page = visit.open(small / "report.html")
    link = page.locator("#grid a.name").nth(7)
    name = link.inner_text()
    link.focus()
    page.keyboard.press("Enter")
    details = page.locator("section.details > details", has=page.get_by_role("heading", name=name, exact=True))
    expect(details).to_have_attribute("open", "")
    expect(details.locator("summary").first).to_be_in_viewport(ratio=1)
    details.get_by_role("link", name="Open the client page").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"SSPR audit: {name}")


def test_the_keyboard_reaches_the_summary(visit: Visit, small: Path) -> None:
    page = visit.open(small / "report.html")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the summary")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "where the focus is can be seen"


@pytest.mark.parametrize("visit", [{"java_script_enabled": False}], indirect=True)
def test_without_scripts_everything_can_be_read(visit: Visit, small: Path) -> None:
    page = visit.open(small / "report.html")
    assert page.locator("#grid tbody tr").count() == 42
    assert page.locator("#grid button, #tools *").count() == 0, "nothing that does nothing"
    details = page.locator("section.details > details").first
    details.locator("summary").first.click()
    expect(details.locator("dl.small")).to_be_visible()


def printed(page: Page) -> tuple[PdfReader, str]:
    """The page as PDF, and its text, with ligatures as letters."""
    pdf = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    text = " ".join(sheet.extract_text() for sheet in pdf.pages)
    return pdf, " ".join(unicodedata.normalize("NFKC", text).split())


def test_it_prints(visit: Visit, small: Path) -> None:
    page = visit.open(small / "report.html")
    pdf, text = printed(page)
    for name in names(page):
        assert name in text
    assert "tenants meet every control" in text
    assert "Has a control with status" not in text
    assert len(pdf.pages) < 12
    shapes = {sheet.mediabox.width > sheet.mediabox.height for sheet in pdf.pages}
    assert shapes == {True, False}, "the matrix is on wide sheets"
    visit.open(small / "tenants" / "t004.html")
    _pdf, text = printed(page)
    for control in next(entry for entry in fleet(40) if entry["host"] == "t004")["controls"]:
        assert control["title"] in text
        assert f"{control['baseline']} {control['control']}" in text


def test_hostile_tenants_are_only_text(visit: Visit, odd: Path) -> None:
    page = visit.open(odd / "report.html")
    assert page.title() == "SSPR audit, 2026-11-25"
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    assert page.locator("script").count() == 1
    assert page.locator("img").count() == 0
    schemes = page.locator("a").evaluate_all("links => [...new Set(links.map(link => new URL(link.href).protocol))]")
    assert schemes == ["file:"], "no link leads where a tenant wants"
    shown = set(page.locator("#grid a.name bdi").all_text_contents())
    # HTML has one kind of line end.
    assert shown == {printable(text).replace("\r", "\n") for text in HOSTILE}
    page.get_by_label("Tenant", exact=True).fill("<script>")
    expect(page.get_by_role("status")).to_have_text(f"1 of {len(HOSTILE)} tenants")
    for path in (odd / "tenants").iterdir():
        visit.open(path)
        assert page.locator("script, img").count() == 0
        assert page.title().startswith("SSPR audit: \N{FIRST STRONG ISOLATE}")


def test_the_policy_of_the_page_holds(browser: Browser, odd: Path, tmp_path: Path) -> None:
    """Even if escaping failed somewhere, what is smuggled in neither runs nor loads anything."""
    attack = (
        "<script>document.title='owned'</script><img src='https://attacker.example/' onerror=\"document.title='o'\">"
    )
    text = (odd / "report.html").read_text(encoding="utf-8").replace('<main id="main">', f'<main id="main">{attack}')
    assert attack in text
    (tmp_path / "report.html").write_text(text, encoding="utf-8")
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto((tmp_path / "report.html").as_uri())
    expect(page.get_by_role("status")).to_be_visible()
    assert page.title() == "SSPR audit, 2026-11-25"
    assert len(complaints) >= 2
    assert all("Content Security Policy" in complaint for complaint in complaints)
    page.close()


def test_five_hundred_tenants(visit: Visit, large: Path) -> None:
    page = visit.open(large / "report.html")
    status = page.get_by_role("status")
    expect(status).to_have_text("500 of 500 tenants")
    assert (large / "report.html").stat().st_size < 8_000_000
    page.get_by_role("button", name="Sort by Fails").click()
    page.get_by_label("Has a control with status").select_option("fail")
    page.get_by_label("Tenant", exact=True).fill("dental")
    counts = [int(text) for text in column(page, 2)]
    assert counts == sorted(counts)
    assert 0 < len(counts) < 100
    assert all("Dental" in name for name in names(page))
