# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How every task begins and ends: options in, a result without secrets out, whatever happens in between.

It may run in a module or in any other process, so it does not depend on Ansible.
"""

from __future__ import annotations

import asyncio
import os
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .._errors import ErrorKind, SsprError
from .._failures import FRAMES, Result, frames_of, internal_error
from .._redaction import Redactor
from ..connection.options import SECRETS, Connection
from ..runs.run_record import RunRecord, TaskRecorder, runs_directory
from ..runs.tenant_lock import state_directory, tenant_lock, tenant_state_path
from ..services.session import Session, open_session

LONGEST_MESSAGE = 600
# Failures of the portal API that can be solved manually in the admin center
SOLVED_MANUALLY: frozenset[ErrorKind] = frozenset({"portal_credential_missing", "unsupported", "unexpected_document"})


@dataclass
class TaskReport:
    """What a result or a failure reports about the task so far.

    ``applied`` are options that were written and confirmed, ``unconfirmed`` those that were sent and not seen yet.
    """

    warnings: list[str] = field(default_factory=list)
    manual: list[Mapping[str, Any]] = field(default_factory=list)
    applied: list[str] = field(default_factory=list)
    unconfirmed: list[str] = field(default_factory=list)
    wrote: bool = False

    def warn(self, *warnings: str) -> None:
        self.warnings.extend(warnings)

    def leave_manual(self, steps: Iterable[Mapping[str, Any]]) -> None:
        """An administrator has to do these in the admin center."""
        self.manual.extend(steps)

    def note_write(self) -> None:
        """Something was written, and seen in the tenant."""
        self.wrote = True

    def confirm(self, options: Iterable[str]) -> None:
        """These options were seen in the tenant as they were written."""
        self.wrote = True
        self.applied.extend(option for option in options if option not in self.applied)

    def expect(self, options: Iterable[str]) -> None:
        """These options, and no others, were sent and have not been seen yet."""
        self.unconfirmed = list(dict.fromkeys(options))


class Task(ABC):
    """One task of a module. ``execute`` does it; ``run_task`` turns whatever happens into a result."""

    # The option that names the run in which the task is recorded
    run_option = "run"

    def __init__(self, params: Mapping[str, Any], check_mode: bool = False) -> None:
        self.params = params
        self.check_mode = check_mode
        self.redactor = Redactor()
        for name in SECRETS:
            self.redactor.add(params.get(name))
        self.report = TaskReport()
        self.recorder = _recorder(params, params.get(self.run_option))
        # For a failure: the tenant that was reached, and the ids of the requests
        self.session: Session | None = None

    @abstractmethod
    async def execute(self) -> Result:
        """Do it. Raises: SsprError."""

    @asynccontextmanager
    async def open_session(self, connection: Connection, *, wants_portal: bool) -> AsyncIterator[Session]:
        """A session that a failure and the record of the run know of. Raises: SsprError."""
        async with open_session(connection, wants_portal=wants_portal, remember_secret=self.redactor.add) as session:
            self.session = session
            if self.recorder is not None:
                self.recorder.identify(session.tenant.as_result(), lambda: session.request_ids)
            yield session

    @asynccontextmanager
    async def exclusive(self, session: Session) -> AsyncIterator[None]:
        """Hold the tenant's lock until what the block writes is confirmed. Check mode writes nothing and takes none.

        Raises: SsprError.
        """
        if self.check_mode:
            yield
            return
        async with tenant_lock(state_path(session), longest_task=session.connection.confirm_timeout):
            yield


def state_path(session: Session) -> Path:
    """The file of this tenant's lock and recent writes."""
    cloud = session.connection.cloud
    return tenant_state_path(state_directory(os.environ), session.tenant.id, f"{cloud.graph_url} {cloud.portal_url}")


def run_task(task: Task) -> Result:
    """Execute it, and turn whatever happens into a result without secrets."""
    try:
        result = asyncio.run(task.execute())
    except SsprError as exc:
        result = _failure(task, exc)
    except Exception as exc:  # noqa: BLE001 - an uncaught exception would be printed with all that it carries
        result = {**_failure(task, internal_error(exc)), FRAMES: frames_of(exc)}
    if task.report.warnings:
        result["warnings"] = task.report.warnings
    cleaned: Result = task.redactor.clean(result)
    return cleaned


def _failure(task: Task, error: SsprError) -> Result:
    session, report = task.session, task.report
    # Masked before it is cut: the beginning of a secret is a secret too.
    message = task.redactor.text(error.message)
    error = replace(error, message=message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]} ...")
    result: Result = {
        **error.as_failure(),
        "changed": report.wrote,
        "applied": report.applied,
        "unconfirmed": report.unconfirmed,
        "tenant": session.tenant.as_result() if session else None,
        "request_ids": session.request_ids if session else [],
    }
    if report.manual and error.kind in SOLVED_MANUALLY:
        result["manual"] = report.manual
    if task.recorder is not None:
        wrote = report.wrote or bool(report.unconfirmed)
        cleaned = task.redactor.clean(error.as_result())
        try:
            task.recorder.note("failed", wrote=wrote, error=cleaned, unconfirmed=report.unconfirmed)
        except SsprError as unrecorded:
            report.warn(f"This failure was not recorded in the run: {unrecorded.message}")
    return result


def _recorder(params: Mapping[str, Any], run: str | None) -> TaskRecorder | None:
    """Records the task in its run; None when it belongs to none.

    A run that does not exist fails when something is recorded, like any record that cannot be written.
    """
    if not run:
        return None
    directory = runs_directory(params.get("run_dir"), os.environ)
    return TaskRecorder(RunRecord.at(directory, run), str(params.get("run_host") or params["tenant_id"]))
