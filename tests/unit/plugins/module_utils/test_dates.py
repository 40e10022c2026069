# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One way to read dates: what is accepted is the same on every Python."""

from __future__ import annotations

from datetime import date, datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantops.entra.plugins.module_utils._dates import (
    oldest,
    parse_date,
    parse_timestamp,
    require_date,
    require_timestamp,
)
from ansible_collections.tenantops.entra.plugins.module_utils._errors import SsprError

# Python 3.11 reads all of the texts, and Python 3.10 only some.
NOT_DATES = [
    "20261125",
    "2026-W48-3",
    "2026-11",
    "2026-02-30",
    "26-11-25",
    "2026-11-25 ",
    "2026-11-25T00:00:00Z",
    "٢٠٢٦-11-25",
    "",
    20261125,
    None,
    date(2026, 11, 25),
]
NOT_TIMESTAMPS = [
    "20261125T160000Z",
    "2026-11-25 16:00:00Z",
    "2026-11-25T16:00:00",
    "2026-11-25T16:00:00+01:00",
    "2026-11-25T16:00Z",
    "2026-11-25T25:00:00Z",
    "2026-11-25T16:00:00.Z",
    *(text for text in NOT_DATES if text != "2026-11-25T00:00:00Z"),
]


@pytest.mark.parametrize("value", NOT_DATES, ids=repr)
def test_what_is_not_a_date(value: object) -> None:
    assert parse_date(value) is None
    with pytest.raises(SsprError, match=r"as_of: .* is not a valid date") as caught:
        require_date("as_of", value)
    assert caught.value.kind == "invalid_setting"
    assert "YYYY-MM-DD" in (caught.value.hint or "")


@pytest.mark.parametrize("value", NOT_TIMESTAMPS, ids=repr)
def test_what_is_not_a_timestamp(value: object) -> None:
    assert parse_timestamp(value) is None
    with pytest.raises(SsprError, match=r"since: .* is not a valid date or timestamp") as caught:
        require_timestamp("since", value)
    assert caught.value.kind == "invalid_setting"


@given(st.dates())
def test_dates_as_python_writes_them(day: date) -> None:
    assert parse_date(day.isoformat()) == require_date("as_of", day.isoformat()) == day
    assert require_timestamp("since", day.isoformat()) == f"{day.isoformat()}T00:00:00Z"


@given(st.datetimes(timezones=st.just(timezone.utc)), st.sampled_from(["", ".1", ".1234567", ".123456789"]))
def test_timestamps_of_graph(moment: datetime, fraction: str) -> None:
    whole = moment.replace(microsecond=0)
    text = whole.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    for zone in ("Z", "+00:00"):
        assert parse_timestamp(f"{text}{fraction}{zone}") == whole
        assert require_timestamp("since", f"{text}{fraction}{zone}") == f"{text}{fraction}{zone}"


def test_the_oldest_timestamp() -> None:
    assert oldest(["2026-11-25T16:00:00Z", None, "2026-11-24T16:00:00Z"]) == "2026-11-24T16:00:00Z"
    assert oldest([None]) is None
