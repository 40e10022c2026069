# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Remove secrets from everything a task returns, in every encoding in which they can appear."""

from __future__ import annotations

import base64
import json
import re
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "********"
# Shorter values would match inside ordinary words and make the output unreadable.
SHORTEST_SECRET = 4
# Anything that looks like a token or the beginning of one, including tokens that this task does not know.
TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*")


def forms(secret: str) -> set[str]:
    """The secret itself, and how it looks base64-encoded, URL-encoded and inside JSON."""
    raw = secret.encode()
    encoded = {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    return {
        secret,
        *encoded,
        *(text.rstrip("=") for text in encoded),
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
    }


class Redactor:
    """Knows the secrets of one task: given options, and tokens as they are obtained."""

    def __init__(self) -> None:
        self._forms: list[str] = []

    def add(self, secret: str | None) -> None:
        if not secret or len(secret) < SHORTEST_SECRET:
            return
        known = forms(secret).union(self._forms)
        # A PEM text can reappear line by line, and its longest lines are the key itself.
        known.update(line for line in secret.splitlines() if len(line) >= 32 and "-----" not in line)
        self._forms = sorted((form for form in known if len(form) >= SHORTEST_SECRET), key=len, reverse=True)

    def text(self, value: str) -> str:
        for form in self._forms:
            value = value.replace(form, MASK)
        return TOKEN.sub(MASK, value)

    def clean(self, value: Any) -> Any:
        """A copy of ``value`` (JSON-like) without secrets, dictionary keys included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.clean(key): self.clean(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.clean(item) for item in value]
        return value
