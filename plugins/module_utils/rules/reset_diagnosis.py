# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why one user can or cannot reset a password, decided from what was read about the user.

Pure. Every question has three answers: yes, no, and None where a needed fact could not be read. A missing fact never
counts as yes or no, and a fact that is enough decides without the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

from .._dates import parse_timestamp
from ..data.deadlines import CUT_OVERS
from ..data.licenses import SERVICE_PLANS
from ..data.reset_errors import REASONS, REASONS_WITHIN, RESET_ERRORS
from ..settings.graph_methods import EVERYONE
from ..users.coverage import REPORT_DELAY
from ..users.method_eligibility import ADMIN_METHODS_REQUIRED, COUNTED_METHODS, Policy, reached
from ..users.models import Registration, User
from ..users.roles import ADMIN_ROLES, GLOBAL_ADMINISTRATOR
from .tenant_checks import plans_with_reset
from .tenant_view import TenantView

Answer: TypeAlias = "bool | None"

# The report's names of what a user has registered, by Graph's type of the method. Who has the Authenticator app has its
# codes as well. Passkeys and others keep the name of their type: they never count.
PHONES = {"mobile": "mobilePhone", "alternateMobile": "alternateMobilePhone", "office": "officePhone"}
REPORTED_AS: Mapping[str, tuple[str, ...]] = {
    "email": ("email",),
    "microsoftAuthenticator": ("microsoftAuthenticatorPush", "softwareOneTimePasscode"),
    "softwareOath": ("softwareOneTimePasscode",),
    "hardwareOath": ("hardwareOneTimePasscode",),
    "password": (),
}
QUESTIONS = "securityQuestion"
NEVER = {"alternateMobilePhone": "the alternate mobile phone is used for MFA only"}
BLOCKED = RESET_ERRORS["TooManyAttempts"]["logged_as"]
BLOCKED_FOR = timedelta(hours=24)
NOT_REGISTERED_CODE = "SSPR_0014"


def all_of(*answers: Answer) -> Answer:
    """Whether all of them are yes; a single no is enough for no."""
    return False if False in answers else None if None in answers else True


def any_of(*answers: Answer) -> Answer:
    """Whether one of them is yes."""
    return True if True in answers else None if None in answers else False


def negated(answer: Answer) -> Answer:
    return None if answer is None else not answer


def equals(value: Any, expected: Any) -> Answer:
    return None if value is None else bool(value == expected)


@dataclass(frozen=True)
class Case:
    """What is known of one user; None is what could not be read.

    ``groups`` are the ids of all groups the user is in, ``roles`` template ids, ``methods`` the report's names of what
    is registered, ``questions`` whether security questions are among it, ``skus`` the tenant's. ``admins_need_one`` is
    the exception from Microsoft's policy for administrators: no domain of the tenant's own, nothing synchronized.
    """

    user: User
    view: TenantView
    as_of: date
    now: datetime
    groups: frozenset[str] | None = None
    roles: frozenset[str] | None = None
    methods: frozenset[str] | None = None
    questions: bool | None = None
    skus: frozenset[str] | None = None
    admins_need_one: bool | None = None
    events: tuple[Mapping[str, Any], ...] = ()
    telephony_provider: bool = False

    def setting(self, option: str) -> Any:
        return self.view.settings.get(option)

    @property
    def administrator(self) -> Answer:
        """Whether Microsoft's policy for administrators is the one that counts."""
        return None if self.roles is None else bool(self.roles & ADMIN_ROLES)

    @property
    def in_scope(self) -> Answer:
        """Whether the user is in the scope of the tenant's own policy."""
        scope, group = self.setting("scope"), self.setting("group")
        if scope != "selected":
            return None if scope is None else bool(scope == "all")
        if group is None:
            return None if "group" in self.view.misfits else False
        return None if self.groups is None else group.id.lower() in self.groups

    @property
    def licensed(self) -> Answer:
        if self.user.plans & set(SERVICE_PLANS):
            return True
        return None if self.skus is None else bool(self.user.plans & plans_with_reset(self.skus))

    @property
    def methods_required(self) -> int | None:
        """How many methods a reset takes."""
        if self.administrator is None or (self.administrator and self.admins_need_one is None):
            return None
        if self.administrator:
            return 1 if self.admins_need_one else ADMIN_METHODS_REQUIRED
        found = self.setting("methods_required")
        return None if found is None else int(found)

    @property
    def registered(self) -> frozenset[str]:
        """Everything that is known to be registered."""
        return (self.methods or frozenset()) | ({QUESTIONS} if self.questions else set())

    def is_target_of(self, option: str) -> Answer:
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
        """Whether a method is on for this user: in the policy that has it, or in either during a migration."""
        own, graph = self.setting(option), self.view.graph_methods.get(option)
        if self.view.migrated:
            return all_of(own, self.is_target_of(option))
        if str(self.view.migration_state).lower() == "migrationinprogress":
            return any_of(own, all_of(graph, self.is_target_of(option)))
        return None if own is None else bool(own)

    def policy(self, *, unknown: bool) -> Policy:
        """The policy as it is for this user. ``unknown`` stands for every method that may be on or off."""
        settings = dict(self.view.settings)
        for option in (option for method in COUNTED_METHODS.values() for option in method.options):
            is_on = self.offered(option)
            settings[option] = unknown if is_on is None else is_on
        return Policy(settings, self.view.migrated, self.as_of, telephony_provider=self.telephony_provider)

    def kinds(self, methods: Iterable[str], *, unknown: bool) -> frozenset[str]:
        """The kinds of methods that count for the user among these, under the policy that counts."""
        policy, names = self.policy(unknown=unknown), frozenset(methods)
        if self.administrator:
            return policy.admin_kinds(names, self.roles or frozenset())
        return policy.kinds(names)

    def lacks(self, at_least: frozenset[str], at_most: frozenset[str]) -> Answer:
        """Whether these are fewer kinds than a reset takes: certainly, certainly not, or unknown."""
        if self.methods_required is None:
            return None
        if len(at_most) < self.methods_required:
            return True
        return False if len(at_least) >= self.methods_required else None

    @property
    def policy_lacks_methods(self) -> Answer:
        if self.administrator is not False:
            # Microsoft's own policy offers enough.
            return None if self.administrator is None else False
        return self.lacks(self.kinds(COUNTED_METHODS, unknown=False), self.kinds(COUNTED_METHODS, unknown=True))

    @property
    def user_lacks_methods(self) -> Answer:
        if self.methods is None or self.administrator is None:
            return None
        possible = self.registered | (set() if self.questions is False else {QUESTIONS})
        return self.lacks(self.kinds(self.registered, unknown=False), self.kinds(possible, unknown=True))


def _too_few(name: str) -> Callable[[Case], Answer]:
    """One of the causes of too few methods, unless the policy itself offers the user too few."""

    def holds(case: Case) -> Answer:
        lacks = all_of(case.policy_lacks_methods is not True, case.user_lacks_methods)
        if lacks is None:
            # Which of these causes applies is unknown as well: only one of them reports that.
            return None if name == "TooFewMethods" else False
        counting = case.kinds(case.registered, unknown=False)
        found = "TooFewMethods" if counting else "NoRecoveryMethods" if case.registered else "NotRegistered"
        return all_of(lacks, name == found)

    return holds


def _ended_with(name: str) -> Callable[[Case], Answer]:
    """Whether the last attempt ended like this."""
    logged_as = RESET_ERRORS[name]["logged_as"]

    def holds(case: Case) -> Answer:
        return any(
            logged_as in f"{event.get('resultReason')} {event.get('additionalDetails')}" for event in case.events[:1]
        )

    return holds


def _blocked(case: Case) -> bool:
    return any(
        event.get("activityDisplayName") == BLOCKED and case.now - at < BLOCKED_FOR
        for event in case.events
        if (at := parse_timestamp(event.get("activityDateTime"))) is not None
    )


@dataclass(frozen=True)
class Cause:
    """One entry of ``RESET_ERRORS``, and whether it holds. ``certain``: it certainly prevents a reset."""

    name: str
    holds: Callable[[Case], Answer]
    certain: bool = True


# What prevents a user from resetting, the most fundamental first.
BLOCKERS = (
    Cause("GuestUser", lambda case: case.user.guest),
    Cause("AccountDisabled", lambda case: negated(case.user.enabled)),
    Cause(
        "AdministratorsCannotReset",
        lambda case: all_of(case.administrator, equals(case.setting("admins_can_reset"), False)),
    ),
    Cause(
        "TenantSSPRFlagDisabled",
        lambda case: all_of(negated(case.administrator), equals(case.setting("scope"), "none")),
    ),
    Cause(
        "UserNotMemberOfScopedAccessGroup",
        lambda case: all_of(
            negated(case.administrator), equals(case.setting("scope"), "selected"), negated(case.in_scope)
        ),
    ),
    Cause("SsprNotEnabledInUserPolicy", lambda case: case.policy_lacks_methods),
    Cause("NotRegistered", _too_few("NotRegistered")),
    Cause("NoRecoveryMethods", _too_few("NoRecoveryMethods")),
    Cause("TooFewMethods", _too_few("TooFewMethods")),
    Cause(
        "WritebackNotEnabled",
        lambda case: all_of(case.user.synced, equals(case.setting("password_writeback"), False)),
    ),
    # Microsoft's pages disagree on who needs which license, and say that some users can reset without one.
    Cause("UserNotLicensed", lambda case: negated(case.licensed), certain=False),
    Cause("TooManyAttempts", _blocked),
    *(
        Cause(name, _ended_with(name), certain=False)
        for name in ("OnPremisesAdminActionRequired", "OnPremisesConnectivityError", "OnPremisesSuccessCloudFailure")
    ),
)

# What else users report. It does not prevent a reset.
PROBLEMS = (
    Cause("MenuHidden", lambda case: all_of(case.administrator, not case.user.plans & set(SERVICE_PLANS))),
    Cause(
        "AdministratorsNotNotified",
        lambda case: all_of(case.administrator, equals(case.setting("notify_admins"), False)),
    ),
    Cause(
        "NoAddressForNotifications",
        lambda case: all_of(GLOBAL_ADMINISTRATOR in (case.roles or ()), case.user.mail is None),
    ),
)


@dataclass(frozen=True)
class Explanation:
    """A cause that holds for a user, in plain English. ``code`` is Microsoft's; None where there is none."""

    code: str | None
    name: str
    meaning: str
    fix: str
    certain: bool
    source: str

    def as_result(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Diagnosis:
    """Whether the user can reset (None: unknown), what prevents it, and what else is wrong."""

    capable: Answer
    blockers: list[Explanation]
    problems: list[Explanation]


def diagnose(case: Case) -> Diagnosis:
    """Everything that holds for the user."""
    answers = [(cause, cause.holds(case)) for cause in BLOCKERS]
    blockers = [_explain(cause, case) for cause, holds in answers if holds]
    problems = [_explain(cause, case) for cause in PROBLEMS if cause.holds(case)]
    if any(holds and cause.certain for cause, holds in answers):
        return Diagnosis(False, blockers, problems)
    ready = all(holds is False for _cause, holds in answers)
    return Diagnosis(True if ready else None, blockers, problems)


def _explain(cause: Cause, case: Case) -> Explanation:
    entry = RESET_ERRORS[cause.name]
    about_methods = entry["code"] == NOT_REGISTERED_CODE
    details = _method_details(cause.name, case) if about_methods else []
    next_steps = _registration_at_sign_in(case) if about_methods else []
    return Explanation(
        code=entry["code"],
        name=entry.get("name", cause.name),
        meaning=" ".join((entry["meaning"], *details)),
        fix=" ".join((entry["fix"], *next_steps)),
        certain=cause.certain,
        source=entry["source"],
    )


def _method_details(name: str, case: Case) -> list[str]:
    """What the user's methods have to do with it."""
    if case.methods is None:
        return []
    details = []
    if name == "TooFewMethods":
        counting = len(case.kinds(case.registered, unknown=False))
        details.append(f"A reset takes {case.methods_required}, and the user has {counting}.")
    details.extend(f"{method.method}: {method.why}." for method in assess_methods(case) if method.why)
    if case.user.directory_data and reached("registered_methods_only", case.as_of):
        details.append("Phone numbers and addresses in the user object no longer count.")
    return details


def _registration_at_sign_in(case: Case) -> list[str]:
    """Whether the next sign-in prompts the user to register."""
    required = case.setting("required_at_sign_in")
    if required is None:
        return []
    if not required:
        return ["Users are not asked to register at sign-in: see required_at_sign_in of sspr_registration."]
    return ["The user is asked to register at the next sign-in."] if case.in_scope or case.administrator else []


@dataclass(frozen=True)
class RegisteredMethod:
    """A method by the report's name, whether it counts for the user (None: unknown), and why it does not."""

    method: str
    counts: Answer
    why: str | None

    def as_result(self) -> dict[str, Any]:
        return asdict(self)


def assess_methods(case: Case) -> list[RegisteredMethod]:
    """Every registered method."""
    return [_assess_method(name, case) for name in sorted(case.registered)]


def _assess_method(name: str, case: Case) -> RegisteredMethod:
    certainly, possibly = (bool(case.kinds([name], unknown=unknown)) for unknown in (False, True))
    if case.administrator is None or certainly != possibly:
        return RegisteredMethod(name, None, None)
    return RegisteredMethod(name, certainly, None if certainly else _why_not(name, case))


def _why_not(name: str, case: Case) -> str:
    method = COUNTED_METHODS.get(name)
    if method is None:
        return NEVER.get(name, "self-service password reset does not use it")
    if name == QUESTIONS and case.administrator:
        return "administrators cannot use security questions"
    if method.ends is not None and reached(method.ends, case.as_of):
        return f"{CUT_OVERS[method.ends]['what']} ({CUT_OVERS[method.ends]['date']})"
    if not any(case.offered(option) for option in method.options):
        is_on = any(case.view.effective.get(option) for option in method.options)
        return "it is targeted at other users of the tenant" if is_on else "it is off in the tenant"
    return "with one method required, only the app's codes are offered, not its notifications"


def registered_names(methods: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """What a user has registered, in the report's names, from the methods as Graph lists them."""
    found: set[str] = set()
    for method in methods:
        kind = str(method.get("@odata.type", "")).removeprefix("#microsoft.graph.").removesuffix("AuthenticationMethod")
        if kind == "phone":
            found.add(PHONES.get(str(method.get("phoneType")), str(method.get("phoneType"))))
        else:
            found.update(REPORTED_AS.get(kind, (kind,)))
    return frozenset(found)


@dataclass(frozen=True)
class ReportedUser:
    """The user's row of the registration report, with a ``note`` where it differs from the diagnosis."""

    as_of: str | None = None
    registered: bool | None = None
    enabled: bool | None = None
    capable: bool | None = None
    methods: list[str] = field(default_factory=list)
    note: str | None = None

    def as_result(self) -> dict[str, Any]:
        return asdict(self)


def describe_report(row: Registration | None, capable: Answer, now: datetime) -> ReportedUser:
    """The user's row of the registration report, with a note where it differs from the diagnosis."""
    if row is None:
        absent = "the report does not have this user: it omits disabled accounts, and lags by up to 36 hours"
        return ReportedUser(note=absent)
    made, note = parse_timestamp(row.as_of), None
    if capable is not None and capable != row.capable:
        late = made is not None and now - made > REPORT_DELAY
        when = row.as_of or "an unknown time"
        note = f"report not refreshed {'for more than 36 hours' if late else 'yet'}, as of {when}"
    return ReportedUser(row.as_of, row.registered, row.enabled, row.capable, sorted(row.methods), note)


@dataclass(frozen=True)
class ResetAttempt:
    """An event of the audit log. ``meaning`` is its reason in plain English, where it is known."""

    at: str | None
    activity: str | None
    result: str | None
    reason: str | None
    meaning: str | None
    correlation_id: str | None

    def as_result(self) -> dict[str, Any]:
        return asdict(self)


def describe_event(event: Mapping[str, Any]) -> ResetAttempt:
    """An attempt from the audit log."""
    reason = str(event.get("resultReason") or "").strip()
    known = [text for start, text in REASONS.items() if reason.startswith(start)]
    known += [text for part, text in REASONS_WITHIN.items() if part in reason]
    return ResetAttempt(
        at=event.get("activityDateTime"),
        activity=event.get("activityDisplayName"),
        result=event.get("result"),
        reason=reason or None,
        meaning=next(iter(known), None),
        correlation_id=event.get("correlationId"),
    )
