# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which certificate authorities to trust. Reading the system's takes about 20 ms, so it is done once per process."""

from __future__ import annotations

import ssl
from functools import lru_cache

from .._errors import SsprError


@lru_cache
def trust(ca_path: str | None) -> ssl.SSLContext:
    """The certificate authorities to trust: those of the file, or the system's.

    Raises: SsprError(environment).
    """
    try:
        return ssl.create_default_context(cafile=ca_path)
    except OSError as exc:
        raise SsprError(
            "environment",
            f"ca_path: {ca_path!r} is not a readable CA bundle ({exc.strerror or exc})",
            hint="Use the path of a PEM file on the controller.",
        ) from exc
