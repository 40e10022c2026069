# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a control expects of one setting: whether a value meets it, its text, and whether two exclude each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .._text import is_guid
from ..settings.pages import SETTINGS, GroupRef

# What can be expected besides the modules' options: whether users are synchronized from an on-premises directory, and
# how many kinds of methods are on beyond those that a reset requires.
FACTS: Mapping[str, type] = {"synced": bool, "spare_methods": int}
_TYPES: Mapping[str, type] = {"str": str, "int": int, "bool": bool}
_BY_NAME = ("equals", "not", "one_of")


def value_type(setting: str) -> type | None:
    """The type of a setting's or fact's value; None when there is no such setting."""
    return FACTS.get(setting) or _TYPES.get(str(_spec(setting).get("type")))


def choices_of(setting: str) -> list[Any]:
    """The values that a setting can have; empty when they are not enumerated."""
    return list(_spec(setting).get("choices", []))


def _spec(setting: str) -> Mapping[str, Any]:
    return SETTINGS[setting].spec if setting in SETTINGS else {}


def _bounds_of(setting: str) -> tuple[int, int]:
    if choices := choices_of(setting):
        return min(choices), max(choices)
    known = SETTINGS.get(setting)
    if known is not None and known.low is not None and known.high is not None:
        return known.low, known.high
    return 0, len(SETTINGS)


def display(value: Any) -> str:
    """A value as an operator reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, GroupRef):
        return value.display_name or value.id
    return "none" if value is None or value == "" else str(value)


def _same(value: Any, expected: Any) -> bool:
    """A GUID always means a group's id, any other text its name. Otherwise types count: 1 is not yes."""
    if isinstance(value, GroupRef):
        text = str(expected).casefold()
        return text == str((value.id if is_guid(text) else value.display_name) or "").casefold()
    return type(value) is type(expected) and bool(value == expected)


TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "equals": _same,
    "one_of": lambda value, expected: any(_same(value, item) for item in expected),
    "between": lambda value, expected: bool(expected[0] <= value <= expected[1]),
    "not": lambda value, expected: not _same(value, expected),
    "given": lambda value, expected: bool(value) is expected,
}
_WORDS: Mapping[str, Callable[[Any], str]] = {
    "equals": display,
    "one_of": lambda expected: " or ".join(map(display, expected)),
    "between": lambda expected: f"{expected[0]} to {expected[1]}",
    "not": lambda expected: f"not {display(expected)}",
    "given": lambda expected: "any" if expected else "none",
}


@dataclass(frozen=True)
class Expectation:
    """One of the tests, for one setting, with what the test compares with."""

    setting: str
    test: str
    expected: Any

    @property
    def text(self) -> str:
        return f"{self.setting}: {_WORDS[self.test](self.expected)}"

    @property
    def operands(self) -> list[Any]:
        """The values that the test names."""
        return list(self.expected) if isinstance(self.expected, (list, tuple)) else [self.expected]

    def met_by(self, value: Any) -> bool | None:
        """None: unknown, since the service returned the group's id without its name."""
        nameless = isinstance(value, GroupRef) and value.display_name is None
        if nameless and self.test in _BY_NAME and not is_guid(str(self.expected)):
            return None
        return TESTS[self.test](value, self.expected)

    def met_in(self, values: Mapping[str, Any]) -> bool | None:
        """The same for what was read; None when the setting was not."""
        return self.met_by(values[self.setting]) if self.setting in values else None

    def excludes(self, other: Expectation) -> bool:
        """Whether no value of the same setting could meet both."""
        if self.setting != other.setting:
            return False
        return not any(self.met_by(value) and other.met_by(value) for value in _candidates(self, other))


def _candidates(one: Expectation, other: Expectation) -> Iterable[Any]:
    """Enough values of a setting to find one that meets both, if there is one: those they name, and the neighbors."""
    setting = one.setting
    named = [*one.operands, *other.operands]
    kind = value_type(setting)
    if kind is bool:
        return (True, False)
    if kind is str:
        return [*choices_of(setting), *named] if choices_of(setting) else ["", "something else", *map(str, named)]
    low, high = _bounds_of(setting)
    return [value for item in named for value in (int(item) - 1, int(item), int(item) + 1) if low <= value <= high]
