# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which properties Graph accepts in a PATCH, of which JSON type; from the published metadata of v1.0."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .documents import ALL_USERS

_TYPES = {"Boolean": bool, "Int32": int, "String": str}
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class MismatchError(ValueError):
    """A body that does not fit; the message names the property."""


@dataclass(frozen=True)
class Scalar:
    name: str
    low: int | None = None
    high: int | None = None
    nullable: bool = False


@dataclass(frozen=True)
class Choice:
    values: tuple[str, ...]
    nullable: bool = False


@dataclass(frozen=True)
class TargetId:
    """The object id of a group, or all_users."""


@dataclass(frozen=True)
class Record:
    fields: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    nullable: bool = False


@dataclass(frozen=True)
class Many:
    item: Shape


Shape = Scalar | Choice | TargetId | Record | Many

BOOL = Scalar("Boolean")
TEXT = Scalar("String")
STATE = Choice(("enabled", "disabled"))
ADVANCED_STATE = Choice(("default", "enabled", "disabled"))
TARGET_TYPE = Choice(("group", "user"))


def number(low: int, high: int) -> Scalar:
    return Scalar("Int32", low, high)


def _target(**extra: Shape) -> Record:
    return Record({"id": TargetId(), "targetType": TARGET_TYPE, **extra}, required=("id", "targetType"))


EXCLUDE_TARGETS = Many(_target())
_FEATURE_TARGET = Record({"id": TargetId(), "targetType": Choice(("group", "administrativeUnit", "role"))})
_FEATURE = Record({"state": ADVANCED_STATE, "includeTarget": _FEATURE_TARGET, "excludeTarget": _FEATURE_TARGET})


@dataclass(frozen=True)
class Method:
    """What one method configuration has besides the common properties."""

    fields: Mapping[str, Shape] = field(default_factory=dict)
    target: Mapping[str, Shape] = field(default_factory=dict)
    target_defaults: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shape(self) -> Record:
        include = Many(_target(isRegistrationRequired=BOOL, **self.target))
        common: dict[str, Shape] = {
            "id": TEXT,
            "state": STATE,
            "excludeTargets": EXCLUDE_TARGETS,
            "includeTargets": include,
        }
        return Record({**common, **self.fields})


METHODS: Mapping[str, Method] = {
    "Email": Method({"allowExternalIdToUseEmailOtp": ADVANCED_STATE}),
    "Sms": Method(target={"isUsableForSignIn": BOOL}, target_defaults={"isUsableForSignIn": True}),
    "Voice": Method({"isOfficePhoneAllowed": BOOL}),
    "MicrosoftAuthenticator": Method(
        {
            "isSoftwareOathEnabled": BOOL,
            "featureSettings": Record(
                {"displayAppInformationRequiredState": _FEATURE, "displayLocationInformationRequiredState": _FEATURE}
            ),
        },
        {"authenticationMode": Choice(("deviceBasedPush", "push", "any"))},
        {"authenticationMode": "any"},
    ),
    "SoftwareOath": Method(),
    "Fido2": Method(
        {
            "isSelfServiceRegistrationAllowed": BOOL,
            "isAttestationEnforced": BOOL,
            "defaultPasskeyProfile": Scalar("String", nullable=True),
            "keyRestrictions": Record(
                {"isEnforced": BOOL, "enforcementType": Choice(("allow", "block")), "aaGuids": Many(TEXT)}
            ),
        },
        {"allowedPasskeyProfiles": Many(TEXT)},
    ),
    "TemporaryAccessPass": Method(
        {
            "defaultLength": number(8, 48),
            "defaultLifetimeInMinutes": number(10, 43200),
            "minimumLifetimeInMinutes": number(10, 43200),
            "maximumLifetimeInMinutes": number(10, 43200),
            "isUsableOnce": BOOL,
        }
    ),
    "QRCodePin": Method({"pinLength": number(8, 20), "standardQRCodeLifetimeInDays": number(1, 395)}),
}

METHODS_POLICY = Record(
    {
        "policyMigrationState": Choice(("preMigration", "migrationInProgress", "migrationComplete")),
        "registrationEnforcement": Record(
            {
                "authenticationMethodsRegistrationCampaign": Record(
                    {
                        "snoozeDurationInDays": number(0, 14),
                        "state": ADVANCED_STATE,
                        "excludeTargets": EXCLUDE_TARGETS,
                        "includeTargets": Many(_target(targetedAuthenticationMethod=TEXT)),
                    }
                )
            }
        ),
    }
)

AUTHORIZATION_POLICY = Record(
    {
        "allowInvitesFrom": Choice(
            ("none", "adminsAndGuestInviters", "adminsGuestInvitersAndAllMembers", "everyone"), nullable=True
        ),
        "allowedToSignUpEmailBasedSubscriptions": BOOL,
        "allowedToUseSSPR": BOOL,
        "allowEmailVerifiedUsersToJoinOrganization": BOOL,
        "allowUserConsentForRiskyApps": Scalar("Boolean", nullable=True),
        "blockMsolPowerShell": Scalar("Boolean", nullable=True),
        "guestUserRoleId": Scalar("String", nullable=True),
        "defaultUserRolePermissions": Record(
            {
                "allowedToCreateApps": BOOL,
                "allowedToCreateSecurityGroups": BOOL,
                "allowedToCreateTenants": BOOL,
                "allowedToReadOtherUsers": BOOL,
                "permissionGrantPoliciesAssigned": Many(TEXT),
            }
        ),
    }
)


def fits(value: Any, kind: type) -> bool:
    """Whether a JSON value has that type; a number is no Boolean and the other way round."""
    return isinstance(value, kind) and isinstance(value, bool) == (kind is bool)


def check(shape: Shape, value: Any, where: str) -> None:
    """Raise MismatchError, naming the property, when ``value`` does not have ``shape``."""
    if value is None and getattr(shape, "nullable", False):
        return
    if isinstance(shape, Record):
        _check_record(shape, value, where)
    elif isinstance(shape, Many):
        if not isinstance(value, list):
            raise MismatchError(f"Property '{where}' must be a collection, not {value!r}.")
        for index, item in enumerate(value):
            check(shape.item, item, f"{where}[{index}]")
    elif isinstance(shape, Scalar):
        _check_scalar(shape, value, where)
    elif isinstance(shape, Choice):
        if value not in shape.values:
            raise MismatchError(f"Invalid value {value!r} for property '{where}': one of {', '.join(shape.values)}.")
    elif not (isinstance(value, str) and (value == ALL_USERS or _GUID.fullmatch(value))):
        raise MismatchError(f"Invalid value {value!r} for property '{where}': an object id or {ALL_USERS}.")


def without_annotations(value: Any) -> Any:
    """The value without OData's control information, at every depth."""
    if isinstance(value, dict):
        return {name: without_annotations(item) for name, item in value.items() if "@odata." not in name}
    return [without_annotations(item) for item in value] if isinstance(value, list) else value


def _check_record(shape: Record, value: Any, where: str) -> None:
    if not isinstance(value, dict):
        raise MismatchError(f"Property '{where}' must be an object, not {value!r}.")
    prefix = f"{where}." if where else ""
    for name, item in value.items():
        known = name.split("@odata.", 1)[0] if "@odata." in name else name
        if known and known not in shape.fields:
            raise MismatchError(f"The property '{prefix}{name}' does not exist or cannot be written.")
        if known == name:
            check(shape.fields[name], item, f"{prefix}{name}")
    for name in shape.required:
        if name not in value:
            raise MismatchError(f"The property '{prefix}{name}' is required.")


def _check_scalar(shape: Scalar, value: Any, where: str) -> None:
    if not fits(value, _TYPES[shape.name]):
        raise MismatchError(f"Property '{where}' must be of type Edm.{shape.name}, not {value!r}.")
    if (shape.low is not None and value < shape.low) or (shape.high is not None and value > shape.high):
        raise MismatchError(f"Property '{where}' must be from {shape.low} to {shape.high}, not {value!r}.")
