# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Made-up entries of audited tenants, for tests of reports."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from ansible_collections.tenantops.entra.plugins.plugin_utils._report.model import Entry, assemble

BLADE = "https://entra.microsoft.com/#view/Microsoft_AAD_IAM/PasswordResetMenuBlade/~"
CONTROLS = {
    "cis_m365_v7": (
        ("5.2.4.1", "All users can reset their own password", "L1", ["scope"], "Properties"),
        ("5.2.4.2", "Two methods are required to reset", "L2", ["methods_required"], "AuthenticationMethods"),
        ("5.2.4.3", "Users must register and periodically reconfirm", "L1", ["required_at_sign_in"], "Registration"),
        ("5.2.4.4", "Users are notified when their password is reset", "L1", ["notify_users"], "Notifications"),
        ("5.2.4.5", "Administrators are notified of resets by others", "L1", ["notify_admins"], "Notifications"),
    ),
    "cis_azure_v5": (
        ("5.5", "Two methods are required to reset", "L1", ["methods_required"], "AuthenticationMethods"),
        ("5.9", "Users must periodically reconfirm", "L1", ["reconfirm_days"], "Registration"),
        ("5.10", "Users are notified when their password is reset", "L1", ["notify_users"], "Notifications"),
        ("5.11", "Administrators are notified of resets by others", "L1", ["notify_admins"], "Notifications"),
    ),
    "asd_blueprint": tuple(
        (f"SSPR-{number:02}", title, None, [option], "Properties")
        for number, (option, title) in enumerate(
            {
                "scope": "Only the organization's group can reset",
                "methods_required": "Two methods are required",
                "mobile_app_notification": "Notification in the Authenticator app is available",
                "mobile_app_code": "Code of the Authenticator app is available",
                "email": "Email is available",
                "mobile_phone": "Mobile phone is available",
                "office_phone": "Office phone is not available",
                "security_questions": "Security questions are not available",
                "required_at_sign_in": "Registration is required at sign-in",
                "reconfirm_days": "Users must reconfirm every 180 days",
                "helpdesk_link": "The helpdesk link is not customized",
            }.items(),
            1,
        )
    ),
}
TOWNS = ("Contoso", "Fabrikam", "Northwind", "Adatum", "Litware", "Proseware", "Tailspin", "Wingtip", "Woodgrove")
TRADES = ("Dental", "Logistics", "Legal", "Bakery", "Engineering", "Care", "Motors", "Schools", "Textiles", "Press")
# What display names, hosts and settings of tenants may look like
HOSTILE = (
    "<script>document.title='owned'</script>",
    '"><img src=x onerror="document.title=\'owned\'">',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\tTab",
    "\rReturn",
    'O\'Brien & Sons "Ltd" {{ 7 * 7 }} {% raw %}',
    "\N{RIGHT-TO-LEFT OVERRIDE}evil\N{POP DIRECTIONAL FORMATTING} \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d",
    "W" * 200,
    "nul \x00 bell \x07 half \ud800 end \uffff",
    "../../etc/passwd",
    "con",
    "\N{FULLWIDTH EQUALS SIGN}1+1",
)
WEIGHTS = {"pass": 80, "fail": 9, "unknown": 7, "waived": 4}
AT = "2026-11-25T16:00:00Z"


def control(baseline: str, line: tuple[Any, ...], status: str, **changed: Any) -> dict[str, Any]:
    number, title, level, settings, page = line
    grade = {"unknown": "unavailable"}.get(status, "verified")
    return {
        "id": f"{baseline}:{number}",
        "baseline": baseline,
        "control": number,
        "title": title,
        "level": level,
        "settings": settings,
        "expected": f"{settings[0]} is on",
        "actual": None if status == "unknown" else f"{settings[0]} is {'on' if status == 'pass' else 'off'}",
        "status": status,
        "grade": grade,
        "reason": "Could not be read: no credential for the portal API is set" if status == "unknown" else None,
        "as_of": None if status == "unknown" else AT,
        "last": None,
        "fix": None if status == "pass" else f"Set {settings[0]} on this page, or run the runbook.",
        "source": None,
        "link": f"{BLADE}/{page}",
        "waiver": {"reason": "Kiosk staff have no second method", "owner": "ana@msp.example", "expires": "2027-03-31"}
        if status == "waived"
        else None,
        "attestation": None,
        "conflicts": [],
        **changed,
    }


def entry(host: str, name: str | None = None, statuses: Mapping[str, str] | None = None, **changed: Any) -> Entry:
    """A tenant that was read. ``statuses``: by the id of a control; the others pass."""
    given = statuses or {}
    controls = [
        control(baseline, line, given.get(f"{baseline}:{line[0]}", "pass"))
        for baseline, lines in CONTROLS.items()
        for line in lines
    ]
    found = {control["status"] for control in controls}
    tenant_id = uuid.uuid5(uuid.NAMESPACE_DNS, ascii(host))
    return {
        "schema": 1,
        "host": host,
        "tenant": {
            "id": str(tenant_id),
            "display_name": name or host,
            "default_domain": f"t{tenant_id.hex[:8]}.example",
        },
        "run": "ok",
        "error": None,
        "state": "drift" if "fail" in found else "incomplete" if "unknown" in found else "clean",
        "migration_state": "migrationComplete",
        "controls": controls,
        "findings": [],
        "coverage": {"in_scope": 40, "registered": 32, "capable": 30, "enabled": 40, "as_of": AT},
        "outlook": [],
        "evidence": {
            "at": AT,
            "app": "aaaaaaaa-0000-4000-8000-000000000001",
            "portal_user": {"id": None, "user_principal_name": "sspr@msp.example", "display_name": None},
            "request_ids": ["0f3a7c52-1b7e-4a5e-9d5a-3f1f0f1f7a11"],
            "digests": {"sspr_policy": "sha256:" + "ab" * 32},
            "baselines": {"cis_m365_v7": "7.0.0", "cis_azure_v5": "5.0.0", "asd_blueprint": "2026-10"},
        },
        "unavailable": [],
        **changed,
    }


def failed(host: str, name: str | None = None) -> Entry:
    message = "no token for Microsoft Graph: AADSTS7000222: The provided client secret keys are expired."
    hint = "Create a new client secret in the app registration."
    error = {"kind": "credential", "plane": "graph", "message": message, "hint": hint}
    nothing: dict[str, Any] = {"controls": [], "coverage": None, "state": "incomplete", "tenant": None}
    return entry(host, name, run="failed", error=error, **nothing)


def hostile() -> list[Entry]:
    """Tenants whose every text tries to do harm."""
    return [_hostile(text) for text in HOSTILE]


def _hostile(text: str) -> Entry:
    every = {f"{baseline}:{line[0]}": "fail" for baseline, lines in CONTROLS.items() for line in lines}
    made = entry(text, text, every)
    texts = ("title", "expected", "actual", "reason", "fix")
    for found in made["controls"]:
        found.update(dict.fromkeys(texts, text), link=f"javascript:alert('{text}')")
    made["controls"][0].update(
        status="waived",
        waiver={"reason": text, "owner": text, "expires": "2027-03-31"},
        attestation={"who": text, "when": text, "evidence": text, "expires": text},
        conflicts=[text],
    )
    made["findings"] = [{"kind": text, "message": text}]
    made["outlook"] = [{"date": "2027-02-01", "what": text, "users": None, "why_unknown": text}]
    made["unavailable"] = [{"what": text, "options": [text], "reason": text, "message": text, "hint": text}]
    user = dict.fromkeys(("id", "user_principal_name", "display_name"), text)
    made["evidence"].update(app=text, portal_user=user, request_ids=[text], digests={text: text})
    made["tenant"]["default_domain"] = text
    return made


def fleet(count: int, seed: int = 6) -> Iterator[Entry]:
    """Tenants of all sorts, always the same ones."""
    chance = random.Random(seed)
    for index in range(count):
        host = f"t{index:03}"
        name = f"{chance.choice(TOWNS)} {chance.choice(TRADES)} {index}"
        if chance.random() < 0.02:
            yield failed(host)
            continue
        steady = chance.random() < 0.6
        statuses = {
            f"{baseline}:{line[0]}": "pass" if steady else chance.choices([*WEIGHTS], [*WEIGHTS.values()])[0]
            for baseline, lines in CONTROLS.items()
            for line in lines
        }
        people = chance.randint(5, 400)
        registered = int(people * chance.uniform(0.4, 1))
        coverage = {
            "in_scope": people,
            "registered": registered,
            "capable": int(registered * chance.uniform(0.9, 1)),
            "enabled": people,
            "as_of": AT,
        }
        made = entry(host, name, statuses, coverage=coverage if chance.random() < 0.9 else None)
        if chance.random() < 0.3:
            users = chance.randint(0, 30)
            made["outlook"] = [
                {
                    "date": "2027-02-01",
                    "what": "Users whose only method is a phone call can no longer reset",
                    "users": users,
                    "why_unknown": None,
                },
                {
                    "date": "2027-03-01",
                    "what": "Security questions are no longer accepted",
                    "users": None,
                    "why_unknown": "the registration report needs Entra ID P1",
                },
            ]
        if chance.random() < 0.1:
            made["findings"] = [
                {
                    "kind": "disagreement",
                    "message": "The policy has scope all, but the registration report shows 28 of 40 users enabled.",
                }
            ]
        for found in made["controls"]:
            if found["status"] == "pass" and chance.random() < 0.03:
                found.update(grade="inferred", reason="Microsoft Secure Score shows 40 of 40 users enabled.")
        yield made


def report(entries: list[Entry], **given: Any) -> dict[str, Any]:
    options = {"title": "SSPR audit", "generated": AT, "as_of": date(2026, 11, 25), "previous": None, **given}
    return assemble(entries, **options)
