# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known about a tenant when its controls are evaluated. What was not read is missing, and has no default."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ..settings.pages import ALL_PAGES, document_of
from ..settings.tenant_documents import Documents, settings_of
from ..users.method_eligibility import COUNTED_METHODS, Policy
from .earlier_results import EarlierResult
from .scope_evidence import ExtraEvidence

_NEEDED_FOR_SPARE_METHODS = frozenset({"methods_required", "methods.email", "methods.security_questions"})


@dataclass(frozen=True)
class TenantFacts:
    """What was read of a tenant, and what else is known.

    ``values`` has the settings and facts that were read, and no others. ``unread`` has the reason for the others.
    ``read_at`` is when (ISO 8601). ``earlier`` has each control's result when its settings were last read.
    """

    values: Mapping[str, Any]
    unread: Mapping[str, str]
    read_at: str
    extra: ExtraEvidence = field(default_factory=ExtraEvidence)
    earlier: Mapping[str, EarlierResult] = field(default_factory=dict)


def identity_facts(synced: bool | None) -> dict[str, Any]:
    """The facts that are known as soon as the tenant was identified."""
    return {} if synced is None else {"synced": synced}


def read_values(documents: Documents, *, unread: Collection[str], synced: bool | None, as_of: date) -> dict[str, Any]:
    """The settings that were read, and the facts that follow from them. ``unread`` are options without an answer."""
    values = {
        option: value
        for option, value in settings_of(documents, ALL_PAGES).items()
        if option not in unread and documents.get(document_of(option, documents.migrated)) is not None
    }
    values.update(identity_facts(synced))
    if set(values) >= _NEEDED_FOR_SPARE_METHODS:
        values["spare_methods"] = _spare_methods(values, documents.migrated, as_of)
    return values


def _spare_methods(values: Mapping[str, Any], migrated: bool | None, as_of: date) -> int:
    """How many kinds of methods are on beyond those that a reset requires."""
    kinds = Policy(values, migrated, as_of).kinds(frozenset(COUNTED_METHODS))
    return max(0, len(kinds) - int(values["methods_required"]))
