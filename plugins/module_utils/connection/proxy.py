# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one error for a proxy that is configured on this controller and cannot be used."""

from __future__ import annotations

from .._errors import SsprError


def unusable_proxy(why: str) -> SsprError:
    """``why`` must not have the proxy's address in it, which may have a password."""
    return SsprError(
        "environment",
        f"the proxy that is configured on this controller cannot be used ({why})",
        hint="Check HTTPS_PROXY, ALL_PROXY and NO_PROXY: an http:// address is needed, and SOCKS is not supported.",
    )
