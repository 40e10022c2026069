"""Tables in the guides and in README.md."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ...plugins.module_utils._errors import GRAPH, PORTAL
from ...plugins.module_utils.data.deadlines import CUT_OVERS
from ...plugins.module_utils.settings.pages import ALL_PAGES, MIGRATED_ONLY, SETTINGS, Page, backend_of
from .sources import as_markdown, documentation

# The modules that are not about one page, in the order in which README.md presents them
MODULES = (
    "sspr_policy",
    "sspr_info",
    "sspr_doctor",
    "sspr_preflight",
    "sspr_registration_info",
    "sspr_user_info",
    "sspr_user_methods",
    "sspr_group",
    "sspr_audit",
    "sspr_report",
    "sspr_run",
    "sspr_run_info",
    "sspr_restore",
    "sspr_portal_token",
)
SERVICES: Mapping[str, str] = {PORTAL: "portal API", GRAPH: "Microsoft Graph"}


def pages(_path: Path, _arguments: Iterable[str]) -> str:
    """Each page with its settings, its module and its API."""
    rows = []
    for page in ALL_PAGES:
        settings = dict.fromkeys(option.partition(".")[0] for option in page.options)
        rows.append((page.title, _names(settings), f"`sspr_{page.name}`", " and ".join(_services(page))))
    return _table(("Page", "Settings", "Module", "API"), rows)


def modules(_path: Path, _arguments: Iterable[str]) -> str:
    """All other modules, each with its short description."""
    rows = [(f"`{name}`", as_markdown(documentation(name)["short_description"])) for name in MODULES]
    return _table(("Module", "Purpose"), rows)


def where_settings_live(_path: Path, _arguments: Iterable[str]) -> str:
    """Which API holds each setting, before and after the migration of a tenant's methods."""
    rows = []
    for page in ALL_PAGES:
        for before, after in dict.fromkeys(map(_apis, page.options)):
            options = [option for option in page.options if _apis(option) == (before, after)]
            portal_user = "yes" if PORTAL in (before, after) else "no"
            needed = "yes, unless migrated" if (before, after) == (PORTAL, GRAPH) else portal_user
            shown = (SERVICES[api] if api else "not available" for api in (before, after))
            rows.append((page.title, _names(options), *shown, needed))
    header = ("Page", "Settings", "Tenant not migrated", "Migrated tenant", "Needs a portal user")
    return _table(header, rows)


def rules(_path: Path, _arguments: Iterable[str]) -> str:
    """Every rule of preflight."""
    # Not imported above: only the guide to the rules needs them.
    registry = importlib.import_module("...plugins.module_utils.rules.engine", __package__).RULES
    rows = [
        (f"`{rule.id}`", _severity(rule), _rule_settings(rule), rule.generic_text, rule.fix, rule.source, rule.as_of)
        for rule in registry
    ]
    return _table(("Rule", "Severity", "Settings", "Finding", "How to fix it", "Source", "As of"), rows)


def _severity(rule: Any) -> str:
    later = [f"error from {CUT_OVERS[rule.error_from]['date']}"] if rule.error_from else []
    return ", ".join([rule.severity, *later, *(["enforced"] if rule.enforced else [])])


def _rule_settings(rule: Any) -> str:
    """The settings that a rule is about. All methods are one entry."""
    methods = [option for option in SETTINGS if option.startswith("methods.")]
    if not set(methods) <= set(rule.settings):
        return _names(rule.settings)
    return _names(dict.fromkeys("methods.*" if option in methods else option for option in rule.settings))


def _apis(option: str) -> tuple[str | None, str | None]:
    before = None if option in MIGRATED_ONLY else backend_of(option, False)
    return before, backend_of(option, True)


def _services(page: Page) -> list[str]:
    found = {api for option in page.options for api in _apis(option)}
    return [title for api, title in SERVICES.items() if api in found]


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [tuple(header), *(tuple(row) for row in rows)]
    lines.insert(1, ("---",) * len(lines[0]))
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)
