# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of methods: what is read from a list or a CSV, what is refused, and which writes are left to do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantops.entra.plugins.module_utils._errors import SsprError
from ansible_collections.tenantops.entra.plugins.module_utils.users.contact_methods import (
    ABSENT,
    ANY,
    CONTACT_METHODS,
    HIDDEN,
    OPTIONS,
    PRESENT,
    Row,
    caveats,
    corrected,
    methods_found,
    not_comparable,
    plan_writes,
    read_csv,
    read_rows,
    row_error,
)

NEEDS = {method.option: method.needs for method in CONTACT_METHODS}


def row(**requested: str) -> Row:
    return Row(1, "adele@contoso.com", requested)


def applied(planned: list[Any], found: dict[str, str]) -> dict[str, str]:
    """A service that does as it is told, and refuses what Graph refuses."""
    there = dict(found)
    for write in planned:
        option = write.method.option
        if write.value is None:
            assert not [other for other in there if NEEDS[other] == option], "the service would refuse it"
            del there[option]
        else:
            assert write.replaces == (option in there)
            assert NEEDS[option] is None or NEEDS[option] in there, "the service would refuse it"
            there[option] = write.value
    return there


@pytest.mark.parametrize(
    ("number", "fine"),
    {
        "+1 2065550100": True,
        "+49 1711234567": True,
        "+420 601123456": True,
        "+1 2065550100x123": True,
        "+1 2065550100X9": True,
        "+1 1234": True,
        "+12065550100": False,
        "2065550100": False,
        "001 2065550100": False,
        "+1  2065550100": False,
        "+1 206-555-0100": False,
        "+1234 5678901": False,
        "+1 123": False,
        "+1 123456789012345": False,
        "+1 2065550100x": False,
        "+1 2065550100 x12": False,
        "+\u0661 2065550100": False,
        "+1 2065550100\n": False,
        "any": False,
    }.items(),
)
def test_the_format_of_numbers(number: str, fine: bool) -> None:
    for option in ("mobile_phone", "alternate_mobile_phone", "office_phone"):
        wrong = row_error(row(**{option: number}), PRESENT)
        assert (wrong is None) == fine
        if wrong:
            assert wrong.kind == "invalid_setting"
            assert wrong.message.startswith(f"{option}: {number!r} is not in the format")


@pytest.mark.parametrize(
    ("number", "better"),
    {
        "+1 206-555-0100": "+1 2065550100",
        "+1 (206) 555-0100": "+1 2065550100",
        "+1-206-555-0100": "+1 2065550100",
        "+44.20.7946.0123": "+44 2079460123",
        "+49 171 / 1234567": "+49 1711234567",
        "+1  2065550100": "+1 2065550100",
        # Where the country code ends is not told.
        "+12065550100": None,
        "0012065550100": None,
        "2065550100": None,
        # Whether the trunk prefix belongs to the number is not for us to say.
        "+44 (0)20 7946 0123": None,
        "+49 0171 1234567": None,
        "+1 call me": None,
        "+1 12": None,
        "+1 1234567890123456": None,
        f"+1 {'1' * 5000}x": None,
    }.items(),
)
def test_a_corrected_number_is_offered_and_never_guessed(number: str, better: str | None) -> None:
    assert corrected(number) == better
    wrong = row_error(row(mobile_phone=number), PRESENT)
    assert wrong is not None
    assert (f"write {better!r}" if better else "'+1 2065550100'") in wrong.message


@given(st.text(st.sampled_from("+0123456789 ()-./xX"), max_size=24))
def test_what_is_offered_is_accepted_and_has_the_same_digits(number: str) -> None:
    better = corrected(number)
    if better is not None:
        assert row_error(row(mobile_phone=better), PRESENT) is None
        assert [sign for sign in better if sign.isdigit()] == [sign for sign in number if sign.isdigit()]


@pytest.mark.parametrize(
    ("user", "requested", "kind", "words"),
    [
        ("", {"email": "a@home.example"}, "invalid_setting", "user: it must not be empty"),
        ("adele", {"email": "a@home.example"}, "invalid_setting", "user: 'adele' is neither"),
        ("../me", {"email": "a@home.example"}, "invalid_setting", "user: '../me' is neither"),
        ("pat_home.example#EXT#@contoso.com", {"email": "a@home.example"}, "unsupported", "is a guest"),
        ("adele@contoso.com", {}, "invalid_setting", "the row has none of them"),
        ("adele@contoso.com", {"email": "adele at home"}, "invalid_setting", "email: 'adele at home' is not"),
        ("adele@contoso.com", {"email": ANY}, "invalid_setting", "email: 'any' is not"),
        ("adele@contoso.com", {"email": "?", "mobile_phone": "?"}, "invalid_setting", "mobile_phone: '?'"),
    ],
)
def test_a_bad_row_is_named(user: str, requested: dict[str, str], kind: str, words: str) -> None:
    wrong = row_error(Row(7, user, requested), PRESENT)
    assert wrong is not None
    assert (wrong.kind, bool(wrong.hint)) == (kind, True)
    assert words in wrong.message


def test_all_faults_of_a_row_are_reported_at_once() -> None:
    wrong = row_error(row(mobile_phone="1", email="2"), PRESENT)
    assert wrong is not None
    assert "mobile_phone: '1'" in wrong.message
    assert "email: '2'" in wrong.message


def test_users_by_object_id_and_removing_whatever_is_there() -> None:
    assert (
        row_error(Row(1, "11111111-1111-4111-8111-111111111111", {"mobile_phone": ANY, "email": ANY}), ABSENT) is None
    )


def test_what_is_dropped_or_never_used_is_said() -> None:
    told = caveats(row(mobile_phone="+1 2065550100x12", alternate_mobile_phone="+1 2065550101", email="max@x.example"))
    assert set(told) == {"mobile_phone", "alternate_mobile_phone"}
    assert "dropped" in told["mobile_phone"]
    assert "never" in told["alternate_mobile_phone"]


# What a task may look like.


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"mobile_phone": "+1 2065550100"},
        {"user": "a@contoso.com", "users": [{"user": "b@contoso.com"}]},
        {"users": [{"user": "b@contoso.com"}], "email": "a@home.example"},
        {"csv": "user,email", "users": [{"user": "b@contoso.com"}]},
    ],
)
def test_one_source_of_rows(params: dict[str, Any]) -> None:
    with pytest.raises(SsprError, match="exactly one of them") as caught:
        read_rows(params)
    assert caught.value.kind == "invalid_setting"


def test_a_single_user_and_a_list() -> None:
    single = read_rows({"user": "a@contoso.com", "email": "a@home.example", "users": None, "mobile_phone": ""}).rows
    assert single == [Row(1, "a@contoso.com", {"email": "a@home.example"})]
    entries = [{"user": "a@contoso.com", "email": None, "office_phone": ""}, {"user": " b@contoso.com ", "email": "x"}]
    rows = read_rows({"users": entries}).rows
    assert rows == [Row(1, "a@contoso.com", {}), Row(2, "b@contoso.com", {"email": "x"})]


def test_the_same_user_twice_is_refused() -> None:
    text = "user,email\na@contoso.com,x\nb@contoso.com,x\n\nA@Contoso.com,y\n"
    with pytest.raises(SsprError, match=r"a@contoso.com in lines 2 and 5") as caught:
        read_rows({"csv": text})
    assert caught.value.kind == "invalid_setting"
    assert len(read_rows({"csv": "user,email\n,x\n,y\n"}).rows) == 2, "an empty name is not a user"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_as_spreadsheets_save_it(delimiter: str) -> None:
    lines = [
        ["User", " Mobile_Phone ", "Department", "email"],
        ["a@contoso.com", " +1 2065550100 ", '"Sales, ""North""; East"', ""],
        [],
        ["", "", "", ""],
        ["b@contoso.com", "", '"two\nlines"', "b@home.example"],
        ["c@contoso.com"],
        ["d@contoso.com", "+1 2065550101", "", "", "surplus"],
    ]
    text = "\ufeff" + "\r\n".join(delimiter.join(cells) for cells in lines)
    table = read_csv(text)
    rows, notes = table.rows, list(table.warnings)
    assert rows == [
        Row(2, "a@contoso.com", {"mobile_phone": "+1 2065550100"}),
        Row(5, "b@contoso.com", {"email": "b@home.example"}),
        Row(7, "c@contoso.com", {}),
        Row(8, "d@contoso.com", {}),
    ]
    assert notes == ["csv: these columns are not used: department"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\n", "the columns none"),
        ("name,email\na,b", "the columns name, email"),
        ("user,phone\na,b", "the columns user, phone"),
        ("user,email,email\na,b,c", "the columns user, email, email"),
        ('user,email\na@contoso.com,"b@home.example\n', "line 2 cannot be read"),
    ],
)
def test_a_csv_that_cannot_be_read_is_refused(text: str, words: str) -> None:
    with pytest.raises(SsprError, match=words) as caught:
        read_csv(text)
    assert caught.value.kind == "invalid_setting"
    assert "Nothing was sent" in (caught.value.hint or "")


# What is left to write.

VALUES = st.sampled_from(["+1 2065550100", "+1 2065550101"])
TENANT = st.dictionaries(st.sampled_from(OPTIONS), VALUES).map(
    lambda found: {o: v for o, v in found.items() if NEEDS[o] is None or NEEDS[o] in found}
)
WANTED = st.dictionaries(st.sampled_from(OPTIONS), VALUES, min_size=1)


@given(TENANT, WANTED)
def test_present_is_reached_in_an_order_the_service_accepts(found: dict[str, str], requested: dict[str, str]) -> None:
    asked = row(**requested)
    if "alternate_mobile_phone" in requested and "mobile_phone" not in {*found, *requested}:
        with pytest.raises(SsprError, match="only together with mobile_phone"):
            plan_writes(asked, PRESENT, found)
        return
    planned = plan_writes(asked, PRESENT, found)
    after = applied(planned, found)
    assert after == {**found, **requested}
    assert all(write.is_seen_in(after) for write in planned)
    assert not [write for write in planned if write.is_seen_in(found)]
    assert plan_writes(asked, PRESENT, after) == []


@given(TENANT, st.dictionaries(st.sampled_from(OPTIONS), VALUES | st.just(ANY), min_size=1))
def test_absent_is_reached_in_an_order_the_service_accepts(found: dict[str, str], requested: dict[str, str]) -> None:
    asked = row(**requested)
    left = {o: v for o, v in found.items() if requested.get(o) not in (ANY, v)}
    if "alternate_mobile_phone" in left and "mobile_phone" not in left:
        with pytest.raises(SsprError, match="only together with mobile_phone"):
            plan_writes(asked, ABSENT, found)
        return
    planned = plan_writes(asked, ABSENT, found)
    after = applied(planned, found)
    assert after == left
    assert all(write.is_seen_in(after) for write in planned)
    assert plan_writes(asked, ABSENT, after) == []


def test_masked_numbers_are_left_alone_and_the_rest_is_done() -> None:
    found = {"mobile_phone": HIDDEN, "email": "old@home.example"}
    asked = row(mobile_phone="+1 2065550100", email="new@home.example", alternate_mobile_phone="+1 2065550101")
    assert not_comparable(asked, found) == ["mobile_phone"]
    planned = plan_writes(asked, PRESENT, found)
    assert [(write.method.option, write.replaces) for write in planned] == [
        ("alternate_mobile_phone", False),
        ("email", True),
    ]
    assert [write.method.option for write in plan_writes(asked, ABSENT, {"mobile_phone": HIDDEN})] == []
    assert [write.method.option for write in plan_writes(row(mobile_phone=ANY), ABSENT, found)] == ["mobile_phone"]
    assert not_comparable(row(mobile_phone=ANY), found) == []


def test_case_makes_no_difference() -> None:
    found = {"mobile_phone": "+1 2065550100x1", "email": "Adele@Home.example"}
    assert plan_writes(row(mobile_phone="+1 2065550100X1", email="adele@home.EXAMPLE"), PRESENT, found) == []


@pytest.mark.parametrize("shown", ["+1 2065550100", "+1 2065550100x123", "+12065550100", "+49 (0)171-1234567"])
def test_numbers_that_are_shown_whole(shown: str) -> None:
    assert methods_found([{"phoneType": "mobile", "phoneNumber": shown}]) == {"mobile_phone": shown}


@pytest.mark.parametrize(
    "shown", ["+1 XXXXXXXX00", "+1 ***-***-0100", "xxx00", "+1 ......00", "+1 206\u202200", "", None]
)
def test_numbers_that_are_masked(shown: str | None) -> None:
    assert methods_found([{"phoneType": "office", "phoneNumber": shown}]) == {"office_phone": HIDDEN}


def test_methods_as_graph_lists_them() -> None:
    listed = [
        {"@odata.type": "#microsoft.graph.passwordAuthenticationMethod", "password": None},
        {"@odata.type": "#microsoft.graph.phoneAuthenticationMethod", "phoneNumber": "+1 2065550100"}
        | {"phoneType": "alternateMobile"},
        {"@odata.type": "#microsoft.graph.phoneAuthenticationMethod", "phoneNumber": "+1 1", "phoneType": "pager"},
        {"@odata.type": "#microsoft.graph.emailAuthenticationMethod", "emailAddress": "a@home.example"},
    ]
    assert methods_found(listed) == {"alternate_mobile_phone": "+1 2065550100", "email": "a@home.example"}
