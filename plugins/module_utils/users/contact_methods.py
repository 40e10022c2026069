# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Phone numbers and email addresses to register, row by row: what a row requests, and which writes it takes.

Pure: rows and what was found in; writes out. Rules: Microsoft Graph's phoneAuthenticationMethod and
emailAuthenticationMethod (one phone of each type, an alternate one only together with a mobile one), and
howto-sspr-authenticationdata (the format of numbers; extensions are dropped).
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .._errors import SsprError
from .._text import EMAIL_ADDRESS, is_given, is_guid

PRESENT, ABSENT = "present", "absent"
# In the place of a number or an address to remove: whichever is there.
ANY = "any"

PHONE = re.compile(r"\+\d{1,3} \d{4,14}([xX]\d+)?", re.ASCII)
# A number that shows where its country code ends, its digits grouped by the usual characters.
GROUPED = re.compile(r"\+(\d{1,3})([ .\-/(][\d .\-/()]*)", re.ASCII)
# A number that is not masked. How the service masks numbers is not published.
WHOLE_NUMBER = re.compile(r"\+?\d[\d ()\-]+([xX]\d+)?", re.ASCII)
HIDDEN = "hidden"
GUEST = "#EXT#"
DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class ContactMethod:
    """A kind of method as an option. ``phone_type`` is Graph's word for it; None for the email address.

    ``needs`` is the option that must be registered before it, and as long as it is.
    """

    option: str
    phone_type: str | None = None
    needs: str | None = None
    caveat: str | None = None


# In the order in which they can be added; they are removed in reverse order.
CONTACT_METHODS = (
    ContactMethod("mobile_phone", "mobile"),
    ContactMethod(
        "alternate_mobile_phone",
        "alternateMobile",
        needs="mobile_phone",
        caveat="is used for MFA only, never for self-service password reset",
    ),
    ContactMethod("office_phone", "office"),
    ContactMethod("email"),
)
OPTIONS = tuple(method.option for method in CONTACT_METHODS)
EXTENSION = "extensions are dropped when the number is used for self-service password reset"


@dataclass(frozen=True)
class Row:
    """One user, and the number or address requested by option. ``line`` is where the operator finds it."""

    line: int
    user: str
    requested: Mapping[str, str]


@dataclass(frozen=True)
class MethodWrite:
    """One request: ``value`` is None when the method is to be removed."""

    method: ContactMethod
    value: str | None
    replaces: bool = False

    def is_seen_in(self, found: Mapping[str, str]) -> bool:
        """Whether the user's methods show it. A hidden number where there was none is the one that was added."""
        there = found.get(self.method.option)
        if self.value is None or there is None:
            return there is None and self.value is None
        return there == HIDDEN or same(there, self.value)


@dataclass(frozen=True)
class Table:
    """The rows of a task, and warnings about their source."""

    rows: list[Row]
    warnings: tuple[str, ...] = ()


def read_rows(params: Mapping[str, Any]) -> Table:
    """The rows that a task requests. Raises: SsprError(invalid_setting) before anything is sent."""
    single = {option: params[option] for option in ("user", *OPTIONS) if is_given(params.get(option))}
    sources = [name for name in ("user", "users", "csv") if is_given(params.get(name))]
    if len(sources) != 1 or (single and sources != ["user"]):
        names = ", ".join(dict.fromkeys((*sources, *single))) or "none of them"
        raise SsprError(
            "invalid_setting",
            f"user, users, csv: exactly one of them is required, given: {names}",
            hint="Set users or csv for a list. For one user, set user with mobile_phone, office_phone or email.",
        )
    if sources == ["csv"]:
        table = read_csv(params["csv"])
    else:
        entries = [single] if sources == ["user"] else params["users"]
        table = Table([_row(line, entry) for line, entry in enumerate(entries, start=1)])
    _require_once(table.rows)
    return table


def read_csv(text: str) -> Table:
    """The rows of a CSV whose first line names the options; each with the line of the file in which it begins.

    Raises: SsprError(invalid_setting).
    """
    records = _csv_records(text)
    names = [value.lower() for value in next(records, (1, []))[1]]
    rows = [_csv_row(line, names, values) for line, values in records]
    known = [name for name in names if name in ("user", *OPTIONS)]
    if "user" not in known or len(known) < 2 or len(known) != len(set(known)):
        raise _bad_csv(
            f"the first line has the columns {', '.join(names) or 'none'}",
            f"Name one column user, and at least one other {' or '.join(OPTIONS)}, each only once.",
        )
    unused = [name for name in names if name not in known]
    return Table(rows, (f"csv: these columns are not used: {', '.join(unused)}",) if any(unused) else ())


def _csv_records(text: str) -> Iterator[tuple[int, list[str]]]:
    """The records that are not empty, each with the line in which it begins. Raises: SsprError(invalid_setting)."""
    lines = text.removeprefix("\ufeff").splitlines(keepends=True)
    heading = next((line for line in lines if line.strip()), "")
    reader = csv.reader(lines, delimiter=max(DELIMITERS, key=heading.count), strict=True)
    line = 1
    try:
        for cells in reader:
            values = [cell.strip() for cell in cells]
            if any(values):
                yield line, values
            line = reader.line_num + 1
    except csv.Error as exc:
        raise _bad_csv(f"line {line} cannot be read: {exc}", "Close every quotation mark.") from exc


def _csv_row(line: int, names: list[str], values: list[str]) -> Row:
    entry = dict(zip(names, values, strict=False))
    # More cells than columns: which belongs to which is unknown.
    return _row(line, {"user": entry.get("user")} if len(values) > len(names) else entry)


def _bad_csv(what: str, hint: str) -> SsprError:
    return SsprError("invalid_setting", f"csv: {what}", hint=f"{hint} Nothing was sent.")


def _row(line: int, entry: Mapping[str, Any]) -> Row:
    requested = {option: str(entry[option]).strip() for option in OPTIONS if is_given(entry.get(option))}
    return Row(line, str(entry.get("user") or "").strip(), requested)


def _require_once(rows: Iterable[Row]) -> None:
    """Two rows for one user would overwrite each other in every run. Raises: SsprError(invalid_setting)."""
    lines: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        lines[row.user.lower()].append(row.line)
    twice = [f"{user} in lines {' and '.join(map(str, found))}" for user, found in lines.items() if user and found[1:]]
    if twice:
        raise SsprError(
            "invalid_setting", f"users: more than one row for {'; '.join(twice)}", hint="Keep one. Nothing was sent."
        )


def row_error(row: Row, state: str) -> SsprError | None:
    """What is wrong with a row by itself; None when it is valid. Nothing of a wrong row is sent."""
    if not row.user:
        return SsprError("invalid_setting", "user: it must not be empty", hint="Fill in the user principal name.")
    if GUEST in row.user.upper():
        return SsprError(
            "unsupported",
            f"user: {row.user!r} is a guest",
            hint="Guests reset their password in their home tenant. Remove the row.",
        )
    if not (is_guid(row.user) or EMAIL_ADDRESS.fullmatch(row.user)):
        return SsprError(
            "invalid_setting",
            f"user: {row.user!r} is neither a user principal name nor an object ID",
            hint="Use one of them, for example adele@contoso.com.",
        )
    if not row.requested:
        return SsprError(
            "invalid_setting",
            f"{', '.join(OPTIONS)}: the row has none of them, or it has more cells than there are columns",
            hint="Fill in a number or an address, or remove the row.",
        )
    wrong = [why for option, value in row.requested.items() if (why := _value_error(option, value, state))]
    if wrong:
        return SsprError("invalid_setting", "; ".join(wrong), hint="Correct the row. Nothing of it was sent.")
    return None


def _value_error(option: str, value: str, state: str) -> str | None:
    if state == ABSENT and value == ANY:
        return None
    if option == "email":
        return None if EMAIL_ADDRESS.fullmatch(value) else f"email: {value!r} is not an email address"
    if PHONE.fullmatch(value):
        return None
    better = corrected(value)
    fix = (
        f"write {better!r} if that is what you mean"
        if better
        else "write + and the country code, one space, and the number in digits, for example '+1 2065550100'"
    )
    return f"{option}: {value!r} is not in the format that the service accepts: {fix}"


def corrected(number: str) -> str | None:
    """The number as the service accepts it, where only the grouping of its digits differs; None for any other.

    Where the country code ends is never guessed, and a trunk prefix such as (0) is not dropped.
    """
    grouped = GROUPED.fullmatch(number)
    if grouped is None:
        return None
    digits = re.sub(r"\D", "", grouped.group(2))
    better = f"+{grouped.group(1)} {digits}"
    return better if PHONE.fullmatch(better) and not digits.startswith("0") else None


def caveats(row: Row) -> dict[str, str]:
    """What the operator should know about a valid row, by option."""
    by_kind = {m.option: m.caveat for m in CONTACT_METHODS if m.caveat and m.option in row.requested}
    extensions = {o: EXTENSION for o, value in row.requested.items() if o != "email" and "x" in value.lower()}
    return {**extensions, **by_kind}


def methods_found(methods: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """A user's numbers and address by option, from the methods as Graph lists them; ``HIDDEN`` where it shows none."""
    by_type = {method.phone_type: method.option for method in CONTACT_METHODS if method.phone_type}
    found = {}
    for method in methods:
        if method.get("phoneType") in by_type:
            number = str(method.get("phoneNumber"))
            found[by_type[method["phoneType"]]] = number if WHOLE_NUMBER.fullmatch(number) else HIDDEN
        elif method.get("emailAddress"):
            found["email"] = str(method["emailAddress"])
    return found


def same(there: str, requested: str) -> bool:
    """Whether two numbers or addresses are the same."""
    return there.lower() == requested.lower()


def not_comparable(row: Row, found: Mapping[str, str]) -> list[str]:
    """The options of a row for which it is unknown whether they are as requested."""
    return [option for option, value in row.requested.items() if found.get(option) == HIDDEN and value != ANY]


def plan_writes(row: Row, state: str, found: Mapping[str, str]) -> list[MethodWrite]:
    """What is left to write for a row, in the order that the service requires.

    Raises: SsprError(invalid_setting), where the service would refuse it.
    """
    skipped = not_comparable(row, found)
    requested = {option: value for option, value in row.requested.items() if option not in skipped}
    planned = _removals(requested, found) if state == ABSENT else _additions(requested, found)
    _require_companions(planned, state, found)
    return planned


def _removals(requested: Mapping[str, str], found: Mapping[str, str]) -> list[MethodWrite]:
    def is_meant(option: str) -> bool:
        value = requested.get(option)
        return value is not None and option in found and (value == ANY or same(found[option], value))

    return [MethodWrite(method, None) for method in reversed(CONTACT_METHODS) if is_meant(method.option)]


def _additions(requested: Mapping[str, str], found: Mapping[str, str]) -> list[MethodWrite]:
    return [
        MethodWrite(method, requested[method.option], replaces=method.option in found)
        for method in CONTACT_METHODS
        if method.option in requested and not same(found.get(method.option, ""), requested[method.option])
    ]


def _require_companions(planned: list[MethodWrite], state: str, found: Mapping[str, str]) -> None:
    """Raises: SsprError(invalid_setting), for a method that would be left without the one it needs."""
    after = set(found) | {write.method.option for write in planned if write.value}
    after -= {write.method.option for write in planned if write.value is None}
    for method in CONTACT_METHODS:
        if method.needs and planned and method.option in after and method.needs not in after:
            verb, other = ("set", method.needs) if state == PRESENT else ("remove", method.option)
            raise SsprError(
                "invalid_setting",
                f"{method.option}: the service accepts it only together with {method.needs}",
                hint=f"Also {verb} {other}. Nothing of this row was written.",
            )
