# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Registering methods for people: what ``sspr_user_methods`` does. A few rows at a time, each for itself.

A row is read, written and read again, until nothing of it is left to do. What goes wrong with it is its own result;
only what every row would meet (no answer, no token) ends the work for those that were not yet begun.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any

from ansible_collections.tenantops.entra.plugins.module_utils import _directory
from ansible_collections.tenantops.entra.plugins.module_utils._change import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    PASSING,
    wait_as_asked,
)
from ansible_collections.tenantops.entra.plugins.module_utils._errors import GRAPH, SsprError
from ansible_collections.tenantops.entra.plugins.module_utils._http import PostponedError, UnansweredError
from ansible_collections.tenantops.entra.plugins.module_utils._method_rows import (
    ABSENT,
    OPTIONS,
    PRESENT,
    Row,
    Write,
    caveats,
    fault,
    found_in,
    not_comparable,
    rows_of,
    writes,
)
from ansible_collections.tenantops.entra.plugins.module_utils._options import CONNECTION_SPEC, connection
from ansible_collections.tenantops.entra.plugins.module_utils._session import Session, open_session
from ansible_collections.tenantops.entra.plugins.module_utils._work import Result, Work, guarded

_METHOD_SPEC: Mapping[str, Any] = {option: {"type": "str"} for option in OPTIONS}
SPEC: Mapping[str, Any] = {
    **CONNECTION_SPEC,
    "user": {"type": "str"},
    **_METHOD_SPEC,
    "users": {
        "type": "list",
        "elements": "dict",
        "options": {"user": {"type": "str", "required": True}, **_METHOD_SPEC},
    },
    "csv": {"type": "str"},
    "state": {"type": "str", "choices": [PRESENT, ABSENT], "default": PRESENT},
}

# Rows that are worked on at a time. The service allows a tenant's callers few requests a second.
LANES = 4
# What the next row would meet as well, and after how many such rows one after the other the rest is not tried.
OF_THE_SERVICE = frozenset({"credential", "throttled", "unreachable"})
PATIENCE = 3
# Rows that a message names; all of them are in the result.
NAMED = 10
ADMINISTRATORS = (
    "For the methods of an administrator, a signed-in user needs the role Privileged Authentication Administrator; "
    f"an app needs the permission {_directory.WRITE_USER_METHODS}."
)


def register(params: Mapping[str, Any], check_mode: bool) -> Result:
    """Register or remove people's phone numbers and e-mail addresses."""
    return guarded(_Registering(params, check_mode))


@dataclass
class Outcome:
    """What became of a row. ``pending`` was sent and has not been seen."""

    row: Row
    changed: list[str] = field(default_factory=list)
    not_compared: list[str] = field(default_factory=list)
    pending: list[Write] = field(default_factory=list)
    error: SsprError | None = None

    def look(self, found: Mapping[str, str]) -> None:
        """Tell what was sent and is there from what is still to be seen."""
        self.changed.extend(write.method.option for write in self.pending if write.seen(found))
        self.pending = [write for write in self.pending if not write.seen(found)]

    @property
    def unconfirmed(self) -> list[str]:
        return [write.method.option for write in self.pending]

    @property
    def status(self) -> str:
        named = (("failed", self.error), ("cannot_compare", self.not_compared), ("changed", self.changed))
        return next((name for name, holds in named if holds), "ok")

    def as_result(self) -> dict[str, Any]:
        return {
            "line": self.row.line,
            "user": self.row.user,
            "status": self.status,
            "changed": self.changed,
            "not_compared": self.not_compared,
            "unconfirmed": self.unconfirmed,
            "error": self.error.as_result() if self.error else None,
        }


class _Registering(Work):
    def __init__(self, params: Mapping[str, Any], check_mode: bool) -> None:
        super().__init__(params, check_mode)
        self.state = str(params["state"])
        self.lanes = asyncio.Semaphore(LANES)
        # Rows one after the other that failed for a reason of the service, and what ended the work.
        self.failures = 0
        self.outage: SsprError | None = None

    async def run(self) -> Result:
        target = connection(self.params)
        rows, notes = rows_of(self.params)
        self.warnings.extend(notes)
        # All rows are looked at before anything is sent; what is wrong with one is no reason to leave out the others.
        outcomes = [Outcome(row, error=fault(row, self.state)) for row in rows]
        fit = [outcome for outcome in outcomes if outcome.error is None]
        if fit:
            async with open_session(target, wants_portal=False, remember=self.redactor.add) as session:
                self.opened(session)
                self._require_permission(session)
                await asyncio.gather(*(self._work_on(session, outcome) for outcome in fit))
        self._warn(fit)
        return self._result(outcomes)

    def _require_permission(self, session: Session) -> None:
        lacks_writing = session.missing(_directory.WRITE_USER_METHODS)
        if lacks_writing and (not self.check_mode or session.missing(_directory.READ_USER_METHODS)):
            raise SsprError(
                "permission",
                f"the app lacks the permission {_directory.WRITE_USER_METHODS}",
                plane=GRAPH,
                hint="Give the app this application permission and have the tenant's admin consent to it. "
                "Nothing was written.",
            )

    async def _work_on(self, session: Session, outcome: Outcome) -> None:
        async with self.lanes:
            try:
                if self.outage is not None:
                    raise replace(self.outage, hint="This row was not tried any more. Run it again later.")
                await self._bring_about(session, outcome)
            except SsprError as exc:
                outcome.error = exc.with_hint(ADMINISTRATORS) if exc.kind == "permission" else exc
            self.progress.wrote = self.progress.wrote or (bool(outcome.changed) and not self.check_mode)
            self._judge_service(outcome.error)

    def _judge_service(self, error: SsprError | None) -> None:
        of_the_service = error is not None and error.kind in OF_THE_SERVICE
        self.failures = self.failures + 1 if of_the_service else 0
        if self.failures >= PATIENCE:
            self.outage = self.outage or error

    async def _bring_about(self, session: Session, outcome: Outcome) -> None:
        """Write what is left of a row and read it back, until nothing is left."""
        refusals = 0
        found = await self._found(session, outcome)
        while planned := writes(outcome.row, self.state, found):
            if self.check_mode:
                outcome.changed = [write.method.option for write in planned]
                return
            try:
                for write in planned:
                    outcome.pending.append(write)
                    await self._send(session, outcome.row.user, write)
            except UnansweredError as lost:
                # Whether it took is seen, never tried again.
                found = await self._confirm(session, outcome, lost.error)
            except PostponedError as postponed:
                outcome.pending.pop()
                if outcome.pending:
                    await self._confirm(session, outcome, None)
                refusals += 1
                await wait_as_asked(postponed, refusals)
                found = await self._found(session, outcome)
            except SsprError:
                outcome.pending.pop()
                await self._look_once(session, outcome)
                raise
            else:
                refusals = 0
                found = await self._confirm(session, outcome, None)

    async def _found(self, session: Session, outcome: Outcome) -> dict[str, str]:
        """The user's numbers and address as they are now."""
        user = outcome.row.user
        try:
            found = found_in(await _directory.read_user_methods(session.graph, user))
        except SsprError as exc:
            if exc.kind != "not_found":
                raise
            hint = "Check the user principal name."
            raise replace(exc, message=f"user: the tenant has no user {user!r}", hint=hint) from exc
        if not (outcome.changed or outcome.pending):
            outcome.not_compared = not_comparable(outcome.row, found)
        return found

    async def _send(self, session: Session, user: str, write: Write) -> None:
        kind, value, graph = write.method.phone_type, write.value, session.graph
        if kind is None:
            if value is None:
                await _directory.delete_email(graph, user)
            else:
                await (_directory.update_email if write.replaces else _directory.add_email)(graph, user, value)
        elif value is None:
            await _directory.delete_phone(graph, user, kind)
        else:
            await (_directory.update_phone if write.replaces else _directory.add_phone)(graph, user, kind, value)

    async def _confirm(self, session: Session, outcome: Outcome, trouble: SsprError | None) -> dict[str, str]:
        """Read until everything that was sent is seen; the user's methods as they are then."""
        timeout = session.connection.confirm_timeout
        deadline, pause = monotonic() + timeout, FIRST_PAUSE
        while True:
            try:
                found = await self._found(session, outcome)
            except SsprError as exc:
                if exc.kind not in PASSING:
                    raise
                trouble = exc
            else:
                outcome.look(found)
                if not outcome.pending:
                    return found
            if monotonic() >= deadline:
                raise SsprError(
                    "not_confirmed",
                    f"{', '.join(outcome.unconfirmed)}: sent, and not seen within {timeout} seconds"
                    f"{f' ({trouble.message})' if trouble else ''}",
                    plane=GRAPH,
                    hint="Run it again later: it writes only what is missing.",
                )
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _look_once(self, session: Session, outcome: Outcome) -> None:
        """See what became of what was sent before something was refused."""
        if not outcome.pending:
            return
        try:
            outcome.look(await self._found(session, outcome))
        except SsprError as unread:
            # The refusal is what the operator must hear about; what was sent stays unconfirmed.
            self.warnings.append(f"line {outcome.row.line}: what was sent could not be looked at: {unread.message}")

    def _warn(self, outcomes: Iterable[Outcome]) -> None:
        """One warning a reason, however many rows have it."""
        lines: dict[str, list[int]] = defaultdict(list)
        for outcome in outcomes:
            if self.state == PRESENT:
                for option, caveat in caveats(outcome.row).items():
                    lines[f"{option}: {caveat}"].append(outcome.row.line)
            if outcome.not_compared:
                lines[
                    "Some numbers are shown masked, so nobody can tell whether they are as asked, and they were left "
                    "alone. To a signed-in Authentication Administrator they are; to a Privileged Authentication "
                    "Administrator they are not"
                ].append(outcome.row.line)
        for text, found in lines.items():
            more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
            self.warnings.append(f"{text} (line {', '.join(map(str, found[:NAMED]))}{more}).")

    def _result(self, outcomes: list[Outcome]) -> Result:
        session = self.session
        done = [f"{o.row.user}: {', '.join(o.changed)}" for o in outcomes if o.changed]
        verb = "registered" if self.state == PRESENT else "removed"
        counts = dict.fromkeys(("changed", "ok", "cannot_compare", "failed"), 0)
        for outcome in outcomes:
            counts[outcome.status] += 1
        result: Result = {
            "changed": bool(done),
            "rows": [outcome.as_result() for outcome in outcomes],
            "counts": counts,
            # Who and what, never the numbers themselves: a diff is kept in logs.
            "diff": {"before": {verb: []}, "after": {verb: done}},
            "tenant": session.tenant if session else None,
            "request_ids": session.request_ids if session else [],
        }
        if self.check_mode and done and session:
            result["missing_permissions"] = session.missing(_directory.WRITE_USER_METHODS)
        failed = [outcome for outcome in outcomes if outcome.error is not None]
        if failed:
            error = _summary(failed, len(outcomes))
            result.update(
                failed=True,
                msg=f"{error.message}{f' - {error.hint}' if error.hint else ''}",
                applied=done,
                unconfirmed=[f"{o.row.user}: {', '.join(o.unconfirmed)}" for o in outcomes if o.pending],
                error=error.as_result(),
            )
        return result


def _summary(failed: list[Outcome], total: int) -> SsprError:
    """The failed rows as the task's error, which has the kind of the first of them."""
    [first, *_rest] = (outcome.error for outcome in failed if outcome.error is not None)
    if total == 1:
        return first
    named = [f"line {o.row.line} ({o.row.user}): {o.error}" for o in failed[:NAMED]]
    more = f"; and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
    return replace(
        first,
        message=f"{len(failed)} of {total} rows failed: {'; '.join(named)}{more}",
        hint="Nothing else was left undone. rows has each way out; after that run it again, it writes only what is "
        "missing.",
    )
