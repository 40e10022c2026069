# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The settings that are read from one tenant are what another tenant is given."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import GROUP
from .test_faults import here

OTHER_GROUP = f"{GROUP[:-1]}9"
SOURCE = {
    "enablementType": 1,
    "passwordResetEnabledGroupIds": [GROUP],
    "numberOfAuthenticationMethodsRequired": 2,
    "registrationReconfirmIntevalInDays": 90,
    "registrationRequiredOnSignIn": False,
    "notifyOnAdminPasswordReset": True,
    "customizeHelpdeskLink": True,
    "customHelpdeskEmailOrUrl": "it@contoso.com",
}


@pytest.mark.parametrize("migration_state", ["migrationComplete", "preMigration"])
def test_settings_of_one_tenant_are_set_in_another(make_tenant: Any, migration_state: str) -> None:
    methods = {"Email": {"state": "disabled"}, "SoftwareOath": {"state": "enabled"}}
    source = make_tenant(
        portal_policy=SOURCE,
        migration_state=migration_state,
        authentication_methods_policy=methods,
        plans=["AAD_PREMIUM"],
    )
    target = make_tenant(
        groups=[{"id": OTHER_GROUP, "displayName": "SSPR Pilot"}],
        migration_state=migration_state,
        plans=["AAD_PREMIUM"],
    )
    settings = here(source, "sspr_info")["settings"]
    assert settings["group"] == "SSPR Pilot", "its name, since an object ID belongs to one tenant"
    assert settings["reconfirm_days"] == 90
    given = {**settings, "allow_sign_in_change": True}
    assert here(target, "sspr_policy", **given).changed
    assert here(target, "sspr_info")["settings"] == settings
    assert target.policy["passwordResetEnabledGroupIds"] == [OTHER_GROUP]
    for tenant in (source, target):
        written = len(tenant.writes())
        again = here(tenant, "sspr_policy", **given)
        assert (again.ok, again.changed) == (True, False), again.values
        assert len(tenant.writes()) == written


@pytest.mark.parametrize(
    "groups",
    [
        [{"id": GROUP, "displayName": "SSPR Pilot"}, {"id": OTHER_GROUP, "displayName": "SSPR Pilot"}],
        [{"id": GROUP, "displayName": ""}],
    ],
    ids=["two of that name", "no name"],
)
def test_a_group_without_a_unique_name_is_its_id(make_tenant: Any, groups: list[dict[str, Any]]) -> None:
    tenant = make_tenant(portal_policy=SOURCE, groups=groups)
    assert here(tenant, "sspr_info")["settings"]["group"] == GROUP
