# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where each national cloud keeps its services, as one row a cloud so that they cannot disagree.

Sources: azure-identity's ``AzureAuthorityHosts``, msgraph-core's ``NationalClouds``; the portal hosts and audiences are
undocumented and come from public code. A cloud without a known portal host or audience has portal = None.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from ansible_collections.tenantops.entra.plugins.module_utils._errors import SsprError

# The application id of Microsoft Graph, which some tokens carry as audience instead of the host.
GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"


@dataclass(frozen=True)
class Cloud:
    """The addresses of one cloud: URLs without a trailing slash, the portal's audience as application id."""

    authority_url: str
    graph_url: str
    graph_resource: str
    admin_center: str
    portal_url: str | None
    portal_audience: str | None

    @property
    def graph_scope(self) -> str:
        return f"{self.graph_resource}/.default"

    @property
    def graph_audiences(self) -> frozenset[str]:
        return frozenset({self.graph_resource, f"{self.graph_resource}/", GRAPH_APP_ID})

    @property
    def portal_scope(self) -> str:
        return f"{self.portal_audience}/.default"

    def replaced(self, option: str, url: str | None) -> Cloud:
        """This cloud with one address replaced by the option of that name."""
        return replace(self, **{option: origin(option, url)}) if url else self


def origin(option: str, url: str) -> str:
    """``url`` when it is scheme, host and port only; anything else is an error that names the option."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme != "https" or not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
        raise SsprError(
            "invalid_setting",
            f"{option}: {url!r} is not an address of the form https://host or https://host:port",
            hint=f"Give {option} scheme, host and port only.",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"https://{host}:{port}" if port else f"https://{host}"


CLOUDS = {
    "public": Cloud(
        authority_url="https://login.microsoftonline.com",
        graph_url="https://graph.microsoft.com",
        graph_resource="https://graph.microsoft.com",
        admin_center="https://entra.microsoft.com",
        portal_url="https://main.iam.ad.ext.azure.com",
        portal_audience="74658136-14ec-4630-ad9b-26e160ff0fc6",
    ),
    "usgov": Cloud(
        authority_url="https://login.microsoftonline.us",
        graph_url="https://graph.microsoft.us",
        graph_resource="https://graph.microsoft.us",
        admin_center="https://entra.microsoft.us",
        portal_url="https://main.iam.ad.ext.azure.us",
        portal_audience="ee62de39-b9b0-4886-aa58-08b89c4e3db3",
    ),
    "usdod": Cloud(
        authority_url="https://login.microsoftonline.us",
        graph_url="https://dod-graph.microsoft.us",
        graph_resource="https://dod-graph.microsoft.us",
        admin_center="https://entra.microsoft.us",
        portal_url=None,
        portal_audience=None,
    ),
    "china": Cloud(
        authority_url="https://login.chinacloudapi.cn",
        graph_url="https://microsoftgraph.chinacloudapi.cn",
        graph_resource="https://microsoftgraph.chinacloudapi.cn",
        admin_center="https://entra.microsoftonline.cn",
        portal_url="https://main.iam.ad.ext.azure.cn",
        portal_audience=None,
    ),
}
