# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Methods to register for people, row by row: what a row asks for, what is wrong with it, and which writes it takes.

Pure: rows and what was found in; writes out. Rules: Microsoft Graph's phoneAuthenticationMethod and
emailAuthenticationMethod (one phone of a type, the alternate one only beside a mobile one), and
howto-sspr-authenticationdata (the format of numbers; extensions are dropped).
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.tenantops.entra.plugins.module_utils._errors import SsprError
from ansible_collections.tenantops.entra.plugins.module_utils._options import GUID, given
from ansible_collections.tenantops.entra.plugins.module_utils._pages import EMAIL_ADDRESS

PRESENT, ABSENT = "present", "absent"
# In the place of a number or an address to remove: whichever is there.
ANY = "any"

PHONE = re.compile(r"\+\d{1,3} \d{4,14}([xX]\d+)?", re.ASCII)
# A number that tells where its country code ends, its digits grouped by the signs that people use.
GROUPED = re.compile(r"\+(\d{1,3})([ .\-/(][\d .\-/()]*)", re.ASCII)
# A number as it is shown to who may see it whole. How the service masks the others' is not published.
SHOWN = re.compile(r"\+?\d[\d ()\-]+([xX]\d+)?", re.ASCII)
HIDDEN = "hidden"
GUEST = "#EXT#"
DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class Method:
    """A kind of method as an option. ``phone_type`` is Graph's word for it; None for the e-mail address.

    ``needs`` must be there before it, and as long as it is there.
    """

    option: str
    phone_type: str | None = None
    needs: str | None = None
    caveat: str | None = None


# In the order in which they can be added; they are removed the other way round.
METHODS = (
    Method("mobile_phone", "mobile"),
    Method(
        "alternate_mobile_phone",
        "alternateMobile",
        needs="mobile_phone",
        caveat="serves MFA only, it is never offered for self-service password reset",
    ),
    Method("office_phone", "office"),
    Method("email"),
)
OPTIONS = tuple(method.option for method in METHODS)
EXTENSION = "extensions are dropped when the number is used for self-service password reset"


@dataclass(frozen=True)
class Row:
    """One user, and the number or address wanted by option. ``line`` is where the operator finds it."""

    line: int
    user: str
    wanted: Mapping[str, str]


@dataclass(frozen=True)
class Write:
    """One request: ``value`` is None when the method is to be removed."""

    method: Method
    value: str | None
    replaces: bool = False

    def seen(self, found: Mapping[str, str]) -> bool:
        """Whether the user's methods show it. A hidden number where there was none is the one that was added."""
        there = found.get(self.method.option)
        if self.value is None or there is None:
            return there is None and self.value is None
        return there == HIDDEN or same(there, self.value)


def rows_of(params: Mapping[str, Any]) -> tuple[list[Row], list[str]]:
    """The rows a task asks for, and what to say about where they come from. Raises before anything is sent."""
    single = {option: params[option] for option in ("user", *OPTIONS) if given(params.get(option))}
    sources = [name for name in ("user", "users", "csv") if given(params.get(name))]
    if len(sources) != 1 or (single and sources != ["user"]):
        names = ", ".join(dict.fromkeys((*sources, *single))) or "none of them is given"
        raise SsprError(
            "invalid_setting",
            f"user, users, csv: one of them says whose methods these are, not {names}",
            hint="Give users or csv for a list; or user, and with it mobile_phone, office_phone or email.",
        )
    notes: list[str] = []
    if sources == ["csv"]:
        rows, notes = read_csv(params["csv"])
    else:
        entries = [single] if sources == ["user"] else params["users"]
        rows = [_row(line, entry) for line, entry in enumerate(entries, start=1)]
    _require_once(rows)
    return rows, notes


def read_csv(text: str) -> tuple[list[Row], list[str]]:
    """The rows of a CSV whose first line names the options; each with the line of the file it begins in."""
    lines = text.removeprefix("\ufeff").splitlines(keepends=True)
    heading = next((line for line in lines if line.strip()), "")
    delimiter = max(DELIMITERS, key=heading.count)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    rows: list[Row] = []
    names: list[str] = []
    line = 1
    try:
        for cells in reader:
            values = [cell.strip() for cell in cells]
            if any(values) and not names:
                names = [value.lower() for value in values]
            elif any(values):
                rows.append(_row(line, dict(zip(names, values, strict=False)), surplus=len(values) > len(names)))
            line = reader.line_num + 1
    except csv.Error as exc:
        raise _bad_csv(f"line {line} cannot be read: {exc}", "Close every quotation mark.") from exc
    known = [name for name in names if name in ("user", *OPTIONS)]
    if "user" not in known or len(known) < 2 or len(known) != len(set(known)):
        raise _bad_csv(
            f"the first line has the columns {', '.join(names) or 'none'}",
            f"Name one column user, and others {', '.join(OPTIONS)}; each once.",
        )
    unused = [name for name in names if name not in known]
    return rows, [f"csv: these columns are not used: {', '.join(unused)}"] if any(unused) else []


def _bad_csv(what: str, hint: str) -> SsprError:
    return SsprError("invalid_setting", f"csv: {what}", hint=f"{hint} Nothing was sent.")


def _row(line: int, entry: Mapping[str, Any], *, surplus: bool = False) -> Row:
    wanted = {option: str(entry[option]).strip() for option in OPTIONS if given(entry.get(option))}
    # More cells than columns: nobody can tell which of them is which.
    return Row(line, str(entry.get("user") or "").strip(), {} if surplus else wanted)


def _require_once(rows: Iterable[Row]) -> None:
    """Two rows of one user would undo each other in every run."""
    lines: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        lines[row.user.lower()].append(row.line)
    twice = [
        f"{user} in the lines {' and '.join(map(str, found))}" for user, found in lines.items() if user and found[1:]
    ]
    if twice:
        raise SsprError(
            "invalid_setting", f"users: more than one row for {'; '.join(twice)}", hint="Nothing was sent. Keep one."
        )


def fault(row: Row, state: str) -> SsprError | None:
    """What is wrong with a row by itself, or None: nothing of such a row is sent."""
    if not row.user:
        return SsprError("invalid_setting", "user: it is empty", hint="Fill in the user principal name.")
    if GUEST in row.user.upper():
        return SsprError(
            "unsupported",
            f"user: {row.user!r} is a guest",
            hint="Guests reset their password where their account is, not here. Take the row out.",
        )
    if not (GUID.fullmatch(row.user) or EMAIL_ADDRESS.fullmatch(row.user)):
        return SsprError(
            "invalid_setting",
            f"user: {row.user!r} is neither a user principal name nor an object id",
            hint="For example adele@contoso.com.",
        )
    if not row.wanted:
        return SsprError(
            "invalid_setting",
            f"{', '.join(OPTIONS)}: the row has none of them, or more cells than there are columns",
            hint="Fill in a number or an address, or take the row out.",
        )
    bad = [why for option, value in row.wanted.items() if (why := _bad_value(option, value, state))]
    if bad:
        return SsprError("invalid_setting", "; ".join(bad), hint="Correct the row. Nothing of it was sent.")
    return None


def _bad_value(option: str, value: str, state: str) -> str | None:
    if state == ABSENT and value == ANY:
        return None
    if option == "email":
        return None if EMAIL_ADDRESS.fullmatch(value) else f"email: {value!r} is not an e-mail address"
    if PHONE.fullmatch(value):
        return None
    better = corrected(value)
    way_out = (
        f"write {better!r} if that is meant"
        if better
        else "write + and the country code, one space, and the number in digits, for example '+1 2065550100'"
    )
    return f"{option}: {value!r} is not a number as the service takes it: {way_out}"


def corrected(number: str) -> str | None:
    """The number as the service takes it, where only the grouping of its digits is in the way.

    Where the country code ends is never guessed, and a trunk prefix such as (0) is not for us to drop.
    """
    grouped = GROUPED.fullmatch(number)
    if grouped is None:
        return None
    digits = re.sub(r"\D", "", grouped.group(2))
    better = f"+{grouped.group(1)} {digits}"
    return better if PHONE.fullmatch(better) and not digits.startswith("0") else None


def caveats(row: Row) -> dict[str, str]:
    """What the operator should know of a row that is fine for the service, by option."""
    by_kind = {m.option: m.caveat for m in METHODS if m.caveat and m.option in row.wanted}
    extensions = {o: EXTENSION for o, value in row.wanted.items() if o != "email" and "x" in value.lower()}
    return {**extensions, **by_kind}


def found_in(methods: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """A user's numbers and address by option, from the methods as Graph lists them; ``HIDDEN`` where it shows none."""
    by_type = {method.phone_type: method.option for method in METHODS if method.phone_type}
    found = {}
    for method in methods:
        if method.get("phoneType") in by_type:
            number = str(method.get("phoneNumber"))
            found[by_type[method["phoneType"]]] = number if SHOWN.fullmatch(number) else HIDDEN
        elif method.get("emailAddress"):
            found["email"] = str(method["emailAddress"])
    return found


def same(there: str, wanted: str) -> bool:
    return there.lower() == wanted.lower()


def not_comparable(row: Row, found: Mapping[str, str]) -> list[str]:
    """The options of a row of which it cannot be told whether they are as asked."""
    return [option for option, value in row.wanted.items() if found.get(option) == HIDDEN and value != ANY]


def writes(row: Row, state: str, found: Mapping[str, str]) -> list[Write]:
    """What is left to write for a row, in the order the service demands. Raises where it would refuse."""
    left_alone = not_comparable(row, found)
    wanted = {option: value for option, value in row.wanted.items() if option not in left_alone}
    if state == ABSENT:
        planned = [
            Write(method, None)
            for method in reversed(METHODS)
            if method.option in wanted
            and method.option in found
            and (wanted[method.option] == ANY or same(found[method.option], wanted[method.option]))
        ]
    else:
        planned = [
            Write(method, wanted[method.option], replaces=method.option in found)
            for method in METHODS
            if method.option in wanted and not same(found.get(method.option, ""), wanted[method.option])
        ]
    after = set(found) | {write.method.option for write in planned if write.value}
    after -= {write.method.option for write in planned if write.value is None}
    for method in METHODS:
        if method.needs and planned and method.option in after and method.needs not in after:
            verb = "give" if state == PRESENT else "remove"
            other = method.needs if state == PRESENT else method.option
            raise SsprError(
                "invalid_setting",
                f"{method.option}: the service has it only beside a {method.needs}",
                hint=f"With it, {verb} {other} too. Nothing of this row was written.",
            )
    return planned
