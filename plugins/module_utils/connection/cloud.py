# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The addresses and audiences of one cloud, replaced by private endpoints where these are given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from .._errors import GRAPH, Plane, SsprError
from ..data.clouds import CLOUDS

# The application id of Microsoft Graph, which some tokens carry as audience instead of the host.
GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"


@dataclass(frozen=True)
class Cloud:
    """The addresses of one cloud: URLs without a trailing slash, the portal's audience as application id.

    ``own_authority`` is whether the authority was replaced by another one, which Entra does not know.
    """

    name: str
    authority_url: str
    graph_url: str
    graph_resource: str
    admin_center: str
    portal_url: str | None
    portal_audience: str | None
    own_authority: bool = False

    @classmethod
    def named(
        cls,
        name: str,
        *,
        authority_url: str | None = None,
        graph_url: str | None = None,
        portal_url: str | None = None,
    ) -> Cloud:
        """A cloud by its name, with some addresses replaced. Raises: SsprError(invalid_setting)."""
        row = CLOUDS[name]
        cloud = cls(
            name,
            authority_url=str(row["authority_url"]),
            graph_url=str(row["graph_url"]),
            graph_resource=str(row["graph_resource"]),
            admin_center=str(row["admin_center"]),
            portal_url=row["portal_url"],
            portal_audience=row["portal_audience"],
        )
        given = {"authority_url": authority_url, "graph_url": graph_url, "portal_url": portal_url}
        replaced = {option: origin(option, url) for option, url in given.items() if url}
        return replace(cloud, **replaced, own_authority="authority_url" in replaced) if replaced else cloud

    @property
    def has_portal(self) -> bool:
        """Whether the address and audience of this cloud's portal API are known."""
        return bool(self.portal_url and self.portal_audience)

    def scope(self, plane: Plane) -> str:
        """The OAuth scope to request for a service."""
        return f"{self.graph_resource if plane == GRAPH else self.portal_audience}/.default"

    def audiences(self, plane: Plane) -> frozenset[str]:
        """What may be the audience of a token for a service."""
        if plane == GRAPH:
            return frozenset({self.graph_resource, f"{self.graph_resource}/", GRAPH_APP_ID})
        return frozenset({str(self.portal_audience)})


def origin(option: str, url: str) -> str:
    """``url`` when it is scheme, host and port only. Raises: SsprError(invalid_setting) that names the option."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme != "https" or not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
        raise SsprError(
            "invalid_setting",
            f"{option}: {url!r} is not an address of the form https://host or https://host:port",
            hint=f"Set {option} to scheme, host and port only.",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"https://{host}:{port}" if port else f"https://{host}"
