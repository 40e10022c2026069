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
from ansible_collections.tenantops.entra.plugins.module_utils._pages import (
    AUTHORIZATION,
    METHODS,
    ON_PREMISES,
    PLANE_OF,
    POLICY,
    SETTINGS,
    Document,
    Page,
    changed_fields,
    document_of,
)
from ansible_collections.tenantops.entra.plugins.module_utils._rules import judge
from ansible_collections.tenantops.entra.plugins.module_utils._views import View

MIGRATED_STATES = frozenset({"migrationcomplete", None})
KNOWN_STATES = MIGRATED_STATES | {"premigration", "migrationinprogress"}


@dataclass(frozen=True)
class Documents:
    """What was read of a tenant. A document that was not read is None.

    ``portal`` is the SSPR policy as the portal API gave it; ``methods`` the method configurations by id as Graph gave
    them; ``migration_state`` counts only where ``methods`` was read; ``on_premises`` is the portal API's document of
    the on-premises integration, ``authorization`` Graph's authorization policy.
    """

    portal: Document | None = None
    methods: _methods.Configurations | None = None
    migration_state: str | None = None
    on_premises: Document | None = None
    authorization: Document | None = None

    def get(self, document: str) -> Document | None:
        """The document of that name."""
        found: Document | None = getattr(self, document)
        return found

    @property
    def migrated(self) -> bool | None:
        """Whether methods live in Graph; None when the authentication methods policy was not read."""
        if self.methods is None:
            return None
        return (self.migration_state.lower() if self.migration_state else None) in MIGRATED_STATES


@dataclass(frozen=True)
class Step:
    """One write and what must be seen afterwards.

    For the SSPR policy ``body`` is the whole document, for the methods a PATCH body by configuration, otherwise the
    changed fields. ``expected`` and ``replaced`` hold the changed fields by path, as they shall be and as they were.
    """

    document: str
    options: tuple[str, ...]
    body: Document
    expected: Mapping[tuple[str, ...], Any]
    replaced: Mapping[tuple[str, ...], Any]

    @property
    def plane(self) -> str:
        return PLANE_OF[self.document]

    def parts(self) -> list[Step]:
        """The requests this write consists of: one for the whole policy, else one a configuration or field."""
        if self.document == POLICY:
            return [self]
        return [
            Step(
                self.document,
                tuple(option for option in self.options if name in _driven(option, self.document)),
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
    # What the rules look at, before and after; empty for a plan that they do not judge
    views: tuple[View, ...] = ()
    # Of the faults, those that no rule found
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
            elif document_of(option, documents.migrated) == METHODS:
                values[option] = methods[option]
            else:
                document = documents.get(setting.document)
                values[option] = setting.decode(document) if document is not None else None
    return values


def misfits(documents: Documents, options: Iterable[str]) -> dict[str, str]:
    """Options that cannot be managed because their field is missing or of another type, each with why."""
    found = {}
    for option in options:
        why = None
        where = document_of(option, documents.migrated)
        document = documents.get(where)
        if where == METHODS:
            why = _methods.misfit(option, documents.methods or {})
        elif document is not None:
            why = SETTINGS[option].misfit(document)
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
    homes = {option: document_of(option, documents.migrated) for option in asked}
    wanted = {
        document: {option: value for option, value in asked.items() if homes[option] == document}
        for document in PLANE_OF
        if documents.get(document) is not None
    }
    on_graph = wanted.pop(METHODS, {})
    methods = documents.methods
    if on_graph and methods is not None:
        faults += _methods.inexpressible(on_graph, methods)
        methods = _methods.write(on_graph, methods)
    plain: dict[str, Any] = {
        name: _document_after(documents.get(name) or {}, values) for name, values in wanted.items()
    }
    target = replace(documents, methods=methods, **plain)

    before, after = settings_of(documents, pages), settings_of(target, pages)
    changes = (
        *(o for name, values in wanted.items() for o in values if _touches(o, documents.get(name), plain[name])),
        *(option for option in on_graph if before[option] is not after[option]),
    )

    if on_graph and documents.methods is not None and methods is not None and not allow_sign_in_change:
        risky = _methods.sign_in_changes(_methods.read(documents.methods), _methods.read(methods))
        if risky:
            faults.append(
                f"{', '.join(risky)}: in this tenant the same switch also changes how people sign in; "
                "give allow_sign_in_change: true if that is meant"
            )
    was = view_of(documents)
    becomes = replace(view_of(target), asked=names, since=was)
    stops, notes = judge(was, becomes, asked)
    return Plan(
        before=before,
        after=after,
        changes=changes,
        steps=steps_between(documents, target, {option: homes[option] for option in changes}),
        faults=(*faults, *stops),
        warnings=(*warnings, *notes),
        backend={option: PLANE_OF[document] for option, document in homes.items()},
        views=(was, becomes),
        refusals=tuple(faults),
    )


def seen(step: Step, documents: Documents) -> bool:
    """Whether the documents hold everything the step wrote."""
    return all(
        canonical(at(documents, step.document, path)) == canonical(value) for path, value in step.expected.items()
    )


def canonical(value: Any) -> Any:
    """A value for comparison: the order of targets means nothing, the service's annotations neither."""
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        kept = [{key: part for key, part in item.items() if "@odata" not in key} for item in value]
        return sorted(kept, key=lambda item: sorted((key, str(part)) for key, part in item.items()))
    return value


def at(documents: Documents, document: str, path: tuple[str, ...]) -> Any:
    """The value at a path of a document; None where it has none."""
    value: Any = documents.get(document)
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


def _document_after(before: Document, wanted: Mapping[str, Any]) -> Document:
    """A document with the wanted settings in place."""
    after = copy.deepcopy(before)
    for option, value in wanted.items():
        setting = SETTINGS[option]
        # An equal value is left in the form the tenant has it in: an absent group can be [] or an empty id.
        if option == "group" and not value:
            unchanged = not setting.ids(before)  # type: ignore[attr-defined]
        else:
            unchanged = setting.misfit(before) is None and setting.same(setting.decode(before), value)
        if not unchanged:
            setting.encode(value, after)
    return after


def _touches(option: str, before: Document | None, after: Document) -> bool:
    return bool(changed_fields(before or {}, after).keys() & set(SETTINGS[option].remote_fields))


def steps_between(before: Documents, after: Documents, changes: Mapping[str, str]) -> tuple[Step, ...]:
    """Enable methods, then the SSPR policy with the number, then disable; a falling number goes first.

    ``changes`` are the options that change, each with its document. The policies that have nothing to do with methods
    come last.
    """
    policy = _fields_step(POLICY, before, after, changes)
    enable: list[tuple[str, dict[str, Any]]] = []
    disable: list[tuple[str, dict[str, Any]]] = []
    if before.methods is not None and after.methods is not None:
        for name, patch in _methods.patches(before.methods, after.methods).items():
            (enable if _methods.enables(patch) else disable).append((name, patch))
    enabling = _methods_step(before, enable, changes)
    disabling = _methods_step(before, disable, changes)
    number = (SETTINGS["methods_required"].remote or "",)
    number_falls = any(number in step.expected and step.expected[number] < step.replaced[number] for step in policy)
    return (
        *((*policy, *enabling) if number_falls else (*enabling, *policy)),
        *disabling,
        *_fields_step(ON_PREMISES, before, after, changes),
        *_fields_step(AUTHORIZATION, before, after, changes),
    )


def _fields_step(document: str, before: Documents, after: Documents, changes: Mapping[str, str]) -> tuple[Step, ...]:
    """The write of a document whose fields stand side by side: whole for the SSPR policy, else what changes."""
    was, becomes = before.get(document), after.get(document)
    fields = changed_fields(was, becomes) if was is not None and becomes is not None else {}
    if was is None or becomes is None or not fields:
        return ()
    return (
        Step(
            document,
            tuple(option for option, home in changes.items() if home == document),
            becomes if document == POLICY else fields,
            {(name,): value for name, value in fields.items()},
            {(name,): was.get(name) for name in fields},
        ),
    )


def _methods_step(
    before: Documents, bodies: list[tuple[str, dict[str, Any]]], changes: Mapping[str, str]
) -> tuple[Step, ...]:
    if not bodies:
        return ()
    names = {name for name, _body in bodies}
    fields: dict[tuple[str, ...], Any] = {
        (name, key): value for name, body in bodies for key, value in body.items() if key != "@odata.type"
    }
    options = tuple(o for o, home in changes.items() if home == METHODS and _driven(o, METHODS) & names)
    return (Step(METHODS, options, dict(bodies), fields, {path: at(before, METHODS, path) for path in fields}),)


def _driven(option: str, document: str) -> set[str]:
    """What an option may write in its document: configurations of methods, or fields."""
    if document != METHODS:
        return set(SETTINGS[option].remote_fields)
    names = {_methods.GRAPH_METHODS[option][0]}
    return names | {"Voice"} if option == "methods.mobile_phone" else names


def view_of(documents: Documents) -> View:
    portal, methods = documents.portal or {}, documents.methods or {}
    questions = portal.get("securityQuestions")
    values: dict[str, Any] = {}
    for option, setting in SETTINGS.items():
        document = documents.get(setting.document)
        if document is not None:
            values[option] = setting.decode(document)
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
