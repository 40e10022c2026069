# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simulator of Microsoft Entra: token service, Microsoft Graph and the portal API, for many tenants on one port."""

from __future__ import annotations

from .server import Simulator

__all__ = ["Simulator"]
