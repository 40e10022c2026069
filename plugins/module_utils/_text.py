# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text forms of options: object ids, domains, addresses, and whether an option is given at all."""

from __future__ import annotations

import re
from typing import Any

GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.IGNORECASE)
EMAIL_ADDRESS = re.compile(r"[^\s@:/<>()\[\],;\"]+@[^\s@:/<>()\[\],;\"]+\.[^\s@:/<>()\[\],;\".]+")
WEB_ADDRESS = re.compile(r"https?://[^\s/?#@]+(?:[/?#]\S*)?", re.IGNORECASE)


def is_guid(text: str) -> bool:
    """Whether the whole text is an object id."""
    return GUID.fullmatch(text) is not None


def is_given(value: Any) -> bool:
    """Whether an option is given: an empty string counts as not given, wherever it comes from."""
    return value is not None and value != ""
