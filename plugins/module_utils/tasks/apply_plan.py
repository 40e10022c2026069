# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Executes a plan: write one step, confirm that it took effect, plan again, until no step is left.

The worst that could happen here is to lose a setting that someone else has set. Therefore, every portal write is based
on a read directly before it, no write is repeated without reading and planning again, and a write whose outcome is
unknown is resolved by reading, never by writing again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from .._errors import SsprError
from .._polling import Polled, not_confirmed, poll_until
from ..connection.service_client import UnansweredError
from ..connection.throttling import PostponedError, wait_before_retry
from ..planning.plan import Plan, Step
from ..runs.run_record import TaskRecorder, digests
from ..services.policy_documents import WRITERS
from ..services.session import Session
from ..settings.pages import PLANE_OF, SETTINGS, SSPR_POLICY, DocumentName, Page
from ..settings.tenant_documents import Documents, canonical, settings_of, value_at
from .base import Task, TaskReport
from .document_reader import DocumentReader

CONFIRMING_READS = 2
RERUN_HINT = "Check the audit log to see who changed it; run it again to apply your values."


@dataclass(frozen=True)
class PlanContext:
    """What a plan is carried out with. ``planner`` knows what is requested; ``recorder`` is None without a record."""

    session: Session
    reader: DocumentReader
    pages: tuple[Page, ...]
    planner: Callable[[Documents], Plan]
    report: TaskReport
    recorder: TaskRecorder | None


def faultless(plan: Plan) -> Plan:
    """The plan, if it has no faults. Raises: SsprError(invalid_setting) with all faults."""
    if plan.faults:
        raise SsprError("invalid_setting", "; ".join(plan.faults), hint="This step wrote nothing.")
    return plan


async def carry_out(
    task: Task, context: PlanContext, plan: Plan, documents: Documents, fresh: Iterable[DocumentName]
) -> Documents:
    """Execute the plan, or record in check mode that it is planned. Returns the documents as they are then.

    ``fresh`` are the documents that were read with no pause since, the SSPR policy also with no other request since.
    Raises: SsprError.
    """
    if task.check_mode:
        if task.recorder is not None:
            task.recorder.note("planned", options=list(plan.changes), before=digests(documents))
        return documents
    if not plan.steps:
        return documents
    documents = await _PlanExecutor(context, documents, set(fresh)).execute(plan)
    if task.recorder is not None:
        task.recorder.changed(documents)
    return documents


@dataclass
class _PlanExecutor:
    """The state between two steps. ``pending`` are requests that were sent and not yet seen."""

    context: PlanContext
    documents: Documents
    fresh: set[DocumentName]
    pending: list[Step] = field(default_factory=list)

    async def execute(self, plan: Plan) -> Documents:
        """Do its first step, and plan again, until nothing is left to do."""
        refusals = 0
        while plan.steps:
            step = plan.steps[0]
            if step.document not in self.fresh:
                await self._read_again(step.document, plan)
            elif await self._put_on_record(step):
                refusals = await self._write_or_wait(step, refusals)
            plan = faultless(self.context.planner(self.documents))
        return self.documents

    async def _write_or_wait(self, step: Step, refusals: int) -> int:
        """Write a step, or wait as the service asks; how many times in a row it has been refused for now."""
        try:
            await self._write(step)
        except PostponedError as postponed:
            self.fresh.clear()
            await wait_before_retry(postponed, refusals + 1)
            return refusals + 1
        return 0

    async def _put_on_record(self, step: Step) -> bool:
        """Record the step. False when something had to be read for that, and the plan is no longer fresh."""
        recorder = self.context.recorder
        if recorder is None:
            return True
        missing = [name for name in recorder.missing_documents(self.documents) if self.context.reader.can_read(name)]
        if missing:
            others = Documents()
            for name in missing:
                others = await self.context.reader.read(name, others)
            recorder.add_documents(others)
            self.fresh.discard(SSPR_POLICY)
            return False
        recorder.before(step, self.documents)
        return True

    async def _write(self, step: Step) -> None:
        """Send a step's requests and confirm them. Raises: SsprError and PostponedError."""
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
        service = self.context.session.service(part.plane)
        if service is not None:
            await WRITERS[part.document](service, part)

    async def _confirm(self, sent: list[Step], lost: SsprError | None) -> None:
        """Read until two reads in a row show what was written. Never writes. Raises: SsprError."""
        document = sent[0].document
        timeout = self.context.session.connection.confirm_timeout

        async def all_seen() -> bool:
            self.documents = await self.context.reader.read(document, self.documents)
            return all(part.is_seen_in(self.documents) for part in sent)

        try:
            polled = await poll_until(all_seen, timeout=timeout, in_a_row=CONFIRMING_READS)
        except SsprError as exc:
            polled = Polled(False, exc)
        if polled.seen:
            for part in sent:
                self._mark_confirmed(part)
            return
        if all(part.is_seen_in(self.documents) for part in sent):
            # Seen once but not again: it does not count as confirmed.
            self._expect([*self.pending, *sent])
        else:
            self._sort_out(sent)
        raise _unconfirmed(self.pending or sent, self.documents, timeout, polled.error or lost)

    async def _settle(self, sent: list[Step]) -> None:
        """Check once what became of the requests that were sent before a later one was refused."""
        if not sent:
            return
        try:
            self.documents = await self.context.reader.read(sent[0].document, self.documents)
        except SsprError:
            # The refusal is what the operator has to know; these requests stay pending.
            self._expect([*self.pending, *sent])
        else:
            self._sort_out(sent)

    def _sort_out(self, sent: list[Step]) -> None:
        """Separate the requests that the current documents show from those that are still pending."""
        outstanding = [*self.pending, *sent]
        for part in outstanding:
            if part.is_seen_in(self.documents):
                self._mark_confirmed(part)
        self._expect([part for part in outstanding if not part.is_seen_in(self.documents)])

    def _expect(self, pending: list[Step]) -> None:
        self.pending = pending
        self.context.report.expect(option for part in pending for option in part.options)

    def _mark_confirmed(self, step: Step) -> None:
        self.context.report.confirm(step.options)
        replaced = {path: (step.replaced[path], value) for path, value in step.expected.items()}
        self.context.reader.recent_writes.remember(step.document, replaced)
        self.fresh = self.fresh - {SSPR_POLICY} | {step.document}

    async def _read_again(self, name: DocumentName, plan: Plan) -> None:
        """Read a document again, and check that no one else has set the requested options in the meantime.

        Raises: SsprError, ``conflict`` among them.
        """
        self.documents = await self.context.reader.read_settled(name, self.documents)
        self._sort_out([])
        found = settings_of(self.documents, self.context.pages)
        foreign = [
            option
            for option in plan.backend
            if not SETTINGS[option].same(found[option], plan.before[option])
            and not SETTINGS[option].same(found[option], plan.after[option])
        ]
        if foreign:
            raise SsprError(
                "conflict",
                f"{', '.join(foreign)}: changed by someone else while this task was running",
                plane=PLANE_OF[name],
                hint=RERUN_HINT,
            )
        self.fresh.add(name)


def _unconfirmed(missing: list[Step], documents: Documents, timeout: int, error: SsprError | None) -> SsprError:
    """The error for a write that was not seen: overwritten by someone else, or not in effect."""
    plane = missing[0].plane
    foreign = any(
        canonical(value_at(documents, part.document, path)) not in (canonical(value), canonical(part.replaced[path]))
        for part in missing
        for path, value in part.expected.items()
    )
    names = ", ".join(dict.fromkeys(option for part in missing for option in part.options))
    if foreign and error is None:
        return SsprError(
            "conflict",
            f"{names}: written, but someone else set another value right afterward",
            plane=plane,
            hint=RERUN_HINT,
        )
    hint = "It may still appear, or the service ignored it. Run it again later: it writes only what is missing."
    return not_confirmed(f"{names}: the change was not seen in the tenant", timeout, error, plane=plane, hint=hint)
