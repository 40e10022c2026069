# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages of the Password reset blade as tables: option, document, remote field, JSON type, range, encoding.

A page module is its table. Nothing here does I/O, and nothing outside this file and ``_methods`` names a remote field.
Field names and values of the portal's documents come from published payloads (the misspelt ``...Inteval...`` is the
real name); ranges from Microsoft's SSPR documentation (concept-sspr-howitworks, passwords-faq).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.tenantops.entra.plugins.module_utils._errors import GRAPH, PORTAL
from ansible_collections.tenantops.entra.plugins.module_utils._methods import GRAPH_METHODS

# The documents in which settings live, and the service of each: the SSPR policy, the authentication methods policy, the
# on-premises integration, and the authorization policy, of which one property belongs to SSPR.
POLICY, METHODS, ON_PREMISES, AUTHORIZATION = "portal", "methods", "on_premises", "authorization"
PLANE_OF = {POLICY: PORTAL, METHODS: GRAPH, ON_PREMISES: PORTAL, AUTHORIZATION: GRAPH}
TITLES = {
    POLICY: "SSPR policy",
    METHODS: "authentication methods policy",
    ON_PREMISES: "on-premises integration",
    AUTHORIZATION: "authorization policy",
}

NO_GROUP = "00000000-0000-0000-0000-000000000000"

Document = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """One line of a page: an option, and the field of the document behind it.

    ``spec`` is the option's line in the argument spec. ``remote`` is None for an option the document does not have.
    ``values`` translates an enumeration. ``low`` and ``high`` bound an integer, both included.
    """

    option: str
    spec: Mapping[str, Any]
    remote: str | None
    json_type: type
    values: Mapping[Any, Any] = field(default_factory=dict)
    low: int | None = None
    high: int | None = None
    document: str = POLICY

    @property
    def remote_fields(self) -> tuple[str, ...]:
        """The fields a task that manages this option relies on."""
        return (self.remote,) if self.remote else ()

    def misfit(self, document: Document) -> str | None:
        """What is wrong with the document for this option, or None."""
        if self.remote is None:
            return None
        if self.remote not in document:
            return f"has no field for {self.option}"
        value = document[self.remote]
        if not is_json(value, self.json_type):
            return f"has a {json_name(value)} where {self.option} is kept, instead of {json_name(self.json_type())}"
        if self.values and value not in self.values.values():
            return f"has the unknown value {value!r} for {self.option}"
        return None

    def decode(self, document: Document) -> Any:
        """The option's value in the document; None when it cannot be told."""
        if self.remote is None or self.misfit(document):
            return None
        value = document[self.remote]
        return next(key for key, known in self.values.items() if known == value) if self.values else value

    def encode(self, value: Any, document: Document) -> None:
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

    def misfit(self, document: Document) -> str | None:
        found = super().misfit(document)
        if not found and not all(isinstance(item, str) for item in document[self.remote or ""]):
            return f"has something else than ids where {self.option} is kept"
        return found

    def ids(self, document: Document) -> list[str]:
        return [item for item in document.get(self.remote or "", []) if item and item != NO_GROUP]

    def decode(self, document: Document) -> dict[str, str | None] | None:
        if self.misfit(document):
            return None
        ids = self.ids(document)
        if len(ids) != 1:
            return None
        name = document.get(self.name_field)
        return {"id": ids[0], "display_name": name if isinstance(name, str) and name else None}

    def encode(self, value: Any, document: Document) -> None:
        document[self.remote or ""] = [value["id"]] if value else []
        if self.name_field in document:
            document[self.name_field] = value["display_name"] or "" if value else ""

    def same(self, one: Any, other: Any) -> bool:
        if not one or not other:
            return not one and not other
        return bool(str(one["id"]).lower() == str(other["id"]).lower())


def is_json(value: Any, kind: type) -> bool:
    """Whether a value is of this JSON type; a boolean is an int in Python, not in JSON."""
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))


def json_name(value: Any) -> str:
    """The JSON word for a Python value's type."""
    names = {bool: "boolean", int: "number", float: "number", str: "string", list: "list", dict: "object"}
    return names.get(type(value), "null")


def flag(option: str, remote: str | None, document: str = POLICY) -> Setting:
    return Setting(option, {"type": "bool"}, remote, bool, document=document)


def number(option: str, remote: str, low: int, high: int) -> Setting:
    return Setting(option, {"type": "int"}, remote, int, low=low, high=high)


@dataclass(frozen=True)
class Page:
    """One page of the blade. ``blade`` is the last part of its link in the admin center."""

    name: str
    title: str
    blade: str
    settings: tuple[Setting, ...]
    # Options that steer the task and set nothing
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
            values={"none": 0, "selected": 1, "all": 2},
        ),
        GroupSetting("group", {"type": "str"}, "passwordResetEnabledGroupIds", list),
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
        ),
        flag("methods.email", "emailOptionEnabled"),
        flag("methods.mobile_phone", "mobilePhoneOptionEnabled"),
        flag("methods.voice", None),
        flag("methods.office_phone", "officePhoneOptionEnabled"),
        flag("methods.mobile_app_notification", "mobileAppNotificationEnabled"),
        flag("methods.mobile_app_code", "mobileAppCodeEnabled"),
        flag("methods.software_oath", None),
        flag("methods.security_questions", "securityQuestionsOptionEnabled"),
        number("questions_to_register", "numberOfQuestionsToRegister", 3, 5),
        number("questions_to_reset", "numberOfQuestionsToReset", 3, 5),
    ),
    switches={"allow_sign_in_change": {"type": "bool", "default": False}},
)

REGISTRATION = Page(
    "registration",
    "Registration",
    "Registration",
    (
        flag("required_at_sign_in", "registrationRequiredOnSignIn"),
        number("reconfirm_days", "registrationReconfirmIntevalInDays", 0, 730),
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
        Setting("helpdesk_contact", {"type": "str"}, "customHelpdeskEmailOrUrl", str),
    ),
)

ON_PREMISES_PAGE = Page(
    "on_premises",
    "On-premises integration",
    "OnPremisesIntegration",
    (
        # No secret, whatever Ansible concludes from its name
        Setting(
            "password_writeback",
            {"type": "bool", "no_log": False},
            "passwordWritebackSupported",
            bool,
            document=ON_PREMISES,
        ),
        flag("unlock_without_reset", "accountUnlockEnabled", ON_PREMISES),
    ),
)

# Of administrators alone: it is not the switch for the tenant's users (concept-sspr-policy).
ADMIN_POLICY = Page(
    "admin_policy",
    "Administrator policy",
    "Properties",
    (flag("admins_can_reset", "allowedToUseSSPR", AUTHORIZATION),),
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

# Every field that published payloads show, with its JSON type: what else is found is carried through and reported.
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

# A field of the on-premises integration that the portal's own writers spell differently.
WRITTEN_AS = {"passwordWritebackSupported": "passwordWriteBackSupported"}

# Resolved by the service on each read: never compared.
VOLATILE_FIELDS = frozenset({"passwordResetEnabledGroupName"})

MISSING = object()


def surprises(document: Document) -> list[str]:
    """What the portal document has or lacks beyond the published payloads, as warnings."""
    unknown = sorted(set(document) - set(PORTAL_FIELDS))
    absent = sorted(set(PORTAL_FIELDS) - set(document))
    mistyped = sorted(
        name
        for name, json_type in PORTAL_FIELDS.items()
        if name in document and document[name] is not None and not is_json(document[name], json_type)
    )
    found = []
    if unknown:
        found.append(f"The SSPR policy has fields this version does not know (kept as they are): {', '.join(unknown)}")
    if absent:
        found.append(f"The SSPR policy lacks fields that are known from other tenants: {', '.join(absent)}")
    if mistyped:
        found.append(f"The SSPR policy has fields of an unexpected type (kept as they are): {', '.join(mistyped)}")
    return found


def changed_fields(before: Document, after: Document) -> dict[str, Any]:
    """The fields whose value differs, with the new one; fields the service computes are left out."""
    return {
        name: value
        for name, value in after.items()
        if name not in VOLATILE_FIELDS and before.get(name, MISSING) != value
    }


def document_of(option: str, migrated: bool | None) -> str:
    """The document an option lives in: methods move to another one with the tenant's migration."""
    return METHODS if migrated and option in GRAPH_METHODS else SETTINGS[option].document


def backend_of(option: str, migrated: bool | None) -> str:
    """The service of that document."""
    return PLANE_OF[document_of(option, migrated)]


def documents_for(pages: Sequence[Page], asked: Iterable[str]) -> tuple[str, ...]:
    """The documents a task has to read, in the order of reading: the SSPR policy last, it is written right after.

    Those with one page of their own are left unread by a task that could set them and is not asked to.
    """
    needed = {setting.document for page in pages for setting in page.settings}
    needed |= {METHODS} if AUTH_METHODS in pages else set()
    if len(needed) > 1:
        needed -= {ON_PREMISES, AUTHORIZATION} - {SETTINGS[option].document for option in asked}
    return tuple(document for document in (METHODS, AUTHORIZATION, ON_PREMISES, POLICY) if document in needed)


def flatten(params: Mapping[str, Any], pages: Iterable[Page]) -> dict[str, Any]:
    """The settings a task asks for, by option name (``methods.email``); what is left out or null is not in it."""
    asked: dict[str, Any] = {}
    for page in pages:
        for setting in page.settings:
            parent, _dot, name = setting.option.rpartition(".")
            value = ((params.get(parent) or {}) if parent else params).get(name)
            if value is not None:
                asked[setting.option] = value
    return asked


def nest(values: Mapping[str, Any]) -> dict[str, Any]:
    """Option names with dots back into sub-options."""
    nested: dict[str, Any] = {}
    for option, value in values.items():
        parent, _dot, name = option.rpartition(".")
        (nested.setdefault(parent, {}) if parent else nested)[name] = value
    return nested


EMAIL_ADDRESS = re.compile(r"[^\s@:/<>()\[\],;\"]+@[^\s@:/<>()\[\],;\"]+\.[^\s@:/<>()\[\],;\".]+")
WEB_ADDRESS = re.compile(r"https?://[^\s/?#@]+(?:[/?#]\S*)?", re.IGNORECASE)


def bad_value(option: str, value: Any) -> str | None:
    """Why a value can be refused before the tenant is even asked, or None."""
    if option == "helpdesk_contact" and value and not (EMAIL_ADDRESS.fullmatch(value) or WEB_ADDRESS.fullmatch(value)):
        return f"helpdesk_contact: {value!r} is neither a bare e-mail address nor an http(s) URL"
    setting = SETTINGS[option]
    return setting.out_of_range(value)
