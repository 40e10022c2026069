# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Graph reports about a tenant: who has registered what, the audit log, Secure Score, and other policies."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from . import documents, odata
from .directory import user_entry
from .documents import ALL_USERS, EMAIL, METADATA, ODATA_TYPE, PHONE
from .messages import Answer, Call, RefusedError
from .odata import route
from .state import Tenant
from .tokens import peek
from .user_methods import methods_of

_REPORTS = {"AuditLog.Read.All"}
_REGISTRATIONS = "reports/authenticationMethods/userRegistrationDetails"
_Entry = Mapping[str, Any]

_POLICIES = {"Policy.Read.All"}
_SCORES = {"SecurityEvents.Read.All", "SecurityEvents.ReadWrite.All"}

# So many requests in so many seconds may an app send to the reports of a tenant.
LIMIT = 5
WINDOW = 10.0
_PREMIUM = {"AAD_PREMIUM", "AAD_PREMIUM_P2"}

_METHODS = "#microsoft.graph.{}AuthenticationMethod"
_PHONES = {"mobile": "mobilePhone", "alternateMobile": "alternateMobilePhone", "office": "officePhone"}
# The report's names of the other methods. Who has the Authenticator app has its codes too.
_REPORTED: Mapping[str, tuple[str, ...]] = {
    EMAIL: ("email",),
    _METHODS.format("microsoftAuthenticator"): ("microsoftAuthenticatorPush", "softwareOneTimePasscode"),
    _METHODS.format("softwareOath"): ("softwareOneTimePasscode",),
    _METHODS.format("hardwareOath"): ("hardwareOneTimePasscode",),
    _METHODS.format("fido2"): ("fido2SecurityKey",),
    _METHODS.format("windowsHelloForBusiness"): ("windowsHelloForBusiness",),
    _METHODS.format("temporaryAccessPass"): ("temporaryAccessPass",),
}
# What resets a password, as kinds of which each counts once: the app and codes from any app are one.
_KINDS = {
    "email": "email",
    "mobilePhone": "mobilePhone",
    "officePhone": "officePhone",
    "microsoftAuthenticatorPush": "app",
    "softwareOneTimePasscode": "app",
    "securityQuestion": "securityQuestion",
}
_LEGACY = {
    "email": "emailOptionEnabled",
    "mobilePhone": "mobilePhoneOptionEnabled",
    "officePhone": "officePhoneOptionEnabled",
    "microsoftAuthenticatorPush": "mobileAppNotificationEnabled",
    "softwareOneTimePasscode": "mobileAppCodeEnabled",
}
# By method configuration: what it lets users reset with, and the flag that this needs.
_CONFIGURED: Mapping[str, tuple[tuple[str, str | None], ...]] = {
    "Email": (("email", None),),
    "Sms": (("mobilePhone", None),),
    "Voice": (("mobilePhone", None), ("officePhone", "isOfficePhoneAllowed")),
    "MicrosoftAuthenticator": (
        ("microsoftAuthenticatorPush", None),
        ("softwareOneTimePasscode", "isSoftwareOathEnabled"),
    ),
    "SoftwareOath": (("softwareOneTimePasscode", None),),
}
_QUESTIONS = {"securityQuestion": "securityQuestionsOptionEnabled"}


# Roles that do not make an administrator for the reset of passwords: readers, and Cloud Application Administrator.
_NO_ADMINISTRATORS = {
    "5d6b6bb7-de71-4623-b4af-96380a352509",  # Security Reader
    "f2ef992c-3afb-46b9-b7cf-a126ee74c451",  # Global Reader
    "5f2222b1-57c3-48ba-8ad5-d4759f1fde6f",  # Security Operator
    "4a5d8f65-41da-4de4-8968-e035b65339cf",  # Reports Reader
    "88d8e3e3-8f55-4a1e-953a-9b9898b8876b",  # Directory Readers
    "158c047a-c907-4556-b7ef-446551a6b5f7",  # Cloud Application Administrator
}


class _Audience:
    """Whom a method is for."""

    def __init__(self, tenant: Tenant, configuration: Mapping[str, Any] | None = None) -> None:
        included = [target["id"] for target in configuration["includeTargets"]] if configuration else [ALL_USERS]
        excluded = [target["id"] for target in configuration["excludeTargets"]] if configuration else []
        self._everyone = ALL_USERS in included
        self._included, self._excluded = _members(tenant, included), _members(tenant, excluded)

    def __contains__(self, object_id: str) -> bool:
        return (self._everyone or object_id in self._included) and object_id not in self._excluded


class _Facts:
    """What is the same for all rows."""

    def __init__(self, tenant: Tenant) -> None:
        policy = tenant.portal_policy
        self._tenant = tenant
        self._required = policy.get("numberOfAuthenticationMethodsRequired", 1)
        self._offered = _offered(tenant)
        self._roles = _roles(tenant)
        scope = policy.get("enablementType")
        self._chosen = _members(tenant, policy.get("passwordResetEnabledGroupIds", []) if scope == 1 else [])
        self._everyone = scope == 2

    def row(self, person: Mapping[str, Any]) -> dict[str, Any]:
        entry = user_entry(self._tenant, person)
        object_id, guest = entry["id"].lower(), entry["userType"] == "Guest"
        methods = _registered(self._tenant, person)
        # Administrators have a policy of their own: two methods, and no questions.
        roles = self._roles.get(object_id, set())
        own_policy = bool(roles - _NO_ADMINISTRATORS)
        usable = {name for name in methods if any(object_id in audience for audience in self._offered.get(name, ()))}
        usable = methods - {"securityQuestion"} if own_policy else usable
        kinds = {_KINDS[name] for name in usable if name in _KINDS}
        registered = len(kinds) >= (2 if own_policy else self._required)
        enabled = (
            bool(self._tenant.authorization_policy["allowedToUseSSPR"])
            if own_policy
            else not guest and (self._everyone or object_id in self._chosen)
        )
        strong = bool(methods & {"mobilePhone", "microsoftAuthenticatorPush", "softwareOneTimePasscode"})
        return {
            "id": entry["id"],
            "userPrincipalName": entry["userPrincipalName"],
            "userDisplayName": entry["displayName"],
            "userType": "guest" if guest else "member",
            "isAdmin": bool(roles),
            "isSsprRegistered": registered,
            "isSsprEnabled": enabled,
            "isSsprCapable": registered and enabled,
            "isMfaRegistered": strong,
            "isMfaCapable": strong,
            "isPasswordlessCapable": bool(methods & {"fido2SecurityKey", "windowsHelloForBusiness"}),
            "isSystemPreferredAuthenticationMethodEnabled": True,
            "systemPreferredAuthenticationMethods": ["PhoneAppNotification"] if strong else [],
            "userPreferredMethodForSecondaryAuthentication": "push" if strong else "none",
            "methodsRegistered": sorted(methods),
        }


def _offered(tenant: Tenant) -> dict[str, list[_Audience]]:
    """By the report's name of a method: who may reset with it."""
    offered: dict[str, list[_Audience]] = {}
    if tenant.migration_state != "preMigration":
        on = {name: entry for name, entry in tenant.configurations.items() if entry["state"] == "enabled"}
        for name, entry in on.items():
            for method, flag in _CONFIGURED.get(name, ()):
                if flag is None or entry.get(flag):
                    offered.setdefault(method, []).append(_Audience(tenant, entry))
    legacy = _QUESTIONS if tenant.migrated else {**_LEGACY, **_QUESTIONS}
    for method, field in legacy.items():
        if tenant.portal_policy.get(field):
            offered.setdefault(method, []).append(_Audience(tenant))
    return offered


def _members(tenant: Tenant, groups: list[str]) -> set[str]:
    return {member for name in groups if (group := tenant.group(name)) for member in tenant.members(group)}


def _registered(tenant: Tenant, person: Mapping[str, Any]) -> set[str]:
    found = {"securityQuestion"} if person.get("securityQuestions") else set()
    for method in methods_of(tenant, person):
        kind = method[ODATA_TYPE]
        found |= {_PHONES[method["phoneType"]]} if kind == PHONE else set(_REPORTED.get(kind, ()))
    return found


def _roles(tenant: Tenant) -> dict[str, set[str]]:
    """Directory roles by object id of whoever has them, through groups too."""
    found: dict[str, set[str]] = {}
    for entry in tenant.role_assignments:
        for holder in (entry["principalId"].lower(), *_members(tenant, [entry["principalId"]])):
            found.setdefault(holder, set()).add(entry["roleDefinitionId"].lower())
    return found


def _registrations(tenant: Tenant, call: Call) -> Answer:
    entries, row = _report(tenant, call)
    wanted = odata.equal_to("userPrincipalName", call.query.get("$filter"))
    found = [entry for entry in entries if wanted is None or entry["userPrincipalName"].lower() == wanted.lower()]

    def show(entry: _Entry) -> dict[str, Any]:
        shown = row(entry)
        return odata.select(shown, tuple(shown), call, "userRegistrationDetails")

    return odata.page(call, found, show, _REGISTRATIONS)


def _registration(tenant: Tenant, call: Call, name: str) -> Answer:
    entries, row = _report(tenant, call)
    for entry in entries:
        if entry["id"].lower() == name.lower():
            return Answer(200, {"@odata.context": f"{METADATA}{_REGISTRATIONS}/$entity", **row(entry)})
    raise odata.missing(name)


def _report(tenant: Tenant, call: Call) -> tuple[Sequence[_Entry], Callable[[_Entry], dict[str, Any]]]:
    """Whom the report is about, and how to make the row of each. Those who cannot sign in are not in it."""
    _throttle(tenant, call)
    if not any(_PREMIUM & set(documents.service_plans(sku)) for sku in tenant.plans):
        raise RefusedError(
            403,
            "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
            "Neither tenant is B2C or tenant doesn't have premium license",
        )
    as_of = {"lastUpdatedDateTime": tenant.registration_report.get("as_of") or _stamp()}
    rows = tenant.registration_report.get("rows")
    if rows is not None:
        return rows, lambda row: {**as_of, **row}
    facts = _Facts(tenant)
    people = [person for person in tenant.people if person.get("accountEnabled", True)]
    return people, lambda person: {**as_of, **facts.row(person)}


def _throttle(tenant: Tenant, call: Call) -> None:
    window = WINDOW if tenant.report_throttle is True else float(tenant.report_throttle)
    if not window:
        return
    principal, now = peek(call.bearer), time.monotonic()
    calls = tenant.report_calls.setdefault(principal.identity if principal else "", [])
    calls[:] = [moment for moment in calls if moment > now - window]
    if len(calls) >= LIMIT:
        wait = math.ceil(calls[0] + window - now)
        raise RefusedError(429, "TooManyRequests", "Too many requests.", {"Retry-After": str(wait)})
    calls.append(now)


# How an audit event is looked at, by what a filter may name; ISO times in UTC compare as texts.
_AUDIT_FILTERS: tuple[tuple[str, Callable[[Mapping[str, Any], str], bool]], ...] = (
    (r"loggedByService eq '([^']*)'", lambda event, value: event["loggedByService"] == value),
    (r"activityDisplayName eq '([^']*)'", lambda event, value: event["activityDisplayName"] == value),
    (r"activityDateTime ge ([0-9TZ:.-]+)", lambda event, value: event["activityDateTime"] >= value),
    (
        r"targetResources/any\(t: ?t/id eq '([^']*)'\)",
        lambda event, value: value.lower() in {str(target.get("id")).lower() for target in event["targetResources"]},
    ),
)


def _audits(tenant: Tenant, call: Call) -> Answer:
    _throttle(tenant, call)
    found = [_event(event) for event in tenant.audit_events]
    for condition in call.query["$filter"].split(" and ") if "$filter" in call.query else ():
        keeps, value = _audit_filter(condition)
        found = [event for event in found if keeps(event, value)]
    order = call.query.get("$orderby", "activityDateTime desc")
    if order not in ("activityDateTime desc", "activityDateTime asc", "activityDateTime"):
        raise RefusedError(400, "BadRequest", f"Invalid order: {order}")
    found.sort(key=lambda event: event["activityDateTime"], reverse=order.endswith(" desc"))
    return odata.page(call, found, dict, "auditLogs/directoryAudits", largest=1000)


def _audit_filter(condition: str) -> tuple[Callable[[Mapping[str, Any], str], bool], str]:
    for pattern, keeps in _AUDIT_FILTERS:
        match = re.fullmatch(pattern, condition.strip())
        if match:
            return keeps, match.group(1)
    raise RefusedError(400, "BadRequest", f"Invalid filter clause: {condition}")


def _event(event: Mapping[str, Any]) -> dict[str, Any]:
    defaults = {
        "id": f"SSPR_{event.get('correlationId', event.get('activityDateTime'))}",
        "category": "UserManagement",
        "correlationId": "00000000-0000-4000-8000-000000000000",
        "result": "success",
        "resultReason": "",
        "activityDisplayName": "Reset password (self-service)",
        "activityDateTime": _stamp(),
        "loggedByService": "Self-service Password Management",
        "operationType": "Update",
        "initiatedBy": {"app": None, "user": None},
        "targetResources": [],
        "additionalDetails": [],
    }
    return {**defaults, **event}


def _secure_scores(tenant: Tenant, call: Call) -> Answer:
    newest = (
        [{"id": f"{tenant.id}_1", "azureTenantId": tenant.id, **tenant.secure_score}] if tenant.secure_score else []
    )
    return odata.page(call, newest, dict, "security/secureScores")


def _security_defaults(tenant: Tenant, call: Call) -> Answer:
    body = {
        "@odata.context": f"{METADATA}policies/identitySecurityDefaultsEnforcementPolicy/$entity",
        "id": "00000000-0000-0000-0000-000000000005",
        "displayName": "Security Defaults",
        "description": "Security defaults is a set of basic identity security mechanisms recommended by Microsoft.",
        "isEnabled": tenant.security_defaults,
    }
    return Answer(200, body)


def _conditional_access(tenant: Tenant, call: Call) -> Answer:
    return odata.page(call, tenant.conditional_access, _policy, "identity/conditionalAccess/policies")


def _policy(policy: Mapping[str, Any]) -> dict[str, Any]:
    users = {"includeUsers": ["All"], "excludeUsers": [], "includeGroups": [], "excludeGroups": []}
    conditions = {"users": users, "applications": {"includeApplications": ["All"], "includeUserActions": []}}
    defaults = {"id": documents.ZERO_GUID, "displayName": "A policy", "state": "enabled", "conditions": conditions}
    return {**defaults, "grantControls": None, "sessionControls": None, **policy}


ROUTES = (
    route("GET", _REGISTRATIONS, _REPORTS, _registrations, "$filter $select $top $skiptoken"),
    route("GET", f"{_REGISTRATIONS}/(?P<name>[^/]+)", _REPORTS, _registration),
    route("GET", "auditLogs/directoryAudits", _REPORTS, _audits, "$filter $orderby $top $skiptoken"),
    route("GET", "security/secureScores", _SCORES, _secure_scores, "$top $skiptoken"),
    route("GET", "policies/identitySecurityDefaultsEnforcementPolicy", _POLICIES, _security_defaults),
    route("GET", "identity/conditionalAccess/policies", _POLICIES, _conditional_access, "$top $skiptoken"),
)


def _stamp() -> str:
    return f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S.%f}Z"
