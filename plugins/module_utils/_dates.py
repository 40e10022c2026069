# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one place that reads dates and timestamps.

Operators write ``2026-11-25`` or ``2026-11-25T16:00:00Z``. Nothing else is accepted, whatever the Python version reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timezone
from typing import Any

from ._errors import SsprError

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIMESTAMP = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d{1,9})?(?:Z|\+00:00)", re.ASCII)
_DATE_HINT = "Use the form YYYY-MM-DD, for example 2027-02-01."
_TIMESTAMP_HINT = "Use the form 2026-11-25 or 2026-11-25T16:00:00Z (UTC)."


def parse_date(text: Any) -> date | None:
    """A date of the form YYYY-MM-DD; None for anything else."""
    try:
        return date.fromisoformat(text) if isinstance(text, str) and _DATE.fullmatch(text) else None
    except ValueError:
        return None


def parse_timestamp(text: Any) -> datetime | None:
    """A UTC timestamp as Microsoft Graph writes it, to the second; None for anything else.

    Fractions may have more digits than Python reads, and are dropped.
    """
    match = _TIMESTAMP.fullmatch(text) if isinstance(text, str) else None
    try:
        return datetime.fromisoformat(match.group(1)).replace(tzinfo=timezone.utc) if match else None
    except ValueError:
        return None


def require_date(option: str, value: Any) -> date:
    """An option's date. Raises: SsprError(invalid_setting)."""
    found = parse_date(value)
    if found is None:
        raise SsprError("invalid_setting", f"{option}: {value!r} is not a valid date", hint=_DATE_HINT)
    return found


def require_timestamp(option: str, value: Any) -> str:
    """An option's date or timestamp, as a timestamp with seconds. Raises: SsprError(invalid_setting)."""
    if parse_date(value):
        return f"{value}T00:00:00Z"
    if parse_timestamp(value):
        return str(value)
    raise SsprError("invalid_setting", f"{option}: {value!r} is not a valid date or timestamp", hint=_TIMESTAMP_HINT)


def as_of_date(params: Mapping[str, Any]) -> date:
    """The option ``as_of`` of a task; today (UTC) without it. Raises: SsprError(invalid_setting)."""
    return require_date("as_of", params["as_of"]) if params.get("as_of") else utc_today()


def utc_today() -> date:
    """Today's date in UTC."""
    return datetime.now(timezone.utc).date()


def oldest(timestamps: Iterable[str | None]) -> str | None:
    """The earliest of these timestamps, as text; None when there is none."""
    return min((text for text in timestamps if text), default=None)
