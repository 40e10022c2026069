# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Published recommendations for self-service password reset. Data, not code: literals in the published form.

Titles are in our own words; the text of a benchmark belongs to its publisher. ``as_of`` is when the source was read.
The same number means something else in another version of a benchmark, so an id names the version too.
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
                "title": "All users can reset their own password",
                "level": "L1",
                "setting": "scope",
                "expect": {"equals": "all"},
                "fix": "Password reset > Properties: set Self service password reset enabled to All.",
            },
            {
                "control": "5.2.4.2",
                "title": "Two methods are required to reset",
                "level": "L2",
                "setting": "methods_required",
                "expect": {"equals": 2},
                "fix": "Password reset > Authentication methods: require 2 methods. First check who has only one.",
            },
            {
                "control": "5.2.4.3",
                "title": "Users must register and periodically reconfirm",
                "level": "L1",
                "settings": [
                    {"setting": "required_at_sign_in", "expect": {"equals": True}},
                    {"setting": "reconfirm_days", "expect": {"not": 0}},
                ],
                "fix": "Password reset > Registration: require users to register, and set the days to more than 0.",
            },
            {
                "control": "5.2.4.4",
                "title": "Users are notified when their password is reset",
                "level": "L1",
                "setting": "notify_users",
                "expect": {"equals": True},
                "fix": "Password reset > Notifications: notify users on password resets.",
            },
            {
                "control": "5.2.4.5",
                "title": "Administrators are notified when another administrator resets their own password",
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
                "title": "Two methods are required to reset",
                "level": "L1",
                "setting": "methods_required",
                "expect": {"equals": 2},
                "fix": "Password reset > Authentication methods: require 2 methods. First check who has only one.",
            },
            {
                "control": "5.9",
                "title": "Users must periodically reconfirm what they registered",
                "level": "L1",
                "setting": "reconfirm_days",
                "expect": {"not": 0},
                "fix": "Password reset > Registration: set the days to more than 0.",
            },
            {
                "control": "5.10",
                "title": "Users are notified when their password is reset",
                "level": "L1",
                "setting": "notify_users",
                "expect": {"equals": True},
                "fix": "Password reset > Notifications: notify users on password resets.",
            },
            {
                "control": "5.11",
                "title": "Administrators are notified when another administrator resets their own password",
                "level": "L1",
                "setting": "notify_admins",
                "expect": {"equals": True},
                "fix": "Password reset > Notifications: notify all admins when other admins reset their password.",
            },
        ],
    },
    "asd_blueprint": {
        "id": "asd_blueprint",
        "benchmark": "ASD Blueprint for Secure Cloud, password reset",
        "version": "as of 2026-11-21",
        "as_of": "2026-11-21",
        "source": "https://blueprint.asd.gov.au/configuration/entra-id/protection/password-reset/",
        "controls": [
            {
                "control": "properties",
                "title": "Only the organization's group of users can reset",
                "settings": [
                    {"setting": "scope", "expect": {"equals": "selected"}},
                    {"setting": "group", "expect": {"given": True}},
                ],
                "fix": "Password reset > Properties: choose Selected, and the group of the organization's users.",
            },
            {
                "control": "methods_required",
                "title": "Two methods are required to reset",
                "setting": "methods_required",
                "expect": {"equals": 2},
                "fix": "Password reset > Authentication methods: require 2 methods. First check who has only one.",
            },
            {
                "control": "methods_on",
                "title": "App notification, app code, email and mobile phone are available",
                "settings": [
                    {"setting": "methods.mobile_app_notification", "expect": {"equals": True}},
                    {"setting": "methods.mobile_app_code", "expect": {"equals": True}},
                    {"setting": "methods.email", "expect": {"equals": True}},
                    {"setting": "methods.mobile_phone", "expect": {"equals": True}},
                ],
                "fix": "Enable these methods in the policy that the tenant uses for its methods.",
            },
            {
                "control": "methods_off",
                "title": "Office phone and security questions are not available",
                "settings": [
                    {"setting": "methods.office_phone", "expect": {"equals": False}},
                    {"setting": "methods.security_questions", "expect": {"equals": False}},
                ],
                "fix": "Disable these methods. First check which users have registered no other.",
            },
            {
                "control": "registration",
                "title": "Users must register, and reconfirm every 180 days",
                "settings": [
                    {"setting": "required_at_sign_in", "expect": {"equals": True}},
                    {"setting": "reconfirm_days", "expect": {"equals": 180}},
                ],
                "fix": "Password reset > Registration: require users to register, and set the days to 180.",
            },
            {
                "control": "notifications",
                "title": "Users and administrators are notified of resets",
                "settings": [
                    {"setting": "notify_users", "expect": {"equals": True}},
                    {"setting": "notify_admins", "expect": {"equals": True}},
                ],
                "fix": "Password reset > Notifications: set both to Yes.",
            },
            {
                "control": "customization",
                "title": "The helpdesk link is not customized",
                "setting": "helpdesk_link",
                "expect": {"equals": False},
                "fix": "Password reset > Customization: set Customize helpdesk link to No.",
            },
        ],
    },
    "microsoft_recommended": {
        "id": "microsoft_recommended",
        "benchmark": "Microsoft deployment guidance for self-service password reset",
        "version": "as of 2026-11-21",
        "as_of": "2026-11-21",
        "source": "https://learn.microsoft.com/entra/identity/authentication/concept-sspr-deploy",
        "controls": [
            {
                "control": "registration",
                "title": "Users must register when they sign in",
                "setting": "required_at_sign_in",
                "expect": {"equals": True},
                "fix": "Password reset > Registration: require users to register when signing in.",
            },
            {
                "control": "reconfirm_days",
                "title": "Users must reconfirm after 90 to 180 days",
                "setting": "reconfirm_days",
                "expect": {"between": [90, 180]},
                "fix": "Password reset > Registration: set the days to 90 to 180.",
            },
            {
                "control": "notify_users",
                "title": "Users are notified when their password is reset",
                "setting": "notify_users",
                "expect": {"equals": True},
                "fix": "Password reset > Notifications: notify users on password resets.",
            },
            {
                "control": "notify_admins",
                "title": "Administrators are notified when another administrator resets their own password",
                "setting": "notify_admins",
                "expect": {"equals": True},
                "fix": "Password reset > Notifications: notify all admins when other admins reset their password.",
            },
            {
                "control": "helpdesk_link",
                "title": "The reset page links to the helpdesk",
                "settings": [
                    {"setting": "helpdesk_link", "expect": {"equals": True}},
                    {"setting": "helpdesk_contact", "expect": {"given": True}},
                ],
                "fix": "Password reset > Customization: customize the helpdesk link, and enter a contact.",
            },
            {
                "control": "spare_methods",
                "title": "At least one more method is available than a reset requires",
                "setting": "spare_methods",
                "expect": {"not": 0},
                "fix": "Enable one more kind of method in the policy that the tenant uses for its methods.",
            },
            {
                "control": "writeback",
                "title": "In a hybrid tenant, passwords are written back to the on-premises directory",
                "where": {"synced": {"equals": True}},
                "settings": [
                    {"setting": "password_writeback", "expect": {"equals": True}},
                    {"setting": "unlock_without_reset", "expect": {"equals": True}},
                ],
                "fix": "Password reset > On-premises integration: enable writeback, and unlocking without a reset.",
            },
        ],
    },
}
