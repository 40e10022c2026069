# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pure planning: current documents and asked settings in; changes, diff, ordered writes and faults out.

No I/O and no Ansible. Planning again on documents to which a plan was applied is empty, and so a task is carried out by
doing the first step, reading, and planning again until nothing is left.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.tenantops.entra.plugins.module_utils import _methods
from ansible_collections.tenantops.entra.plugins.module_utils._errors import GRAPH, PORTAL
from ansible_collections.tenantops.entra.plugins.module_utils._pages import (
    SETTINGS,
    Document,
    Page,
    backend_of,
    changed_fields,
)
from ansible_collections.tenantops.entra.plugins.module_utils._rules import judge
from ansible_collections.tenantops.entra.plugins.module_utils._views import View

MIGRATED_STATES = frozenset({"migrationcomplete", None})
KNOWN_STATES = MIGRATED_STATES | {"premigration", "migrationinprogress"}


@dataclass(frozen=True)
class Documents:
    """What was read of a tenant. A document that was not read is None.

    ``portal`` is the SSPR policy as the portal API gave it; ``methods`` the method configurations by id as Graph gave
    them; ``migration_state`` counts only where ``methods`` was read.
    """

    portal: Document | None = None
    methods: _methods.Configurations | None = None
    migration_state: str | None = None

    @property
    def migrated(self) -> bool | None:
        """Whether methods live in Graph; None when the authentication methods policy was not read."""
        if self.methods is None:
            return None
        return (self.migration_state.lower() if self.migration_state else None) in MIGRATED_STATES


@dataclass(frozen=True)
class Step:
    """One write and what must be seen afterwards.

    For the portal ``body`` is the whole document; for Graph a PATCH body by configuration. ``expected`` and
    ``replaced`` hold the changed fields by path, as they shall be and as they were.
    """

    plane: str
    options: tuple[str, ...]
    body: Document
    expected: Mapping[tuple[str, ...], Any]
    replaced: Mapping[tuple[str, ...], Any]

    def parts(self) -> list[Step]:
        """The requests this write consists of: one for the portal, one a configuration for Graph."""
        if self.plane == PORTAL:
            return [self]
        return [
            Step(
                GRAPH,
                tuple(option for option in self.options if name in _driven(option)),
                {name: body},
                {path: value for path, value in self.expected.items() if path[0] == name},
                {path: value for path, value in self.replaced.items() if path[0] == name},
            )
            for name, body in self.body.items()
        ]


@dataclass(frozen=True)
class Plan:
    """The outcome of planning, in option names (``methods.email``)."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    changes: tuple[str, ...]
    steps: tuple[Step, ...]
    faults: tuple[str, ...]
    warnings: tuple[str, ...]
    backend: Mapping[str, str] = field(default_factory=dict)
    # What the rules look at, and of the faults those that no rule found
    views: tuple[View, View] | None = None
    refusals: tuple[str, ...] = ()


def settings_of(documents: Documents, pages: Iterable[Page]) -> dict[str, Any]:
    """Every option of the pages as the documents have it; None where it was not read or cannot be told."""
    methods = _methods.read(documents.methods) if documents.migrated and documents.methods is not None else {}
    values: dict[str, Any] = {}
    for page in pages:
        for setting in page.settings:
            option = setting.option
            if option.startswith("methods.") and documents.migrated is None:
                values[option] = None
            elif backend_of(option, documents.migrated) == GRAPH:
                values[option] = methods[option]
            else:
                values[option] = setting.decode(documents.portal) if documents.portal is not None else None
    return values


def misfits(documents: Documents, options: Iterable[str]) -> dict[str, str]:
    """Options that cannot be managed because their field is missing or of another type, each with why."""
    found = {}
    for option in options:
        why = None
        if backend_of(option, documents.migrated) == GRAPH:
            why = _methods.misfit(option, documents.methods or {})
        elif documents.portal is not None:
            why = SETTINGS[option].misfit(documents.portal)
        if why:
            found[option] = why
    return found


def unsupported(documents: Documents, asked: Mapping[str, Any]) -> list[str]:
    """Asked options that this tenant does not have in its state of migration."""
    if documents.migrated is not False:
        return []
    return [
        f"{option}: a tenant whose methods are not yet migrated to the authentication methods policy does not have this"
        for option in asked
        if option.startswith("methods.") and SETTINGS[option].remote is None
    ]


def make_plan(
    documents: Documents, asked: Mapping[str, Any], pages: tuple[Page, ...], *, allow_sign_in_change: bool = False
) -> Plan:
    """Plan ``asked`` (by option name; ``group`` as ``{id, display_name}`` or None to clear it) for the pages.

    Options of a document that was not read are passed over: whoever calls decides whether that may be.
    """
    warnings: list[str] = []
    names = frozenset(asked)
    asked = _without_idle_group(documents, asked, warnings)
    faults = unsupported(documents, asked)
    backend = {option: backend_of(option, documents.migrated) for option in asked}
    on_graph = {o: v for o, v in asked.items() if backend[o] == GRAPH and documents.methods is not None}
    on_portal = {o: v for o, v in asked.items() if backend[o] == PORTAL and documents.portal is not None}

    portal = _portal_after(documents, on_portal)
    methods = documents.methods
    if on_graph and methods is not None:
        faults += _methods.inexpressible(on_graph, methods)
        methods = _methods.write(on_graph, methods)
    target = Documents(portal, methods, documents.migration_state)

    before, after = settings_of(documents, pages), settings_of(target, pages)
    fields = changed_fields(documents.portal, portal) if documents.portal and portal else {}
    changes = (
        *(option for option in on_portal if fields.keys() & set(SETTINGS[option].remote_fields)),
        *(option for option in on_graph if before[option] is not after[option]),
    )

    if on_graph and documents.methods is not None and methods is not None and not allow_sign_in_change:
        risky = _methods.sign_in_changes(_methods.read(documents.methods), _methods.read(methods))
        if risky:
            faults.append(
                f"{', '.join(risky)}: in this tenant the same switch also changes how people sign in; "
                "give allow_sign_in_change: true if that is meant"
            )
    was = _view(documents)
    becomes = replace(_view(target), asked=names, since=was)
    stops, notes = judge(was, becomes, asked)
    return Plan(
        before=before,
        after=after,
        changes=changes,
        steps=steps_between(documents, target, on_portal, changes),
        faults=(*faults, *stops),
        warnings=(*warnings, *notes),
        backend=backend,
        views=(was, becomes),
        refusals=tuple(faults),
    )


def seen(step: Step, documents: Documents) -> bool:
    """Whether the documents hold everything the step wrote."""
    return all(canonical(at(documents, step.plane, path)) == canonical(value) for path, value in step.expected.items())


def canonical(value: Any) -> Any:
    """A value for comparison: the order of targets means nothing, the service's annotations neither."""
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        kept = [{key: part for key, part in item.items() if "@odata" not in key} for item in value]
        return sorted(kept, key=lambda item: sorted((key, str(part)) for key, part in item.items()))
    return value


def at(documents: Documents, plane: str, path: tuple[str, ...]) -> Any:
    """The value at a path of a step's document; None where it has none."""
    value: Any = documents.portal if plane == PORTAL else documents.methods
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return None
        value = value[key]
    return value


def _without_idle_group(documents: Documents, asked: Mapping[str, Any], warnings: list[str]) -> dict[str, Any]:
    """``group`` counts only while the resulting scope is ``selected``; clearing it always does."""
    asked = dict(asked)
    if asked.get("group") and documents.portal is not None:
        scope = asked.get("scope", SETTINGS["scope"].decode(documents.portal))
        if scope != "selected":
            warnings.append(f"group is ignored: it counts only with scope selected, and scope is {scope}")
            del asked["group"]
    return asked


def _portal_after(documents: Documents, wanted: Mapping[str, Any]) -> Document | None:
    if documents.portal is None:
        return None
    after = copy.deepcopy(documents.portal)
    for option, value in wanted.items():
        setting = SETTINGS[option]
        # An equal value is left in the form the tenant has it in: an absent group can be [] or an empty id.
        if option == "group" and not value:
            unchanged = not setting.ids(documents.portal)  # type: ignore[attr-defined]
        else:
            unchanged = setting.misfit(documents.portal) is None and setting.same(
                setting.decode(documents.portal), value
            )
        if not unchanged:
            setting.encode(value, after)
    return after


def steps_between(
    before: Documents, after: Documents, on_portal: Iterable[str], changes: tuple[str, ...]
) -> tuple[Step, ...]:
    """Enable methods, then the portal document with the number, then disable; a falling number goes first."""
    portal_steps: list[Step] = []
    kept_there = set(on_portal)
    number_falls = False
    if before.portal is not None and after.portal is not None:
        fields = changed_fields(before.portal, after.portal)
        number_field = SETTINGS["methods_required"].remote or ""
        number_falls = number_field in fields and fields[number_field] < before.portal[number_field]
        if fields:
            portal_steps.append(
                Step(
                    PORTAL,
                    tuple(option for option in changes if option in kept_there),
                    after.portal,
                    {(name,): value for name, value in fields.items()},
                    {(name,): before.portal.get(name) for name in fields},
                )
            )
    enable: list[tuple[str, dict[str, Any]]] = []
    disable: list[tuple[str, dict[str, Any]]] = []
    if before.methods is not None and after.methods is not None:
        for name, patch in _methods.patches(before.methods, after.methods).items():
            (enable if _methods.enables(patch) else disable).append((name, patch))
    enabling = _graph_step(before, enable, changes)
    disabling = _graph_step(before, disable, changes)
    if number_falls:
        return (*portal_steps, *enabling, *disabling)
    return (*enabling, *portal_steps, *disabling)


def _graph_step(
    before: Documents, bodies: list[tuple[str, dict[str, Any]]], changes: tuple[str, ...]
) -> tuple[Step, ...]:
    if not bodies:
        return ()
    names = {name for name, _body in bodies}
    fields: dict[tuple[str, ...], Any] = {
        (name, key): value for name, body in bodies for key, value in body.items() if key != "@odata.type"
    }
    options = tuple(option for option in changes if option in _methods.GRAPH_METHODS and _driven(option) & names)
    return (Step(GRAPH, options, dict(bodies), fields, {path: at(before, GRAPH, path) for path in fields}),)


def _driven(option: str) -> set[str]:
    """The configurations an option may write."""
    names = {_methods.GRAPH_METHODS[option][0]}
    return names | {"Voice"} if option == "methods.mobile_phone" else names


def _view(documents: Documents) -> View:
    portal, methods = documents.portal or {}, documents.methods or {}
    questions = portal.get("securityQuestions")
    values: dict[str, Any] = {}
    values.update({option: setting.decode(portal) for option, setting in SETTINGS.items()} if portal else {})
    if documents.migrated is not False:
        values.update(dict.fromkeys(_methods.GRAPH_METHODS))
    if documents.migrated:
        values.update(_methods.read(methods))
    return View(
        settings=values,
        migrated=documents.migrated,
        migration_state=documents.migration_state,
        graph_methods=_methods.read(methods),
        targets=_methods.targets(methods),
        methods_size=len(json.dumps(methods)),
        questions=tuple(questions) if isinstance(questions, list) else None,
        email_serves_guests=bool(documents.migrated)
        and methods.get("Email", {}).get("allowExternalIdToUseEmailOtp") == "enabled",
        misfits=misfits(documents, SETTINGS),
    )
