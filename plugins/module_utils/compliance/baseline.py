# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The form of a baseline: what a control expects of which settings, and whether a value meets it.

Built-in baselines and a user's own file go through the same door, which names the place of whatever is wrong.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .._errors import SsprError
from ..connection.options import GUID
from ..data.baselines import BASELINES
from ..settings.pages import CLEARABLE, SETTINGS, is_json

# What can be expected besides the modules' options: whether the tenant's users come from a directory on premises, and
# how many kinds of methods are on beyond those that a reset takes.
FACTS: Mapping[str, type] = {"synced": bool, "spare_methods": int}
TYPES: Mapping[str, type] = {"str": str, "int": int, "bool": bool}
OWN = "wanted"
BASELINE_ID = re.compile(r"[a-z][a-z0-9_]*")

_BASELINE_KEYS = {"id", "benchmark", "version", "as_of", "source", "controls"}
_CONTROL_KEYS = {"control", "title", "level", "setting", "expect", "settings", "where", "fix", "source"}


def _same(value: Any, wanted: Any) -> bool:
    """A group has an id and a name; an object id always means the id. Otherwise types count: 1 is not yes."""
    if isinstance(value, Mapping):
        text = str(wanted).casefold()
        return text == str(value["id" if GUID.fullmatch(text) else "display_name"] or "").casefold()
    return type(value) is type(wanted) and bool(value == wanted)


def say(value: Any) -> str:
    """A value as an operator reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return str(value["display_name"] or value["id"])
    return "none" if value is None or value == "" else str(value)


TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "equals": _same,
    "one_of": lambda value, wanted: any(_same(value, item) for item in wanted),
    "between": lambda value, wanted: bool(wanted[0] <= value <= wanted[1]),
    "not": lambda value, wanted: not _same(value, wanted),
    "given": lambda value, wanted: bool(value) is wanted,
}
_WORDS: Mapping[str, Callable[[Any], str]] = {
    "equals": say,
    "one_of": lambda wanted: " or ".join(map(say, wanted)),
    "between": lambda wanted: f"{wanted[0]} to {wanted[1]}",
    "not": lambda wanted: f"not {say(wanted)}",
    "given": lambda wanted: "any" if wanted else "none",
}


@dataclass(frozen=True)
class Need:
    """What is expected of one setting: one of the tests, and what it compares with."""

    setting: str
    test: str
    wanted: Any

    def met_by(self, value: Any) -> bool | None:
        """None: it cannot be told, since the service gave the group's id and not its name."""
        by_name = self.test in ("equals", "not", "one_of") and isinstance(value, Mapping)
        if by_name and value["display_name"] is None and not GUID.fullmatch(str(self.wanted)):
            return None
        return TESTS[self.test](value, self.wanted)

    def met_in(self, values: Mapping[str, Any]) -> bool | None:
        """The same for what was read, None when it was not."""
        return self.met_by(values[self.setting]) if self.setting in values else None

    def text(self) -> str:
        return f"{self.setting}: {_WORDS[self.test](self.wanted)}"


@dataclass(frozen=True)
class Control:
    """One control of a baseline. It is meant only for tenants that meet ``where``."""

    baseline: str
    control: str
    title: str
    level: str | None
    needs: tuple[Need, ...]
    where: tuple[Need, ...] = ()
    fix: str | None = None
    source: str | None = None

    @property
    def id(self) -> str:
        return f"{self.baseline}:{self.control}"


@dataclass(frozen=True)
class Baseline:
    id: str
    version: str
    controls: tuple[Control, ...]


def expected(control: Control) -> str:
    return "; ".join(need.text() for need in control.needs)


def clash(one: Control, other: Control) -> bool:
    """Whether no value of some setting could meet both."""
    return any(
        mine.setting == theirs.setting
        and not any(mine.met_by(value) and theirs.met_by(value) for value in _candidates(mine, theirs))
        for mine in one.needs
        for theirs in other.needs
    )


def _candidates(*needs: Need) -> Iterable[Any]:
    """Enough values of a setting to tell whether these needs have one in common: what they name, and its neighbours."""
    name = needs[0].setting
    kind = _type_of(name)
    if kind is bool:
        return (True, False)
    named = [item for need in needs for item in (need.wanted if isinstance(need.wanted, list) else [need.wanted])]
    if kind is str:
        return [*_choices(name), *named] if _choices(name) else ["", "something else", *map(str, named)]
    low, high = _bounds(name)
    return [value for item in named for value in (int(item) - 1, int(item), int(item) + 1) if low <= value <= high]


def _spec(setting: str) -> Mapping[str, Any]:
    return SETTINGS[setting].spec if setting in SETTINGS else {}


def _type_of(setting: str) -> type | None:
    return FACTS.get(setting) or TYPES.get(_spec(setting).get("type", ""))


def _choices(setting: str) -> list[Any]:
    return list(_spec(setting).get("choices", []))


def _bounds(setting: str) -> tuple[int, int]:
    choices = _choices(setting)
    known = SETTINGS.get(setting)
    if choices:
        return min(choices), max(choices)
    if known is not None and known.low is not None and known.high is not None:
        return known.low, known.high
    return 0, len(SETTINGS)


def own(asked: Mapping[str, Any]) -> Baseline | None:
    """What the tenant's own settings in the inventory want, as a baseline; None when they want nothing.

    A group counts only in scope ``selected``, as in the modules that set it. The version is a digest of the settings.
    """
    controls = []
    for option, value in asked.items():
        idle = option == "group" and asked.get("scope", "selected") != "selected"
        if not idle:
            cleared = option in CLEARABLE and value == ""
            need = Need(option, "given", False) if cleared else Need(option, "equals", value)
            where = (Need("scope", "equals", "selected"),) if option == "group" and "scope" not in asked else ()
            title = f"{option} is as the inventory wants it"
            controls.append(Control(OWN, option, title, None, (need,), where, "Run the runbook, or set it by hand."))
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    return Baseline(OWN, f"sha256:{digest[:16]}", tuple(controls)) if controls else None


def chosen(given: Iterable[Any]) -> list[Baseline]:
    """The baselines of a task: names of built-in ones, and whole ones in the same form."""
    found: list[Baseline] = []
    for index, item in enumerate(given):
        place = f"baselines[{index}]"
        if isinstance(item, str):
            if item not in BASELINES:
                raise _wrong(place, f"there is no baseline {item!r}, only {', '.join(BASELINES)}")
            baseline = parse(BASELINES[item], place)
        else:
            baseline = parse(item, place)
            if baseline.id in (OWN, *BASELINES):
                raise _wrong(f"{place}.id", f"{baseline.id!r} is taken")
        if baseline.id in (other.id for other in found):
            raise _wrong(place, f"{baseline.id!r} is given twice")
        found.append(baseline)
    return found


def parse(given: Any, place: str) -> Baseline:
    """One baseline, or ``invalid_setting`` with the place of what is wrong."""
    entry = _mapping(given, place, _BASELINE_KEYS)
    name = _text(entry, "id", place)
    if not BASELINE_ID.fullmatch(name):
        raise _wrong(f"{place}.id", f"{name!r} is not made of lower-case letters, digits and underscores")
    version = _text(entry, "version", place)
    source = _optional(entry, "source", place)
    for key in ("benchmark", "as_of"):
        _optional(entry, key, place)
    listed = entry.get("controls")
    if not isinstance(listed, list) or not listed:
        raise _wrong(f"{place}.controls", "a list of controls is missing")
    controls: list[Control] = []
    for index, item in enumerate(listed):
        control = _control(item, name, source, f"{place}.controls[{index}]")
        if control.id in (other.id for other in controls):
            raise _wrong(f"{place}.controls[{index}].control", f"{control.control!r} is there twice")
        controls.append(control)
    return Baseline(name, version, tuple(controls))


def _control(given: Any, baseline: str, source: str | None, place: str) -> Control:
    entry = _mapping(given, place, _CONTROL_KEYS)
    name, title = _text(entry, "control", place), _text(entry, "title", place)
    if ("setting" in entry) == ("settings" in entry):
        raise _wrong(place, "give either setting with expect, or settings, a list of both")
    single = [{key: entry[key] for key in ("setting", "expect") if key in entry}]
    pairs = entry.get("settings", single)
    if not isinstance(pairs, list) or not pairs:
        raise _wrong(f"{place}.settings", "a list of setting and expect is missing")
    needs = []
    for index, pair in enumerate(pairs):
        at = f"{place}.settings[{index}]" if "settings" in entry else place
        _mapping(pair, at, {"setting", "expect"})
        needs.append(_need(pair.get("setting"), pair.get("expect"), at))
    where = _mapping(entry.get("where", {}), f"{place}.where", None)
    return Control(
        baseline,
        name,
        title,
        _optional(entry, "level", place),
        tuple(needs),
        tuple(_need(setting, expect, f"{place}.where") for setting, expect in where.items()),
        _optional(entry, "fix", place),
        _optional(entry, "source", place) or source,
    )


def _need(setting: Any, expect: Any, place: str) -> Need:
    kind = _type_of(setting) if isinstance(setting, str) else None
    if kind is None:
        raise _wrong(f"{place}.setting", f"{setting!r} is no setting; settings are {', '.join((*SETTINGS, *FACTS))}")
    if not isinstance(expect, Mapping) or len(expect) != 1 or set(expect) - set(TESTS):
        raise _wrong(f"{place}.expect", f"{expect!r} is not one of {', '.join(TESTS)} with a value")
    [(test, wanted)] = expect.items()
    values = wanted if test in ("one_of", "between") else [wanted]
    wants = bool if test == "given" else kind
    many = test != "between" or (kind is int and isinstance(wanted, list) and len(wanted) == 2)
    if not isinstance(values, list) or not values or not many or not all(is_json(item, wants) for item in values):
        what = {"one_of": f"a list of {wants.__name__}", "between": "a list of two int, for a number"}
        raise _wrong(f"{place}.expect.{test}", f"{wanted!r} is not {what.get(test, f'of type {wants.__name__}')}")
    strange = [item for item in values if _choices(setting) and test != "given" and item not in _choices(setting)]
    if strange:
        raise _wrong(f"{place}.expect.{test}", f"{strange[0]!r} is none of {', '.join(map(str, _choices(setting)))}")
    return Need(setting, test, wanted)


def _mapping(given: Any, place: str, keys: set[str] | None) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise _wrong(place, f"{given!r} is not a dictionary")
    strange = set(given) - keys if keys is not None else set()
    if strange:
        known = ", ".join(sorted(keys or ()))
        raise _wrong(f"{place}.{min(map(str, strange))}", f"there is no such key, only {known}")
    return given


def _text(entry: Mapping[str, Any], key: str, place: str) -> str:
    value = entry.get(key)
    if isinstance(value, str) and value:
        return value
    raise _wrong(f"{place}.{key}", "is missing" if key not in entry else f"{value!r} is no text, put it in quotes")


def _optional(entry: Mapping[str, Any], key: str, place: str) -> str | None:
    return _text(entry, key, place) if entry.get(key) is not None else None


def _wrong(place: str, why: str) -> SsprError:
    return SsprError("invalid_setting", f"{place}: {why}", hint="docs/baselines.md has the form. Nothing was sent.")
