# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which subscriptions include self-service password reset. Data, not code: literals only.

``reset``: yes, no, or disputed where Microsoft's own pages disagree. ``writeback``: passwords are written back to an
on-premises directory. Decide by service plan; by SKU only where a product has no service plan of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# By service plan id, the better one first
SERVICE_PLANS: Mapping[str, Mapping[str, Any]] = {
    # AAD_PREMIUM_P2
    "eec0eb4f-6444-4f95-aba0-50c24d67f998": {
        "name": "P2",
        "reset": "yes",
        "writeback": True,
        "source": "concept-sspr-licensing; product names and service plan identifiers",
        "as_of": "2026-11-21",
    },
    # AAD_PREMIUM
    "41781fb2-bc02-4b7c-bd55-b576c07bb09d": {
        "name": "P1",
        "reset": "yes",
        "writeback": True,
        "source": "concept-sspr-licensing; product names and service plan identifiers",
        "as_of": "2026-11-21",
    },
}

# By SKU id: products without a service plan above. ``users`` are the service plans by which a user who has the product
# is recognized in a tenant that has it. SKU part numbers mislead: O365_BUSINESS_PREMIUM is Business Standard.
SKUS: Mapping[str, Mapping[str, Any]] = {
    # O365_BUSINESS_PREMIUM
    "f245ecc8-75af-4f8e-b61f-27d8114de5f3": {
        "name": "Microsoft 365 Business Standard",
        "reset": "yes",
        "users": ("094e7854-93fc-4d55-b2c0-3ab5369ebdc1",),
        "source": "concept-sspr-licensing; SKU ids from public tables",
        "as_of": "2026-11-21",
    },
    # SMB_BUSINESS_PREMIUM
    "ac5cef5d-921b-4f97-9ef3-c99076e5470f": {
        "name": "Microsoft 365 Business Standard (prepaid legacy)",
        "reset": "yes",
        "users": ("094e7854-93fc-4d55-b2c0-3ab5369ebdc1",),
        "source": "concept-sspr-licensing; SKU ids from public tables",
        "as_of": "2026-11-21",
    },
    # O365_BUSINESS_ESSENTIALS
    "3b555118-da6a-4418-894f-7df1e2096870": {
        "name": "Microsoft 365 Business Basic",
        "reset": "disputed",
        "users": (),
        "source": "concept-sspr-licensing does not list it, fundamentals/licensing ticks all of Office 365",
        "as_of": "2026-11-21",
    },
    # SMB_BUSINESS_ESSENTIALS
    "dab7782a-93b1-4074-8bb1-0e61318bea0b": {
        "name": "Microsoft 365 Business Basic",
        "reset": "disputed",
        "users": (),
        "source": "concept-sspr-licensing does not list it, fundamentals/licensing ticks all of Office 365",
        "as_of": "2026-11-21",
    },
    # ENTERPRISEPACK
    "6fd2c87f-b296-42f0-b197-1e91e994b900": {
        "name": "Office 365 E3",
        "reset": "disputed",
        "users": (),
        "source": "concept-sspr-licensing does not list it, fundamentals/licensing ticks all of Office 365",
        "as_of": "2026-11-21",
    },
}

# A tenant with none of these
FREE: Mapping[str, Any] = {
    "name": "Microsoft Entra ID Free",
    "reset": "disputed",
    "source": "concept-sspr-licensing says no, fundamentals/licensing of 2026-06-18 says yes",
    "as_of": "2026-11-21",
}
