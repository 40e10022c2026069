# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where each national cloud has its services, one row per cloud. Data, not code: literals only.

Sources: azure-identity's ``AzureAuthorityHosts`` and msgraph-core's ``NationalClouds``. The portal's hosts and
audiences are undocumented and come from public code; None where no host or audience is known.
"""

from __future__ import annotations

from collections.abc import Mapping

CLOUDS: Mapping[str, Mapping[str, str | None]] = {
    "public": {
        "authority_url": "https://login.microsoftonline.com",
        "graph_url": "https://graph.microsoft.com",
        "graph_resource": "https://graph.microsoft.com",
        "admin_center": "https://entra.microsoft.com",
        "portal_url": "https://main.iam.ad.ext.azure.com",
        "portal_audience": "74658136-14ec-4630-ad9b-26e160ff0fc6",
    },
    "usgov": {
        "authority_url": "https://login.microsoftonline.us",
        "graph_url": "https://graph.microsoft.us",
        "graph_resource": "https://graph.microsoft.us",
        "admin_center": "https://entra.microsoft.us",
        "portal_url": "https://main.iam.ad.ext.azure.us",
        "portal_audience": "ee62de39-b9b0-4886-aa58-08b89c4e3db3",
    },
    "usdod": {
        "authority_url": "https://login.microsoftonline.us",
        "graph_url": "https://dod-graph.microsoft.us",
        "graph_resource": "https://dod-graph.microsoft.us",
        "admin_center": "https://entra.microsoft.us",
        "portal_url": None,
        "portal_audience": None,
    },
    "china": {
        "authority_url": "https://login.chinacloudapi.cn",
        "graph_url": "https://microsoftgraph.chinacloudapi.cn",
        "graph_resource": "https://microsoftgraph.chinacloudapi.cn",
        "admin_center": "https://entra.microsoftonline.cn",
        "portal_url": "https://main.iam.ad.ext.azure.cn",
        "portal_audience": None,
    },
}
