# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why one user can or cannot reset a password, decided from what was read about them.

Pure. Every question has three answers: yes, no, and None where what it takes could not be read. So nobody is called
ready or not for a fact that is missing, and one that is enough decides without the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

from ..data.calendar import CUT_OVERS
from ..data.licenses import SERVICE_PLANS
from ..data.reset_errors import REASONS, REASONS_WITHIN, RESET_ERRORS
from ..settings.graph_methods import EVERYONE
from ..users.coverage import REPORT_DELAY, moment
from ..users.method_eligibility import (
    ADMIN_METHODS,
    GATES,
    admin_gates,
    reached,
    usable,
)
from ..users.models import Registration, User
from ..users.roles import ADMIN_ROLES as TWO_GATE
from ..users.roles import GLOBAL_ADMINISTRATOR
from .tenant_checks import plans_with_reset
from .tenant_view import TenantView

Answer: TypeAlias = "bool | None"

# The report's names of what a user has registered, by Graph's type of the method. Who has the Authenticator app has its
# codes as well. Passkeys and others keep the name of their type: they never count.
PHONES = {"mobile": "mobilePhone", "alternateMobile": "alternateMobilePhone", "office": "officePhone"}
REPORTED: Mapping[str, tuple[str, ...]] = {
    "email": ("email",),
    "microsoftAuthenticator": ("microsoftAuthenticatorPush", "softwareOneTimePasscode"),
    "softwareOath": ("softwareOneTimePasscode",),
    "hardwareOath": ("hardwareOneTimePasscode",),
    "password": (),
}
QUESTIONS = "securityQuestion"
NEVER = {"alternateMobilePhone": "the alternate mobile phone serves MFA only"}
BLOCKED = RESET_ERRORS["TooManyAttempts"]["words"]
BLOCKED_FOR = timedelta(hours=24)


@dataclass(frozen=True)
class Case:
    """What is known of one user; None is what could not be read.

    ``groups`` are the ids of all groups the user is in, ``roles`` template ids, ``methods`` the report's names of what
    is registered, ``questions`` whether security questions are among it, ``skus`` the tenant's. ``one_gate`` is the
    exception from Microsoft's policy for administrators: neither a domain of its own nor anything synchronized.
    """

    person: User
    view: TenantView
    as_of: date
    now: datetime
    groups: frozenset[str] | None = None
    roles: frozenset[str] | None = None
    methods: frozenset[str] | None = None
    questions: bool | None = None
    skus: frozenset[str] | None = None
    one_gate: bool | None = None
    events: tuple[Mapping[str, Any], ...] = ()
    telephony_provider: bool = False

    def setting(self, option: str) -> Any:
        return self.view.settings.get(option)

    @property
    def administrator(self) -> Answer:
        """Whether Microsoft's policy for administrators is the one that counts."""
        return None if self.roles is None else bool(self.roles & TWO_GATE)

    @property
    def in_scope(self) -> Answer:
        """Whether the scope of the tenant's own policy has the user in it."""
        scope, group = self.setting("scope"), self.setting("group")
        if scope != "selected":
            return None if scope is None else bool(scope == "all")
        if group is None:
            return None if "group" in self.view.misfits else False
        return None if self.groups is None else group.id.lower() in self.groups

    @property
    def licensed(self) -> Answer:
        if self.person.plans & set(SERVICE_PLANS):
            return True
        return None if self.skus is None else bool(self.person.plans & plans_with_reset(self.skus))

    @property
    def required(self) -> int | None:
        """How many methods a reset takes."""
        if self.administrator is None or (self.administrator and self.one_gate is None):
            return None
        if self.administrator:
            return 1 if self.one_gate else ADMIN_METHODS
        found = self.setting("methods_required")
        return None if found is None else int(found)

    def reaches(self, option: str) -> Answer:
        """Whether a method that is on is for this user."""
        target = self.view.targets.get(option.removeprefix("methods."))
        if target is None:
            return True
        include, exclude = ({entry.lower() for entry in target[name]} for name in ("include", "exclude"))
        if include == {EVERYONE} and not exclude:
            return True
        if self.groups is None:
            return None
        return bool((EVERYONE in include or include & self.groups) and not exclude & self.groups)

    def offered(self, option: str) -> Answer:
        """Whether a method is on for this user: in the policy that holds it, or in either while a migration goes on."""
        own, graph = self.setting(option), self.view.graph_methods.get(option)
        if self.view.migrated:
            return every(own, self.reaches(option))
        if str(self.view.migration_state).lower() == "migrationinprogress":
            return some(own, every(graph, self.reaches(option)))
        return None if own is None else bool(own)

    def switches(self, *, unknown: bool) -> dict[str, Any]:
        """The settings as they are for this user, with what is not known taken for on or for off."""
        found = dict(self.view.settings)
        for option in (option for gate in GATES.values() for option in gate.options):
            on = self.offered(option)
            found[option] = unknown if on is None else on
        return found

    @property
    def registered(self) -> frozenset[str]:
        """Everything that is known to be registered."""
        return (self.methods or frozenset()) | ({QUESTIONS} if self.questions else set())

    def gates(self, methods: Iterable[str], *, unknown: bool) -> frozenset[str]:
        """The gates that these methods open to the user, under the policy that counts."""
        person = self.person
        row = Registration(
            person.id, person.user_principal_name, False, person.guest, False, False, False, frozenset(methods)
        )
        if self.administrator:
            return admin_gates(row, self.roles or frozenset(), self.as_of, self.telephony_provider)
        settings = self.switches(unknown=unknown)
        return usable(row, settings, self.view.migrated, self.as_of, self.telephony_provider)

    def lacks(self, at_least: frozenset[str], at_most: frozenset[str]) -> Answer:
        """Whether these are fewer gates than a reset takes: surely so, surely not, or it cannot be told."""
        if self.required is None:
            return None
        return True if len(at_most) < self.required else False if len(at_least) >= self.required else None

    @property
    def policy_lacks_methods(self) -> Answer:
        if self.administrator is not False:
            # Microsoft's own policy offers enough.
            return None if self.administrator is None else False
        return self.lacks(self.gates(GATES, unknown=False), self.gates(GATES, unknown=True))

    @property
    def user_lacks_methods(self) -> Answer:
        if self.methods is None or self.administrator is None:
            return None
        maybe = self.registered | (set() if self.questions is False else {QUESTIONS})
        return self.lacks(self.gates(self.registered, unknown=False), self.gates(maybe, unknown=True))


def every(*answers: Answer) -> Answer:
    """Whether all of them are yes; one no is enough for no."""
    return False if False in answers else None if None in answers else True


def some(*answers: Answer) -> Answer:
    """Whether one of them is yes."""
    return True if True in answers else None if None in answers else False


def no(answer: Answer) -> Answer:
    return None if answer is None else not answer


def equals(value: Any, wanted: Any) -> Answer:
    return None if value is None else bool(value == wanted)


def _too_few(kind: str) -> Callable[[Case], Answer]:
    """One of the ways to have too few methods, unless the policy itself leaves the user without."""

    def holds(case: Case) -> Answer:
        lacks = every(case.policy_lacks_methods is not True, case.user_lacks_methods)
        if lacks is None:
            # Which of the ways it is cannot be told either: one of them says so for all.
            return None if kind == "TooFewMethods" else False
        counting = case.gates(case.registered, unknown=False)
        found = "TooFewMethods" if counting else "NoRecoveryMethods" if case.registered else "NotRegistered"
        return every(lacks, kind == found)

    return holds


def _ended_with(name: str) -> Callable[[Case], Answer]:
    """Whether the last attempt ended like this."""
    words = RESET_ERRORS[name]["words"]

    def holds(case: Case) -> Answer:
        return any(
            words in f"{event.get('resultReason')} {event.get('additionalDetails')}" for event in case.events[:1]
        )

    return holds


def _blocked(case: Case) -> bool:
    return any(
        event.get("activityDisplayName") == BLOCKED and case.now - at < BLOCKED_FOR
        for event in case.events
        if (at := moment(event.get("activityDateTime"))) is not None
    )


@dataclass(frozen=True)
class Question:
    """One entry of ``RESET_ERRORS`` and whether it holds. ``certain``: it surely keeps the user from resetting."""

    name: str
    holds: Callable[[Case], Answer]
    certain: bool = True


# What keeps a user from resetting, the most fundamental first.
BLOCKERS = (
    Question("GuestUser", lambda case: case.person.guest),
    Question("AccountDisabled", lambda case: no(case.person.enabled)),
    Question(
        "AdministratorsCannotReset",
        lambda case: every(case.administrator, equals(case.setting("admins_can_reset"), False)),
    ),
    Question(
        "TenantSSPRFlagDisabled",
        lambda case: every(no(case.administrator), equals(case.setting("scope"), "none")),
    ),
    Question(
        "UserNotMemberOfScopedAccessGroup",
        lambda case: every(no(case.administrator), equals(case.setting("scope"), "selected"), no(case.in_scope)),
    ),
    Question("SsprNotEnabledInUserPolicy", lambda case: case.policy_lacks_methods),
    Question("NotRegistered", _too_few("NotRegistered")),
    Question("NoRecoveryMethods", _too_few("NoRecoveryMethods")),
    Question("TooFewMethods", _too_few("TooFewMethods")),
    Question(
        "WritebackNotEnabled",
        lambda case: every(case.person.synced, equals(case.setting("password_writeback"), False)),
    ),
    # Microsoft's pages disagree on who needs which licence, and say that some get through without.
    Question("UserNotLicensed", lambda case: no(case.licensed), certain=False),
    Question("TooManyAttempts", _blocked),
    *(
        Question(name, _ended_with(name), certain=False)
        for name in ("OnPremisesAdminActionRequired", "OnPremisesConnectivityError", "OnPremisesSuccessCloudFailure")
    ),
)

# What else people come with. It keeps nobody from resetting.
PROBLEMS = (
    Question("MenuHidden", lambda case: every(case.administrator, not case.person.plans & set(SERVICE_PLANS))),
    Question(
        "AdministratorsNotNotified",
        lambda case: every(case.administrator, equals(case.setting("notify_admins"), False)),
    ),
    Question(
        "NoAddressForNotifications",
        lambda case: every(GLOBAL_ADMINISTRATOR in (case.roles or ()), case.person.mail is None),
    ),
)


def judge(case: Case) -> tuple[Answer, list[dict[str, Any]], list[dict[str, Any]]]:
    """Whether the user can reset (None: it cannot be told), what keeps them from it, and what else is wrong."""
    answers = [(question, question.holds(case)) for question in BLOCKERS]
    blockers = [_told(question, case) for question, holds in answers if holds]
    problems = [_told(question, case) for question in PROBLEMS if question.holds(case)]
    if any(holds and question.certain for question, holds in answers):
        return False, blockers, problems
    return None if any(holds is not False for _question, holds in answers) else True, blockers, problems


def _told(question: Question, case: Case) -> dict[str, Any]:
    entry = RESET_ERRORS[question.name]
    return {
        "code": entry["code"],
        "name": entry.get("name", question.name),
        "meaning": " ".join((entry["meaning"], *_details(question.name, case))),
        "fix": " ".join((entry["fix"], *_way(entry, case))),
        "certain": question.certain,
        "source": entry["source"],
    }


def _details(name: str, case: Case) -> list[str]:
    """What of this user makes it so."""
    if RESET_ERRORS[name]["code"] != "SSPR_0014" or case.methods is None:
        return []
    told = []
    if name == "TooFewMethods":
        told.append(f"A reset takes {case.required}, and there is {len(case.gates(case.registered, unknown=False))}.")
    told.extend(f"{entry['method']}: {entry['why']}." for entry in listed(case) if entry["why"])
    if case.person.directory_data and reached("registered_methods_only", case.as_of):
        told.append("Numbers and addresses in the user object do not count any more.")
    return told


def _way(entry: Mapping[str, Any], case: Case) -> list[str]:
    """Whether the user is asked to register."""
    asked = case.setting("required_at_sign_in")
    if entry["code"] != "SSPR_0014" or asked is None:
        return []
    if asked and (case.in_scope or case.administrator):
        return ["The user is asked to at the next sign-in."]
    return [] if asked else ["Nobody is asked to at sign-in here: see sspr_registration with required_at_sign_in."]


def listed(case: Case) -> list[dict[str, Any]]:
    """Every registered method, whether it counts for this user (None: it cannot be told), and why it does not."""
    found = []
    for name in sorted(case.registered):
        sure, maybe = (bool(case.gates([name], unknown=unknown)) for unknown in (False, True))
        unknown = case.administrator is None or sure != maybe
        why = None if unknown or sure else _why_not(name, case)
        found.append({"method": name, "counts": None if unknown else sure, "why": why})
    return found


def _why_not(name: str, case: Case) -> str:
    gate = GATES.get(name)
    if gate is None:
        return NEVER.get(name, "self-service password reset does not use it")
    if name == QUESTIONS and case.administrator:
        return "administrators cannot use security questions"
    if gate.ends is not None and reached(gate.ends, case.as_of):
        return f"{CUT_OVERS[gate.ends]['what']} ({CUT_OVERS[gate.ends]['date']})"
    if not any(case.offered(option) for option in gate.options):
        limited = any(case.view.effective.get(option) for option in gate.options)
        return "it is limited to others in the tenant" if limited else "it is switched off in the tenant"
    return "with one method required, the app's notifications are not offered, only its codes"


def names_of(methods: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """What a user has registered, in the report's names, from the methods as Graph lists them."""
    found: set[str] = set()
    for method in methods:
        kind = str(method.get("@odata.type", "")).removeprefix("#microsoft.graph.").removesuffix("AuthenticationMethod")
        if kind == "phone":
            found.add(PHONES.get(str(method.get("phoneType")), str(method.get("phoneType"))))
        else:
            found.update(REPORTED.get(kind, (kind,)))
    return frozenset(found)


def reported(row: Registration | None, capable: Answer, now: datetime) -> dict[str, Any]:
    """What the registration report says, and what is to be thought of it where it says otherwise."""
    if row is None:
        note = "the report does not have this user: it leaves out disabled accounts, and lags up to 36 hours"
        return {"as_of": None, "registered": None, "enabled": None, "capable": None, "methods": [], "note": note}
    as_of = moment(row.as_of)
    differs = None
    if capable is not None and capable != row.capable:
        late = as_of is not None and now - as_of > REPORT_DELAY
        differs = f"report not refreshed {'for more than 36 hours' if late else 'yet'}, as of {row.as_of}"
    return {
        "as_of": row.as_of,
        "registered": row.registered,
        "enabled": row.enabled,
        "capable": row.capable,
        "methods": sorted(row.methods),
        "note": differs,
    }


def explained(event: Mapping[str, Any]) -> dict[str, Any]:
    """An attempt from the audit log, with its reason in plain words where they are known."""
    reason = str(event.get("resultReason") or "").strip()
    known = [text for start, text in REASONS.items() if reason.startswith(start)]
    known += [text for part, text in REASONS_WITHIN.items() if part in reason]
    return {
        "at": event.get("activityDateTime"),
        "activity": event.get("activityDisplayName"),
        "result": event.get("result"),
        "reason": reason or None,
        "meaning": next(iter(known), None),
        "correlation_id": event.get("correlationId"),
    }
