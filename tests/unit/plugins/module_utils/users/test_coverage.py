# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who counts, who is covered and who would be locked out, as tables and properties."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantops.entra.plugins.module_utils._dates import parse_timestamp
from ansible_collections.tenantops.entra.plugins.module_utils.users.coverage import (
    Population,
    classify,
    locked_out,
    loses_methods,
    measure,
    report_date,
    why_stale,
)
from ansible_collections.tenantops.entra.plugins.module_utils.users.method_eligibility import (
    COUNTED_METHODS,
    Audience,
    Policy,
)
from ansible_collections.tenantops.entra.plugins.module_utils.users.models import Registration, User

TODAY, NOW = date(2026, 11, 25), datetime(2026, 11, 25, 12, tzinfo=timezone.utc)
GLOBAL_ADMINISTRATOR = frozenset({"62e90394-69f5-4237-9190-012177145e10"})
READER = frozenset({"f2ef992c-3afb-46b9-b7cf-a126ee74c451"})
ON = {option: True for method in COUNTED_METHODS.values() for option in method.options}
KIM = User("kim", "Kim@contoso.com", enabled=True)


def row(name: str = "kim", *methods: str, **flags: bool) -> Registration:
    given = {"admin": False, "guest": False, "enabled": True, "registered": True, "capable": True, **flags}
    return Registration(name, f"{name}@contoso.com", methods=frozenset(methods), **given)


def policy(required: int | None = 1, *, off: tuple[str, ...] = (), **more: Any) -> Policy:
    settings = {**ON, **{f"methods.{name}": False for name in off}, "methods_required": required}
    return Policy(**{"settings": settings, "migrated": True, "day": TODAY, "scope": "all", **more})


def population(*users: User) -> Population:
    return classify(users, [], {})[0]


@pytest.mark.parametrize(
    ("user", "roles", "counted"),
    [
        (KIM, frozenset(), "users"),
        (replace(KIM, enabled=None), frozenset(), "users"),
        (KIM, GLOBAL_ADMINISTRATOR, "admins"),
        (KIM, READER, "users"),
        (replace(KIM, enabled=False), GLOBAL_ADMINISTRATOR, "disabled"),
        (replace(KIM, guest=True, enabled=False), GLOBAL_ADMINISTRATOR, "guests"),
        (replace(KIM, guest=True, user_principal_name="ROOM@contoso.com"), frozenset(), "excluded"),
        (replace(KIM, id="room-id"), frozenset(), "excluded"),
    ],
)
def test_everyone_is_in_one_class(user: User, roles: frozenset[str], counted: str) -> None:
    found, unmatched = classify([user], ["room@CONTOSO.com", "ROOM-ID"], {user.id: roles})
    numbers = {
        "users": len(found.users),
        "admins": len(found.admins),
        "guests": found.guests,
        "disabled": found.disabled,
        "excluded": found.excluded,
    }
    assert {name for name, number in numbers.items() if number} == {counted}
    assert found.total == 1
    assert len(unmatched) == (1 if counted == "excluded" else 2)


@pytest.mark.parametrize(
    ("scope", "members", "enabled", "covered"),
    [
        ("all", set(), False, True),
        ("none", {"kim"}, True, False),
        ("selected", {"kim"}, False, True),
        ("selected", set(), True, False),
        (None, set(), True, True),
        (None, set(), False, False),
    ],
)
def test_scope(scope: str | None, members: set[str], enabled: bool, covered: bool) -> None:
    found = measure(population(KIM), [row(enabled=enabled)], policy(scope=scope, members=frozenset(members)), {})
    assert found.in_scope == ((KIM,) if covered else ())


def test_without_a_report_nothing_is_guessed() -> None:
    found = measure(population(KIM), None, policy(), {})
    assert found.in_scope == (KIM,)
    assert (found.not_registered, found.not_in_report, found.directory_data_only, found.percent) == (
        None,
        None,
        None,
        None,
    )
    assert found.flagged(population(KIM), "registered") is None
    assert measure(population(KIM), None, policy(scope=None), {}).in_scope is None
    assert locked_out(population(KIM), found, policy(1), policy(2)) is None


def test_who_is_not_in_the_report_is_neither_registered_nor_missing() -> None:
    found = measure(population(KIM, replace(KIM, id="lee", user_principal_name="lee")), [row()], policy(), {})
    assert [user.id for user in found.not_in_report or ()] == ["lee"]
    assert (found.not_registered, found.percent) == ((), 50.0)


@pytest.mark.parametrize(
    ("methods", "data", "only"),
    [((), True, 1), (("alternateMobilePhone",), True, 1), (("email",), True, 0), ((), False, 0)],
)
def test_directory_data_is_no_method(methods: tuple[str, ...], data: bool, only: int) -> None:
    found = measure(population(replace(KIM, directory_data=data)), [row("kim", *methods)], policy(), {})
    assert found.directory_data_only == only


@pytest.mark.parametrize(
    ("methods", "lacking"),
    [
        (("email", "mobilePhone"), False),
        (("mobilePhone", "officePhone"), True),
        (("email", "securityQuestion"), True),
        (("microsoftAuthenticatorPush", "softwareOneTimePasscode"), True),
        (("microsoftAuthenticatorPush", "email"), False),
    ],
)
def test_administrators_need_two_whatever_is_on(methods: tuple[str, ...], lacking: bool) -> None:
    everyone, _unmatched = classify([KIM], [], {"kim": GLOBAL_ADMINISTRATOR})
    found = measure(
        everyone, [row("kim", *methods)], policy(off=("email",), scope="none"), {"kim": GLOBAL_ADMINISTRATOR}
    )
    assert found.admins_not_registered == ((KIM,) if lacking else ())
    assert found.in_scope == ()


LOST: dict[str, tuple[Registration, Policy, Policy, bool | None]] = {
    "one method, then two": (row("kim", "email"), policy(1), policy(2), True),
    "two methods": (row("kim", "email", "mobilePhone"), policy(1), policy(2), False),
    "never could": (row("kim"), policy(1), policy(2), False),
    "the method goes": (row("kim", "email"), policy(1), policy(1, off=("email",)), True),
    "another is left": (row("kim", "email", "officePhone"), policy(1), policy(1, off=("email",)), False),
    "was not in scope": (row("kim", "email"), policy(1, scope="none"), policy(2), False),
    "leaves the scope": (row("kim", "email"), policy(1), policy(1, scope="selected"), True),
    "not known before, capable": (row("kim", "email"), policy(known=False, scope=None), policy(2, scope=None), True),
    "not known before, not capable": (
        row("kim", "email", capable=False),
        policy(known=False, scope=None),
        policy(2, scope=None),
        False,
    ),
    "not known after": (row("kim", "email"), policy(1), policy(2, known=False), None),
    "not for this user": (
        row("kim", "email", "mobilePhone"),
        policy(1),
        policy(1, off=("mobile_phone", "voice"), audiences={"methods.email": Audience(frozenset({"lee"}))}),
        True,
    ),
    "kept out": (
        row("kim", "email"),
        policy(1),
        policy(1, audiences={"methods.email": Audience(None, frozenset({"kim"}))}),
        True,
    ),
    "for this user": (
        row("kim", "email"),
        policy(1),
        policy(1, audiences={"methods.email": Audience(frozenset({"kim"}))}),
        False,
    ),
    "SMS is retired": (row("kim", "mobilePhone"), policy(1), policy(1, day=date(2027, 2, 1)), True),
    "the day before": (row("kim", "mobilePhone"), policy(1), policy(1, day=date(2027, 1, 31)), False),
}


@pytest.mark.parametrize("case", LOST.values(), ids=LOST.keys())
def test_locked_out(case: tuple[Registration, Policy, Policy, bool | None]) -> None:
    registration, before, after, lost = case
    users = locked_out(population(KIM), measure(population(KIM), [registration], before, {}), before, after)
    assert (users if users is None else bool(users)) is lost


@pytest.mark.parametrize(
    ("before", "after", "loses"),
    [
        (policy(1), policy(2), True),
        (policy(1), policy(1, off=("email",)), True),
        (policy(1), policy(1, audiences={"methods.email": Audience(frozenset({"lee"}))}), True),
        (policy(1), policy(1, scope="none"), False),
        (policy(2), policy(2), False),
        (policy(2), policy(1), False),
    ],
)
def test_methods_that_are_no_longer_enough(before: Policy, after: Policy, loses: bool) -> None:
    assert loses_methods(row("kim", "email"), before, after) is loses


def test_the_report_is_as_old_as_its_oldest_row() -> None:
    dates = ["2026-11-25T03:16:02Z", None, "2026-11-25T03:16:01.5Z"]
    assert report_date(replace(row(), as_of=date) for date in dates) == dates[2]
    assert report_date([row()]) is None


STALE: dict[str, tuple[str | None, str | None, str | None]] = {
    "fresh": ("2026-11-25T03:16:01.7292271Z", None, None),
    "36 hours": ("2026-11-24T00:00:00Z", None, None),
    "more": ("2026-11-23T23:59:59Z", None, "36 hours"),
    "changed before": ("2026-11-25T03:16:01Z", "2026-11-25T03:16:00.9Z", None),
    "changed after": ("2026-11-25T03:16:01Z", "2026-11-25T03:16:02Z", "last change"),
    "not stated": (None, None, "does not state"),
}


@pytest.mark.parametrize("case", STALE.values(), ids=STALE.keys())
def test_stale(case: tuple[str | None, str | None, str | None]) -> None:
    as_of, changed, why = case
    found = why_stale(as_of, changed, NOW)
    assert found is None if why is None else why in (found or "")


def test_times_of_microsoft_are_read() -> None:
    assert parse_timestamp("2026-11-25T12:00:00.1234567Z") == parse_timestamp("2026-11-25T12:00:00Z") == NOW


USERS = st.lists(
    st.builds(
        User,
        id=st.integers(0, 30).map(str),
        user_principal_name=st.integers(0, 30).map("u{}@contoso.com".format),
        enabled=st.sampled_from([True, False, None]),
        guest=st.booleans(),
        directory_data=st.booleans(),
    ),
    unique_by=(lambda user: user.id, lambda user: user.user_principal_name),
    max_size=20,
)
METHODS = st.frozensets(st.sampled_from([*COUNTED_METHODS, "alternateMobilePhone", "fido2SecurityKey"]))
ROWS = st.dictionaries(st.integers(0, 30).map(str), st.tuples(METHODS, st.booleans(), st.booleans()), max_size=20)
ROLES = st.dictionaries(st.integers(0, 30).map(str), st.sampled_from([GLOBAL_ADMINISTRATOR, READER]))
POLICIES = st.builds(
    policy,
    st.sampled_from([1, 2]),
    off=st.lists(st.sampled_from([option.removeprefix("methods.") for option in ON])).map(tuple),
    scope=st.sampled_from(["none", "selected", "all", None]),
    members=st.frozensets(st.integers(0, 30).map(str)),
    known=st.booleans(),
)


def rows_of(reported: dict[str, tuple[frozenset[str], bool, bool]]) -> list[Registration]:
    return [
        row(name, *methods, enabled=enabled, registered=registered, capable=enabled and registered)
        for name, (methods, enabled, registered) in reported.items()
    ]


@given(USERS, ROWS, ROLES, st.lists(st.integers(0, 30).map(str)), POLICIES, POLICIES)
def test_properties(
    users: list[User],
    reported: dict[str, tuple[frozenset[str], bool, bool]],
    roles: dict[str, frozenset[str]],
    exclude: list[str],
    before: Policy,
    after: Policy,
) -> None:
    found, _unmatched = classify(users, exclude, roles)
    classes = (len(found.users), len(found.admins), found.guests, found.disabled, found.excluded)
    assert sum(classes) == found.total == len(users)
    coverage = measure(found, rows_of(reported), before, roles)
    assert coverage.in_scope is not None
    assert coverage.not_registered is not None
    assert set(coverage.not_registered) <= set(coverage.in_scope) <= set(found.users)
    assert coverage.percent is None or 0 <= coverage.percent <= 100
    lost = locked_out(found, coverage, before, after)
    if not after.known:
        assert lost is None
        return
    assert lost is not None
    assert set(lost) <= set(found.users)
    # Nothing is lost by a change that changes nothing, or that only adds.
    if before.known:
        assert locked_out(found, coverage, before, before) == ()
        generous = replace(before, settings={**ON, "methods_required": 1}, scope="all")
        assert locked_out(found, coverage, before, generous) == ()
