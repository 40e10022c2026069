# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Microsoft Graph reports about a tenant as a whole: the organization, subscriptions, sign-in policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._errors import GRAPH, SsprError
from ..connection.service_client import ServiceClient
from . import permissions

_ORGANIZATION = "id,displayName,verifiedDomains,onPremisesSyncEnabled"
_SYNCED = "onPremisesSyncEnabled"
# Statuses in which a subscription or an assigned plan counts
IN_FORCE = ("Enabled", "Warning")


@dataclass(frozen=True)
class TenantIdentity:
    """A tenant as it describes itself. ``domains`` are its verified domains, in lower case.

    ``synced`` is whether its users come from an on-premises directory; None when Graph does not report it.
    """

    id: str
    display_name: str | None
    default_domain: str | None
    domains: frozenset[str] = frozenset()
    synced: bool | None = None

    @classmethod
    def of(cls, organization: Mapping[str, Any]) -> TenantIdentity:
        """From an organization as Graph returns it."""
        entries = [entry for entry in organization.get("verifiedDomains") or [] if isinstance(entry, dict)]
        name = organization.get("displayName")
        return cls(
            id=str(organization.get("id", "")).lower(),
            display_name=str(name) if name else None,
            default_domain=next((str(entry.get("name")) for entry in entries if entry.get("isDefault")), None),
            domains=frozenset(str(entry.get("name", "")).lower() for entry in entries),
            # Null in a tenant that was never synchronized
            synced=bool(organization[_SYNCED]) if _SYNCED in organization else None,
        )

    @property
    def name(self) -> str:
        """What to call the tenant in a heading."""
        return self.default_domain or self.id

    def require(self, tenant_id: str, domains: tuple[str, ...]) -> None:
        """Raises: SsprError(tenant_mismatch), when this is not the expected tenant."""
        if self.id != tenant_id:
            raise SsprError(
                "tenant_mismatch",
                f"Microsoft Graph returned organization {self.id or 'unknown'} ({self.display_name or 'no name'}), "
                f"but the token is for tenant {tenant_id}",
                plane=GRAPH,
                hint="Check graph_url, and any proxy between this host and Microsoft Graph.",
            )
        self.require_domains(domains)

    def require_domains(self, domains: tuple[str, ...]) -> None:
        """Raises: SsprError(tenant_mismatch), when one of these is not a verified domain of the tenant."""
        foreign = [domain for domain in domains if domain not in self.domains]
        if foreign:
            raise SsprError(
                "tenant_mismatch",
                f"{self.display_name or 'tenant'} ({self.id}) has no verified domain {' or '.join(foreign)}",
                plane=GRAPH,
                hint="Check tenant_id and expected_domain: they point to different tenants.",
            )

    def as_result(self) -> dict[str, str | None]:
        """The ``tenant`` key of a result."""
        return {"id": self.id, "display_name": self.display_name, "default_domain": self.default_domain}


async def read_organization(graph: ServiceClient) -> dict[str, Any]:
    """The organization as Graph returns it: ``id``, ``displayName``, ``verifiedDomains``, ``onPremisesSyncEnabled``."""
    answer = await graph.read("organization", {"$select": _ORGANIZATION}, needs=permissions.READ_ORGANIZATION)
    entries = answer.get("value")
    if not isinstance(entries, list) or len(entries) != 1 or not isinstance(entries[0], dict):
        raise SsprError("unexpected_document", "Microsoft Graph returned no organization", plane=GRAPH)
    return entries[0]


async def read_subscriptions(graph: ServiceClient) -> dict[str, frozenset[str]]:
    """The ids of the service plans in force, by id of the subscribed SKU that contains them."""
    query = {"$select": "skuId,capabilityStatus,servicePlans"}
    return {
        str(sku["skuId"]).lower(): frozenset(
            str(plan["servicePlanId"]).lower()
            for plan in sku.get("servicePlans") or []
            if plan.get("provisioningStatus") == "Success"
        )
        for sku in await graph.read_list("subscribedSkus", query, needs=permissions.READ_SUBSCRIPTIONS)
        if sku.get("capabilityStatus") in IN_FORCE
    }


async def read_security_defaults(graph: ServiceClient) -> bool:
    """Whether security defaults are on."""
    path = "policies/identitySecurityDefaultsEnforcementPolicy"
    return (await graph.read(path, needs=permissions.READ_POLICIES))["isEnabled"] is True


async def read_conditional_access(graph: ServiceClient) -> list[dict[str, Any]]:
    """The Conditional Access policies, as Graph returns them."""
    return await graph.read_list("identity/conditionalAccess/policies", {}, needs=permissions.READ_POLICIES)
