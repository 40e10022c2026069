# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Enlarging the group of a pilot: what ``sspr_pilot`` does. It adds, and takes nobody out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from time import monotonic
from typing import Any

from ansible_collections.tenantops.entra.plugins.module_utils import _documents
from ansible_collections.tenantops.entra.plugins.module_utils._change import FIRST_PAUSE, LONGEST_PAUSE
from ansible_collections.tenantops.entra.plugins.module_utils._errors import GRAPH, SsprError
from ansible_collections.tenantops.entra.plugins.module_utils._http import PostponedError, UnansweredError
from ansible_collections.tenantops.entra.plugins.module_utils._options import (
    CONNECTION_SPEC,
    GUID,
    RUN_SPEC,
    connection,
)
from ansible_collections.tenantops.entra.plugins.module_utils._session import Session, open_session
from ansible_collections.tenantops.entra.plugins.module_utils._work import Result, Work, guarded

SPEC: Mapping[str, Any] = {
    **CONNECTION_SPEC,
    **RUN_SPEC,
    "group": {"type": "str", "required": True},
    "members": {"type": "list", "elements": "str", "default": []},
    "groups": {"type": "list", "elements": "str", "default": []},
}


def enlarge(params: Mapping[str, Any], check_mode: bool) -> Result:
    """Put users and groups into the pilot's group."""
    return guarded(_Enlargement(params, check_mode))


class _Enlargement(Work):
    async def run(self) -> Result:
        target = connection(self.params)
        # Graph alone: nothing of this needs the portal's user.
        async with open_session(target, wants_portal=False, remember=self.redactor.add) as session:
            self.opened(session)
            group = await self._group(session, self.params["group"])
            await self._require_assigned(session, group)
            wanted = await self._wanted(session, group)
            missing = {name: item for name, item in wanted.items() if item not in await self._members(session, group)}
            if missing and not self.check_mode:
                async with self.turnstile(session).turn():
                    await self._add(session, group["id"], missing)
            return {
                "changed": bool(missing),
                "group": group,
                "added": list(missing),
                "diff": {"before": {"added": []}, "after": {"added": list(missing)}},
                "tenant": session.tenant,
                "request_ids": session.request_ids,
            }

    async def _group(self, session: Session, name: str) -> dict[str, str]:
        return await _documents.find_group(session.graph, name, by_id=bool(GUID.fullmatch(name)))

    async def _members(self, session: Session, group: Mapping[str, str]) -> set[str]:
        return await _documents.read_members(session.graph, group["id"])

    async def _require_assigned(self, session: Session, group: Mapping[str, str]) -> None:
        kind = await _documents.read_group_kind(session.graph, group["id"])
        why = (
            "a rule decides who its members are"
            if "DynamicMembership" in (kind.get("groupTypes") or [])
            else "it comes from the organization's own directory"
            if kind.get("onPremisesSyncEnabled")
            else None
        )
        if why:
            raise SsprError(
                "unsupported",
                f"group: nobody can be added to {group['display_name']!r}, {why}",
                plane=GRAPH,
                hint="Take a security group with assigned members. Nothing was written.",
            )

    async def _wanted(self, session: Session, group: Mapping[str, str]) -> dict[str, str]:
        """Object ids by the name they were asked for; all of them are found before anything is written."""
        wanted = {name: await _documents.find_user(session.graph, name) for name in self.params["members"]}
        for name in self.params["groups"]:
            wanted[name] = (await self._group(session, name))["id"].lower()
        if group["id"].lower() in wanted.values():
            raise SsprError("invalid_setting", "groups: a group cannot be put into itself", hint="Nothing was written.")
        return wanted

    async def _add(self, session: Session, group: str, missing: Mapping[str, str]) -> None:
        if self.recorder is not None:
            self.recorder.run.require_going()
            self.recorder.note("started", added=list(missing))
        for name, member in missing.items():
            self.progress.unconfirmed.append(name)
            try:
                await _documents.add_member(session.graph, group, member)
            except UnansweredError:
                # Whether it took is seen below.
                continue
            except (PostponedError, SsprError) as refused:
                self.progress.unconfirmed.remove(name)
                await self._confirm(session, group, missing)
                raise refused.error if isinstance(refused, PostponedError) else refused from refused
        await self._confirm(session, group, missing)
        if self.progress.unconfirmed:
            raise SsprError(
                "not_confirmed",
                f"members: {', '.join(self.progress.unconfirmed)} not seen in the group within "
                f"{session.connection.confirm_timeout} seconds",
                plane=GRAPH,
                hint="Run it again later: it adds only who is missing.",
            )
        if self.recorder is not None:
            self.recorder.note("changed", wrote=True)

    async def _confirm(self, session: Session, group: str, missing: Mapping[str, str]) -> None:
        """Read until everyone who was sent is a member, or the time is over."""
        deadline, pause = monotonic() + session.connection.confirm_timeout, FIRST_PAUSE
        while True:
            members = await _documents.read_members(session.graph, group)
            seen = [name for name in self.progress.unconfirmed if missing[name] in members]
            self.progress.applied.extend(seen)
            self.progress.wrote = self.progress.wrote or bool(seen)
            self.progress.unconfirmed = [name for name in self.progress.unconfirmed if name not in seen]
            if not self.progress.unconfirmed or monotonic() >= deadline:
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
