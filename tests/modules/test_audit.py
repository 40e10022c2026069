# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit in real Ansible: what it reads and reports, and on what evidence; a fleet in which every cell is known."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.tenantops.entra.plugins.plugin_utils._report.read import ENTRY_SCHEMA
from ansible_collections.tenantops.entra.tests.support.playbook import Ansible

from .conftest import ALL_PERMISSIONS, APP, GROUP, OPERATOR, Tenant
from .test_role import AUDIT, host, play, secrets_in

pytestmark = pytest.mark.both_ways

READS = [
    "Organization.Read.All",
    "Policy.Read.AuthenticationMethod",
    "Policy.Read.All",
    "AuditLog.Read.All",
    "SecurityEvents.Read.All",
]
GOOD = {
    "enablementType": 2,
    "numberOfAuthenticationMethodsRequired": 2,
    "registrationRequiredOnSignIn": True,
    "registrationReconfirmIntevalInDays": 180,
    "notifyUsersOnPasswordReset": True,
    "notifyOnAdminPasswordReset": True,
}
BASELINES = ["cis_m365_v7", "cis_azure_v5", "asd_blueprint", "microsoft_recommended"]
MADE = "2026-11-24T03:00:00Z"


def row(number: int, *, enabled: bool, admin: bool = False, methods: tuple[str, ...] = ()) -> dict[str, Any]:
    """A row of the registration report."""
    return {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "userPrincipalName": f"u{number}@x.example",
        "userDisplayName": f"User {number}",
        "userType": "member",
        "isAdmin": admin,
        "isSsprEnabled": enabled,
        "isSsprRegistered": bool(methods),
        "isSsprCapable": enabled and bool(methods),
        "methodsRegistered": list(methods),
    }


def report(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"as_of": MADE, "rows": list(rows)}


def score(count: int, total: int) -> dict[str, Any]:
    control = {"controlName": "SelfServicePasswordReset", "count": str(count), "total": str(total), "lastSynced": MADE}
    return {"createdDateTime": MADE, "controlScores": [control]}


def statuses(entry: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {control["id"]: (control["status"], control["grade"]) for control in entry["controls"]}


def reads(tenant: Tenant) -> list[str]:
    """The last part of the address of everything that was read of a tenant."""
    asked = [request for request in tenant.requests() if request.plane in ("graph", "portal")]
    return [request.path.rsplit("/", 1)[-1] for request in asked if request.method == "GET"]


@pytest.mark.oldest
def test_a_tenant_is_audited_in_one_task_that_only_reads(make_tenant: Any, tmp_path: Path, ansible: Ansible) -> None:
    tenant: Tenant = make_tenant(
        portal_policy={**GOOD, "numberOfAuthenticationMethodsRequired": 1}, apps={APP: [*ALL_PERMISSIONS, *READS]}
    )
    path = tmp_path / "entry.json"
    agreed = {"scope": "all", "reconfirm_days": 90}
    audit, info = ansible.tasks(
        tenant.task(
            "sspr_audit",
            check_mode=True,
            run_host="contoso",
            baselines=["cis_m365_v7"],
            result_path=str(path),
            **agreed,
        ),
        tenant.task("sspr_info"),
    )
    assert audit.ok, audit.values
    assert not audit.changed
    entry = audit["entry"]
    assert statuses(entry) == {
        "wanted:scope": ("pass", "verified"),
        "wanted:reconfirm_days": ("fail", "verified"),
        "cis_m365_v7:5.2.4.1": ("pass", "verified"),
        "cis_m365_v7:5.2.4.2": ("fail", "verified"),
        "cis_m365_v7:5.2.4.3": ("pass", "verified"),
        "cis_m365_v7:5.2.4.4": ("pass", "verified"),
        "cis_m365_v7:5.2.4.5": ("pass", "verified"),
    }
    two = next(control for control in entry["controls"] if control["control"] == "5.2.4.2")
    assert (two["expected"], two["actual"]) == ("methods_required: 2", "methods_required: 1")
    assert two["link"] == (
        "https://entra.microsoft.com/#view/Microsoft_AAD_IAM/PasswordResetMenuBlade/~/AuthenticationMethods"
    )
    assert (entry["schema"], entry["host"], entry["run"], entry["state"]) == (1, "contoso", "ok", "drift")
    assert entry["tenant"] == audit["tenant"] == info["tenant"]
    evidence = entry["evidence"]
    assert evidence["at"].endswith("+00:00")
    assert evidence["app"] == APP
    assert set(evidence["portal_user"]) == {"id", "user_principal_name", "display_name"}
    assert evidence["portal_user"]["user_principal_name"] == OPERATOR
    assert evidence["request_ids"] == audit["request_ids"]
    assert evidence["digests"].items() <= info["digests"].items()
    assert evidence["baselines"]["cis_m365_v7"] == "7.0.0"
    assert evidence["baselines"]["wanted"].startswith("sha256:")
    assert entry["unavailable"] == []
    assert [(it["date"], it["users"]) for it in entry["outlook"]] == [("2027-02-01", None), ("2027-03-01", 0)]
    assert audit["diff"]["before"] == {"scope": "all", "reconfirm_days": 180}
    assert audit["diff"]["after"] == {"scope": "all", "reconfirm_days": 90}
    assert json.loads(path.read_text()) == entry, "in check mode too"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.glob(".*")) == []
    assert tenant.writes() == []
    assert reads(tenant)[:3] == ["organization", "authenticationMethodsPolicy", "PasswordResetPolicies"]
    assert len(reads(tenant)) == 3 + (5 if ansible.in_process is False else 4), "what sspr_info reads, and no more"


@pytest.mark.worker_only
def test_what_is_wrong_stops_the_task_before_anything_is_sent(tenant: Tenant, ansible: Ansible, tmp_path: Path) -> None:
    control = {"title": "x", "setting": "scop", "expect": {"equals": "all"}}
    ours = {"id": "ours_v1", "version": "1", "controls": [{"control": 5.2, **control}]}
    waiver = {"id": "cis_m365_v7:5.2.4.2", "reason": "r", "owner": "o", "expires": "March"}
    typo = {**ours, "controls": [{"control": "5.2", **control}]}
    (tmp_path / "other.json").write_text('{"schema": 7}')
    (tmp_path / "broken.json").write_text('{"tenants": [{"schema": 2}]}')
    [audited] = ansible.tasks(tenant.task("sspr_audit", reconfirm_days=90))
    (tmp_path / "damaged.json").write_text(json.dumps({**audited["entry"], "controls": [5]}))
    tenant.simulator.clear_log()
    cases = {
        "there is no built-in baseline 'cis_m365'": {"baselines": ["cis_m365"]},
        "baselines[0].controls[0].control: 5.2 is not of type 'string'": {"baselines": [ours]},
        "waivers: entry 1: expires: 'March' is not a valid date": {"waivers": [waiver]},
        "as_of: 'tomorrow' is not a valid date": {"as_of": "tomorrow"},
        "as_of: '20261125' is not a valid date": {"as_of": "20261125"},
        "previous_report: this is not an audit report": {"previous_report": str(tmp_path / "other.json")},
        "nowhere.json cannot be read": {"previous_report": str(tmp_path / "nowhere.json")},
        "reconfirm_days: 731 is outside 0 to 730": {"reconfirm_days": 731},
        "previous_report: this is not an audit report that": {"previous_report": str(tmp_path / "broken.json")},
        "an audit report that this version can read: controls[0]": {"previous_report": str(tmp_path / "damaged.json")},
        "baselines[0].controls[0].setting: there is no setting 'scop'": {"baselines": [typo]},
    }
    results = ansible.tasks(*(tenant.task("sspr_audit", **options) for options in cases.values()))
    for message, result in zip(cases, results, strict=True):
        assert result.kind == "invalid_setting", result.values
        assert message in result["msg"]
    assert tenant.requests() == []


@pytest.mark.worker_only
def test_a_tenant_that_could_not_be_audited_has_an_entry(make_tenant: Any, ansible: Ansible, tmp_path: Path) -> None:
    """Whatever the task fails for, and wherever: in the service, in the module's arguments, in the action plugin."""
    tenant: Tenant = make_tenant()
    tenant.fault("status", status=403, plane="graph", times=None)
    typo = {"id": "ours_v1", "version": 1, "controls": []}
    cases: dict[str, tuple[dict[str, Any], str]] = {
        "refused": ({}, "permission"),
        "arguments": ({"reconfirm_days": "many"}, "invalid_setting"),
        "as_of": ({"as_of": "soon"}, "invalid_setting"),
        "baseline": ({"baselines": [typo]}, "invalid_setting"),
        "unnamed": ({"tenant_id": None}, "invalid_setting"),
    }
    results = ansible.tasks(
        *(
            tenant.task("sspr_audit", run_host=name, result_path=str(tmp_path / f"{name}.json"), **options)
            for name, (options, _kind) in cases.items()
        )
    )
    for (name, (_options, kind)), result in zip(cases.items(), results, strict=True):
        assert (name, result.kind) == (name, kind)
        path = tmp_path / f"{name}.json"
        entry = json.loads(path.read_text())
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert entry == result["entry"]
        assert (entry["host"], entry["run"], entry["state"], entry["controls"]) == (name, "failed", "incomplete", [])
        assert entry["error"] == result["error"]
        assert result["state"] == "incomplete"
        assert "Traceback" not in str(result.values)
        assert ENTRY_SCHEMA.problem(entry) is None


@pytest.mark.worker_only
def test_an_entry_that_cannot_be_written(make_tenant: Any, ansible: Ansible, tmp_path: Path) -> None:
    tenant: Tenant = make_tenant()
    lost = str(tmp_path / "nowhere" / "entry.json")
    audited, rejected = ansible.tasks(
        tenant.task("sspr_audit", result_path=lost), tenant.task("sspr_audit", result_path=lost, as_of="soon")
    )
    assert audited.kind == "environment"
    assert f"result_path: {lost} cannot be written: No such file or directory" in audited["msg"]
    assert rejected.kind == "invalid_setting", "the error that came first"
    assert any(lost in warning for warning in rejected["warnings"])


@pytest.mark.worker_only
def test_a_library_that_baselines_need_is_named(make_tenant: Any, ansible: Ansible, tmp_path: Path) -> None:
    tenant: Tenant = make_tenant(portal_policy=GOOD)
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "jsonschema.py").write_text("raise ImportError(\"No module named 'jsonschema'\")")
    ours = {"id": "ours_v1", "version": "1", "controls": []}
    built_in, own = ansible.tasks(
        tenant.task("sspr_audit", baselines=["cis_m365_v7"]),
        tenant.task("sspr_audit", baselines=[ours]),
        env={"PYTHONPATH": str(tmp_path / "lib")},
    )
    assert built_in.ok, "names need no schema"
    assert own.kind == "environment"
    assert "jsonschema" in own["msg"]


@pytest.mark.worker_only
def test_without_the_portal_nothing_passes_without_evidence(make_tenant: Any, ansible: Ansible) -> None:
    everyone = [row(1, enabled=True), row(2, enabled=True), row(3, enabled=False, admin=True)]
    seeds: dict[str, dict[str, Any]] = {
        "all": {"registration_report": report(*everyone), "secure_score": score(2, 2)},
        "not all": {"registration_report": report(row(1, enabled=True), row(2, enabled=False))},
        "contrary": {"registration_report": report(*everyone), "secure_score": score(1, 2)},
        "no license": {"plans": [], "secure_score": score(2, 2)},
        "nothing": {"plans": []},
        "no permission": {"apps": {APP: READS[:3]}},
    }
    tenants = {name: make_tenant(**{"apps": {APP: READS}, "portal_policy": GOOD, **it}) for name, it in seeds.items()}
    options = {"portal_refresh_token": None, "baselines": BASELINES, "notify_users": True}
    with_portal, *results = ansible.tasks(
        tenants["all"].task(
            "sspr_audit", **{**options, "portal_refresh_token": tenants["all"].credentials["portal_refresh_token"]}
        ),
        *(tenant.task("sspr_audit", **options) for tenant in tenants.values()),
    )
    scope = "cis_m365_v7:5.2.4.1"
    found = {name: result["entry"] for name, result in zip(tenants, results, strict=True)}
    assert {name: statuses(entry)[scope] for name, entry in found.items()} == {
        "all": ("pass", "inferred"),
        "not all": ("fail", "inferred"),
        "contrary": ("unknown", "unavailable"),
        "no license": ("pass", "inferred"),
        "nothing": ("unknown", "unavailable"),
        "no permission": ("unknown", "unavailable"),
    }
    before = statuses(with_portal["entry"])
    assert before[scope] == ("pass", "verified")
    for name, entry in found.items():
        left = statuses(entry)
        verified = {control for control, (_status, grade) in left.items() if grade == "verified"}
        assert verified == {"asd_blueprint:methods_on", "asd_blueprint:methods_off"} & verified
        assert verified < {control for control, (_status, grade) in before.items() if grade == "verified"}
        passed = {control for control, (status, _grade) in left.items() if status == "pass"}
        assert passed - verified <= ({scope} if left[scope][1] == "inferred" else set())
        assert [it["kind"] for it in entry["findings"]] == (["disagreement"] if name == "contrary" else [])
        assert entry["evidence"]["portal_user"] is None
        assert {it["what"] for it in entry["unavailable"]} >= {"properties", "registration", "notifications"}
    assert found["all"]["coverage"] == {"in_scope": 2, "registered": 0, "capable": 0, "enabled": 2, "as_of": MADE}
    assert found["nothing"]["coverage"] is None
    reasons = {it["what"]: it["reason"] for it in found["no permission"]["unavailable"]}
    assert (reasons["registration report"], reasons["Secure Score"]) == ("permission", "permission")
    [unread] = [it for it in found["nothing"]["unavailable"] if it["what"] == "registration report"]
    assert set(unread) == {"what", "options", "reason", "message", "hint"}
    assert unread["reason"] == "license"
    assert results[0]["manual"][0]["settings"] == {"notify_users": True}
    assert all(tenant.writes() == [] for tenant in tenants.values())


@pytest.mark.worker_only
def test_what_was_read_earlier_is_shown_and_does_not_count(make_tenant: Any, ansible: Ansible, tmp_path: Path) -> None:
    tenant: Tenant = make_tenant(portal_policy=GOOD)
    path = tmp_path / "entry.json"
    audit = {"baselines": ["cis_m365_v7"], "extra_evidence": "never"}
    blind = {**audit, "portal_refresh_token": None}
    first, later, after = ansible.tasks(
        tenant.task("sspr_audit", result_path=str(path), **audit),
        tenant.task("sspr_audit", previous_report=str(path), result_path=str(path), **blind),
        tenant.task("sspr_audit", previous_report=str(path), **blind),
    )
    assert first["state"] == "clean"
    when = first["entry"]["evidence"]["at"]
    for result in (later, after):
        assert result["state"] == "incomplete"
        for control in result["entry"]["controls"]:
            assert (control["status"], control["grade"], control["as_of"]) == ("unknown", "last_verified", when)
            assert control["reason"].startswith(f"Last read on {when}, with status pass. Could not be read: ")


@pytest.mark.worker_only
def test_extra_evidence_is_read_where_it_is_requested(make_tenant: Any, ansible: Ansible) -> None:
    rows = [
        row(1, enabled=True, methods=("mobilePhone",)),
        row(2, enabled=False),
        row(3, enabled=True, methods=("email",)),
    ]
    tenant: Tenant = make_tenant(
        apps={APP: READS},
        registration_report=report(*rows),
        portal_policy={**GOOD, "numberOfAuthenticationMethodsRequired": 1},
    )
    results = ansible.tasks(*(tenant.task("sspr_audit", extra_evidence=name) for name in ("never", "auto", "always")))
    for result in results[:2]:
        assert result["entry"]["coverage"] is None
        assert "not requested" in result["entry"]["outlook"][0]["why_unknown"]
    entry = results[2]["entry"]
    assert entry["coverage"] == {"in_scope": 3, "registered": 2, "capable": 2, "enabled": 2, "as_of": MADE}
    assert [(it["date"], it["users"]) for it in entry["outlook"]] == [("2027-02-01", 1), ("2027-03-01", 0)]
    [finding] = entry["findings"]
    assert finding["message"].startswith("The policy has scope all, but the registration report of")
    asked = [
        request.path for request in tenant.requests("graph") if "eports" in request.path or "ecurity" in request.path
    ]
    assert len(asked) == 2


# A fleet in which everything is known, and what is to be said about it, worked out here from the seeds alone.
FLEET = 200
REFUSED, UNREACHABLE, UNNAMED = {7, 107}, {13, 113}, {19}
BLIND = set(range(40, 80))
WAIVED, EXPIRED, ATTESTED = {2, 44}, {4, 46}, {50, 51}
TWO = "cis_m365_v7:5.2.4.2"
DAYS = [0, 90, 180, 365, 45]


def seed(number: int) -> dict[str, Any]:
    """A tenant of the fleet. Methods are migrated in every other one."""
    people = 1 + number % 3
    return {
        "display_name": f"Tenant {number}",
        "apps": {APP: READS},
        "migration_state": "migrationComplete" if number % 2 else "preMigration",
        "organization": {"onPremisesSyncEnabled": True if number % 7 == 0 else None},
        "on_premises": {"passwordWritebackSupported": number % 14 == 0, "accountUnlockEnabled": True},
        "registration_report": report(*(row(it, enabled=it < people or number % 4 > 0) for it in range(1, people + 1))),
        "authentication_methods_policy": {
            name: {"state": "enabled" if number % 5 else "disabled"} for name in ("Email", "Sms", "Voice")
        },
        "portal_policy": {
            "enablementType": number % 3,
            "passwordResetEnabledGroupIds": [GROUP] if number % 3 == 1 else [],
            "numberOfAuthenticationMethodsRequired": 1 + number % 2,
            "registrationRequiredOnSignIn": number % 6 != 0,
            "registrationReconfirmIntevalInDays": DAYS[number % 5],
            "notifyUsersOnPasswordReset": number % 8 != 0,
            "notifyOnAdminPasswordReset": number % 9 != 0,
            "customizeHelpdeskLink": number % 10 == 0,
            "customHelpdeskEmailOrUrl": "it@contoso.com" if number % 10 == 0 else "",
            "emailOptionEnabled": number % 11 != 0,
            "mobilePhoneOptionEnabled": True,
            "officePhoneOptionEnabled": number % 12 == 0,
            "securityQuestionsOptionEnabled": number % 16 == 0,
            "mobileAppNotificationEnabled": True,
            "mobileAppCodeEnabled": number % 17 != 0,
        },
    }


def expected_of(number: int) -> dict[str, tuple[str, str]]:
    """Status and grade of each control of a tenant that could be audited."""
    blind = number in BLIND
    policy = seed(number)["portal_policy"]
    migrated = number % 2 == 1
    hybrid = number % 7 == 0
    scope = {0: "none", 1: "selected", 2: "all"}[policy["enablementType"]]
    two = policy["numberOfAuthenticationMethodsRequired"] == 2
    asked = policy["registrationRequiredOnSignIn"]
    days = policy["registrationReconfirmIntevalInDays"]
    users, admins = policy["notifyUsersOnPasswordReset"], policy["notifyOnAdminPasswordReset"]
    link = policy["customizeHelpdeskLink"]
    questions = policy["securityQuestionsOptionEnabled"]
    if migrated:
        # As seeded, and what the simulator's tenants have besides: push and codes of the app, other apps' codes.
        email = phone = number % 5 != 0
        app = code = oath = True
        office = False
    else:
        email, phone, app, code = policy["emailOptionEnabled"], True, True, policy["mobileAppCodeEnabled"]
        office, oath = policy["officePhoneOptionEnabled"], False
    on = all((app, code, email, phone))
    kinds = sum((email, phone, office, questions, app or code or oath))
    answers: dict[str, bool | None] = {
        "cis_m365_v7:5.2.4.1": scope == "all",
        "cis_m365_v7:5.2.4.2": two,
        "cis_m365_v7:5.2.4.3": asked and days > 0,
        "cis_m365_v7:5.2.4.4": users,
        "cis_m365_v7:5.2.4.5": admins,
        "cis_azure_v5:5.5": two,
        "cis_azure_v5:5.9": days > 0,
        "cis_azure_v5:5.10": users,
        "cis_azure_v5:5.11": admins,
        "asd_blueprint:properties": scope == "selected",
        "asd_blueprint:methods_required": two,
        "asd_blueprint:methods_on": on,
        "asd_blueprint:methods_off": not office and not questions,
        "asd_blueprint:registration": asked and days == 180,
        "asd_blueprint:notifications": users and admins,
        "asd_blueprint:customization": not link,
        "microsoft_recommended:registration": asked,
        "microsoft_recommended:reconfirm_days": 90 <= days <= 180,
        "microsoft_recommended:notify_users": users,
        "microsoft_recommended:notify_admins": admins,
        "microsoft_recommended:helpdesk_link": link,
        "microsoft_recommended:spare_methods": kinds > 1 + two,
        "wanted:notify_users": users,
        "wanted:scope": scope == "all",
    }
    if hybrid:
        answers["microsoft_recommended:writeback"] = number % 14 == 0
    found = {name: ("pass" if answer else "fail", "verified") for name, answer in answers.items()}
    if blind:
        everybody = number % 4 > 0
        found = dict.fromkeys(found, ("unknown", "unavailable"))
        found["cis_m365_v7:5.2.4.1"] = found["wanted:scope"] = ("pass" if everybody else "fail", "inferred")
        if migrated:
            # Of the methods only the questions stay with the portal.
            found["asd_blueprint:methods_on"] = ("pass" if on else "fail", "verified")
            if office:
                found["asd_blueprint:methods_off"] = ("fail", "verified")
        if number in ATTESTED:
            found[TWO] = ("pass", "attested")
    if number in WAIVED and found[TWO][0] != "pass":
        found[TWO] = ("waived", found[TWO][1])
    return found


def fleet(tenants: list[Tenant], directory: Path) -> dict[str, dict[str, Any]]:
    """The hosts of the inventory, with the faults."""
    hosts: dict[str, dict[str, Any]] = {}
    for number, tenant in enumerate(tenants):
        variables: dict[str, Any] = {
            "sspr_audit_baselines": BASELINES,
            "sspr_audit_dir": str(directory),
            "sspr_as_of": "2026-11-25",
            "sspr_scope": "all",
            "sspr_notify_users": True,
        }
        if number in BLIND:
            variables["entra_portal_refresh_token"] = None
        if number in UNREACHABLE:
            variables["entra_graph_url"] = "https://127.0.0.1:1"
        if number in UNNAMED:
            variables["entra_tenant_id"] = "{{ not_set_anywhere }}"
        if number in REFUSED:
            tenant.fault("status", status=403, plane="graph", times=None)
        if number in WAIVED | EXPIRED:
            expires = "2027-03-31" if number in WAIVED else "2026-10-31"
            waiver = {"id": TWO, "reason": "no phones yet", "owner": "it@x.example", "expires": expires}
            variables["sspr_audit_waivers"] = [waiver]
        if number in ATTESTED:
            word = {"control": TWO, "who": "anna", "when": "2026-11-01", "evidence": "seen", "expires": "2026-12-01"}
            variables["sspr_audit_attestations"] = [word]
        hosts[f"t{number}"] = host(tenant, **variables)
    return hosts


def entries_in(directory: Path) -> dict[str, dict[str, Any]]:
    """The entries that an audit has kept, by host."""
    found = {}
    for path in (directory / "entries").glob("*.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        entry = json.loads(path.read_text())
        assert path.name == f"{entry['host']}.json"
        found[entry["host"]] = entry
    return found


@pytest.mark.worker_only
def test_every_cell_of_a_fleet(make_tenant: Any, ansible: Ansible, tmp_path: Path) -> None:
    tenants = [make_tenant(**seed(number)) for number in range(FLEET)]
    run = play(ansible, AUDIT, fleet(tenants, tmp_path / "audit"), "--forks", "10")
    assert run.code == 2, "some could not be audited"
    entries = entries_in(tmp_path / "audit")
    assert len(entries) == FLEET
    kinds = {
        **dict.fromkeys(REFUSED, "permission"),
        **dict.fromkeys(UNREACHABLE, "unreachable"),
        **dict.fromkeys(UNNAMED, "invalid_setting"),
    }
    for number, tenant in enumerate(tenants):
        entry = entries[f"t{number}"]
        assert tenant.writes() == []
        if number in kinds:
            assert (entry["run"], entry["state"], entry["controls"]) == ("failed", "incomplete", [])
            assert entry["error"]["kind"] == kinds[number]
            continue
        wanted = expected_of(number)
        assert (number, statuses(entry)) == (number, wanted)
        found = {status for status, _grade in wanted.values()}
        assert entry["state"] == ("drift" if "fail" in found else "incomplete" if "unknown" in found else "clean")
        assert [it["kind"] for it in entry["findings"]] == (["expired_waiver"] if number in EXPIRED else [])
        # The organization and two documents, a third in a hybrid tenant; without the portal one, and the two signals.
        assert len(reads(tenant)) == (4 if number in BLIND else 4 if number % 7 == 0 else 3)
    assert f"Tenants {FLEET}, " in run.output
    assert f"failed {len(kinds)}" in run.output
    written = json.loads((tmp_path / "audit" / "report.json").read_text())
    assert {entry["host"]: entry for entry in written["tenants"]} == entries
    assert written["as_of"] == "2026-11-25"
    assert run.of("Show the path of the report")[0]["msg"] == f"{tmp_path}/audit/report.html"
    assert secrets_in(run.output) == []


@pytest.mark.worker_only
def test_what_an_audit_fails_for(make_tenant: Any, ansible: Ansible) -> None:
    tenants = {name: make_tenant(portal_policy=GOOD) for name in ("clean", "drifting", "blind", "refused")}
    tenants["drifting"].policy["notifyOnAdminPasswordReset"] = False
    tenants["refused"].fault("status", status=403, plane="graph", times=None)
    hosts = {name: host(tenant, sspr_notify_admins=True) for name, tenant in tenants.items()}
    hosts["blind"]["entra_portal_refresh_token"] = None
    codes = {}
    for fail_on, names in (
        ("never", ["clean", "drifting", "blind", "refused"]),
        ("drift", ["clean", "blind"]),
        ("drift", ["clean", "drifting"]),
        ("incomplete", ["clean", "blind"]),
        ("drfit", ["clean"]),
    ):
        run = play(ansible, AUDIT, {name: hosts[name] for name in names}, "-e", f"sspr_audit_fail_on={fail_on}")
        codes[(fail_on, *names)] = run.code
        if fail_on == "drift" and run.code:
            assert "audit failed (sspr_audit_fail_on: drift): drifting" in " ".join(run.output.split())
    assert codes == {
        ("never", "clean", "drifting", "blind", "refused"): 0,
        ("drift", "clean", "blind"): 0,
        ("drift", "clean", "drifting"): 2,
        ("incomplete", "clean", "blind"): 2,
        ("drfit", "clean"): 2,
    }
