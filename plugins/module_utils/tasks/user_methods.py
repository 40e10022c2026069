# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Registering methods for users: what ``sspr_user_methods`` does. A few rows at a time, each independent of the others.

A row is read, written and read again, until nothing is left to do. An error is part of the row's own result. Only
errors that every row would get (no response, no token) end the work for rows that were not started yet.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .._errors import GRAPH, ErrorKind, SsprError
from .._failures import Result
from .._polling import not_confirmed, poll_until
from ..connection.options import CONNECTION_SPEC, connection
from ..connection.service_client import UnansweredError
from ..connection.throttling import PostponedError, wait_before_retry
from ..services import permissions
from ..services.session import Session
from ..services.users import (
    delete_email,
    delete_phone,
    put_email,
    put_phone,
    read_user_methods,
)
from ..users.contact_methods import (
    ABSENT,
    OPTIONS,
    PRESENT,
    MethodWrite,
    Row,
    caveats,
    methods_found,
    not_comparable,
    plan_writes,
    read_rows,
    row_error,
)
from .base import Task, run_task

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

# Rows that are processed at a time. The service allows few requests per second and tenant.
LANES = 4
# Errors that the next row would get as well, and after how many consecutive rows with one the rest is skipped.
SERVICE_ERRORS: frozenset[ErrorKind] = frozenset({"credential", "throttled", "unreachable"})
MOST_SERVICE_ERRORS = 3
STATUSES = ("changed", "ok", "cannot_compare", "failed")
# Rows that a message names; all of them are in the result.
NAMED = 10
ADMINISTRATORS = (
    "For the methods of an administrator, a signed-in user needs the role Privileged Authentication Administrator; "
    f"an app needs the permission {permissions.WRITE_USER_METHODS}."
)
MASKED = (
    "Some numbers are shown masked, so it is unknown whether they are as requested, and they were not changed. They "
    "are masked for a signed-in Authentication Administrator, and not for a Privileged Authentication Administrator"
)


def execute(params: Mapping[str, Any], check_mode: bool) -> Result:
    """Register or remove users' phone numbers and email addresses."""
    return run_task(_UserMethods(params, check_mode))


@dataclass
class RowOutcome:
    """What happened to a row. ``pending`` was sent and has not been seen yet."""

    row: Row
    changed: list[str] = field(default_factory=list)
    not_compared: list[str] = field(default_factory=list)
    pending: list[MethodWrite] = field(default_factory=list)
    error: SsprError | None = None

    def compare(self, found: Mapping[str, str]) -> None:
        """Separate what was sent and is visible from what is still pending."""
        self.changed.extend(write.method.option for write in self.pending if write.is_seen_in(found))
        self.pending = [write for write in self.pending if not write.is_seen_in(found)]

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


@dataclass(frozen=True)
class TableOutcome:
    """What happened to all rows."""

    rows: Sequence[RowOutcome]
    state: str

    @property
    def changed(self) -> list[str]:
        """Who and what, never the numbers themselves: a diff is kept in logs."""
        return [f"{outcome.row.user}: {', '.join(outcome.changed)}" for outcome in self.rows if outcome.changed]

    def as_result(self) -> Result:
        statuses = [outcome.status for outcome in self.rows]
        verb = "registered" if self.state == PRESENT else "removed"
        return {
            "changed": bool(self.changed),
            "rows": [outcome.as_result() for outcome in self.rows],
            "counts": {status: statuses.count(status) for status in STATUSES},
            "diff": {"before": {verb: []}, "after": {verb: self.changed}},
        }

    def failure(self) -> Result:
        """What a result says besides where rows failed."""
        failed = [outcome for outcome in self.rows if outcome.error is not None]
        if not failed:
            return {}
        return {
            **_summary(failed, len(self.rows)).as_failure(),
            "changed": bool(self.changed),
            "applied": self.changed,
            "unconfirmed": [f"{o.row.user}: {', '.join(o.unconfirmed)}" for o in self.rows if o.pending],
        }


class _UserMethods(Task):
    def __init__(self, params: Mapping[str, Any], check_mode: bool) -> None:
        super().__init__(params, check_mode)
        self.state = str(params["state"])
        self.lanes = asyncio.Semaphore(LANES)
        # Consecutive rows that failed because of the service, and the error that ended the work.
        self.failures = 0
        self.outage: SsprError | None = None

    async def execute(self) -> Result:
        target = connection(self.params)
        table = read_rows(self.params)
        self.report.warn(*table.warnings)
        # All rows are checked before anything is sent; an invalid one does not keep the others from being processed.
        outcomes = [RowOutcome(row, error=row_error(row, self.state)) for row in table.rows]
        valid = [outcome for outcome in outcomes if outcome.error is None]
        if valid:
            async with self.open_session(target, wants_portal=False) as session:
                self._require_permission(session)
                await asyncio.gather(*(self._process(session, outcome) for outcome in valid))
        self._warn(valid)
        return self._result(outcomes)

    def _require_permission(self, session: Session) -> None:
        """Before anything is written. Raises: SsprError(permission)."""
        missing = session.missing_permissions(permissions.WRITE_USER_METHODS)
        can_predict = self.check_mode and not session.missing_permissions(permissions.READ_USER_METHODS)
        if missing and not can_predict:
            raise permissions.permission_error(*missing)

    async def _process(self, session: Session, outcome: RowOutcome) -> None:
        async with self.lanes:
            try:
                if self.outage is not None:
                    hint = "Skipped after repeated service errors. Run it again later."
                    raise replace(self.outage, hint=hint)
                await self._ensure(session, outcome)
            except SsprError as exc:
                outcome.error = exc.with_hint(ADMINISTRATORS) if exc.kind == "permission" else exc
            if outcome.changed and not self.check_mode:
                self.report.note_write()
            self._watch_service(outcome.error)

    def _watch_service(self, error: SsprError | None) -> None:
        of_the_service = error is not None and error.kind in SERVICE_ERRORS
        self.failures = self.failures + 1 if of_the_service else 0
        if self.failures >= MOST_SERVICE_ERRORS:
            self.outage = self.outage or error

    async def _ensure(self, session: Session, outcome: RowOutcome) -> None:
        """Write what is left of a row and read it back, until nothing is left. Raises: SsprError."""
        refusals = 0
        found = await self._read(session, outcome)
        while planned := plan_writes(outcome.row, self.state, found):
            if self.check_mode:
                outcome.changed = [write.method.option for write in planned]
                return
            try:
                lost = await self._send(session, outcome, planned)
            except PostponedError as postponed:
                if outcome.pending:
                    await self._confirm(session, outcome, None)
                refusals += 1
                await wait_before_retry(postponed, refusals)
                found = await self._read(session, outcome)
            except SsprError:
                await self._read_once(session, outcome)
                raise
            else:
                refusals = 0
                found = await self._confirm(session, outcome, lost)

    async def _send(self, session: Session, outcome: RowOutcome, planned: Iterable[MethodWrite]) -> SsprError | None:
        """Send the writes up to the first without an answer, whose error comes back: it is seen whether it took effect.

        Raises: SsprError and PostponedError, when one was refused.
        """
        for write in planned:
            try:
                await _send(session, outcome.row.user, write)
            except UnansweredError as lost:
                outcome.pending.append(write)
                return lost.error
            outcome.pending.append(write)
        return None

    async def _read(self, session: Session, outcome: RowOutcome) -> dict[str, str]:
        """The user's numbers and address as they are now. Raises: SsprError."""
        found = methods_found(await read_user_methods(session.graph, outcome.row.user, option="user"))
        if not (outcome.changed or outcome.pending):
            outcome.not_compared = not_comparable(outcome.row, found)
        return found

    async def _confirm(self, session: Session, outcome: RowOutcome, lost: SsprError | None) -> dict[str, str]:
        """Read until everything that was sent is seen; the user's methods as they are then. Raises: SsprError."""
        found: dict[str, str] = {}

        async def all_seen() -> bool:
            nonlocal found
            found = await self._read(session, outcome)
            outcome.compare(found)
            return not outcome.pending

        timeout = session.connection.confirm_timeout
        polled = await poll_until(all_seen, timeout=timeout)
        if polled.seen:
            return found
        error = polled.error or lost
        what = f"{', '.join(outcome.unconfirmed)}: the change was not seen"
        hint = "Run it again later: it writes only what is missing."
        raise not_confirmed(what, timeout, error, plane=GRAPH, hint=hint)

    async def _read_once(self, session: Session, outcome: RowOutcome) -> None:
        """See what became of what was sent before something was refused."""
        if not outcome.pending:
            return
        try:
            outcome.compare(await self._read(session, outcome))
        except SsprError as unread:
            # The refusal is what the operator has to know; what was sent stays unconfirmed.
            self.report.warn(f"line {outcome.row.line}: what was sent could not be read back: {unread.message}")

    def _warn(self, outcomes: Iterable[RowOutcome]) -> None:
        """One warning per reason, however many rows have it."""
        lines: dict[str, list[int]] = defaultdict(list)
        for outcome in outcomes:
            if self.state == PRESENT:
                for option, caveat in caveats(outcome.row).items():
                    lines[f"{option}: {caveat}"].append(outcome.row.line)
            if outcome.not_compared:
                lines[MASKED].append(outcome.row.line)
        for text, found in lines.items():
            more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
            self.report.warn(f"{text} (line{'s' if found[1:] else ''} {', '.join(map(str, found[:NAMED]))}{more}).")

    def _result(self, outcomes: list[RowOutcome]) -> Result:
        session, table = self.session, TableOutcome(outcomes, self.state)
        result: Result = {
            **table.as_result(),
            "tenant": session.tenant.as_result() if session else None,
            "request_ids": session.request_ids if session else [],
        }
        if self.check_mode and table.changed and session:
            result["missing_permissions"] = session.missing_permissions(permissions.WRITE_USER_METHODS)
        return {**result, **table.failure()}


async def _send(session: Session, user: str, write: MethodWrite) -> None:
    kind, value, graph = write.method.phone_type, write.value, session.graph
    if kind is None:
        await (delete_email(graph, user) if value is None else put_email(graph, user, value, replaces=write.replaces))
    elif value is None:
        await delete_phone(graph, user, kind)
    else:
        await put_phone(graph, user, kind, value, replaces=write.replaces)


def _summary(failed: Sequence[RowOutcome], total: int) -> SsprError:
    """The failed rows as the task's error, which has the kind of the first of them."""
    [first, *_rest] = (outcome.error for outcome in failed if outcome.error is not None)
    if total == 1:
        return first
    named = [f"line {o.row.line} ({o.row.user}): {o.error}" for o in failed[:NAMED]]
    more = f"; and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
    return replace(
        first,
        message=f"{len(failed)} of {total} rows failed: {'; '.join(named)}{more}",
        hint="See rows for how to fix each of them. Then run it again: it writes only what is missing.",
    )
