"""The lists in the role's vars: which options there are, and which settings the review describes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, nodes

from ...plugins.module_utils.connection.options import CONNECTION_SPEC, PORTAL_MODE_SPEC
from ...plugins.module_utils.settings.pages import ALL_PAGES, AUTH_METHODS
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


LISTS: Mapping[str, Callable[[], Any]] = {
    "__sspr_connection_options": _connection_options,
    "__sspr_pages": _pages,
    "__sspr_method_names": _method_names,
    "__sspr_reviewed": _reviewed,
}
