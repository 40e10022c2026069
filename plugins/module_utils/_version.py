# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection's version, for the files that a module writes; a test compares it with galaxy.yml.

Data, not code: a module that runs in a separate process cannot see galaxy.yml.
"""

from __future__ import annotations

COLLECTION = "tenantops.entra"
VERSION = "0.1.0"
