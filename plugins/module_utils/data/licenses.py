# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What subscriptions allow of self-service password reset. Data, not code: literals only.

``reset``: yes, no, or disputed where Microsoft's own pages disagree. ``writeback``: passwords written back to the
organization's own directory. ``report``: the registration report. Decide by service plan; by SKU only where a product
has no plan of its own. Product names mislead: O365_BUSINESS_PREMIUM is Business Standard.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# By service plan id, the better first.
SERVICE_PLANS: Mapping[str, Mapping[str, Any]] = {
    "eec0eb4f-6444-4f95-aba0-50c24d67f998": {
        "name": "P2",
        "part_number": "AAD_PREMIUM_P2",
        "reset": "yes",
        "writeback": True,
        "report": True,
        "source": "concept-sspr-licensing; product names and service plan identifiers",
        "as_of": "2026-11-21",
    },
    "41781fb2-bc02-4b7c-bd55-b576c07bb09d": {
        "name": "P1",
        "part_number": "AAD_PREMIUM",
        "reset": "yes",
        "writeback": True,
        "report": True,
        "source": "concept-sspr-licensing; product names and service plan identifiers",
        "as_of": "2026-11-21",
    },
}

# By SKU id: products without a service plan above. ``users`` are the service plans by which a user who has the product
# is recognised in a tenant that has it.
SKUS: Mapping[str, Mapping[str, Any]] = {
    "f245ecc8-75af-4f8e-b61f-27d8114de5f3": {
        "name": "Microsoft 365 Business Standard",
        "part_number": "O365_BUSINESS_PREMIUM",
        "reset": "yes",
        "users": ("094e7854-93fc-4d55-b2c0-3ab5369ebdc1",),
        "source": "concept-sspr-licensing; SKU ids from public tables",
        "as_of": "2026-11-21",
    },
    "ac5cef5d-921b-4f97-9ef3-c99076e5470f": {
        "name": "Microsoft 365 Business Standard (prepaid legacy)",
        "part_number": "SMB_BUSINESS_PREMIUM",
        "reset": "yes",
        "users": ("094e7854-93fc-4d55-b2c0-3ab5369ebdc1",),
        "source": "concept-sspr-licensing; SKU ids from public tables",
        "as_of": "2026-11-21",
    },
    "3b555118-da6a-4418-894f-7df1e2096870": {
        "name": "Microsoft 365 Business Basic",
        "part_number": "O365_BUSINESS_ESSENTIALS",
        "reset": "disputed",
        "users": (),
        "source": "concept-sspr-licensing does not list it, fundamentals/licensing ticks all of Office 365",
        "as_of": "2026-11-21",
    },
    "dab7782a-93b1-4074-8bb1-0e61318bea0b": {
        "name": "Microsoft 365 Business Basic",
        "part_number": "SMB_BUSINESS_ESSENTIALS",
        "reset": "disputed",
        "users": (),
        "source": "concept-sspr-licensing does not list it, fundamentals/licensing ticks all of Office 365",
        "as_of": "2026-11-21",
    },
    "6fd2c87f-b296-42f0-b197-1e91e994b900": {
        "name": "Office 365 E3",
        "part_number": "ENTERPRISEPACK",
        "reset": "disputed",
        "users": (),
        "source": "concept-sspr-licensing does not list it, fundamentals/licensing ticks all of Office 365",
        "as_of": "2026-11-21",
    },
}

# A tenant with none of these.
FREE: Mapping[str, Any] = {
    "name": "Free",
    "reset": "disputed",
    "source": "concept-sspr-licensing says no, fundamentals/licensing of 2026-06-18 says yes",
    "as_of": "2026-11-21",
}
