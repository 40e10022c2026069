# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file names of tenants' pages."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantops.entra.plugins.plugin_utils._report.file_names import file_names


@given(
    st.lists(st.text() | st.sampled_from(["con", "con.x", "..", "a", "A", "a-", "ä", "a/b", "x" * 300]), unique=True)
)
def test_file_names_are_safe_and_each_hosts_own(hosts: list[str]) -> None:
    names = file_names(hosts)
    assert len({name.casefold() for name in names.values()}) == len(hosts)
    for name in names.values():
        assert re.fullmatch(r"[a-z0-9][a-z0-9._~-]*\.html", name)
        assert len(name) < 120
        assert name.split(".")[0] not in ("con", "nul", "aux", "prn", "com1", "lpt9")
    assert all(file_names([host]) == {host: names[host]} for host in hosts), "not by what else there is"


def test_plain_hosts_keep_their_names() -> None:
    assert file_names(["contoso", "fabrikam.eu"]) == {
        "contoso": "contoso.html",
        "fabrikam.eu": "fabrikam.eu.html",
    }
