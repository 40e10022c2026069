# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Auditing one tenant: what ``sspr_audit`` does. It only reads there, and writes the tenant's entry for a report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .._atomic_file import write_whole
from .._dates import as_of_date, require_date
from .._errors import ERROR_KINDS, SsprError, Unavailable
from .._failures import Result
from ..compliance.audit_entry import AuditEntry, Evidence
from ..compliance.baseline import Baseline, agreed_settings, find_baselines
from ..compliance.declarations import Attestation, Declarations
from ..compliance.earlier_results import earlier_entries, earlier_results
from ..compliance.evaluation import AuditEvaluation, evaluate
from ..compliance.expectation import Expectation
from ..compliance.registration_counts import coverage
from ..compliance.scope_evidence import ExtraEvidence, SecureScore
from ..compliance.tenant_facts import TenantFacts, identity_facts, read_values
from ..compliance.upcoming_changes import outlook
from ..connection.cloud import Cloud
from ..connection.options import CONNECTION_SPEC, connection
from ..connection.token_claims import user_of
from ..rules.waivers import WAIVERS_SPEC, read_waivers
from ..runs.run_record import digests
from ..services.reports import read_registrations, read_secure_score
from ..services.session import Session
from ..settings.pages import (
    ALL_PAGES,
    AUTH_METHODS,
    METHODS_POLICY,
    ON_PREMISES_PAGE,
    SETTINGS,
    SSPR_POLICY,
    DocumentName,
    argument_spec,
    document_of,
    flatten,
    require_valid,
)
from ..settings.tenant_documents import Documents
from .base import Task, run_task
from .facts import FactReader
from .results import manual_steps, settings_diff
from .settings_reader import read_settings

ATTESTATION_KEYS = ("control", "who", "when", "evidence", "expires")


def _list_of(*keys: str) -> dict[str, Any]:
    """An option that is a list of dictionaries with these keys, all required."""
    options = {name: {"type": "str", "required": True} for name in keys}
    return {"type": "list", "elements": "dict", "options": options}


SPEC: Mapping[str, Any] = {
    **CONNECTION_SPEC,
    **argument_spec(ALL_PAGES),
    "baselines": {"type": "list", "elements": "raw", "default": []},
    "waivers": WAIVERS_SPEC,
    "attestations": _list_of(*ATTESTATION_KEYS),
    "previous_report": {"type": "path"},
    "as_of": {"type": "str"},
    "extra_evidence": {"type": "str", "choices": ["never", "auto", "always"], "default": "auto"},
    "run_host": {"type": "str"},
    "result_path": {"type": "path"},
}

# Where the methods of a migrated tenant are in the admin center
METHODS_BLADE = "/#view/Microsoft_AAD_IAM/AuthenticationMethodsMenuBlade/~/AdminAuthMethods"
# The page on which to check a fact that is not an option
PAGE_OF_FACT = {"synced": ON_PREMISES_PAGE, "spare_methods": AUTH_METHODS}


def execute(params: Mapping[str, Any], _check_mode: bool) -> Result:
    """Audit the tenant. A failure has an entry too, so that no tenant is missing in a report."""
    result = run_task(_Audit(params))
    return with_failed_entry(result, host_of(params), params.get("result_path")) if result.get("failed") else result


def host_of(params: Mapping[str, Any]) -> str:
    """What a report calls the tenant."""
    return str(params.get("run_host") or params.get("tenant_id") or params.get("tenant"))


def with_failed_entry(result: Result, host: str, result_path: str | None) -> Result:
    """The result of a failed task with its entry, which is also written where one is requested."""
    error = result.get("error") or SsprError("internal", str(result.get("msg"))).as_result()
    entry = AuditEntry.failed(host, error, result.get("tenant")).as_result()
    warnings = list(result.get("warnings", ()))
    try:
        _write_entry(entry, result_path)
    except SsprError as exc:
        warnings.append(exc.message)
    return {**result, "entry": entry, "state": entry["state"], **({"warnings": warnings} if warnings else {})}


def _write_entry(entry: Mapping[str, Any], result_path: str | None) -> None:
    """In check mode too: it is not part of the tenant. Raises: SsprError(environment)."""
    if not result_path:
        return
    try:
        write_whole(Path(result_path), json.dumps(entry, indent=1))
    except OSError as exc:
        raise SsprError(
            "environment",
            f"result_path: {result_path} cannot be written: {exc.strerror}",
            hint="Use a path in a directory that exists and is writable.",
        ) from exc


@dataclass(frozen=True)
class Criteria:
    """What the tenant is evaluated against, and by when."""

    baselines: tuple[Baseline, ...]
    declarations: Declarations
    earlier: list[Mapping[str, Any]]

    @classmethod
    def of(cls, params: Mapping[str, Any], requested: Mapping[str, Any]) -> Criteria:
        """From the options of a task, and the settings it requests. Raises: SsprError(invalid_setting)."""
        agreed = agreed_settings(requested)
        waivers = tuple(read_waivers(params.get("waivers") or ()).values())
        as_of = as_of_date(params)
        return cls(
            baselines=(*([agreed] if agreed else ()), *find_baselines(params["baselines"])),
            declarations=Declarations(as_of, waivers, _attestations(params)),
            earlier=_earlier(params.get("previous_report")),
        )

    def documents(self, known: Mapping[str, Any]) -> set[DocumentName]:
        """The documents that the controls need besides the two policies, as far as they apply to the tenant."""
        controls = [control for baseline in self.baselines for control in baseline.controls]
        settings = {
            setting for control in controls if control.applies_to(known) is not False for setting in control.settings
        }
        return {SETTINGS[setting].document for setting in settings & set(SETTINGS)} - {METHODS_POLICY, SSPR_POLICY}


def _attestations(params: Mapping[str, Any]) -> tuple[Attestation, ...]:
    return tuple(
        Attestation(
            control=item["control"],
            who=item["who"],
            when=require_date(f"attestations[{index}].when", item["when"]),
            evidence=item["evidence"],
            expires=require_date(f"attestations[{index}].expires", item["expires"]),
        )
        for index, item in enumerate(params.get("attestations") or ())
    )


def _earlier(previous_report: str | None) -> list[Mapping[str, Any]]:
    """The entries of an earlier report, of this tenant or of others. Raises: SsprError(invalid_setting)."""
    if not previous_report:
        return []
    try:
        document = json.loads(Path(previous_report).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as exc:
        raise SsprError(
            "invalid_setting",
            f"previous_report: {previous_report} cannot be read: {exc}",
            hint="Use the path of a report.json.",
        ) from exc
    return earlier_entries(document, "previous_report")


@dataclass(frozen=True)
class Reading:
    """What was read of the tenant: its documents, the facts in them, and what could not be read."""

    documents: Documents
    facts: TenantFacts
    unavailable: Sequence[Unavailable]


class _Audit(Task):
    async def execute(self) -> Result:
        target = connection(self.params)
        requested = flatten(self.params, ALL_PAGES)
        require_valid(requested)
        criteria = Criteria.of(self.params, requested)
        async with self.open_session(target, wants_portal=True) as session:
            reading = await self._read(session, criteria)
            evaluation = evaluate(
                criteria.baselines,
                reading.facts,
                criteria.declarations,
                lambda setting: _link(setting, reading.documents.migrated, target.cloud),
            )
            entry = self.redactor.clean(_entry(host_of(self.params), session, criteria, reading, evaluation))
            _write_entry(entry, self.params.get("result_path"))
            return {**_compared(requested, session, reading), "entry": entry, "state": evaluation.state}

    async def _read(self, session: Session, criteria: Criteria) -> Reading:
        """What the controls need, and nothing else. Raises: SsprError."""
        synced = session.tenant.synced
        documents, missing = await _read_documents(session, criteria.documents(identity_facts(synced)))
        unread = {option: entry.message for entry in reversed(missing) for option in entry.options}
        values = read_values(documents, unread=unread, synced=synced, as_of=criteria.declarations.as_of)
        extra = await self._extra_evidence(session, values)
        facts = TenantFacts(
            values=values,
            unread=unread,
            read_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            extra=extra,
            earlier=earlier_results(criteria.earlier, session.tenant.id),
        )
        return Reading(documents, facts, [*missing, *extra.unavailable])

    async def _extra_evidence(self, session: Session, values: Mapping[str, Any]) -> ExtraEvidence:
        """The registration report and Secure Score, where they are requested; an audit goes on without them."""
        requested = self.params["extra_evidence"]
        if requested == "never" or (requested == "auto" and "scope" in values):
            return ExtraEvidence()
        facts = FactReader(ERROR_KINDS)
        registrations = await facts.read("registration report", read_registrations(session.graph))
        score = await facts.read("Secure Score", read_secure_score(session.graph))
        return ExtraEvidence(registrations.or_missing, score.missing or SecureScore.of(score.value))


async def _read_documents(session: Session, others: set[DocumentName]) -> tuple[Documents, list[Unavailable]]:
    """The two policies and these other documents, and what of them could not be read. Raises: SsprError."""
    reading = await read_settings(session, sorted(others))
    needed, migrated = {METHODS_POLICY, SSPR_POLICY, *others}, reading.documents.migrated
    missing = [
        entry for entry in reading.unavailable if needed & {document_of(option, migrated) for option in entry.options}
    ]
    return reading.documents, missing


def _link(setting: str, migrated: bool | None, cloud: Cloud) -> str:
    """The page of a setting or fact in the admin center."""
    if setting in SETTINGS and document_of(setting, migrated) == METHODS_POLICY:
        return f"{cloud.admin_center}{METHODS_BLADE}"
    page = PAGE_OF_FACT.get(setting) or next(page for page in ALL_PAGES if setting in page.options)
    return page.link(cloud.admin_center)


def _entry(
    host: str, session: Session, criteria: Criteria, reading: Reading, evaluation: AuditEvaluation
) -> dict[str, Any]:
    documents, facts = reading.documents, reading.facts
    return AuditEntry(
        host=host,
        state=evaluation.state,
        tenant=session.tenant.as_result(),
        migration_state=documents.migration_state,
        controls=[control.as_result() for control in evaluation.controls],
        findings=[finding.as_result() for finding in evaluation.findings],
        coverage=coverage(facts.values, facts.extra),
        outlook=outlook(facts.values, documents.migrated, facts.extra),
        evidence=_evidence(session, criteria, reading),
        unavailable=[entry.as_result() for entry in reading.unavailable],
    ).as_result()


def _evidence(session: Session, criteria: Criteria, reading: Reading) -> Evidence:
    app = session.graph.credential.claims
    user = user_of(session.portal.credential.claims) if session.portal is not None else None
    return Evidence(
        at=reading.facts.read_at,
        app=app.get("appid") or app.get("azp"),
        portal_user=user.as_result() if user else None,
        request_ids=session.request_ids,
        digests=digests(reading.documents),
        baselines={baseline.id: baseline.version for baseline in criteria.baselines},
    )


def _compared(requested: Mapping[str, Any], session: Session, reading: Reading) -> Result:
    """The tenant and the requested settings, as a module that sets them would show both."""
    values = reading.facts.values
    read = {option: values[option] for option in requested if option in values}
    matching = {
        option: value
        for option, value in read.items()
        if Expectation(option, "equals", requested[option]).met_by(value)
    }
    unread = {option: value for option, value in requested.items() if option not in read}
    after = {option: matching.get(option, requested[option]) for option in read}
    return {
        "changed": False,
        "diff": settings_diff(session.tenant.name, read, after, before_label="current", after_label="requested"),
        "manual": manual_steps(ALL_PAGES, unread, session.connection.cloud),
        "tenant": session.tenant.as_result(),
        "digests": digests(reading.documents),
        "request_ids": session.request_ids,
    }
