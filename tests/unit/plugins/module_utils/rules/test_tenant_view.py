# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What rules look at: whom methods are for, what is assumed, and why a rule is undecided."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ansible_collections.tenantops.entra.plugins.module_utils._errors import Unavailable
from ansible_collections.tenantops.entra.plugins.module_utils.rules.tenant_view import TenantView, Undecided
from ansible_collections.tenantops.entra.plugins.module_utils.settings.pages import GroupRef
from ansible_collections.tenantops.entra.plugins.module_utils.users.method_eligibility import Audience

USERS = {"sales": {"kim", "lee"}, "north": {"lee"}}
TODAY = date(2026, 11, 25)


def view(migrated: bool = True, **fields: Any) -> TenantView:
    settings = {"scope": "all", "methods_required": 1, "methods.email": True, **fields.pop("settings", {})}
    return TenantView(settings=settings, migrated=migrated, **fields)


@pytest.mark.parametrize(
    ("target", "groups", "audience"),
    [
        ({"include": ["SALES"], "exclude": []}, {"sales"}, Audience(frozenset({"kim", "lee"}))),
        (
            {"include": ["sales"], "exclude": ["North"]},
            {"sales", "north"},
            Audience(frozenset(USERS["sales"]), frozenset({"lee"})),
        ),
        ({"include": ["all_users", "sales"], "exclude": ["north"]}, {"north"}, Audience(None, frozenset({"lee"}))),
        ({"include": [], "exclude": []}, set(), Audience(frozenset())),
    ],
)
def test_whom_a_method_is_for(target: dict[str, list[str]], groups: set[str], audience: Audience) -> None:
    found = view(targets={"email": target})
    assert found.target_groups() == groups
    assert found.audiences(USERS.__getitem__) == {"methods.email": audience}


def test_what_the_legacy_policy_offers_is_for_everyone() -> None:
    targets = {"email": {"include": ["sales"], "exclude": []}, "office_phone": {"include": ["sales"], "exclude": []}}
    between = view(migrated=False, migration_state="migrationInProgress", targets=targets)
    assert list(between.audiences(USERS.__getitem__)) == ["methods.office_phone"]


def test_the_policy_of_a_day() -> None:
    pilot = view(
        settings={"scope": "selected", "group": GroupRef("SALES", None)},
        targets={"email": {"include": ["north"], "exclude": []}},
    )
    policy = pilot.policy(TODAY, members=USERS["sales"], audiences=pilot.audiences(USERS.__getitem__))
    assert (pilot.group, policy.day, policy.scope) == ("sales", TODAY, "selected")
    assert [policy.covers(user) for user in ("kim", "lee", "max")] == [True, True, False]
    assert [policy.for_user(user).suffices(frozenset({"email"})) for user in ("kim", "lee")] == [False, True]


def test_only_what_is_unknown_is_assumed() -> None:
    found = view(settings={"scope": None}).assuming({"scope": "none", "methods_required": 2})
    assert (found.settings["scope"], found.settings["methods_required"]) == ("none", 1)


def test_why_a_rule_is_undecided() -> None:
    unread = Unavailable("skus", "permission", "may not read", "Grant it.")
    found = view(facts={("skus",): unread})
    with pytest.raises(Undecided) as denied:
        found.require_fact("skus")
    assert (denied.value.reason, denied.value.hint, denied.value.fact) == ("permission", "Grant it.", None)
    with pytest.raises(Undecided) as missing:
        found.require_fact("group_users", "sales")
    assert (missing.value.reason, missing.value.fact) == ("unknown", ("group_users", "sales"))
    with pytest.raises(Undecided) as idle:
        found.known_fact("registrations")
    assert (idle.value.reason, idle.value.fact) == ("not_needed", None)
