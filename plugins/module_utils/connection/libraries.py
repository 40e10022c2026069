# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether this Python has the libraries of requirements.txt."""

from __future__ import annotations

import sys

from .._errors import SsprError
from . import credentials, service_client, token_http


def require_libraries() -> None:
    """Raises: SsprError(environment), which names the library that this interpreter lacks."""
    missing = service_client.IMPORT_ERROR or credentials.IMPORT_ERROR or token_http.IMPORT_ERROR
    if missing is not None:
        raise SsprError(
            "environment",
            f"a Python library is missing for {sys.executable}: {missing}",
            hint="Install msgraph-sdk, azure-identity and msal for this Python (requirements.txt of the collection).",
        )
