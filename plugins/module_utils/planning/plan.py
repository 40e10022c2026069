# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pure planning: current documents and requested settings in; changes, diff, ordered writes and faults out.

No I/O and no Ansible. Planning again after a plan was applied gives an empty plan. A task therefore executes the first
step, reads, and plans again until no step is left.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .._errors import Plane
from ..rules.engine import violations
from ..rules.tenant_view import TenantView, view_of
from ..settings import graph_methods
from ..settings.pages import (
    AUTHORIZATION_POLICY,
    METHODS_POLICY,
    ON_PREMISES,
    PLANE_OF,
    SETTINGS,
    SSPR_POLICY,
    Body,
    DocumentName,
    GroupSetting,
    Page,
    changed_fields,
    document_of,
    group_counts,
)
from ..settings.tenant_documents import (
    Documents,
    FieldPath,
    canonical,
    not_before_migration,
    settings_of,
    value_at,
)

Requested = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """One write and what must be seen afterwards.

    For the SSPR policy ``body`` is the whole document, for the methods a PATCH body by configuration, otherwise the
    changed fields. ``expected`` and ``replaced`` hold the changed fields by path, as they will be and as they were.
    """

    document: DocumentName
    options: tuple[str, ...]
    body: Body
    expected: Mapping[FieldPath, Any]
    replaced: Mapping[FieldPath, Any]

    @property
    def plane(self) -> Plane:
        return PLANE_OF[self.document]

    def parts(self) -> list[Step]:
        """The requests that this write consists of: one for the whole policy, else one per configuration or field."""
        if self.document == SSPR_POLICY:
            return [self]
        return [
            Step(
                self.document,
                tuple(option for option in self.options if name in _written_by(option, self.document)),
                {name: body},
                {path: value for path, value in self.expected.items() if path[0] == name},
                {path: value for path, value in self.replaced.items() if path[0] == name},
            )
            for name, body in self.body.items()
        ]

    def is_seen_in(self, documents: Documents) -> bool:
        """Whether the documents hold everything that the step wrote."""
        return all(
            canonical(value_at(documents, self.document, path)) == canonical(value)
            for path, value in self.expected.items()
        )


@dataclass(frozen=True)
class Plan:
    """The outcome of planning, in option names (``methods.email``).

    ``refusals`` are faults that no rule found, ``violated`` those of the rules; ``preexisting`` are violations that the
    tenant has already and the plan does not make worse. ``views`` are what the rules see, before and after.
    """

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    changes: tuple[str, ...]
    steps: tuple[Step, ...]
    backend: Mapping[str, Plane]
    views: tuple[TenantView, TenantView] = field(repr=False)
    refusals: tuple[str, ...] = ()
    violated: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    preexisting: tuple[str, ...] = ()

    @property
    def faults(self) -> tuple[str, ...]:
        """Everything that stops a task."""
        return (*self.refusals, *self.violated)


def make_plan(
    documents: Documents, requested: Requested, pages: tuple[Page, ...], *, allow_sign_in_change: bool = False
) -> Plan:
    """Plan what is requested, by option name (``group`` as a GroupRef, or None to clear it), for the pages.

    Options of a document that was not read are skipped: the caller decides whether that is acceptable.
    """
    counted, warnings = _without_unused_group(documents, requested)
    homes = {option: document_of(option, documents.migrated) for option in counted}
    by_document = {
        name: {option: value for option, value in counted.items() if homes[option] == name}
        for name in PLANE_OF
        if documents.get(name) is not None
    }
    target = target_documents(documents, by_document)
    before, after = settings_of(documents, pages), settings_of(target, pages)
    changes = _changes(documents, target, by_document, (before, after))
    was = view_of(documents)
    becomes = replace(view_of(target), requested=frozenset(requested), since=was)
    violated, preexisting = violations(was, becomes, counted)
    return Plan(
        before=before,
        after=after,
        changes=changes,
        steps=steps_between(documents, target, {option: homes[option] for option in changes}),
        backend={option: PLANE_OF[name] for option, name in homes.items()},
        views=(was, becomes),
        refusals=(
            *not_before_migration(documents, counted),
            *_methods_faults(documents, target, by_document, allow_sign_in_change),
        ),
        violated=tuple(violated),
        warnings=warnings,
        preexisting=tuple(preexisting),
    )


def _without_unused_group(documents: Documents, requested: Requested) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What is requested, except a group that has no effect; clearing the group always has one."""
    scope = SETTINGS["scope"].decode(documents.sspr_policy or {})
    if documents.sspr_policy is None or not requested.get("group") or group_counts(requested, scope):
        return dict(requested), ()
    counted = {option: value for option, value in requested.items() if option != "group"}
    found = requested.get("scope", scope) or "unknown"
    return counted, (f"group is ignored: scope is {found}, not selected",)


def target_documents(documents: Documents, by_document: Mapping[DocumentName, Requested]) -> Documents:
    """The documents with the requested settings in place; ``by_document`` has the settings of each that was read."""
    methods = documents.methods
    if methods is not None and by_document.get(METHODS_POLICY):
        methods = graph_methods.write(by_document[METHODS_POLICY], methods)
    bodies: dict[str, Any] = {
        name: _body_with(documents.get(name) or {}, values)
        for name, values in by_document.items()
        if name != METHODS_POLICY
    }
    return replace(documents, methods=methods, **bodies)


def _body_with(before: Body, requested: Requested) -> Body:
    """A document with the requested settings in place."""
    after = copy.deepcopy(before)
    for option, value in requested.items():
        setting = SETTINGS[option]
        # An equal value stays in the form in which the tenant has it: no group can be [] or an empty id.
        if isinstance(setting, GroupSetting) and not value:
            unchanged = not setting.ids(before)
        else:
            unchanged = setting.misfit(before) is None and setting.same(setting.decode(before), value)
        if not unchanged:
            setting.encode(value, after)
    return after


def _changes(
    documents: Documents,
    target: Documents,
    by_document: Mapping[DocumentName, Requested],
    settings: tuple[Mapping[str, Any], Mapping[str, Any]],
) -> tuple[str, ...]:
    """The requested options whose value differs, those of the authentication methods policy last."""
    before, after = settings
    changed = [
        option
        for name, values in by_document.items()
        if name != METHODS_POLICY
        for fields in [changed_fields(documents.get(name) or {}, target.get(name) or {})]
        for option in values
        if fields.keys() & set(SETTINGS[option].remote_fields)
    ]
    methods = by_document.get(METHODS_POLICY, {})
    return (*changed, *(option for option in methods if before[option] is not after[option]))


def _methods_faults(
    documents: Documents,
    target: Documents,
    by_document: Mapping[DocumentName, Requested],
    allow_sign_in_change: bool,
) -> list[str]:
    """Why the methods of a migrated tenant cannot be set as requested."""
    requested = by_document.get(METHODS_POLICY, {})
    if not requested or documents.methods is None or target.methods is None:
        return []
    faults = graph_methods.inexpressible(requested, documents.methods)
    if not allow_sign_in_change:
        risky = graph_methods.sign_in_changes(graph_methods.read(documents.methods), graph_methods.read(target.methods))
        if risky:
            faults.append(
                f"{', '.join(risky)}: in this tenant this also changes how users can sign in; "
                "set allow_sign_in_change: true if that is intended"
            )
    return faults


def steps_between(before: Documents, after: Documents, changes: Mapping[str, DocumentName]) -> tuple[Step, ...]:
    """Enable methods, then write the SSPR policy with the required number, then disable methods.

    A required number that decreases is written first. ``changes`` are the options that change, each with its document.
    The policies that have nothing to do with methods come last.
    """
    policy = _fields_step(SSPR_POLICY, before, after, changes)
    enable: dict[str, Body] = {}
    disable: dict[str, Body] = {}
    if before.methods is not None and after.methods is not None:
        for name, patch in graph_methods.patches(before.methods, after.methods).items():
            (enable if graph_methods.enables(patch) else disable)[name] = patch
    enabling = _methods_step(before, enable, changes)
    disabling = _methods_step(before, disable, changes)
    number = (SETTINGS["methods_required"].remote or "",)
    number_falls = any(number in step.expected and step.expected[number] < step.replaced[number] for step in policy)
    return (
        *((*policy, *enabling) if number_falls else (*enabling, *policy)),
        *disabling,
        *_fields_step(ON_PREMISES, before, after, changes),
        *_fields_step(AUTHORIZATION_POLICY, before, after, changes),
    )


def _fields_step(
    name: DocumentName, before: Documents, after: Documents, changes: Mapping[str, DocumentName]
) -> tuple[Step, ...]:
    """The write of a document with a flat list of fields: whole for the SSPR policy, else what changes."""
    was, becomes = before.get(name), after.get(name)
    fields = changed_fields(was, becomes) if was is not None and becomes is not None else {}
    if was is None or becomes is None or not fields:
        return ()
    return (
        Step(
            name,
            tuple(option for option, home in changes.items() if home == name),
            becomes if name == SSPR_POLICY else fields,
            {(key,): value for key, value in fields.items()},
            {(key,): was.get(key) for key in fields},
        ),
    )


def _methods_step(
    before: Documents, patches: Mapping[str, Body], changes: Mapping[str, DocumentName]
) -> tuple[Step, ...]:
    if not patches:
        return ()
    fields: dict[FieldPath, Any] = {
        (name, key): value for name, patch in patches.items() for key, value in patch.items() if key != "@odata.type"
    }
    options = tuple(
        option
        for option, home in changes.items()
        if home == METHODS_POLICY and _written_by(option, METHODS_POLICY) & patches.keys()
    )
    replaced = {path: value_at(before, METHODS_POLICY, path) for path in fields}
    return (Step(METHODS_POLICY, options, dict(patches), fields, replaced),)


def _written_by(option: str, name: DocumentName) -> set[str]:
    """What an option may write in its document: configurations of methods, or fields."""
    if name != METHODS_POLICY:
        return set(SETTINGS[option].remote_fields)
    configurations = {graph_methods.GRAPH_METHODS[option][0]}
    return configurations | {"Voice"} if option == "methods.mobile_phone" else configurations
