# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documents that were read from one tenant, and their values by option name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from . import graph_methods
from .pages import METHODS_POLICY, MIGRATED_ONLY, SETTINGS, Body, DocumentName, Page, Setting, document_of

FieldPath = tuple[str, ...]

MIGRATED_STATES = frozenset({"migrationcomplete", None})
KNOWN_STATES = MIGRATED_STATES | {"premigration", "migrationinprogress"}


@dataclass(frozen=True)
class Documents:
    """What was read from a tenant; a document that was not read is None.

    ``sspr_policy`` is the portal API's document of the policy, ``methods`` are Graph's method configurations by id,
    ``on_premises`` is the portal API's document of the on-premises integration, ``authorization`` is Graph's
    authorization policy. ``migration_state`` counts only where ``methods`` was read.
    """

    sspr_policy: Body | None = None
    methods: graph_methods.Configurations | None = None
    migration_state: str | None = None
    on_premises: Body | None = None
    authorization: Body | None = None

    def get(self, name: DocumentName) -> Body | None:
        """The document of that name."""
        found: Body | None = getattr(self, name)
        return found

    @property
    def migrated(self) -> bool | None:
        """Whether methods live in Graph; None when the authentication methods policy was not read."""
        if self.methods is None:
            return None
        return (self.migration_state.lower() if self.migration_state else None) in MIGRATED_STATES


def settings_of(documents: Documents, pages: Iterable[Page]) -> dict[str, Any]:
    """Every option of the pages as the documents have it; None where it was not read or is unknown."""
    methods = graph_methods.read(documents.methods) if documents.migrated and documents.methods is not None else {}

    def value(setting: Setting) -> Any:
        if setting.option.startswith("methods.") and documents.migrated is None:
            return None
        if document_of(setting.option, documents.migrated) == METHODS_POLICY:
            return methods[setting.option]
        document = documents.get(setting.document)
        return setting.decode(document) if document is not None else None

    return {setting.option: value(setting) for page in pages for setting in page.settings}


def misfits(documents: Documents, options: Iterable[str]) -> dict[str, str]:
    """Options that cannot be managed because their field is missing or of another type, each with the reason."""
    found = {}
    for option in options:
        why = None
        where = document_of(option, documents.migrated)
        document = documents.get(where)
        if where == METHODS_POLICY:
            why = graph_methods.misfit(option, documents.methods or {})
        elif document is not None:
            why = SETTINGS[option].misfit(document)
        if why:
            found[option] = why
    return found


def not_before_migration(documents: Documents, requested: Iterable[str]) -> list[str]:
    """Requested options that a tenant has only after its methods are migrated, each as a fault."""
    if documents.migrated is not False:
        return []
    return [
        f"{option}: not available until the tenant's methods are migrated to the authentication methods policy"
        for option in requested
        if option in MIGRATED_ONLY
    ]


def value_at(documents: Documents, name: DocumentName, path: FieldPath) -> Any:
    """The value at a path of a document; None where it has none."""
    value: Any = documents.get(name)
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return None
        value = value[key]
    return value


def canonical(value: Any) -> Any:
    """A value for comparison, without the order of targets and the service's annotations."""
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        kept = [{key: part for key, part in item.items() if "@odata" not in key} for item in value]
        return sorted(kept, key=lambda item: sorted((key, str(part)) for key, part in item.items()))
    return value
