# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file name of each tenant's page."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

# Names that Windows gives to devices, whatever the extension
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_LONGEST = 80


def file_names(hosts: Iterable[str]) -> dict[str, str]:
    """A safe file name for each host: always the same for the same host, and unlike that of any other, on any disk."""
    return {host: f"{_stem(host)}.html" for host in hosts}


def _stem(host: str) -> str:
    plain = re.sub(r"[^a-z0-9._-]+", "-", host.lower()).strip(".-_")[:_LONGEST]
    if _DEVICE.fullmatch(plain):
        plain = f"tenant-{plain}"
    if plain and plain == host:
        return plain
    # A plain name has no tilde, so no other host can have this one.
    return f"{plain or 'tenant'}~{hashlib.sha256(host.encode('utf-8', 'surrogatepass')).hexdigest()[:10]}"
