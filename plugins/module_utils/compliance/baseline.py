# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Baselines: built-in ones, custom ones, and the settings agreed for one tenant.

A custom baseline has passed ``baseline-1.schema.json`` on the controller before it gets here, so its form is known.
What a schema cannot check is checked here: that settings exist, and that values fit them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .._errors import SsprError
from ..data.baselines import BASELINES
from ..settings.pages import CLEARABLE, SETTINGS, group_counts, is_json
from .expectation import FACTS, Expectation, choices_of, value_type

# The id of the baseline that is made of the settings agreed for a tenant, in its inventory
AGREED = "wanted"


@dataclass(frozen=True)
class Control:
    """One control of a baseline. It applies only to tenants that meet ``where``."""

    baseline: str
    control: str
    title: str
    level: str | None
    expectations: tuple[Expectation, ...]
    where: tuple[Expectation, ...] = ()
    fix: str | None = None
    source: str | None = None

    @property
    def id(self) -> str:
        return f"{self.baseline}:{self.control}"

    @property
    def settings(self) -> list[str]:
        return [expectation.setting for expectation in self.expectations]

    @property
    def expected(self) -> str:
        """What it expects, in words."""
        return "; ".join(expectation.text for expectation in self.expectations)

    def applies_to(self, values: Mapping[str, Any]) -> bool | None:
        """Whether it applies to a tenant with these values; None when that is unknown."""
        met = [expectation.met_in(values) for expectation in self.where]
        return False if False in met else None if None in met else True

    def conflicts_with(self, other: Control) -> bool:
        """Whether no value of some setting could meet both."""
        return any(mine.excludes(theirs) for mine in self.expectations for theirs in other.expectations)


@dataclass(frozen=True)
class Baseline:
    id: str
    version: str
    controls: tuple[Control, ...]


def agreed_settings(requested: Mapping[str, Any]) -> Baseline | None:
    """The requested settings of a tenant as a baseline, whose version is a digest of them; None without any."""
    # Without a requested scope, the group counts in tenants whose scope is selected: see _agreed.
    controls = tuple(
        _agreed(option, value, requested)
        for option, value in requested.items()
        if option != "group" or group_counts(requested, "selected")
    )
    digest = hashlib.sha256(json.dumps(requested, sort_keys=True).encode()).hexdigest()
    return Baseline(AGREED, f"sha256:{digest[:16]}", controls) if controls else None


def _agreed(option: str, value: Any, requested: Mapping[str, Any]) -> Control:
    cleared = option in CLEARABLE and value == ""
    depends_on_scope = option == "group" and "scope" not in requested
    return Control(
        baseline=AGREED,
        control=option,
        title=f"{option} is set as agreed",
        level=None,
        expectations=(Expectation(option, "given", False) if cleared else Expectation(option, "equals", value),),
        where=(Expectation("scope", "equals", "selected"),) if depends_on_scope else (),
        fix="Run the runbook, or change it manually.",
    )


def find_baselines(requested: Iterable[Any]) -> list[Baseline]:
    """The baselines that a task requests: names of built-in ones, and dictionaries in the published form.

    Raises: SsprError(invalid_setting) with the place of what is wrong.
    """
    found: list[Baseline] = []
    for index, item in enumerate(requested):
        place = f"baselines[{index}]"
        baseline = _built_in(item, place) if isinstance(item, str) else _own(item, place)
        if baseline.id in (other.id for other in found):
            raise _invalid(place, f"{baseline.id!r} is listed twice")
        found.append(baseline)
    return found


def _built_in(name: str, place: str) -> Baseline:
    if name not in BASELINES:
        raise _invalid(place, f"there is no built-in baseline {name!r}, choose from {', '.join(BASELINES)}")
    return parse_baseline(BASELINES[name], place)


def _own(definition: Mapping[str, Any], place: str) -> Baseline:
    baseline = parse_baseline(definition, place)
    if baseline.id in (AGREED, *BASELINES):
        raise _invalid(f"{place}.id", f"{baseline.id!r} is the id of a built-in baseline")
    return baseline


def parse_baseline(definition: Mapping[str, Any], place: str) -> Baseline:
    """A baseline from its published form. Raises: SsprError(invalid_setting) with the place of what is wrong."""
    controls: list[Control] = []
    for index, item in enumerate(definition["controls"]):
        control = _control(item, definition, f"{place}.controls[{index}]")
        if control.id in (other.id for other in controls):
            raise _invalid(f"{place}.controls[{index}].control", f"{control.control!r} is used twice")
        controls.append(control)
    return Baseline(definition["id"], definition["version"], tuple(controls))


def _control(item: Mapping[str, Any], definition: Mapping[str, Any], place: str) -> Control:
    if "settings" in item:
        pairs = [(pair, f"{place}.settings[{index}]") for index, pair in enumerate(item["settings"])]
    else:
        pairs = [(item, place)]
    return Control(
        baseline=definition["id"],
        control=item["control"],
        title=item["title"],
        level=item.get("level"),
        expectations=tuple(_expectation(pair["setting"], pair["expect"], at, "expect") for pair, at in pairs),
        where=tuple(
            _expectation(setting, expect, f"{place}.where", setting)
            for setting, expect in item.get("where", {}).items()
        ),
        fix=item.get("fix"),
        source=item.get("source") or definition.get("source"),
    )


def _expectation(setting: str, expect: Mapping[str, Any], place: str, key: str) -> Expectation:
    """``key`` is the key that has the test at this place."""
    if value_type(setting) is None:
        known = ", ".join((*SETTINGS, *FACTS))
        where = f"{place}.{'setting' if key == 'expect' else key}"
        raise _invalid(where, f"there is no setting {setting!r}, choose from {known}")
    [(test, expected)] = expect.items()
    expectation = Expectation(setting, test, expected)
    if why := _misfit(expectation):
        raise _invalid(f"{place}.{key}.{test}", why)
    return expectation


def _misfit(expectation: Expectation) -> str | None:
    """Why a test cannot be made of this setting; None when it can."""
    setting = expectation.setting
    if expectation.test == "given":
        return None
    kind = value_type(setting) or str
    if expectation.test == "between" and kind is not int:
        return f"{setting} is not a number, so it has no range"
    for value in expectation.operands:
        if not is_json(value, kind):
            return f"{value!r} is not of type {kind.__name__}, which is the type of {setting}"
        if choices_of(setting) and value not in choices_of(setting):
            return f"{value!r} is not one of {', '.join(map(str, choices_of(setting)))}"
    return None


def _invalid(place: str, why: str) -> SsprError:
    hint = "docs/baselines.md describes the form of a baseline. Nothing was sent."
    return SsprError("invalid_setting", f"{place}: {why}", hint=hint)
