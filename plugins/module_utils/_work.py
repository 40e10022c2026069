# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every task is: it knows its secrets and how far it got, and whatever happens becomes a result.

May run in a module or in any other process, hence no Ansible here.
"""

from __future__ import annotations

import asyncio
import os
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.tenantops.entra.plugins.module_utils._change import Change, Progress, settled_read
from ansible_collections.tenantops.entra.plugins.module_utils._errors import SsprError
from ansible_collections.tenantops.entra.plugins.module_utils._options import SECRETS
from ansible_collections.tenantops.entra.plugins.module_utils._pages import PLANE_OF, POLICY, surprises
from ansible_collections.tenantops.entra.plugins.module_utils._plan import Documents, Plan
from ansible_collections.tenantops.entra.plugins.module_utils._record import Recorder, Run, digests
from ansible_collections.tenantops.entra.plugins.module_utils._redact import Redactor
from ansible_collections.tenantops.entra.plugins.module_utils._session import Session
from ansible_collections.tenantops.entra.plugins.module_utils._turnstile import Turnstile, state_directory

Result = dict[str, Any]

LONGEST_MESSAGE = 600
# Failures of the portal plane where the admin center is the way out.
BY_HAND = frozenset({"portal_credential_missing", "unsupported", "unexpected_document"})


class Work:
    """One task: what it knows so far, so that a failure can tell it."""

    def __init__(self, params: Mapping[str, Any], check_mode: bool = False) -> None:
        self.params = params
        self.check_mode = check_mode
        self.redactor = Redactor()
        for name in SECRETS:
            self.redactor.add(params.get(name))
        self.session: Session | None = None
        self.progress = Progress()
        self.warnings: list[str] = []
        self.manual: list[dict[str, Any]] = []
        self.documents = Documents()
        self.recorder = _recorder(params)

    async def run(self) -> Result:
        raise NotImplementedError

    def opened(self, session: Session) -> None:
        """Remember the session, and of which tenant the record is."""
        self.session = session
        if self.recorder is not None:
            self.recorder.tenant = session.tenant
            self.recorder.request_ids = session.request_ids

    async def carry_out(self, change: Change, plan: Plan) -> None:
        """Do what is planned, or note in check mode that it is planned."""
        if not self.check_mode and plan.steps:
            await change.carry_out()
            if self.recorder is not None:
                self.recorder.changed(change.documents)
        elif self.check_mode and self.recorder is not None:
            self.recorder.note("planned", options=list(plan.changes), before=digests(change.documents))

    def turnstile(self, session: Session) -> Turnstile:
        target = session.connection
        return Turnstile(
            state_directory(os.environ),
            session.tenant_id,
            f"{target.cloud.graph_url} {target.cloud.portal_url}",
            target.confirm_timeout,
        )

    async def read(self, session: Session, turnstile: Turnstile, documents: Sequence[str]) -> Documents:
        """What the task needs to see, in this order: what is written directly after its read comes last."""
        for document in documents:
            if session.plane(PLANE_OF[document]) is not None:
                self.documents = await settled_read(session, turnstile, document, self.documents)
                if document == POLICY:
                    self.warnings.extend(surprises(self.documents.portal or {}))
        return self.documents


def guarded(work: Work) -> Result:
    """Run it, and turn whatever happens into a result without secrets."""
    try:
        result = asyncio.run(work.run())
    except SsprError as exc:
        result = _failure(work, exc)
    except Exception as exc:  # noqa: BLE001 - an uncaught exception would be printed with all it carries
        # Only type and place: the text of an unforeseen error may carry anything.
        frames = traceback.extract_tb(exc.__traceback__)
        place = next((frame for frame in reversed(frames) if "/entra/plugins/" in frame.filename), frames[-1])
        what = f"unexpected {type(exc).__name__} at {Path(place.filename).name}:{place.lineno}"
        result = _failure(work, SsprError("internal", what, hint="Please report it. It is safe to run it again."))
    if work.warnings:
        result["warnings"] = work.warnings
    cleaned: Result = work.redactor.clean(result)
    return cleaned


def _failure(work: Work, error: SsprError) -> Result:
    session = work.session
    # Masked before it is cut: the beginning of a secret is a secret too.
    message = work.redactor.text(error.message)
    error = replace(error, message=message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]} ...")
    result: Result = {
        "failed": True,
        "msg": f"{error.message}{'' if error.hint is None else f' - {error.hint}'}",
        "changed": work.progress.wrote,
        "applied": work.progress.applied,
        "unconfirmed": work.progress.unconfirmed,
        "error": error.as_result(),
        "tenant": session.tenant if session else None,
        "request_ids": session.request_ids if session else [],
    }
    if work.manual and error.kind in BY_HAND:
        result["manual"] = work.manual
    if work.recorder is not None:
        wrote = work.progress.wrote or bool(work.progress.unconfirmed)
        told = work.redactor.clean(error.as_result())
        try:
            work.recorder.note("failed", wrote=wrote, error=told, unconfirmed=work.progress.unconfirmed)
        except SsprError as unrecorded:
            work.warnings.append(f"This failure is not in the run's record: {unrecorded.message}")
    return result


def _recorder(params: Mapping[str, Any]) -> Recorder | None:
    """The record of the run that the task belongs to, if it does."""
    if not params.get("run_path"):
        return None
    return Recorder(Run(Path(params["run_path"])), str(params.get("run_host") or params["tenant_id"]))
