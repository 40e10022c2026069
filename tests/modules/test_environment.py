# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with the controller itself is said so: it is no bug, and no fault of a tenant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .conftest import Tenant
from .test_faults import here

WRITE: dict[str, Any] = {"notify_admins": True}


def state_directory(tenant: Tenant) -> Path:
    directory = tenant.ansible.home / "tenantops.entra"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def state_file(tenant: Tenant) -> Path:
    """The file of the tenant's lock and recent writes, which the first write creates."""
    assert here(tenant, "sspr_notifications", **WRITE).changed
    [path] = state_directory(tenant).glob("*.json")
    return path


@pytest.mark.parametrize("module", ["sspr_info", "sspr_notifications"])
def test_a_state_file_that_cannot_be_used(tenant: Tenant, module: str) -> None:
    path = state_file(tenant)
    path.unlink()
    path.mkdir()
    written = len(tenant.writes())
    result = here(tenant, module, **({"notify_users": False} if module == "sspr_notifications" else {}))
    assert (result.kind, result.changed) == ("environment", False), result.values
    assert str(path.parent) in result["msg"]
    assert "ANSIBLE_HOME" in result["error"]["hint"]
    assert len(tenant.writes()) == written


def test_a_state_directory_that_cannot_be_created(tenant: Tenant) -> None:
    directory = state_directory(tenant)
    directory.rmdir()
    directory.write_text("a file, not a directory")
    result = here(tenant, "sspr_notifications", **WRITE)
    assert (result.kind, result.changed) == ("environment", False)
    assert tenant.writes() == []


@pytest.mark.parametrize("content", [None, "", "not a certificate"], ids=["missing", "empty", "no PEM"])
def test_a_ca_bundle_that_cannot_be_used(tenant: Tenant, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    result = here(tenant, "sspr_info", ca_path=str(path))
    assert result.kind == "environment"
    assert result["msg"].startswith(f"ca_path: '{path}'")
    assert tenant.requests() == []
