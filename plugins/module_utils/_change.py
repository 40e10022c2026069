# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carrying out a plan: write one step, see that it took, plan again, until nothing is left.

Losing somebody else's setting is the worst that could happen here. Hence: every portal write is built from a read made
directly before it; no write is ever repeated without reading and planning afresh; a write whose fate is unknown is
settled by reading, never by writing again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import monotonic, time
from typing import Any

from ansible_collections.tenantops.entra.plugins.module_utils import _documents
from ansible_collections.tenantops.entra.plugins.module_utils._errors import SsprError
from ansible_collections.tenantops.entra.plugins.module_utils._http import (
    LONGEST_WAIT,
    PostponedError,
    UnansweredError,
)
from ansible_collections.tenantops.entra.plugins.module_utils._pages import (
    AUTHORIZATION,
    METHODS,
    ON_PREMISES,
    PLANE_OF,
    POLICY,
    SETTINGS,
    Page,
)
from ansible_collections.tenantops.entra.plugins.module_utils._plan import (
    Documents,
    Plan,
    Step,
    at,
    canonical,
    seen,
    settings_of,
)
from ansible_collections.tenantops.entra.plugins.module_utils._record import Recorder
from ansible_collections.tenantops.entra.plugins.module_utils._session import Session
from ansible_collections.tenantops.entra.plugins.module_utils._turnstile import Turnstile

WRITE_RETRIES = 3
CONFIRMING_READS = 2
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 8.0
# What may pass while a write is being confirmed; any other error ends the waiting at once.
PASSING = frozenset({"throttled", "unreachable", "unexpected_document"})


@dataclass
class Progress:
    """What has become of the asked options so far, for the result and for the error report."""

    wrote: bool = False
    applied: list[str] = field(default_factory=list)
    unconfirmed: list[str] = field(default_factory=list)


@dataclass
class Change:
    """One task's way from what is asked to what the tenant confirms. ``planner`` knows what is asked."""

    session: Session
    turnstile: Turnstile
    pages: tuple[Page, ...]
    planner: Callable[[Documents], Plan]
    documents: Documents
    progress: Progress
    # None where no record is asked for
    recorder: Recorder | None
    # Parts that were sent and not yet seen
    pending: list[Step] = field(default_factory=list, init=False)
    # Documents read with no write to them and no pause since; the SSPR policy also with no other request since.
    fresh: set[str]

    def plan(self) -> Plan:
        """Plan on the documents at hand. Raises ``invalid_setting`` with every fault found."""
        plan = self.planner(self.documents)
        if plan.faults:
            raise SsprError("invalid_setting", "; ".join(plan.faults), hint="Nothing of this step was written.")
        return plan

    async def carry_out(self) -> None:
        """Do what is left to do, step by step. The documents are as confirmed when it returns."""
        refusals = 0
        while True:
            plan = self.plan()
            if not plan.steps:
                return
            step = plan.steps[0]
            if step.document not in self.fresh:
                await self._read_again(step.document, plan)
                continue
            if self.recorder is not None and not await self._recorded(step, self.recorder):
                continue
            try:
                await self._write(step)
            except PostponedError as postponed:
                refusals += 1
                self.fresh.clear()
                await wait_as_asked(postponed, refusals)
            else:
                refusals = 0

    async def _recorded(self, step: Step, recorder: Recorder) -> bool:
        """Put the step on record. False when something had to be read for it, and the plan is no longer fresh."""
        lacking = [name for name in recorder.lacks(self.documents) if self.session.plane(PLANE_OF[name]) is not None]
        if lacking:
            for name in lacking:
                recorder.others = await read_document(self.session, name, recorder.others)
            self.fresh.discard(POLICY)
            return False
        recorder.before(step, self.documents)
        return True

    async def _write(self, step: Step) -> None:
        """Send a step's requests and confirm them. Leaves early with what the service says."""
        sent: list[Step] = []
        try:
            for part in step.parts():
                sent.append(part)
                await self._send(part)
        except UnansweredError as lost:
            await self._confirm(sent, lost.error)
        except (PostponedError, SsprError):
            await self._settle(sent[:-1])
            raise
        else:
            await self._confirm(sent, None)

    async def _send(self, part: Step) -> None:
        plane = self.session.plane(part.plane)
        if plane is not None:
            await WRITERS[part.document](plane, part)

    async def _confirm(self, sent: list[Step], lost: SsprError | None) -> None:
        """Read until two reads in a row show what was written. Never writes."""
        document = sent[0].document
        timeout = self.session.connection.confirm_timeout
        deadline = monotonic() + timeout
        in_a_row, pause, trouble = 0, FIRST_PAUSE, lost
        while True:
            try:
                documents = await read_document(self.session, document, self.documents)
            except SsprError as exc:
                trouble = exc
                if exc.kind not in PASSING:
                    break
                in_a_row = 0
            else:
                self.documents = documents
                in_a_row = in_a_row + 1 if all(seen(part, documents) for part in sent) else 0
            if in_a_row == CONFIRMING_READS:
                for part in sent:
                    self._confirmed(part)
                return
            if in_a_row == 0:
                if monotonic() >= deadline:
                    break
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        if all(seen(part, self.documents) for part in sent):
            # Seen once and then no more: nothing of it counts.
            self.pending.extend(sent)
            self._report()
        else:
            self._look_for(sent)
        raise _unconfirmed(self.pending or sent, self.documents, timeout, trouble)

    async def _settle(self, sent: list[Step]) -> None:
        """Look once at what became of the parts that were sent before a later one was refused."""
        if not sent:
            return
        try:
            self.documents = await read_document(self.session, sent[0].document, self.documents)
        except SsprError:
            # The refusal is what the operator must hear about; these parts stay pending.
            self.pending.extend(sent)
            self._report()
        else:
            self._look_for(sent)

    def _look_for(self, sent: list[Step]) -> None:
        """Tell the parts that the documents at hand show from those still to be seen, now or at a later read."""
        for part in (*self.pending, *sent):
            if seen(part, self.documents):
                self._confirmed(part)
        self.pending = [part for part in (*self.pending, *sent) if not seen(part, self.documents)]
        self._report()

    def _report(self) -> None:
        self.progress.unconfirmed = list(dict.fromkeys(option for part in self.pending for option in part.options))

    def _confirmed(self, step: Step) -> None:
        self.progress.wrote = True
        self.progress.applied.extend(option for option in step.options if option not in self.progress.applied)
        self.turnstile.remember(
            step.document, {path: (step.replaced[path], value) for path, value in step.expected.items()}
        )
        self.fresh = self.fresh - {POLICY} | {step.document}

    async def _read_again(self, document: str, plan: Plan) -> None:
        """Read a document afresh and make sure that nobody else has set the asked options meanwhile."""
        self.documents = await settled_read(self.session, self.turnstile, document, self.documents)
        self._look_for([])
        found = settings_of(self.documents, self.pages)
        foreign = [
            option
            for option in plan.backend
            if not SETTINGS[option].same(found[option], plan.before[option])
            and not SETTINGS[option].same(found[option], plan.after[option])
        ]
        if foreign:
            raise SsprError(
                "conflict",
                f"somebody else has just changed {', '.join(foreign)} in this tenant",
                plane=PLANE_OF[document],
                hint="Find out who, and run it again if your values are the ones to keep.",
            )
        self.fresh.add(document)


READERS = {
    POLICY: _documents.read_policy,
    ON_PREMISES: _documents.read_on_premises,
    AUTHORIZATION: _documents.read_authorization,
}
WRITERS = {
    POLICY: _documents.put_policy,
    METHODS: _documents.patch_methods,
    ON_PREMISES: _documents.put_on_premises,
    AUTHORIZATION: _documents.patch_authorization,
}


async def read_document(session: Session, document: str, documents: Documents) -> Documents:
    """The documents with one of them read anew, as far as there is a way to its service."""
    plane = session.plane(PLANE_OF[document])
    if plane is None:
        return documents
    if document == METHODS:
        methods, state = await _documents.read_methods(plane)
        return replace(documents, methods=methods, migration_state=state)
    found: dict[str, Any] = {document: await READERS[document](plane)}
    return replace(documents, **found)


async def settled_read(session: Session, turnstile: Turnstile, document: str, documents: Documents) -> Documents:
    """Read, and read again while the answer is older than what was confirmed here a moment ago.

    Reads may lag behind writes. Building on such a read would put the previous task's page back.
    """
    pause = FIRST_PAUSE
    while True:
        documents = await read_document(session, document, documents)
        behind = [
            until
            for path, (olds, latest, until) in turnstile.replaced(document).items()
            if _is_old(at(documents, document, path), olds, latest)
        ]
        if not behind:
            return documents
        await asyncio.sleep(max(0.0, min(pause, max(behind) - time())))
        pause = min(pause * 2, LONGEST_PAUSE)


def _is_old(value: Any, olds: list[Any], latest: Any) -> bool:
    return canonical(value) != canonical(latest) and canonical(value) in [canonical(old) for old in olds]


async def wait_as_asked(postponed: PostponedError, refusals: int) -> None:
    """Sleep as the service asks, or give up with its error."""
    wait = postponed.wait
    if refusals > WRITE_RETRIES or (wait is not None and wait >= LONGEST_WAIT):
        raise postponed.error
    # Without a word from the service: grow, and keep forks from coming back at the same moment.
    await asyncio.sleep(2 ** (refusals - 1) + random.random() if wait is None else wait)


def _unconfirmed(missing: list[Step], documents: Documents, timeout: int, trouble: SsprError | None) -> SsprError:
    """What to say of a write that was not seen: overwritten by somebody, or simply not there."""
    plane = missing[0].plane
    foreign = any(
        canonical(at(documents, part.document, path)) not in (canonical(value), canonical(part.replaced[path]))
        for part in missing
        for path, value in part.expected.items()
    )
    names = ", ".join(dict.fromkeys(option for part in missing for option in part.options))
    detail = f" ({trouble.message})" if trouble else ""
    status, request_id = (trouble.status, trouble.request_id) if trouble else (None, None)
    if foreign and trouble is None:
        return SsprError(
            "conflict",
            f"{names}: written, but somebody else set another value right after",
            plane=plane,
            hint="Find out who, and run it again if your values are the ones to keep.",
        )
    return SsprError(
        "not_confirmed",
        f"{names}: the change was not seen in the tenant within {timeout} seconds{detail}",
        plane=plane,
        status=status,
        request_id=request_id,
        hint="It may still appear, or the service ignored it. Run it again later: it writes only what is missing.",
    )
