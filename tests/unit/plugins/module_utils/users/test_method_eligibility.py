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
    GATES,
    capable,
    settings_known,
    usable,
)
from ansible_collections.tenantops.entra.plugins.module_utils.users.models import Registration

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
OPTIONS = sorted({option for gate in GATES.values() for option in gate.options})


def someone(*methods: str) -> Registration:
    return Registration(
        "11111111-1111-4111-8111-111111111111", "kim@contoso.com", False, False, True, True, True, frozenset(methods)
    )


def settings(required: int, *on: str, only: bool = True) -> dict[str, Any]:
    names = {f"methods.{name}" for name in on}
    return {"methods_required": required, **{option: option in names for option in OPTIONS if only or option in names}}


EVERYTHING = settings(1, *(option.removeprefix("methods.") for option in OPTIONS))

USABLE: dict[str, tuple[tuple[str, ...], dict[str, Any], bool, set[str]]] = {
    "e-mail": (("email",), settings(1, "email"), True, {"email"}),
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
    assert usable(someone(*methods), policy, migrated, TODAY) == expected


@pytest.mark.parametrize(
    ("method", "last", "first"),
    [
        ("mobilePhone", date(2027, 1, 31), date(2027, 2, 1)),
        ("officePhone", date(2027, 1, 31), date(2027, 2, 1)),
        (QUESTION, date(2027, 2, 28), date(2027, 3, 1)),
    ],
)
def test_a_method_ends_on_its_day(method: str, last: date, first: date) -> None:
    assert capable(someone(method), EVERYTHING, True, last)
    assert not capable(someone(method), EVERYTHING, True, first)
    # A telephony provider keeps phones, not questions.
    assert capable(someone(method), EVERYTHING, True, first, True) is (method != QUESTION)


def test_an_unknown_switch_never_makes_anyone_ready() -> None:
    assert not usable(someone("email"), {"methods.email": None, "methods_required": 1}, True, TODAY)
    assert not capable(someone("email"), {**EVERYTHING, "methods_required": None}, True, TODAY)
    assert not settings_known({"methods_required": None, "methods.email": True})
    assert not settings_known({"methods_required": 1, "methods.email": None})
    assert settings_known(EVERYTHING)


people = st.frozensets(st.sampled_from([*GATES, *NEVER])).map(lambda methods: someone(*methods))
policies = st.fixed_dictionaries(
    {
        "methods_required": st.sampled_from([1, 2]),
        **{option: st.sampled_from([True, False, None]) for option in OPTIONS},
    }
)
days = st.dates(date(2026, 1, 1), date(2028, 1, 1))
flags = st.booleans()


@given(people, st.sampled_from([*GATES, *NEVER]), policies, flags, days, flags)
def test_one_method_more_never_makes_less_capable(
    person: Registration, method: str, policy: dict[str, Any], migrated: bool, day: date, provider: bool
) -> None:
    more = someone(*person.methods, method)
    assert usable(person, policy, migrated, day, provider) <= usable(more, policy, migrated, day, provider)
    assert capable(more, policy, migrated, day, provider) >= capable(person, policy, migrated, day, provider)


@given(people, policies, days, flags)
def test_raising_the_number_never_unlocks_in_a_migrated_tenant(
    person: Registration, policy: dict[str, Any], day: date, provider: bool
) -> None:
    one, two = {**policy, "methods_required": 1}, {**policy, "methods_required": 2}
    assert capable(person, one, True, day, provider) >= capable(person, two, True, day, provider)


@given(people, policies, days, flags)
def test_raising_the_number_unlocks_at_most_those_whose_app_only_pushes(
    person: Registration, policy: dict[str, Any], day: date, provider: bool
) -> None:
    one, two = {**policy, "methods_required": 1}, {**policy, "methods_required": 2}
    if capable(person, two, False, day, provider):
        # Two gates, of which push alone may be missing with one required: the other one is enough then.
        assert capable(person, one, False, day, provider)


@given(people, policies, st.sampled_from(OPTIONS), flags, days, flags)
def test_switching_a_method_off_never_helps(
    person: Registration, policy: dict[str, Any], option: str, migrated: bool, day: date, provider: bool
) -> None:
    off = {**policy, option: False}
    assert usable(person, off, migrated, day, provider) <= usable(person, policy, migrated, day, provider)


@given(people, policies, flags, days, days, flags)
def test_time_takes_methods_and_gives_none(
    person: Registration, policy: dict[str, Any], migrated: bool, one: date, other: date, provider: bool
) -> None:
    early, late = sorted((one, other))
    assert usable(person, policy, migrated, late, provider) <= usable(person, policy, migrated, early, provider)
    assert usable(person, policy, migrated, late, False) <= usable(person, policy, migrated, late, True)
