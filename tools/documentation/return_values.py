"""RETURN blocks: the values that modules share, and samples of settings from the tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from ...plugins.module_utils._errors import ERROR_KINDS
from ...plugins.module_utils.settings.pages import (
    ALL_PAGES,
    AUTHORIZATION_POLICY,
    METHODS_POLICY,
    Page,
    Setting,
    backend_of,
    document_of,
    nest,
)
from .sources import data
from .yaml_text import dump

# What a module that sets something returns, in this order
SETTER = ("settings", "previous", "diff", "verified", "backend", "digests", "manual")
OF_METHODS = ("targets",)
OF_GRAPH = ("missing_permissions",)
ALWAYS = ("tenant", "request_ids", "applied", "unconfirmed", "error")


def shared(path: Path, names: Iterable[str]) -> str:
    """These shared return values, for the module in that file."""
    return dump({name: _value(path.stem, name) for name in names})


def setter(path: Path, _arguments: Iterable[str]) -> str:
    """Everything that a module that sets pages returns."""
    pages = _pages(path.stem)
    documents = {document_of(setting.option, True) for page in pages for setting in page.settings}
    names = [*SETTER]
    if METHODS_POLICY in documents:
        names += OF_METHODS
    if documents & {METHODS_POLICY, AUTHORIZATION_POLICY}:
        names += OF_GRAPH
    values = {name: _value(path.stem, name) for name in (*names, *ALWAYS)}
    settings = [setting for page in pages for setting in page.settings]
    before = {settings[0].option: _other_than_sample(settings[0])}
    values["settings"]["sample"] = _sample(settings)
    values["previous"]["sample"] = _sample(settings, before)
    values["backend"]["sample"] = {setting.option: backend_of(setting.option, True) for setting in settings}
    return dump(values)


def policy(_path: Path, _arguments: Iterable[str]) -> str:
    """The settings of a whole tenant, as sspr_info returns them: page by page, and flat."""
    of_pages = {
        page.name: {"description": f"The options of M(tenantops.entra.sspr_{page.name}).", "type": "dict"}
        for page in ALL_PAGES
    }
    by_page = _value("sspr_info", "sspr")
    by_page["contains"] = of_pages
    by_page["sample"] = {page.name: _sample(page.settings) for page in ALL_PAGES}
    flat = _value("sspr_info", "settings_to_set")
    flat["sample"] = _sample([setting for page in ALL_PAGES for setting in page.settings])
    return dump({"sspr": by_page, "settings": flat})


def _value(module: str, name: str) -> dict[str, Any]:
    """One shared value, for this module."""
    catalog = data("return_values.yml")
    value: dict[str, Any] = deepcopy(catalog["values"][name])
    if name == "error":
        kinds = catalog["error_kinds"].get(module, ERROR_KINDS)
        if unknown := set(kinds) - set(ERROR_KINDS):
            raise ValueError(f"return_values.yml: {module}: unknown kinds of error: {', '.join(sorted(unknown))}")
        value["contains"]["kind"]["description"] = [f"One of {', '.join(f'C({kind})' for kind in kinds)}."]
    return value


def _pages(module: str) -> tuple[Page, ...]:
    return tuple(page for page in ALL_PAGES if module in (f"sspr_{page.name}", "sspr_policy"))


def _sample(settings: Iterable[Setting], other: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return nest({setting.option: setting.sample for setting in settings} | dict(other or {}))


def _other_than_sample(setting: Setting) -> Any:
    """A value that the setting may have had before."""
    choices = setting.spec.get("choices", [False, True])
    return next(choice for choice in choices if choice != setting.sample)
