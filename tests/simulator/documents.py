# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documents of a tenant nobody has configured yet, as the services answer them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

ABSENT = "<absent>"
ZERO_GUID = "00000000-0000-0000-0000-000000000000"
ALL_USERS = "all_users"
ODATA_TYPE = "@odata.type"
METADATA = "https://graph.microsoft.com/v1.0/$metadata#"

# Service plans by name. Source: Microsoft's list of product names and service plan identifiers.
_PLANS = {
    "AAD_PREMIUM": "41781fb2-bc02-4b7c-bd55-b576c07bb09d",
    "AAD_PREMIUM_P2": "eec0eb4f-6444-4f95-aba0-50c24d67f998",
    "AAD_SMB": "de377cbc-0019-4ec2-b77c-3f223947e102",
    "EXCHANGE_S_ENTERPRISE": "efb87545-963c-4e0d-99df-69c6916d9eb0",
    "EXCHANGE_S_STANDARD": "9aaf7827-d63c-4b61-89c3-182f06f82e5c",
    "INTUNE_A": "c1ec4a95-1f05-45b3-a911-aa3fa01094f5",
    "OFFICE_BUSINESS": "094e7854-93fc-4d55-b2c0-3ab5369ebdc1",
    "SHAREPOINTSTANDARD": "c7699d2e-19aa-44de-8edf-1736da088ca1",
    "TEAMS1": "57ff2da0-773e-42df-b2af-ffb7a2317929",
}
# SKUs by part number, which misleads: O365_BUSINESS_PREMIUM is Microsoft 365 Business Standard, SPB Business Premium.
_SKUS = {
    "AAD_PREMIUM": ("078d2b04-f1bd-4111-bbd4-b4b1b354cef4", ("AAD_PREMIUM",)),
    "AAD_PREMIUM_P2": ("84a661c4-e949-4bd2-a560-ed7766fcaf2b", ("AAD_PREMIUM_P2", "AAD_PREMIUM")),
    "ENTERPRISEPACK": ("6fd2c87f-b296-42f0-b197-1e91e994b900", ("EXCHANGE_S_ENTERPRISE", "TEAMS1")),
    "O365_BUSINESS_ESSENTIALS": (
        "3b555118-da6a-4418-894f-7df1e2096870",
        ("EXCHANGE_S_STANDARD", "SHAREPOINTSTANDARD", "TEAMS1"),
    ),
    "O365_BUSINESS_PREMIUM": (
        "f245ecc8-75af-4f8e-b61f-27d8114de5f3",
        ("EXCHANGE_S_STANDARD", "OFFICE_BUSINESS", "SHAREPOINTSTANDARD", "TEAMS1"),
    ),
    "SPB": (
        "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46",
        ("AAD_PREMIUM", "AAD_SMB", "EXCHANGE_S_STANDARD", "INTUNE_A", "OFFICE_BUSINESS", "TEAMS1"),
    ),
    "SPE_E3": (
        "05e9a617-0261-4cee-bb44-138d3ef5d965",
        ("AAD_PREMIUM", "EXCHANGE_S_ENTERPRISE", "INTUNE_A", "TEAMS1"),
    ),
    "SPE_E5": (
        "06ebc4ee-1bb5-47dd-8120-11324bc54e06",
        ("AAD_PREMIUM_P2", "AAD_PREMIUM", "EXCHANGE_S_ENTERPRISE", "INTUNE_A", "TEAMS1"),
    ),
}
_SERVICES = {"AAD": "AADPremiumService", "EXCHANGE": "exchange", "INTUNE": "SCO", "TEAMS1": "TeamspaceAPI"}

PHONE = "#microsoft.graph.phoneAuthenticationMethod"
EMAIL = "#microsoft.graph.emailAuthenticationMethod"
PASSWORD = "#microsoft.graph.passwordAuthenticationMethod"
# The ids of methods of which a user has one at most, by the type of phone or the type of the method.
METHOD_IDS = {
    "mobile": "3179e48a-750b-4051-897c-87b9720928f7",
    "alternateMobile": "b6332ec1-7057-4abe-9331-3d72feddfe41",
    "office": "e37fc753-ff3b-4958-9484-eaa9425c82bc",
    EMAIL: "3ddfcfc8-9383-446f-83cc-3ab9be4be18f",
    PASSWORD: "28c10230-6103-485e-b985-444c60001490",
}


def portal_policy() -> dict[str, Any]:
    return {
        "objectId": "default",
        "enablementType": 0,
        "numberOfAuthenticationMethodsRequired": 1,
        "emailOptionEnabled": True,
        "mobilePhoneOptionEnabled": True,
        "officePhoneOptionEnabled": False,
        "securityQuestionsOptionEnabled": False,
        "mobileAppNotificationEnabled": False,
        "mobileAppCodeEnabled": False,
        "numberOfQuestionsToRegister": 5,
        "numberOfQuestionsToReset": 3,
        "registrationRequiredOnSignIn": True,
        "registrationReconfirmIntevalInDays": 180,
        "skipRegistrationAllowed": True,
        "skipRegistrationMaxAllowedDays": 7,
        "customizeHelpdeskLink": False,
        "customHelpdeskEmailOrUrl": "",
        "notifyUsersOnPasswordReset": True,
        "notifyOnAdminPasswordReset": False,
        "passwordResetEnabledGroupIds": [],
        "passwordResetEnabledGroupName": "",
        "securityQuestions": [],
        "registrationConditionalAccessPolicies": [],
        "emailOptionAllowed": True,
        "mobilePhoneOptionAllowed": True,
        "officePhoneOptionAllowed": True,
        "securityQuestionsOptionAllowed": True,
        "mobileAppNotificationOptionAllowed": True,
        "mobileAppCodeOptionAllowed": True,
    }


def on_premises() -> dict[str, Any]:
    return {
        "objectId": None,
        "passwordWritebackSupported": False,
        "accountUnlockSupported": True,
        "accountUnlockEnabled": False,
        "enablementForTenant": False,
        "cloudProvisioningEnablementForTenant": False,
    }


def organization() -> dict[str, Any]:
    return {
        "createdDateTime": "2019-04-01T08:00:00Z",
        "onPremisesSyncEnabled": None,
        "tenantType": "AAD",
        "countryLetterCode": "US",
    }


def authorization_policy() -> dict[str, Any]:
    return {
        "id": "authorizationPolicy",
        "allowInvitesFrom": "adminsAndGuestInviters",
        "allowedToSignUpEmailBasedSubscriptions": True,
        "allowedToUseSSPR": True,
        "allowEmailVerifiedUsersToJoinOrganization": False,
        "allowUserConsentForRiskyApps": False,
        "blockMsolPowerShell": False,
        "guestUserRoleId": "10dae51f-b6af-4016-8d66-8c2a99b929b3",
        "defaultUserRolePermissions": {
            "allowedToCreateApps": False,
            "allowedToCreateSecurityGroups": False,
            "allowedToCreateTenants": True,
            "allowedToReadOtherUsers": True,
            "permissionGrantPoliciesAssigned": ["ManagePermissionGrantsForSelf.microsoft-user-default-recommended"],
        },
    }


def registration_enforcement() -> dict[str, Any]:
    target = {"id": ALL_USERS, "targetType": "group", "targetedAuthenticationMethod": "microsoftAuthenticator"}
    campaign = {"snoozeDurationInDays": 1, "state": "default", "excludeTargets": [], "includeTargets": [target]}
    return {"authenticationMethodsRegistrationCampaign": campaign}


def configurations() -> dict[str, dict[str, Any]]:
    """The method configurations by id, in the order of the answer."""
    return {
        "Email": _configuration("Email", "enabled", {"allowExternalIdToUseEmailOtp": "default"}),
        "Sms": _configuration("Sms", "enabled", target={"isUsableForSignIn": False}),
        "Voice": _configuration("Voice", "disabled", {"isOfficePhoneAllowed": False}),
        "MicrosoftAuthenticator": _configuration(
            "MicrosoftAuthenticator",
            "enabled",
            {
                "isSoftwareOathEnabled": True,
                "featureSettings": {
                    "displayAppInformationRequiredState": _feature(),
                    "displayLocationInformationRequiredState": _feature(),
                },
            },
            {"authenticationMode": "any"},
        ),
        "SoftwareOath": _configuration("SoftwareOath", "enabled"),
        "Fido2": _configuration(
            "Fido2",
            "disabled",
            {
                "isSelfServiceRegistrationAllowed": True,
                "isAttestationEnforced": False,
                "keyRestrictions": {"isEnforced": False, "enforcementType": "block", "aaGuids": []},
            },
        ),
        "TemporaryAccessPass": _configuration(
            "TemporaryAccessPass",
            "disabled",
            {
                "defaultLifetimeInMinutes": 60,
                "defaultLength": 8,
                "minimumLifetimeInMinutes": 60,
                "maximumLifetimeInMinutes": 480,
                "isUsableOnce": False,
            },
        ),
        "QRCodePin": _configuration("QRCodePin", "disabled", {"pinLength": 8, "standardQRCodeLifetimeInDays": 365}),
    }


def odata_type(name: str) -> str:
    stem = {"QRCodePin": "qrCodePin"}.get(name, name[:1].lower() + name[1:])
    return f"#microsoft.graph.{stem}AuthenticationMethodConfiguration"


def subscribed_sku(tenant_id: str, sku: str) -> dict[str, Any]:
    sku_id, _plans = _sku(sku)
    return {
        "accountName": tenant_id,
        "accountId": tenant_id,
        "appliesTo": "User",
        "capabilityStatus": "Enabled",
        "consumedUnits": 14,
        "id": f"{tenant_id}_{sku_id}",
        "prepaidUnits": {"enabled": 25, "lockedOut": 0, "suspended": 0, "warning": 0},
        "servicePlans": [
            {
                "servicePlanId": plan_id,
                "servicePlanName": plan,
                "provisioningStatus": "Success",
                "appliesTo": "User",
            }
            for plan, plan_id in service_plans(sku).items()
        ],
        "skuId": sku_id,
        "skuPartNumber": sku,
        "subscriptionIds": [_made_up(f"{tenant_id}/{sku}")],
    }


def service_plans(sku: str) -> dict[str, str]:
    """The ids of a SKU's service plans by name."""
    return {plan: _PLANS.get(plan, _made_up(plan)) for plan in _sku(sku)[1]}


def assigned_plans(skus: Iterable[str]) -> list[dict[str, Any]]:
    """The service plans of a user who has these SKUs."""
    plans = {plan_id: plan for sku in skus for plan, plan_id in service_plans(sku).items()}
    return [
        {
            "assignedDateTime": "2025-01-15T09:00:00Z",
            "capabilityStatus": "Enabled",
            "service": next((name for start, name in _SERVICES.items() if plan.startswith(start)), plan),
            "servicePlanId": plan_id,
        }
        for plan_id, plan in plans.items()
    ]


def _sku(name: str) -> tuple[str, tuple[str, ...]]:
    return _SKUS.get(name, (_made_up(name), (name,)))


def _made_up(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def _configuration(
    name: str, state: str, extra: dict[str, Any] | None = None, target: dict[str, Any] | None = None
) -> dict[str, Any]:
    kind = odata_type(name)
    where = f"policies/authenticationMethodsPolicy/authenticationMethodConfigurations('{name}')/{kind[1:]}"
    return {
        ODATA_TYPE: kind,
        "id": name,
        "state": state,
        **(extra or {}),
        "excludeTargets": [],
        "includeTargets@odata.context": f"{METADATA}{where}/includeTargets",
        "includeTargets": [{"targetType": "group", "id": ALL_USERS, "isRegistrationRequired": False, **(target or {})}],
    }


def _feature() -> dict[str, Any]:
    return {
        "state": "enabled",
        "includeTarget": {"targetType": "group", "id": ALL_USERS},
        "excludeTarget": {"targetType": "group", "id": ZERO_GUID},
    }
