# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports on disk, and a real Chromium that opens them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from ansible_collections.tenantops.entra.plugins.plugin_utils._report.html import fleet_page, tenant_pages
from ansible_collections.tenantops.entra.plugins.plugin_utils._report.model import Slice, merge
from ansible_collections.tenantops.entra.plugins.plugin_utils._report.printable import printable
from ansible_collections.tenantops.entra.tests.support.fleet import failed, fleet, hostile, report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Without a sandbox, as containers have none to give; and without what Chromium itself asks the network for.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def written(directory: Path, entries: list[dict[str, Any]], hosts: dict[str, str | None] | None = None) -> Path:
    whole = report(merge([Slice("", entries)], hosts or {}), previous=report(list(fleet(len(entries), seed=7))))
    (directory / "tenants").mkdir()
    (directory / "report.html").write_text(fleet_page(whole, pages=True), encoding="utf-8")
    for name, page in tenant_pages(whole):
        (directory / "tenants" / name).write_text(page, encoding="utf-8")
    return directory


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tenants of each sort, so few that everything in them can be checked."""
    entries = [*list(fleet(40))[4:6], failed("broken")]
    return written(tmp_path_factory.mktemp("few"), entries, {"late": None})


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of 40 tenants, and two more that were not run."""
    return written(tmp_path_factory.mktemp("small"), list(fleet(40)), {"late": None, "later": None})


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("large"), list(fleet(500)))


@pytest.fixture(scope="session")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of tenants that try to do harm."""
    return written(tmp_path_factory.mktemp("odd"), printable(hostile()))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


class Visit:
    """A page from disk. Whatever it asks the network for, or complains about, is noted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(dialog.message))

    def _console(self, message: ConsoleMessage) -> None:
        self.complaints.append(message.text)

    def open(self, path: Path) -> Page:
        self.page.goto(path.as_uri())
        return self.page


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Parametrize it indirectly with a context's options, such as ``color_scheme``."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **getattr(request, "param", {})})
    made = Visit(context.new_page())
    yield made
    context.close()
    assert [url for url in made.requests if not url.startswith("file:")] == [], "nothing is requested from the network"
    assert made.complaints == []
