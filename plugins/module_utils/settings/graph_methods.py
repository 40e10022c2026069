# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SSPR methods of a migrated tenant: a pure translation between options and method configurations in Graph.

Several options share one configuration (notification and code are both MicrosoftAuthenticator; voice and office phone
are both Voice), so they are read and written together. Mapping: Microsoft's how-to-authentication-methods-manage.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

Configurations = dict[str, dict[str, Any]]

# By option: the configuration, and the flag of that configuration that it needs besides ``state``
GRAPH_METHODS: Mapping[str, tuple[str, str | None]] = {
    "methods.email": ("Email", None),
    "methods.mobile_phone": ("Sms", None),
    "methods.voice": ("Voice", None),
    "methods.office_phone": ("Voice", "isOfficePhoneAllowed"),
    "methods.mobile_app_notification": ("MicrosoftAuthenticator", None),
    "methods.mobile_app_code": ("MicrosoftAuthenticator", "isSoftwareOathEnabled"),
    "methods.software_oath": ("SoftwareOath", None),
}

# An option with a flag exists only while the option that owns the configuration's state is on.
OWNER = {"methods.office_phone": "methods.voice", "methods.mobile_app_code": "methods.mobile_app_notification"}

IS_ENABLED = {"enabled": True, "disabled": False}
EVERYONE = "all_users"


def misfit(option: str, configurations: Configurations) -> str | None:
    """What is wrong with the configurations for this option; None when they fit."""
    name, flag = GRAPH_METHODS[option]
    configuration = configurations.get(name)
    if configuration is None:
        return f"has no configuration for {option}"
    if configuration.get("state") not in IS_ENABLED:
        return f"has the unknown state {configuration.get('state')!r} for {option}"
    if flag and not isinstance(configuration.get(flag), bool):
        return f"has no usable flag for {option}"
    return None


def read(configurations: Configurations) -> dict[str, bool | None]:
    """Each option as it effectively is: on, off, or None when it is unknown.

    A flag under a disabled configuration counts as off. ``methods.mobile_phone`` means SMS and, when it is switched
    off, voice too: with SMS off and voice on it is neither on nor off, hence None.
    """
    values: dict[str, bool | None] = {}
    for option, (name, flag) in GRAPH_METHODS.items():
        if misfit(option, configurations):
            values[option] = None
        else:
            configuration = configurations[name]
            values[option] = IS_ENABLED[configuration["state"]] and (configuration[flag] if flag else True)
    if values["methods.mobile_phone"] is False and values["methods.voice"]:
        values["methods.mobile_phone"] = None
    return values


def inexpressible(requested: Mapping[str, bool], configurations: Configurations) -> list[str]:
    """Why the authentication methods policy cannot express the requested methods; empty when it can."""
    after = _desired(requested, configurations)
    faults = []
    if requested.get("methods.mobile_phone") is False and requested.get("methods.voice"):
        faults.append(
            "methods.mobile_phone: false also turns voice calls off, so methods.voice cannot be true; omit one of them"
        )
    for option, owner in OWNER.items():
        if after[option] and not after[owner] and {option, owner, *_drivers(owner)} & set(requested):
            faults.append(f"{option} cannot be on while {owner} is off; set {owner}: true too, or {option}: false")
    return faults


def write(requested: Mapping[str, bool], configurations: Configurations) -> Configurations:
    """The configurations with the requested methods in place, and every other option as it was."""
    after = copy.deepcopy(configurations)
    desired = _desired(requested, configurations)
    touched = {GRAPH_METHODS[option][0] for option in requested}
    if requested.get("methods.mobile_phone") is False:
        touched.add("Voice")
    for option, (name, flag) in GRAPH_METHODS.items():
        configuration = after.get(name)
        if name not in touched or configuration is None or desired[option] is None:
            continue
        if flag is None:
            configuration["state"] = "enabled" if desired[option] else "disabled"
        elif desired[OWNER[option]]:
            # While the configuration is off, its flag has no effect and stays as it is.
            configuration[flag] = desired[option]
    before_sms, after_sms = configurations.get("Sms", {}), after.get("Sms", {})
    if after_sms.get("state") == "enabled" and before_sms.get("state") != "enabled":
        # SMS for reset must not turn on SMS sign-in, which is the service's default.
        for target in after_sms.get("includeTargets") or []:
            target["isUsableForSignIn"] = False
    return after


def patches(before: Configurations, after: Configurations) -> dict[str, dict[str, Any]]:
    """One PATCH body per configuration: the changed properties, and the type that Graph requires."""
    bodies = {}
    for name, configuration in after.items():
        changed = {key: value for key, value in configuration.items() if before[name].get(key) != value}
        if changed:
            bodies[name] = {"@odata.type": before[name]["@odata.type"], **changed}
    return bodies


def enables(patch: Mapping[str, Any]) -> bool:
    """Whether a PATCH turns something on. One PATCH never does both."""
    if "state" in patch:
        return bool(patch["state"] == "enabled")
    return any(value is True for value in patch.values())


def sign_in_changes(before: Mapping[str, bool | None], after: Mapping[str, bool | None]) -> list[str]:
    """The options by which these changes alter how users can sign in."""
    changes = []
    for option in GRAPH_METHODS:
        was, becomes = before[option], after[option]
        on = becomes is True and was is not True and option in ("methods.mobile_phone", "methods.voice")
        off = becomes is False and was is not False and option != "methods.email"
        if on or off:
            changes.append(option)
    return changes


def targets(configurations: Configurations) -> dict[str, dict[str, list[str]]]:
    """By method that is on and not for everyone: the ids it is limited to, and the ids that are excluded."""
    narrow = {}
    on = read(configurations)
    for option, (name, _flag) in GRAPH_METHODS.items():
        configuration = configurations.get(name, {})
        include = [str(item.get("id")) for item in configuration.get("includeTargets") or []]
        exclude = [str(item.get("id")) for item in configuration.get("excludeTargets") or []]
        if on[option] and (EVERYONE not in include or exclude):
            narrow[option.removeprefix("methods.")] = {"include": include, "exclude": exclude}
    return narrow


def _drivers(owner: str) -> tuple[str, ...]:
    """Options that change ``owner`` without naming it."""
    return ("methods.mobile_phone",) if owner == "methods.voice" else ()


def _desired(requested: Mapping[str, bool], configurations: Configurations) -> dict[str, bool | None]:
    """The desired value of every option: as requested, otherwise as it is."""
    values: dict[str, bool | None] = {**read(configurations), **requested}
    if "methods.mobile_phone" not in requested and "Sms" in configurations:
        values["methods.mobile_phone"] = IS_ENABLED.get(configurations["Sms"].get("state", ""))
    if requested.get("methods.mobile_phone") is False and "methods.voice" not in requested:
        values["methods.voice"] = False
    return values
