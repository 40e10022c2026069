# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages as text: whole, the same each time, and nothing of a tenant but escaped. tests/browser opens them."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from ansible_collections.tenantops.entra.plugins.module_utils.compliance.audit_entry import AuditEntry
from ansible_collections.tenantops.entra.plugins.plugin_utils._report.file_names import file_names
from ansible_collections.tenantops.entra.plugins.plugin_utils._report.html import fleet_page, tenant_pages
from ansible_collections.tenantops.entra.plugins.plugin_utils._report.model import control_totals
from ansible_collections.tenantops.entra.plugins.plugin_utils._report.printable import printable
from ansible_collections.tenantops.entra.tests.support.fleet import entry, failed, fleet, hostile, report

SCOPE = "cis_m365_v7:5.2.4.1"
EMPTY: dict[str, Any] = {"controls": [], "coverage": None, "evidence": None, "tenant": None, "state": "incomplete"}
FLEETS: dict[str, list[dict[str, Any]]] = {
    "none": [],
    "one": [entry("contoso")],
    "nothing known": [entry("bare", **EMPTY), AuditEntry.not_run("late", None).as_result(), failed("broken")],
    "many": list(fleet(40)),
    "hostile": printable(hostile()),
}
# What loads something, sends something, or brings a script or style of its own
FORBIDDEN_TAGS = {"audio", "base", "embed", "form", "iframe", "img", "link", "object", "source", "video"}
FORBIDDEN_ATTRIBUTES = re.compile("on.*|src.*|style|action|background|poster|ping")


class Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.update(name for name, _value in attrs)


@pytest.mark.parametrize("name", FLEETS)
def test_pages_stand_for_themselves(name: str) -> None:
    whole = report(FLEETS[name], previous=report(list(fleet(40, seed=7))))
    page = fleet_page(whole, pages=True)
    assert page == fleet_page(whole, pages=True)
    pages = dict(tenant_pages(whole))
    assert set(pages) == set(file_names(found["host"] for found in FLEETS[name]).values())
    for text in (page, *pages.values()):
        found = Tags(text)
        assert FORBIDDEN_TAGS.isdisjoint(found.tags)
        assert not list(filter(FORBIDDEN_ATTRIBUTES.fullmatch, found.attributes))
        assert found.tags.count("script") == (text is page)
        assert found.tags.count("style") == 1
        assert not re.search(r"url\(|@import", text)
        assert text.startswith('<!doctype html>\n<html lang="en">')


@pytest.mark.parametrize("tag", ["style", "script"])
def test_the_policy_names_what_is_in_the_page(tag: str) -> None:
    page = fleet_page(report(FLEETS["many"]), pages=False)
    [content] = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    [policy] = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert f"{tag}-src &#39;sha256-{digest}&#39;" in policy
    assert policy.startswith("default-src &#39;none&#39;; ")


def test_only_links_to_the_web_are_links() -> None:
    made = entry("contoso", statuses={SCOPE: "fail"})
    for link, followed in {
        "https://entra.microsoft.com/#a": True,
        "javascript:alert(1)": False,
        "http://x": False,
    }.items():
        made["controls"][0]["link"] = link
        for page in (fleet_page(report([made]), pages=False), *dict(tenant_pages(report([made]))).values()):
            assert (f'href="{link}"' in page) is followed


def test_a_clients_page_has_nothing_of_another() -> None:
    entries = [entry("contoso", "Contoso Ltd", {SCOPE: "fail"}), entry("fabrikam", "Fabrikam Inc", {SCOPE: "fail"})]
    whole = report(entries, previous=report([entry("contoso"), entry("fabrikam"), entry("northwind")]))
    pages = dict(tenant_pages(whole))
    assert "Contoso Ltd" in pages["contoso.html"]
    assert f'New drift: <span class="code">{SCOPE}</span>' in pages["contoso.html"]
    for word in ("fabrikam", "Fabrikam", "northwind"):
        assert word not in pages["contoso.html"]
    assert "tenants/" not in fleet_page(whole, pages=False)


def test_every_cell_of_the_matrix() -> None:
    entries = list(fleet(40))
    page = fleet_page(report(entries), pages=False)
    body = page.split('id="grid"')[1].split("<tbody>")[1].split("</tbody>")[0]
    by_host = {found["host"]: found for found in entries}
    rows = body.split("<tr ")[1:]
    assert len(rows) == len(entries)
    letters = {"verified": "", "unavailable": "", "inferred": "i", "attested": "a", "last_verified": "l"}
    for row in rows:
        [host] = re.findall(r'<bdi class="hidden">(\S+) ', row)
        cells = re.findall(r'<td(?: class="(fail|pass|waived|unknown)")?>([^<]*)(?:<sup[^>]*>(\w)</sup>)?', row)
        found = {control["id"]: control for control in by_host[host]["controls"]}
        expected = [
            (result["status"], result["status"], letters[result["grade"]]) if result else ("", "", "")
            for result in (found.get(control.id) for control in control_totals(entries))
        ]
        assert cells == expected
