"""The lists in the role's vars: which options there are, and which settings the review describes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, nodes

from ...plugins.module_utils.compliance.fail_on import FAIL_ON
from ...plugins.module_utils.connection.options import CONNECTION_SPEC, PORTAL_MODE_SPEC
from ...plugins.module_utils.settings.pages import ALL_PAGES, AUTH_METHODS
from ...plugins.module_utils.tasks.preflight import SPEC as PREFLIGHT_SPEC
from .sources import ROOT
from .yaml_text import dump

REVIEW = ROOT / "roles/sspr/templates/review.txt.j2"


def lists(_path: Path, names: Iterable[str]) -> str:
    """These variables, with their values."""
    return dump({name: LISTS[name]() for name in names})


def _connection_options() -> list[str]:
    return list(CONNECTION_SPEC)


def _pages() -> dict[str, list[str]]:
    """The options of each page's module, without those of the connection and of the run."""
    return {page.name: [*page.argument_spec(), *PORTAL_MODE_SPEC] for page in ALL_PAGES}


def _method_names() -> list[str]:
    return list(AUTH_METHODS.argument_spec()["methods"]["options"])


def _reviewed() -> list[str]:
    """The options that the template of the review takes from a page itself, as in ``page.scope``."""
    template = Environment().parse(REVIEW.read_text(encoding="utf-8"))
    taken = {
        found.attr
        for found in template.find_all(nodes.Getattr)
        if isinstance(found.node, nodes.Name) and found.node.name == "page"
    }
    return [option for page in ALL_PAGES for option in page.argument_spec() if option in taken]


def _preflight_options() -> list[str]:
    """The options of preflight besides the connection and the settings."""
    others = {*CONNECTION_SPEC, *PORTAL_MODE_SPEC, *(name for page in ALL_PAGES for name in page.argument_spec())}
    return [name for name in PREFLIGHT_SPEC if name not in others]


LISTS: Mapping[str, Callable[[], Any]] = {
    "__sspr_connection_options": _connection_options,
    "__sspr_pages": _pages,
    "__sspr_method_names": _method_names,
    "__sspr_reviewed": _reviewed,
    "__sspr_preflight_options": _preflight_options,
    "__sspr_audit_failures": lambda: list(FAIL_ON),
}
