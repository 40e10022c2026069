# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages of the Password reset blade as tables: option, document, remote field, JSON type, range, encoding.

A page module is its table. Nothing here does I/O, and nothing outside this file and ``graph_methods`` names a remote
field. Field names and values of the portal's documents come from published payloads (the misspelled ``...Inteval...``
is the real name); ranges from Microsoft's SSPR documentation (concept-sspr-howitworks, passwords-faq).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from .._errors import GRAPH, PORTAL, Plane, SsprError
from .._text import EMAIL_ADDRESS, WEB_ADDRESS
from .graph_methods import GRAPH_METHODS

# The documents in which settings live: the SSPR policy, the authentication methods policy, the on-premises integration,
# and the authorization policy, of which one property belongs to SSPR.
DocumentName = Literal["sspr_policy", "methods", "on_premises", "authorization"]
SSPR_POLICY: DocumentName = "sspr_policy"
METHODS_POLICY: DocumentName = "methods"
ON_PREMISES: DocumentName = "on_premises"
AUTHORIZATION_POLICY: DocumentName = "authorization"

PLANE_OF: Mapping[DocumentName, Plane] = {
    SSPR_POLICY: PORTAL,
    METHODS_POLICY: GRAPH,
    ON_PREMISES: PORTAL,
    AUTHORIZATION_POLICY: GRAPH,
}
TITLES: Mapping[DocumentName, str] = {
    SSPR_POLICY: "SSPR policy",
    METHODS_POLICY: "authentication methods policy",
    ON_PREMISES: "on-premises integration",
    AUTHORIZATION_POLICY: "authorization policy",
}

NO_GROUP = "00000000-0000-0000-0000-000000000000"

# A document as JSON
Body = dict[str, Any]


@dataclass(frozen=True)
class GroupRef:
    """The group of scope ``selected``."""

    id: str
    display_name: str | None

    @classmethod
    def unresolved(cls, name: str) -> GroupRef:
        """A group that was not looked up, or not found: what the task calls it stands in for both."""
        return cls(name, name)

    def as_result(self) -> dict[str, str | None]:
        return {"id": self.id, "display_name": self.display_name}


@dataclass(frozen=True)
class Setting:
    """One line of a page: an option, and the field of the document behind it.

    ``spec`` is the option's line in the argument spec, ``sample`` a value for the documentation. ``remote`` is None for
    an option that the document does not have. ``values`` translates an enumeration. ``low`` and ``high`` bound an
    integer, both included.
    """

    option: str
    spec: Mapping[str, Any]
    remote: str | None
    json_type: type
    sample: Any
    values: Mapping[Any, Any] = field(default_factory=dict)
    low: int | None = None
    high: int | None = None
    document: DocumentName = SSPR_POLICY

    @property
    def remote_fields(self) -> tuple[str, ...]:
        """The fields a task that manages this option relies on."""
        return (self.remote,) if self.remote else ()

    def misfit(self, document: Body) -> str | None:
        """What is wrong with the document for this option; None when it fits."""
        if self.remote is None:
            return None
        if self.remote not in document:
            return f"has no field for {self.option}"
        value = document[self.remote]
        if not is_json(value, self.json_type):
            return f"has {json_name(value)} for {self.option} instead of {json_name(self.json_type())}"
        if self.values and value not in self.values.values():
            return f"has the unknown value {value!r} for {self.option}"
        return None

    def decode(self, document: Body) -> Any:
        """The option's value in the document; None when it is unknown."""
        if self.remote is None or self.misfit(document):
            return None
        value = document[self.remote]
        return next(key for key, known in self.values.items() if known == value) if self.values else value

    def encode(self, value: Any, document: Body) -> None:
        """Put the option's value into the document."""
        if self.remote is not None:
            document[self.remote] = self.values[value] if self.values else value

    def same(self, one: Any, other: Any) -> bool:
        return bool(one == other)

    def out_of_range(self, value: Any) -> str | None:
        if self.low is not None and self.high is not None and not self.low <= value <= self.high:
            return f"{self.option}: {value} is outside {self.low} to {self.high}"
        return None


@dataclass(frozen=True)
class GroupSetting(Setting):
    """The one group of scope ``selected``: a list of ids and a display name in the document."""

    name_field: str = "passwordResetEnabledGroupName"

    def misfit(self, document: Body) -> str | None:
        found = super().misfit(document)
        if not found and not all(isinstance(item, str) for item in document[self.remote or ""]):
            return f"has values other than object IDs for {self.option}"
        return found

    def ids(self, document: Body) -> list[str]:
        return [item for item in document.get(self.remote or "", []) if item and item != NO_GROUP]

    def decode(self, document: Body) -> GroupRef | None:
        if self.misfit(document):
            return None
        ids = self.ids(document)
        if len(ids) != 1:
            return None
        name = document.get(self.name_field)
        return GroupRef(ids[0], name if isinstance(name, str) and name else None)

    def encode(self, value: Any, document: Body) -> None:
        document[self.remote or ""] = [value.id] if value else []
        if self.name_field in document:
            document[self.name_field] = value.display_name or "" if value else ""

    def same(self, one: Any, other: Any) -> bool:
        if not one or not other:
            return not one and not other
        return bool(one.id.lower() == other.id.lower())


def is_json(value: Any, kind: type) -> bool:
    """Whether a value is of this JSON type; a boolean is an int in Python, not in JSON."""
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))


def json_name(value: Any) -> str:
    """The JSON type of a Python value, in words."""
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list", dict: "an object"}
    return names.get(type(value), "null")


def flag(option: str, remote: str | None, document: DocumentName = SSPR_POLICY, *, sample: bool = True) -> Setting:
    """A setting that is on or off."""
    return Setting(option, {"type": "bool"}, remote, bool, sample, document=document)


def number(option: str, remote: str, low: int, high: int, *, sample: int) -> Setting:
    """A setting that is a whole number from ``low`` to ``high``."""
    return Setting(option, {"type": "int"}, remote, int, sample, low=low, high=high)


@dataclass(frozen=True)
class Page:
    """One page of the blade. ``blade`` is the last part of its link in the admin center."""

    name: str
    title: str
    blade: str
    settings: tuple[Setting, ...]
    # Options that control the task and set nothing
    switches: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def options(self) -> tuple[str, ...]:
        return tuple(setting.option for setting in self.settings)

    def link(self, admin_center: str) -> str:
        return f"{admin_center}/#view/Microsoft_AAD_IAM/PasswordResetMenuBlade/~/{self.blade}"

    def argument_spec(self) -> dict[str, Any]:
        """The page's lines of the argument spec; ``methods.x`` becomes a sub-option of ``methods``."""
        spec: dict[str, Any] = {}
        for setting in self.settings:
            target, name = spec, setting.option
            if "." in name:
                parent, name = name.split(".")
                target = spec.setdefault(parent, {"type": "dict", "options": {}})["options"]
            target[name] = dict(setting.spec)
        return {**spec, **{name: dict(line) for name, line in self.switches.items()}}


PROPERTIES = Page(
    "properties",
    "Properties",
    "Properties",
    (
        Setting(
            "scope",
            {"type": "str", "choices": ["none", "selected", "all"]},
            "enablementType",
            int,
            "all",
            values={"none": 0, "selected": 1, "all": 2},
        ),
        GroupSetting("group", {"type": "str"}, "passwordResetEnabledGroupIds", list, None),
    ),
)

AUTH_METHODS = Page(
    "auth_methods",
    "Authentication methods",
    "AuthenticationMethods",
    (
        Setting(
            "methods_required",
            {"type": "int", "choices": [1, 2]},
            "numberOfAuthenticationMethodsRequired",
            int,
            2,
        ),
        flag("methods.email", "emailOptionEnabled"),
        flag("methods.mobile_phone", "mobilePhoneOptionEnabled"),
        flag("methods.voice", None, sample=False),
        flag("methods.office_phone", "officePhoneOptionEnabled", sample=False),
        flag("methods.mobile_app_notification", "mobileAppNotificationEnabled"),
        flag("methods.mobile_app_code", "mobileAppCodeEnabled"),
        flag("methods.software_oath", None, sample=False),
        flag("methods.security_questions", "securityQuestionsOptionEnabled", sample=False),
        number("questions_to_register", "numberOfQuestionsToRegister", 3, 5, sample=5),
        number("questions_to_reset", "numberOfQuestionsToReset", 3, 5, sample=3),
    ),
    switches={"allow_sign_in_change": {"type": "bool", "default": False}},
)

REGISTRATION = Page(
    "registration",
    "Registration",
    "Registration",
    (
        flag("required_at_sign_in", "registrationRequiredOnSignIn"),
        number("reconfirm_days", "registrationReconfirmIntevalInDays", 0, 730, sample=180),
    ),
)

NOTIFICATIONS = Page(
    "notifications",
    "Notifications",
    "Notifications",
    (
        flag("notify_users", "notifyUsersOnPasswordReset"),
        flag("notify_admins", "notifyOnAdminPasswordReset"),
    ),
)

CUSTOMIZATION = Page(
    "customization",
    "Customization",
    "Customization",
    (
        flag("helpdesk_link", "customizeHelpdeskLink"),
        Setting("helpdesk_contact", {"type": "str"}, "customHelpdeskEmailOrUrl", str, "https://help.contoso.com"),
    ),
)

ON_PREMISES_PAGE = Page(
    "on_premises",
    "On-premises integration",
    "OnPremisesIntegration",
    (
        # Not a secret, whatever Ansible concludes from its name
        Setting(
            "password_writeback",
            {"type": "bool", "no_log": False},
            "passwordWritebackSupported",
            bool,
            True,
            document=ON_PREMISES,
        ),
        flag("unlock_without_reset", "accountUnlockEnabled", ON_PREMISES),
    ),
)

# About administrators only: it is not the switch for the tenant's users (concept-sspr-policy).
ADMIN_POLICY = Page(
    "admin_policy",
    "Administrator policy",
    "Properties",
    (flag("admins_can_reset", "allowedToUseSSPR", AUTHORIZATION_POLICY),),
)

ALL_PAGES = (
    PROPERTIES,
    AUTH_METHODS,
    REGISTRATION,
    NOTIFICATIONS,
    CUSTOMIZATION,
    ON_PREMISES_PAGE,
    ADMIN_POLICY,
)

# The two options that an empty string clears.
CLEARABLE = frozenset({"group", "helpdesk_contact"})

SETTINGS: Mapping[str, Setting] = {setting.option: setting for page in ALL_PAGES for setting in page.settings}
METHODS = tuple(option for option in SETTINGS if option.startswith("methods."))
# Those that a tenant has only after the migration of its methods
MIGRATED_ONLY = tuple(option for option in METHODS if SETTINGS[option].remote is None)

# Every field of published payloads with its JSON type. Any other field is kept and reported.
PORTAL_FIELDS: Mapping[str, type] = {
    "objectId": str,
    "enablementType": int,
    "numberOfAuthenticationMethodsRequired": int,
    "emailOptionEnabled": bool,
    "mobilePhoneOptionEnabled": bool,
    "officePhoneOptionEnabled": bool,
    "securityQuestionsOptionEnabled": bool,
    "mobileAppNotificationEnabled": bool,
    "mobileAppCodeEnabled": bool,
    "numberOfQuestionsToRegister": int,
    "numberOfQuestionsToReset": int,
    "registrationRequiredOnSignIn": bool,
    "registrationReconfirmIntevalInDays": int,
    "skipRegistrationAllowed": bool,
    "skipRegistrationMaxAllowedDays": int,
    "customizeHelpdeskLink": bool,
    "customHelpdeskEmailOrUrl": str,
    "notifyUsersOnPasswordReset": bool,
    "notifyOnAdminPasswordReset": bool,
    "passwordResetEnabledGroupIds": list,
    "passwordResetEnabledGroupName": str,
    "securityQuestions": list,
    "registrationConditionalAccessPolicies": list,
    "emailOptionAllowed": bool,
    "mobilePhoneOptionAllowed": bool,
    "officePhoneOptionAllowed": bool,
    "securityQuestionsOptionAllowed": bool,
    "mobileAppNotificationOptionAllowed": bool,
    "mobileAppCodeOptionAllowed": bool,
}

# A field of the on-premises integration that is spelled differently in requests than in answers.
WRITTEN_AS = {"passwordWritebackSupported": "passwordWriteBackSupported"}

# Resolved by the service on each read: never compared.
VOLATILE_FIELDS = frozenset({"passwordResetEnabledGroupName"})

_MISSING = object()


def surprises(policy: Body | None) -> list[str]:
    """How the SSPR policy, where it was read, differs from the published payloads, as warnings."""
    if policy is None:
        return []
    unknown = sorted(set(policy) - set(PORTAL_FIELDS))
    absent = sorted(set(PORTAL_FIELDS) - set(policy))
    mistyped = sorted(
        name
        for name, json_type in PORTAL_FIELDS.items()
        if name in policy and policy[name] is not None and not is_json(policy[name], json_type)
    )
    found = {
        "The SSPR policy has fields that this version does not know (kept as they are)": unknown,
        "The SSPR policy lacks fields that other tenants have": absent,
        "The SSPR policy has fields of an unexpected type (kept as they are)": mistyped,
    }
    return [f"{what}: {', '.join(names)}" for what, names in found.items() if names]


def changed_fields(before: Body, after: Body) -> dict[str, Any]:
    """The fields whose value differs, with the new value; fields that the service computes are omitted."""
    return {
        name: value
        for name, value in after.items()
        if name not in VOLATILE_FIELDS and before.get(name, _MISSING) != value
    }


def argument_spec(pages: Iterable[Page]) -> dict[str, Any]:
    """The argument spec of a task about these pages, without what is not about settings."""
    return {name: line for page in pages for name, line in page.argument_spec().items()}


def document_of(option: str, migrated: bool | None) -> DocumentName:
    """The document that holds an option. Methods move to another one when the tenant is migrated."""
    return METHODS_POLICY if migrated and option in GRAPH_METHODS else SETTINGS[option].document


def backend_of(option: str, migrated: bool | None) -> Plane:
    """The service of that document."""
    return PLANE_OF[document_of(option, migrated)]


def documents_for(pages: Sequence[Page], requested: Iterable[str]) -> tuple[DocumentName, ...]:
    """The documents that a task has to read, in this order: the SSPR policy last, because it is written right after.

    Documents with a page of their own are read only if the task requests one of their options.
    """
    needed = {setting.document for page in pages for setting in page.settings}
    needed |= {METHODS_POLICY} if AUTH_METHODS in pages else set()
    if len(needed) > 1:
        needed -= {ON_PREMISES, AUTHORIZATION_POLICY} - {SETTINGS[option].document for option in requested}
    order = (METHODS_POLICY, AUTHORIZATION_POLICY, ON_PREMISES, SSPR_POLICY)
    return tuple(document for document in order if document in needed)


def flatten(params: Mapping[str, Any], pages: Iterable[Page]) -> dict[str, Any]:
    """The settings that a task requests, by option name (``methods.email``); omitted and null options are not in it."""
    requested: dict[str, Any] = {}
    for page in pages:
        for setting in page.settings:
            parent, _dot, name = setting.option.rpartition(".")
            value = ((params.get(parent) or {}) if parent else params).get(name)
            if value is not None:
                requested[setting.option] = value
    return requested


def group_counts(requested: Mapping[str, Any], scope: str | None) -> bool:
    """Whether ``group`` counts: only where the resulting scope is ``selected``.

    ``scope`` is what stays where the task requests none: the tenant's, or None where it is unknown.
    """
    return bool(requested.get("scope", scope) == "selected")


def nest(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as a result shows them: option names with dots as sub-options, a group as id and display name."""
    nested: dict[str, Any] = {}
    for option, value in values.items():
        parent, _dot, name = option.rpartition(".")
        shown = value.as_result() if isinstance(value, GroupRef) else value
        (nested.setdefault(parent, {}) if parent else nested)[name] = shown
    return nested


def require_valid(requested: Mapping[str, Any]) -> None:
    """Raises: SsprError(invalid_setting), when a requested value is invalid in any tenant."""
    wrong = [why for option, value in requested.items() if (why := invalid_value(option, value))]
    if wrong:
        raise SsprError("invalid_setting", "; ".join(wrong), hint="Correct the value. Nothing was sent.")


def invalid_value(option: str, value: Any) -> str | None:
    """Why a value is invalid in any tenant; None when it is valid."""
    if option == "helpdesk_contact" and value and not (EMAIL_ADDRESS.fullmatch(value) or WEB_ADDRESS.fullmatch(value)):
        return f"helpdesk_contact: {value!r} is neither an email address nor an http(s) URL"
    return SETTINGS[option].out_of_range(value)
