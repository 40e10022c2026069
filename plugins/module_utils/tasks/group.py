# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A security group and its members: what ``sspr_group`` does. It creates and adds, and never removes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from .._errors import GRAPH, SsprError
from .._failures import Result
from .._polling import not_confirmed, poll_until
from .._text import is_guid
from ..connection.options import CONNECTION_SPEC, RUN_SPEC, connection
from ..connection.service_client import UnansweredError
from ..connection.throttling import write_when_accepted
from ..services import permissions
from ..services.groups import (
    GroupKind,
    add_member,
    create_group,
    find_group,
    look_up_group,
    read_group_kind,
    read_member_ids,
)
from ..services.session import Session
from ..services.users import find_user_id
from ..settings.pages import GroupRef
from .base import Task, run_task

SPEC: Mapping[str, Any] = {
    **CONNECTION_SPEC,
    **RUN_SPEC,
    "group": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present"], "default": "present"},
    "description": {"type": "str"},
    "members": {"type": "list", "elements": "str", "default": []},
    "groups": {"type": "list", "elements": "str", "default": []},
}


def execute(params: Mapping[str, Any], check_mode: bool) -> Result:
    """Create the group where it is missing, and add users and groups to it."""
    return run_task(_Group(params, check_mode))


class _Group(Task):
    async def execute(self) -> Result:
        target = connection(self.params)
        # Graph only: nothing of this needs the portal user. And one task at a time: two that both find no group would
        # create two of that name.
        async with self.open_session(target, wants_portal=False) as session, self.exclusive(session):
            return await self._ensure(session)

    async def _ensure(self, session: Session) -> Result:
        """Look up what is there, and write what is missing. Raises: SsprError."""
        name = self.params["group"]
        group = await look_up_group(session.graph, name)
        if group is None and is_guid(name):
            raise _cannot_create(name)
        if group and (self.params["members"] or self.params["groups"]):
            _require_fillable(session, group, await read_group_kind(session.graph, group.id))
        requested = await self._requested_ids(session, group)
        present = await read_member_ids(session.graph, group.id) if group and requested else set()
        missing = {member: item for member, item in requested.items() if item not in present}
        created = group is None
        result = self._result(session, group, missing)
        if not result["changed"]:
            return result
        needed = [permissions.CREATE_GROUPS] * created + [permissions.WRITE_MEMBERS] * bool(missing)
        lacking = session.missing_permissions(*needed)
        if self.check_mode:
            self._note("planned", group, missing)
            return {**result, "missing_permissions": lacking}
        if lacking:
            raise permissions.permission_error(*lacking)
        group = await self._write(session, group, missing)
        return {**result, "group": group.as_result(), "request_ids": session.request_ids}

    def _note(self, state: str, group: GroupRef | None, missing: Mapping[str, str]) -> None:
        if self.recorder is not None:
            self.recorder.note(state, created=group is None, added=list(missing))

    def _result(self, session: Session, group: GroupRef | None, missing: Mapping[str, str]) -> Result:
        created = group is None
        shown = group.as_result() if group else {"id": None, "display_name": self.params["group"]}
        was: dict[str, Any] = {"state": "absent" if created else "present", "added": []}
        return {
            "changed": created or bool(missing),
            "group": shown,
            "created": created,
            "added": list(missing),
            "diff": {"before": was, "after": {"state": "present", "added": list(missing)}},
            "tenant": session.tenant.as_result(),
            "request_ids": session.request_ids,
        }

    async def _requested_ids(self, session: Session, group: GroupRef | None) -> dict[str, str]:
        """Object ids by the name they were requested by; all of them are found before anything is written."""
        requested = {name: await find_user_id(session.graph, name) for name in self.params["members"]}
        for name in self.params["groups"]:
            requested[name] = (await find_group(session.graph, name)).id.lower()
        if group and group.id.lower() in requested.values():
            raise SsprError("invalid_setting", "groups: a group cannot contain itself", hint="Nothing was written.")
        return requested

    async def _write(self, session: Session, group: GroupRef | None, missing: Mapping[str, str]) -> GroupRef:
        """Create and fill the group, and see that it took effect. Raises: SsprError."""
        if self.recorder is not None:
            self.recorder.run.require_going()
        self._note("started", group, missing)
        if group is None:
            group = await self._create(session)
        await self._add(session, group, missing)
        if self.recorder is not None:
            self.recorder.note("changed", wrote=True)
        return group

    async def _create(self, session: Session) -> GroupRef:
        name = self.params["group"]
        description = self.params.get("description")
        self.report.expect(["group"])
        try:
            await write_when_accepted(lambda: create_group(session.graph, name, description))
        except UnansweredError as lost:
            return await self._see_group(session, name, lost.error)
        except SsprError:
            self.report.expect([])
            raise
        return await self._see_group(session, name, None)

    async def _see_group(self, session: Session, name: str, lost: SsprError | None) -> GroupRef:
        """Read until the new group is there. Raises: SsprError(not_confirmed)."""
        found: GroupRef | None = None

        async def is_there() -> bool:
            nonlocal found
            found = await look_up_group(session.graph, name)
            return found is not None

        timeout = session.connection.confirm_timeout
        polled = await poll_until(is_there, timeout=timeout)
        if found is None:
            what = f"group: {name!r} was not seen in the tenant"
            hint = "It may still appear. Run it again later."
            raise not_confirmed(what, timeout, polled.error or lost, plane=GRAPH, hint=hint)
        self.report.expect([])
        self.report.confirm(["group"])
        return found

    async def _add(self, session: Session, group: GroupRef, missing: Mapping[str, str]) -> None:
        """Add every missing member, and see all of them. Raises: SsprError."""
        sent: dict[str, str] = {}
        for name, member in missing.items():
            self.report.expect([*sent, name])
            try:
                await write_when_accepted(partial(add_member, session.graph, group.id, member))
            except UnansweredError:
                # Whether it took effect is checked below.
                pass
            except SsprError:
                self.report.expect(sent)
                await self._see_members(session, group, sent)
                raise
            sent[name] = member
        error = await self._see_members(session, group, sent)
        if self.report.unconfirmed:
            what = f"members: {', '.join(self.report.unconfirmed)} not seen in the group"
            hint = "Run it again later: it adds only missing members."
            raise not_confirmed(what, session.connection.confirm_timeout, error, plane=GRAPH, hint=hint)

    async def _see_members(self, session: Session, group: GroupRef, sent: Mapping[str, str]) -> SsprError | None:
        """Read until everyone who was sent is a member, or until the timeout. Returns the last tolerated error."""

        async def all_there() -> bool:
            members = await read_member_ids(session.graph, group.id)
            seen = [name for name in self.report.unconfirmed if sent[name] in members]
            if seen:
                self.report.confirm(seen)
                self.report.expect(name for name in self.report.unconfirmed if name not in seen)
            return not self.report.unconfirmed

        polled = await poll_until(all_there, timeout=session.connection.confirm_timeout)
        return polled.error


def _cannot_create(object_id: str) -> SsprError:
    return SsprError(
        "not_found",
        f"group: the tenant has no group with the object ID {object_id!r}, and a group cannot be created with one",
        plane=GRAPH,
        hint="Use the display name of the group to create, or check the tenant.",
    )


def _require_fillable(session: Session, group: GroupRef, kind: GroupKind) -> None:
    """Raises: SsprError(unsupported), for a group to which Microsoft Graph cannot add members."""
    cannot_fill_roles = bool(session.missing_permissions(permissions.WRITE_ROLE_ASSIGNABLE_GROUPS))
    reasons = {
        "it is a dynamic group, whose members a rule determines": kind.dynamic,
        "it is synchronized from an on-premises directory": kind.synchronized,
        "it is mail-enabled, and Microsoft Graph can only read such groups": kind.mail_enabled,
        f"roles can be assigned to it, and the app lacks the permission {permissions.WRITE_ROLE_ASSIGNABLE_GROUPS}": (
            kind.role_assignable and cannot_fill_roles
        ),
    }
    why = next((reason for reason, holds in reasons.items() if holds), None)
    if why:
        raise SsprError(
            "unsupported",
            f"group: members cannot be added to {group.display_name!r}: {why}",
            plane=GRAPH,
            hint="Use a security group with assigned membership. Nothing was written.",
        )
