# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gathering the evidence of one tenant, and judging it: what ``sspr_audit`` does. It only reads there."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Mapping, Sequence
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

from .._atomic_file import write_whole
from .._errors import Unavailable, SsprError
from ..compliance import baseline, evaluation
from ..compliance.baseline import Baseline
from ..compliance.evaluation import Attestation, Known, SecureScore, Signals
from ..connection.options import CONNECTION_SPEC, Connection, connection
from ..planning.plan import Documents, settings_of
from ..rules.waivers import Waiver, day
from ..runs.run_record import digests
from ..services import directory
from ..services.session import Session, open_session
from ..settings.pages import (
    ALL_PAGES,
    AUTH_METHODS,
    METHODS,
    ON_PREMISES_PAGE,
    POLICY,
    SETTINGS,
    bad_value,
    document_of,
    flatten,
    nest,
)
from ..users import method_eligibility
from ..users.models import Unavailable
from .base import Result, Task, run_task, state_path
from .document_reader import DocumentReader
from ..runs.recent_writes import RecentWrites
from .portal_access import no_portal
from .results import manual_steps, settings_diff
from .configure import by_hand, refused, unavailable

SCHEMA = 1
SIGNALS = ("never", "auto", "always")
ATTESTATION_KEYS = ("control", "who", "when", "evidence", "expires")

WAIVER_KEYS = ("control", "reason", "owner", "expires")


def _words_of(*keys: str) -> dict[str, Any]:
    """An option that is a list of entries, of which each needs all of these."""
    words = {name: {"type": "str", "required": True} for name in keys}
    return {"type": "list", "elements": "dict", "options": words}


SPEC: Mapping[str, Any] = {
    **CONNECTION_SPEC,
    **{name: line for page in ALL_PAGES for name, line in page.argument_spec().items()},
    "baselines": {"type": "list", "elements": "raw", "default": []},
    "waivers": _words_of(*WAIVER_KEYS),
    "attestations": _words_of(*ATTESTATION_KEYS),
    "previous": {"type": "dict"},
    "previous_path": {"type": "path"},
    "as_of": {"type": "str"},
    "signals": {"type": "str", "choices": list(SIGNALS), "default": "auto"},
    "host": {"type": "str"},
    "result_path": {"type": "path"},
}

# Where a migrated tenant's methods are, in the admin center.
METHODS_BLADE = "/#view/Microsoft_AAD_IAM/AuthenticationMethodsMenuBlade/~/AdminAuthMethods"
# The page on which a fact is looked at that is no option.
PAGE_OF_FACT = {"synced": ON_PREMISES_PAGE, "spare_methods": AUTH_METHODS}


def audit(params: Mapping[str, Any], _check_mode: bool) -> Result:
    """Judge one tenant by baselines and by what the task itself wants of it."""
    return run_task(_Audit(params))


class _Audit(Task):
    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self.asked = flatten(params, ALL_PAGES)
        self.host = str(params.get("host") or params["tenant_id"])

    async def execute(self) -> Result:
        target = connection(self.params)
        bad = [why for option, value in self.asked.items() if (why := bad_value(option, value))]
        if bad:
            raise SsprError("invalid_setting", "; ".join(bad), hint="Correct it; nothing was sent.")
        own = baseline.own(self.asked)
        baselines = [*([own] if own else []), *baseline.chosen(self.params["baselines"])]
        today = datetime.now(timezone.utc).date()
        as_of = _day(self.params["as_of"], "as_of") if self.params.get("as_of") else today
        waivers = _waivers_of(self.params.get("waivers") or ())
        attestations = _attestations(self.params.get("attestations") or ())
        earlier = self._earlier()
        async with self.open_session(target, wants_portal=True) as session:
            documents, missing = await self._documents(session, baselines)
            values = _values(documents, missing, session, as_of)
            signals = await self._signals(session, values, missing)
            known = Known(
                values=values,
                why_not={option: entry["hint"] for entry in reversed(missing) for option in entry["options"]},
                at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
                signals=signals,
                last=_last(earlier, session.tenant.id),
            )
            judgement = evaluation.judge(
                baselines,
                known,
                as_of=as_of,
                waivers=waivers,
                attestations=attestations,
                link=lambda setting: _link(setting, documents.migrated, target),
            )
            entry = {
                "schema": SCHEMA,
                "host": self.host,
                "tenant": session.tenant.as_result(),
                "run": "ok",
                "error": None,
                "state": judgement.state,
                "migration_state": documents.migration_state,
                "controls": judgement.controls,
                "findings": judgement.findings,
                "coverage": evaluation.coverage(values, signals),
                "outlook": evaluation.outlook(values, documents.migrated, signals),
                "evidence": {
                    "at": known.at,
                    **_signed_in(session),
                    "request_ids": session.request_ids,
                    "digests": digests(documents),
                    "baselines": {baseline.id: baseline.version for baseline in baselines},
                },
                "unavailable": missing,
            }
            self._keep(entry)
            return {**self._compared(values, session, documents), "entry": entry, "state": judgement.state}

    def _earlier(self) -> list[Mapping[str, Any]]:
        """The entries of an earlier report that may be this tenant's."""
        given = self.params.get("previous")
        if self.params.get("previous_path"):
            path = Path(self.params["previous_path"])
            try:
                given = json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError) as exc:
                raise _unusable("previous_path", f"{path} cannot be read: {exc}") from exc
        if given is None:
            return []
        entries = given.get("tenants", [given]) if isinstance(given, Mapping) else [given]
        for entry in entries:
            if not isinstance(entry, Mapping) or entry.get("schema") != SCHEMA:
                raise _unusable("previous", f"this is no report of an audit, or not of version {SCHEMA}")
        return list(entries)

    async def _documents(
        self, session: Session, baselines: Sequence[Baseline]
    ) -> tuple[Documents, list[dict[str, Any]]]:
        """What the controls need to see, and what of it could not be read. Other pages are not asked for."""
        turnstile = self.turnstile(session)
        controls = [control for baseline in baselines for control in baseline.controls]
        meant = [control for control in controls if evaluation.applies(control, _facts(session)) is not False]
        needs = {need.setting for control in meant for need in control.needs} & set(SETTINGS)
        alone = {SETTINGS[option].document for option in needs} - {METHODS, POLICY}
        refusals = {name: why for name in sorted(alone) if (why := await refused(self, session, turnstile, name))}
        documents = await self.read(session, turnstile, [METHODS, POLICY])
        wanted = {METHODS, POLICY, *alone}
        unread = [
            entry
            for entry in unavailable(documents, session.connection, refusals)
            if wanted & {document_of(option, documents.migrated) for option in entry["options"]}
        ]
        return documents, unread

    async def _signals(self, session: Session, values: Mapping[str, Any], missing: list[dict[str, Any]]) -> Signals:
        """The registration report and Secure Score, where they are wanted. What cannot be read is noted."""
        asked = self.params["signals"]
        if asked == "never" or (asked == "auto" and "scope" in values):
            return Signals()

        async def told(what: str, answer: Awaitable[Any]) -> Any:
            try:
                return await answer
            except SsprError as exc:
                missing.append({"page": what, "options": [], "reason": exc.kind, "hint": exc.message})
                return Unavailable.because(exc)

        return Signals(
            await told("registration report", directory.read_registrations(session.graph)),
            _score(await told("Secure Score", directory.read_secure_score(session.graph))),
        )

    def _compared(self, values: Mapping[str, Any], session: Session, documents: Documents) -> Result:
        """The tenant and what the task wants of it, as the modules that set it would show it."""
        read = {option: values[option] for option in self.asked if option in values}
        same = {
            option: read[option]
            for option, wanted in self.asked.items()
            if option in read and baseline.Need(option, "equals", wanted).met_by(read[option])
        }
        wanted = {option: self.asked[option] for option in read}
        unread = {option: wanted for option, wanted in self.asked.items() if option not in values}
        name = session.tenant.get("default_domain") or session.tenant.id
        return {
            "changed": False,
            "diff": {
                "before_header": f"{name} (as it is)",
                "after_header": f"{name} (as it is wanted)",
                "before": nest(read),
                "after": nest({**wanted, **same}),
            },
            "manual": by_hand(ALL_PAGES, unread, session.connection),
            "tenant": session.tenant.as_result(),
            "digests": digests(documents),
            "request_ids": session.request_ids,
        }

    def _keep(self, entry: Mapping[str, Any]) -> None:
        """Write the entry where it is wanted, whole or not at all. In check mode too: it is no part of the tenant."""
        if not self.params.get("result_path"):
            return
        path = Path(self.params["result_path"])
        try:
            write_whole(path, json.dumps(self.redactor.clean(entry), indent=1))
        except OSError as exc:
            raise _unusable("result_path", f"{path} cannot be written: {exc.strerror}") from exc


def _values(documents: Documents, missing: list[dict[str, Any]], session: Session, as_of: date) -> dict[str, Any]:
    """What was read, by setting, and the facts that follow from it. What was not read is not in it."""
    unread = {option for entry in missing for option in entry["options"]}
    values = {
        option: value
        for option, value in settings_of(documents, ALL_PAGES).items()
        if option not in unread and documents.get(document_of(option, documents.migrated)) is not None
    }
    values.update(_facts(session))
    if {"methods_required", "methods.email", "methods.security_questions"} <= set(values):
        on = {
            gate.gate
            for gate in method_eligibility.GATES.values()
            if method_eligibility.counts(gate, values, documents.migrated, as_of, telephony_provider=False)
        }
        values["spare_methods"] = max(0, len(on) - int(values["methods_required"]))
    return values


def _facts(session: Session) -> dict[str, Any]:
    return {} if session.synced is None else {"synced": session.synced}


def _link(setting: str, migrated: bool | None, target: Connection) -> str:
    if setting in SETTINGS and document_of(setting, migrated) == METHODS:
        return f"{target.cloud.admin_center}{METHODS_BLADE}"
    page = PAGE_OF_FACT.get(setting) or next(page for page in ALL_PAGES if setting in page.options)
    return page.link(target.cloud.admin_center)


def _signed_in(session: Session) -> dict[str, str | None]:
    """The app and the portal's user whose tokens were used."""
    app = session.graph.credential.claims
    user = session.portal.credential.claims if session.portal is not None else {}
    return {"app": app.get("appid") or app.get("azp"), "portal_user": user.get("upn") or user.get("unique_name")}


def _score(control: Mapping[str, Any] | Unavailable | None) -> SecureScore | Unavailable | None:
    """The control's numbers, which Microsoft gives as text; None when it has none."""
    if control is None or isinstance(control, Unavailable):
        return control
    numbers = [str(control.get(name)) for name in ("count", "total")]
    if not all(number.isdigit() for number in numbers):
        return None
    return SecureScore(int(numbers[0]), int(numbers[1]), control.get("lastSynced"))


def _day(given: str, place: str) -> date:
    """A day, or ``invalid_setting`` with the place it stands in."""
    found = day(given)
    if found is None:
        why = f"{place}: {given!r} is not a day"
        raise SsprError("invalid_setting", why, hint="Give it as in 2027-03-31. Nothing was sent.")
    return found


def _waivers_of(given: Any) -> list[Waiver]:
    return [
        Waiver(item["control"], item["reason"], item["owner"], _day(item["expires"], f"waivers[{index}].expires"))
        for index, item in enumerate(given)
    ]


def _attestations(given: Any) -> list[Attestation]:
    return [
        Attestation(
            control=item["control"],
            who=item["who"],
            when=_day(item["when"], f"attestations[{index}].when"),
            evidence=item["evidence"],
            expires=_day(item["expires"], f"attestations[{index}].expires"),
        )
        for index, item in enumerate(given)
    ]


def _last(entries: list[Mapping[str, Any]], tenant_id: str) -> dict[str, dict[str, Any]]:
    """Each control's result when it was read last, by an earlier report of this tenant."""
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        if (entry.get("tenant") or {}).get("id") == tenant_id:
            for control in entry.get("controls") or ():
                if control.get("grade") == evaluation.VERIFIED:
                    found[str(control.get("id"))] = {key: control.get(key) for key in ("status", "as_of", "actual")}
                elif control.get("last"):
                    found[str(control.get("id"))] = dict(control["last"])
    return found


def _unusable(option: str, why: str) -> SsprError:
    return SsprError("invalid_setting", f"{option}: {why}", hint="Correct it.")
