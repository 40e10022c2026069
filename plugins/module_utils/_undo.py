# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pure planning of the way back: a tenant's documents and the record of a run in, the writes that undo it out.

A field goes back to what it was only while it holds a value that the run has written. What somebody else has set since
is left, and named.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.tenantops.entra.plugins.module_utils import _methods
from ansible_collections.tenantops.entra.plugins.module_utils._pages import (
    ALL_PAGES,
    METHODS,
    PLANE_OF,
    POLICY,
    SETTINGS,
    VOLATILE_FIELDS,
)
from ansible_collections.tenantops.entra.plugins.module_utils._plan import (
    Documents,
    Plan,
    at,
    canonical,
    settings_of,
    steps_between,
)

CHANGED_SINCE = "somebody else has changed it since"
MIGRATED_SINCE = "the tenant's methods were migrated, or migrated back, since"

Path = tuple[str, ...]


@dataclass(frozen=True)
class Written:
    """A field that a run wrote: what was there first, and every value the run has put there."""

    document: str
    path: Path
    first: Any
    ours: tuple[Any, ...]

    @property
    def options(self) -> tuple[str, ...]:
        """The options that this field holds."""
        if self.document != METHODS:
            return tuple(
                option
                for option, setting in SETTINGS.items()
                if setting.document == self.document and self.path[0] in setting.remote_fields
            )
        name, key = self.path[0], self.path[1]
        flagged = tuple(option for option, where in _methods.GRAPH_METHODS.items() if where == (name, key))
        return flagged or tuple(option for option, where in _methods.GRAPH_METHODS.items() if where == (name, None))

    @property
    def of_methods(self) -> bool:
        """Whether it counts in one state of migration only."""
        return any(option in _methods.GRAPH_METHODS for option in self.options)


@dataclass(frozen=True)
class Undo:
    """The way back: a plan like any other, and by option why something is left as it is."""

    plan: Plan
    left: Mapping[str, str]


def written(record: Mapping[str, Any]) -> list[Written]:
    """Every field of a record's writes, in the order of the first write."""
    fields: dict[tuple[str, Path], tuple[Any, list[Any]]] = {}
    for write in record["writes"]:
        for entry in write["fields"]:
            _first, ours = fields.setdefault((write["document"], tuple(entry["path"])), (entry["before"], []))
            ours.append(entry["after"])
    return [Written(document, path, first, tuple(ours)) for (document, path), (first, ours) in fields.items()]


def documents_of(record: Mapping[str, Any]) -> set[str]:
    """The documents that a record's writes went to."""
    return {write["document"] for write in record["writes"]}


def make_undo(documents: Documents, record: Mapping[str, Any]) -> Undo:
    """Plan the way back to what ``record`` holds. Planning again on documents that went back is empty."""
    target = copy.deepcopy(documents)
    left: dict[str, str] = {}
    touched: dict[str, str] = {}
    then = Documents(record["portal"], record["methods"], record["migration_state"]).migrated
    for field in written(record):
        found = canonical(at(documents, field.document, field.path))
        touched.update(dict.fromkeys(field.options, field.document))
        if found == canonical(field.first):
            continue
        if field.of_methods and documents.migrated != then:
            left.update(dict.fromkeys(field.options, MIGRATED_SINCE))
        elif found in [canonical(value) for value in field.ours]:
            _put(target, field, record)
        else:
            left.update(dict.fromkeys(field.options, CHANGED_SINCE))
    before, after = settings_of(documents, ALL_PAGES), settings_of(target, ALL_PAGES)
    changes = tuple(option for option in touched if not SETTINGS[option].same(before[option], after[option]))
    return Undo(
        Plan(
            before={option: before[option] for option in touched},
            after={option: after[option] for option in touched},
            changes=changes,
            steps=steps_between(documents, target, {option: touched[option] for option in changes}),
            faults=(),
            warnings=(),
            backend={option: PLANE_OF[document] for option, document in touched.items()},
        ),
        left,
    )


def _put(target: Documents, field: Written, record: Mapping[str, Any]) -> None:
    document: Any = target.get(field.document)
    for key in field.path[:-1]:
        document = document[key]
    document[field.path[-1]] = copy.deepcopy(field.first)
    if field.document == POLICY and target.portal is not None and field.path[0] == SETTINGS["group"].remote:
        # What the service resolves belongs to the ids that go back.
        for name in VOLATILE_FIELDS & target.portal.keys() & record["portal"].keys():
            target.portal[name] = record["portal"][name]
