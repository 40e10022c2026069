# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who can reset a password, as tables and properties."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantops.entra.plugins.module_utils.users.method_eligibility import (
    COUNTED_METHODS,
    OFFERED_KINDS,
    Audience,
    Policy,
    settings_known,
)

TODAY = date(2026, 11, 25)
PUSH, CODE, QUESTION = "microsoftAuthenticatorPush", "softwareOneTimePasscode", "securityQuestion"
NEVER = (
    "alternateMobilePhone",
    "fido2SecurityKey",
    "passKeyDeviceBound",
    "windowsHelloForBusiness",
    "temporaryAccessPass",
    "microsoftAuthenticatorPasswordless",
    "certificate",
    "somethingNew",
)
OPTIONS = sorted({option for method in COUNTED_METHODS.values() for option in method.options})


def on_day(settings: dict[str, Any], migrated: bool, day: date = TODAY, provider: bool = False) -> Policy:
    return Policy(settings, migrated, day, telephony_provider=provider)


def settings(required: int, *on: str, only: bool = True) -> dict[str, Any]:
    names = {f"methods.{name}" for name in on}
    return {"methods_required": required, **{option: option in names for option in OPTIONS if only or option in names}}


def test_other_apps_are_apart_only_in_what_is_offered() -> None:
    counted: dict[str, set[str]] = {"software_oath": {"methods.software_oath"}}
    for method in COUNTED_METHODS.values():
        counted.setdefault(method.kind, set()).update(method.options)
    counted["mobile_app"] -= counted["software_oath"]
    assert {kind: set(options) for kind, options in OFFERED_KINDS.items()} == counted


EVERYTHING = settings(1, *(option.removeprefix("methods.") for option in OPTIONS))

USABLE: dict[str, tuple[tuple[str, ...], dict[str, Any], bool, set[str]]] = {
    "email": (("email",), settings(1, "email"), True, {"email"}),
    "off": (("email", "mobilePhone"), settings(1, "security_questions"), True, set()),
    "SMS": (("mobilePhone",), settings(1, "mobile_phone"), True, {"mobile_phone"}),
    "voice alone": (("mobilePhone",), settings(1, "voice"), True, {"mobile_phone"}),
    "office": (("officePhone",), settings(1, "office_phone"), True, {"office_phone"}),
    "office is not mobile": (("officePhone",), settings(1, "mobile_phone"), True, set()),
    "never": (NEVER, EVERYTHING, True, set()),
    "app counts once": ((PUSH, CODE), settings(2, "mobile_app_notification", "mobile_app_code"), False, {"mobile_app"}),
    "third-party app": ((CODE,), settings(1, "software_oath"), True, {"mobile_app"}),
    "code is off": ((CODE,), settings(1, "mobile_app_notification"), True, set()),
    "push, legacy, one": ((PUSH,), settings(1, "mobile_app_notification", "mobile_app_code"), False, set()),
    "push, legacy, two": ((PUSH,), settings(2, "mobile_app_notification"), False, {"mobile_app"}),
    "push, migrated, one": ((PUSH,), settings(1, "mobile_app_notification"), True, {"mobile_app"}),
    "code, legacy, one": ((PUSH, CODE), settings(1, "mobile_app_code"), False, {"mobile_app"}),
    "token, legacy": (("hardwareOneTimePasscode",), settings(1, "mobile_app_code"), False, {"mobile_app"}),
    "questions": (
        (QUESTION, "email"),
        settings(2, "email", "security_questions"),
        True,
        {"email", "security_questions"},
    ),
}


@pytest.mark.parametrize(("methods", "policy", "migrated", "expected"), USABLE.values(), ids=USABLE.keys())
def test_usable(methods: tuple[str, ...], policy: dict[str, Any], migrated: bool, expected: set[str]) -> None:
    assert on_day(policy, migrated).kinds(frozenset(methods)) == expected


@pytest.mark.parametrize(
    ("method", "last", "first"),
    [
        ("mobilePhone", date(2027, 1, 31), date(2027, 2, 1)),
        ("officePhone", date(2027, 1, 31), date(2027, 2, 1)),
        (QUESTION, date(2027, 2, 28), date(2027, 3, 1)),
    ],
)
def test_a_method_ends_on_its_day(method: str, last: date, first: date) -> None:
    registered = frozenset({method})
    assert on_day(EVERYTHING, True, last).suffices(registered)
    assert not on_day(EVERYTHING, True, first).suffices(registered)
    # A telephony provider keeps phones, not questions.
    assert on_day(EVERYTHING, True, first, provider=True).suffices(registered) is (method != QUESTION)


def test_an_unknown_setting_never_makes_a_user_ready() -> None:
    email = frozenset({"email"})
    assert not on_day({"methods.email": None, "methods_required": 1}, True).kinds(email)
    assert not on_day({**EVERYTHING, "methods_required": None}, True).suffices(email)
    assert not settings_known({"methods_required": None, "methods.email": True})
    assert not settings_known({"methods_required": 1, "methods.email": None})
    assert settings_known(EVERYTHING)


@pytest.mark.parametrize(
    ("audience", "kinds"),
    [
        (Audience(), {"email"}),
        (Audience(frozenset({"kim"})), {"email"}),
        (Audience(frozenset({"lee"})), set()),
        (Audience(None, frozenset({"kim"})), set()),
        (Audience(frozenset({"kim"}), frozenset({"kim"})), set()),
    ],
)
def test_a_method_counts_for_its_audience_only(audience: Audience, kinds: set[str]) -> None:
    policy = Policy(EVERYTHING, True, TODAY, audiences={"methods.email": audience})
    assert policy.for_user("kim").kinds(frozenset({"email"})) == kinds


registered = st.frozensets(st.sampled_from([*COUNTED_METHODS, *NEVER]))
policies = st.fixed_dictionaries(
    {
        "methods_required": st.sampled_from([1, 2]),
        **{option: st.sampled_from([True, False, None]) for option in OPTIONS},
    }
)
days = st.dates(date(2026, 1, 1), date(2028, 1, 1))
flags = st.booleans()


@given(registered, st.sampled_from([*COUNTED_METHODS, *NEVER]), policies, flags, days, flags)
def test_one_method_more_never_makes_less_capable(
    methods: frozenset[str], method: str, settings: dict[str, Any], migrated: bool, day: date, provider: bool
) -> None:
    policy, more = on_day(settings, migrated, day, provider), methods | {method}
    assert policy.kinds(methods) <= policy.kinds(more)
    assert policy.suffices(more) >= policy.suffices(methods)


def one_and_two(settings: dict[str, Any], migrated: bool, day: date, provider: bool) -> tuple[Policy, Policy]:
    one, two = (on_day({**settings, "methods_required": number}, migrated, day, provider) for number in (1, 2))
    return one, two


@given(registered, policies, days, flags)
def test_raising_the_number_never_unlocks_in_a_migrated_tenant(
    methods: frozenset[str], settings: dict[str, Any], day: date, provider: bool
) -> None:
    one, two = one_and_two(settings, True, day, provider)
    assert one.suffices(methods) >= two.suffices(methods)


@given(registered, policies, days, flags)
def test_raising_the_number_unlocks_at_most_those_whose_app_only_pushes(
    methods: frozenset[str], settings: dict[str, Any], day: date, provider: bool
) -> None:
    one, two = one_and_two(settings, False, day, provider)
    if two.suffices(methods):
        # Two kinds, of which notifications alone may be missing with one required: the other one is enough then.
        assert one.suffices(methods)


@given(registered, policies, st.sampled_from(OPTIONS), flags, days, flags)
def test_turning_a_method_off_never_helps(
    methods: frozenset[str], settings: dict[str, Any], option: str, migrated: bool, day: date, provider: bool
) -> None:
    off = on_day({**settings, option: False}, migrated, day, provider)
    assert off.kinds(methods) <= on_day(settings, migrated, day, provider).kinds(methods)


@given(registered, policies, flags, days, days, flags)
def test_time_takes_methods_and_gives_none(
    methods: frozenset[str], settings: dict[str, Any], migrated: bool, one: date, other: date, provider: bool
) -> None:
    early, late = sorted((one, other))
    now, then = (on_day(settings, migrated, day, provider).kinds(methods) for day in (early, late))
    assert then <= now
    without, with_provider = (on_day(settings, migrated, late, kept).kinds(methods) for kept in (False, True))
    assert without <= with_provider
