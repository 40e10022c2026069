# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What others recommend for self-service password reset. Data, not code: literals only, in the form of a user's file.

Titles are in our own words; the text of a benchmark is its publisher's. ``as_of`` is when the sources were read. The
same number means something else in another version of a benchmark, so an id names the version too.
"""

from __future__ import annotations

from typing import Any

BASELINES: dict[str, dict[str, Any]] = {
    "cis_m365_v7": {
        "id": "cis_m365_v7",
        "benchmark": "CIS Microsoft 365 Foundations Benchmark",
        "version": "7.0.0",
        "as_of": "2026-11-21",
        "source": "https://www.cisecurity.org/benchmark/microsoft_365",
        "controls": [
            {
                "control": "5.2.4.1",
                "title": "Everybody can reset their own password",
                "level": "L1",
                "setting": "scope",
                "expect": {"equals": "all"},
                "fix": "Password reset > Properties: set Self service password reset enabled to All.",
            },
            {
                "control": "5.2.4.2",
                "title": "A reset takes two methods",
                "level": "L2",
                "setting": "methods_required",
                "expect": {"equals": 2},
                "fix": "Password reset > Authentication methods: require 2 methods. First see who has only one.",
            },
            {
                "control": "5.2.4.3",
                "title": "Users have to register, and are asked again whether it still holds",
                "level": "L1",
                "settings": [
                    {"setting": "required_at_sign_in", "expect": {"equals": True}},
                    {"setting": "reconfirm_days", "expect": {"not": 0}},
                ],
                "fix": "Password reset > Registration: require users to register, and set the days to more than 0.",
            },
            {
                "control": "5.2.4.4",
                "title": "Users are mailed when their password was reset",
                "level": "L1",
                "setting": "notify_users",
                "expect": {"equals": True},
                "fix": "Password reset > Notifications: notify users on password resets.",
            },
            {
                "control": "5.2.4.5",
                "title": "Administrators are mailed when one of them has reset a password",
                "level": "L1",
                "setting": "notify_admins",
                "expect": {"equals": True},
                "fix": "Password reset > Notifications: notify all admins when other admins reset their password.",
            },
        ],
    },
    "cis_azure_v5": {
        "id": "cis_azure_v5",
        "benchmark": "CIS Microsoft Azure Foundations Benchmark",
        "version": "5.0.0",
        "as_of": "2026-11-21",
        "source": "https://www.cisecurity.org/benchmark/azure",
        "controls": [
            {
                "control": "5.5",
                "title": "A reset takes two methods",
                "level": "L1",
                "setting": "methods_required",
                "expect": {"equals": 2},
                "fix": "Password reset > Authentication methods: require 2 methods. First see who has only one.",
            },
            {
                "control": "5.9",
                "title": "Users are asked again whether what they registered still holds",
                "level": "L1",
                "setting": "reconfirm_days",
                "expect": {"not": 0},
                "fix": "Password reset > Registration: set the days to more than 0.",
            },
            {
                "control": "5.10",
                "title": "Users are mailed when their password was reset",
                "level": "L1",
                "setting": "notify_users",
                "expect": {"equals": True},
                "fix": "Password reset > Notifications: notify users on password resets.",
            },
            {
                "control": "5.11",
                "title": "Administrators are mailed when one of them has reset a password",
                "level": "L1",
                "setting": "notify_admins",
                "expect": {"equals": True},
                "fix": "Password reset > Notifications: notify all admins when other admins reset their password.",
            },
        ],
    },
    "asd_blueprint": {
        "id": "asd_blueprint",
        "benchmark": "ASD's Blueprint for Secure Cloud, password reset",
        "version": "as of 2026-11-21",
        "as_of": "2026-11-21",
        "source": "https://blueprint.asd.gov.au/configuration/entra-id/protection/password-reset/",
        "controls": [
            {
                "control": "properties",
                "title": "The organisation's group of users can reset, nobody else",
                "settings": [
                    {"setting": "scope", "expect": {"equals": "selected"}},
                    {"setting": "group", "expect": {"given": True}},
                ],
                "fix": "Password reset > Properties: choose Selected, and the group of the organisation's users.",
            },
            {
                "control": "methods_required",
                "title": "A reset takes two methods",
                "setting": "methods_required",
                "expect": {"equals": 2},
                "fix": "Password reset > Authentication methods: require 2 methods. First see who has only one.",
            },
            {
                "control": "methods_on",
                "title": "App notification, app code, e-mail and mobile phone can be used",
                "settings": [
                    {"setting": "methods.mobile_app_notification", "expect": {"equals": True}},
                    {"setting": "methods.mobile_app_code", "expect": {"equals": True}},
                    {"setting": "methods.email", "expect": {"equals": True}},
                    {"setting": "methods.mobile_phone", "expect": {"equals": True}},
                ],
                "fix": "Switch these methods on where the tenant's methods live.",
            },
            {
                "control": "methods_off",
                "title": "Office phone and security questions cannot be used",
                "settings": [
                    {"setting": "methods.office_phone", "expect": {"equals": False}},
                    {"setting": "methods.security_questions", "expect": {"equals": False}},
                ],
                "fix": "Switch these methods off. First see who has registered nothing else.",
            },
            {
                "control": "registration",
                "title": "Users have to register, and are asked again every 180 days",
                "settings": [
                    {"setting": "required_at_sign_in", "expect": {"equals": True}},
                    {"setting": "reconfirm_days", "expect": {"equals": 180}},
                ],
                "fix": "Password reset > Registration: require users to register, and set the days to 180.",
            },
            {
                "control": "notifications",
                "title": "Users and administrators are mailed about resets",
                "settings": [
                    {"setting": "notify_users", "expect": {"equals": True}},
                    {"setting": "notify_admins", "expect": {"equals": True}},
                ],
                "fix": "Password reset > Notifications: set both to Yes.",
            },
            {
                "control": "customization",
                "title": "The helpdesk link is not customised",
                "setting": "helpdesk_link",
                "expect": {"equals": False},
                "fix": "Password reset > Customization: set Customize helpdesk link to No.",
            },
        ],
    },
    "microsoft_recommended": {
        "id": "microsoft_recommended",
        "benchmark": "Microsoft's deployment advice for self-service password reset",
        "version": "as of 2026-11-21",
        "as_of": "2026-11-21",
        "source": "https://learn.microsoft.com/entra/identity/authentication/concept-sspr-deploy",
        "controls": [
            {
                "control": "registration",
                "title": "Users have to register when they sign in",
                "setting": "required_at_sign_in",
                "expect": {"equals": True},
                "fix": "Password reset > Registration: require users to register when signing in.",
            },
            {
                "control": "reconfirm_days",
                "title": "Users are asked again after 90 to 180 days",
                "setting": "reconfirm_days",
                "expect": {"between": [90, 180]},
                "fix": "Password reset > Registration: set the days to 90 to 180.",
            },
            {
                "control": "notify_users",
                "title": "Users are mailed when their password was reset",
                "setting": "notify_users",
                "expect": {"equals": True},
                "fix": "Password reset > Notifications: notify users on password resets.",
            },
            {
                "control": "notify_admins",
                "title": "Administrators are mailed when one of them has reset a password",
                "setting": "notify_admins",
                "expect": {"equals": True},
                "fix": "Password reset > Notifications: notify all admins when other admins reset their password.",
            },
            {
                "control": "helpdesk_link",
                "title": "Users who are stuck are led to the helpdesk",
                "settings": [
                    {"setting": "helpdesk_link", "expect": {"equals": True}},
                    {"setting": "helpdesk_contact", "expect": {"given": True}},
                ],
                "fix": "Password reset > Customization: customise the helpdesk link, and give a contact.",
            },
            {
                "control": "spare_methods",
                "title": "There is at least one method more than a reset takes",
                "setting": "spare_methods",
                "expect": {"not": 0},
                "fix": "Switch on one more kind of method where the tenant's methods live.",
            },
            {
                "control": "writeback",
                "title": "In a hybrid tenant, resets reach the directory on premises",
                "where": {"synced": {"equals": True}},
                "settings": [
                    {"setting": "password_writeback", "expect": {"equals": True}},
                    {"setting": "unlock_without_reset", "expect": {"equals": True}},
                ],
                "fix": "Password reset > On-premises integration: write passwords back, allow unlocking.",
            },
        ],
    },
}
