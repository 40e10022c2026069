# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documents of a tenant nobody has configured yet, as the services answer them."""

from __future__ import annotations

import uuid
from typing import Any

ABSENT = "<absent>"
ZERO_GUID = "00000000-0000-0000-0000-000000000000"
ALL_USERS = "all_users"
ODATA_TYPE = "@odata.type"
METADATA = "https://graph.microsoft.com/v1.0/$metadata#"

_SKUS = {
    "AAD_PREMIUM": ("078d2b04-f1bd-4111-bbd4-b4b1b354cef4", "41781fb2-bc02-4b7c-bd55-b576c07bb09d"),
    "AAD_PREMIUM_P2": ("84a661c4-e949-4bd2-a560-ed7766fcaf2b", "eec0eb4f-6444-4f95-aba0-50c24d67f998"),
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


def subscribed_sku(tenant_id: str, plan: str) -> dict[str, Any]:
    made_up = str(uuid.uuid5(uuid.NAMESPACE_URL, plan))
    sku, service_plan = _SKUS.get(plan, (made_up, made_up))
    return {
        "accountName": tenant_id,
        "accountId": tenant_id,
        "appliesTo": "User",
        "capabilityStatus": "Enabled",
        "consumedUnits": 14,
        "id": f"{tenant_id}_{sku}",
        "prepaidUnits": {"enabled": 25, "lockedOut": 0, "suspended": 0, "warning": 0},
        "servicePlans": [
            {
                "servicePlanId": service_plan,
                "servicePlanName": plan,
                "provisioningStatus": "Success",
                "appliesTo": "User",
            }
        ],
        "skuId": sku,
        "skuPartNumber": plan,
        "subscriptionIds": [str(uuid.uuid5(uuid.NAMESPACE_URL, f"{tenant_id}/{plan}"))],
    }


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
