# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts that results of several modules have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._failures import Result
from ..connection.cloud import Cloud
from ..runs.run_record import digests
from ..services.session import Session
from ..settings.pages import Page, nest
from ..settings.tenant_documents import Documents


@dataclass(frozen=True)
class SettingsChange:
    """What a task did to settings, or would do in check mode (``predicted``).

    ``before`` and ``after`` have every option that the task manages, ``shown`` those that a diff shows.
    """

    session: Session
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    shown: Sequence[str]
    changed: bool
    predicted: bool
    documents: Documents

    def as_result(self) -> Result:
        session = self.session
        return {
            "changed": self.changed,
            "diff": settings_diff(
                session.tenant.name,
                {option: self.before[option] for option in self.shown},
                {option: self.after[option] for option in self.shown},
                after_label="predicted" if self.predicted else "after",
            ),
            "settings": nest(self.after),
            "previous": nest(self.before),
            "tenant": session.tenant.as_result(),
            "verified": not self.predicted,
            "digests": digests(self.documents),
            "request_ids": session.request_ids,
        }


def settings_diff(
    tenant: str, before: Mapping[str, Any], after: Mapping[str, Any], *, before_label: str = "before", after_label: str
) -> dict[str, Any]:
    """A diff of settings, with the tenant in its headers."""
    return {
        "before_header": f"{tenant} ({before_label})",
        "after_header": f"{tenant} ({after_label})",
        "before": nest(before),
        "after": nest(after),
    }


def manual_steps(pages: Iterable[Page], settings: Mapping[str, Any], cloud: Cloud) -> list[dict[str, Any]]:
    """What an administrator has to set in the admin center, page by page."""
    return [
        {"page": page.name, "link": page.link(cloud.admin_center), "settings": nest(of_page)}
        for page in pages
        if (of_page := {option: settings[option] for option in page.options if option in settings})
    ]
