# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pure planning of a restore: a tenant's documents and the record of a run in, the writes that restore it out.

A field is restored only while it has a value that the run has written. A field that was changed since then is not
restored, and is reported.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..rules.tenant_view import view_of
from ..settings import graph_methods
from ..settings.pages import (
    ALL_PAGES,
    METHODS_POLICY,
    PLANE_OF,
    SETTINGS,
    SSPR_POLICY,
    VOLATILE_FIELDS,
    DocumentName,
)
from ..settings.tenant_documents import Documents, FieldPath, canonical, settings_of, value_at
from .plan import Plan, steps_between

CHANGED_SINCE = "changed after the run by someone else"
MIGRATED_SINCE = "the state of the methods migration has changed since the run"


@dataclass(frozen=True)
class WrittenField:
    """A field that a run wrote: its value before the run, and every value the run has written."""

    document: DocumentName
    path: FieldPath
    original: Any
    written: tuple[Any, ...]

    @property
    def options(self) -> tuple[str, ...]:
        """The options that this field holds."""
        if self.document != METHODS_POLICY:
            return tuple(
                option
                for option, setting in SETTINGS.items()
                if setting.document == self.document and self.path[0] in setting.remote_fields
            )
        name, key = self.path[0], self.path[1]
        flagged = tuple(option for option, where in graph_methods.GRAPH_METHODS.items() if where == (name, key))
        switched = tuple(option for option, where in graph_methods.GRAPH_METHODS.items() if where == (name, None))
        return flagged or switched

    @property
    def depends_on_migration(self) -> bool:
        """Whether it has an effect in one state of the migration only."""
        return any(option in graph_methods.GRAPH_METHODS for option in self.options)


EMPTY_RECORD: Mapping[str, Any] = {SSPR_POLICY: None, METHODS_POLICY: None, "migration_state": None, "writes": []}


@dataclass(frozen=True)
class RestorePlan:
    """A plan like any other, and by option why something is not restored."""

    plan: Plan
    not_restored: Mapping[str, str]

    @classmethod
    def nothing(cls) -> RestorePlan:
        """Of a tenant that the run has not written to."""
        return make_restore_plan(Documents(), EMPTY_RECORD)


def written_fields(record: Mapping[str, Any]) -> list[WrittenField]:
    """Every field of a record's writes, in the order of the first write."""
    fields: dict[tuple[DocumentName, FieldPath], tuple[Any, list[Any]]] = {}
    for write in record["writes"]:
        for entry in write["fields"]:
            key = (write["document"], tuple(entry["path"]))
            _original, values = fields.setdefault(key, (entry["before"], []))
            values.append(entry["after"])
    return [WrittenField(name, path, original, tuple(values)) for (name, path), (original, values) in fields.items()]


def written_documents(record: Mapping[str, Any]) -> set[DocumentName]:
    """The documents that a record's writes went to."""
    return {write["document"] for write in record["writes"]}


def make_restore_plan(documents: Documents, record: Mapping[str, Any]) -> RestorePlan:
    """Plan the restoration of the values in ``record``. Planning again after that gives an empty plan."""
    target = copy.deepcopy(documents)
    not_restored: dict[str, str] = {}
    touched: dict[str, DocumentName] = {}
    then = Documents(record[SSPR_POLICY], record["methods"], record["migration_state"]).migrated
    for field in written_fields(record):
        found = canonical(value_at(documents, field.document, field.path))
        touched.update(dict.fromkeys(field.options, field.document))
        if found == canonical(field.original):
            continue
        if field.depends_on_migration and documents.migrated != then:
            not_restored.update(dict.fromkeys(field.options, MIGRATED_SINCE))
        elif found in [canonical(value) for value in field.written]:
            _restore(target, field, record)
        else:
            not_restored.update(dict.fromkeys(field.options, CHANGED_SINCE))
    before, after = settings_of(documents, ALL_PAGES), settings_of(target, ALL_PAGES)
    changes = tuple(option for option in touched if not SETTINGS[option].same(before[option], after[option]))
    plan = Plan(
        before={option: before[option] for option in touched},
        after={option: after[option] for option in touched},
        changes=changes,
        steps=steps_between(documents, target, {option: touched[option] for option in changes}),
        backend={option: PLANE_OF[name] for option, name in touched.items()},
        views=(view_of(documents), view_of(target)),
    )
    return RestorePlan(plan, not_restored)


def _restore(target: Documents, field: WrittenField, record: Mapping[str, Any]) -> None:
    """Put a field's original value into the target, which is a copy of our own."""
    document: Any = target.get(field.document)
    for key in field.path[:-1]:
        document = document[key]
    document[field.path[-1]] = copy.deepcopy(field.original)
    if field.document == SSPR_POLICY and target.sspr_policy is not None and field.path[0] == SETTINGS["group"].remote:
        # The name that the service resolves belongs to the ids that are restored.
        for name in VOLATILE_FIELDS & target.sspr_policy.keys() & record[SSPR_POLICY].keys():
            target.sspr_policy[name] = record[SSPR_POLICY][name]
