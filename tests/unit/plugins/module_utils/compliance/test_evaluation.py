# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evaluating controls: the best evidence decides, no grade claims more than it proves, what expired does not count."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.tenantops.entra.plugins.module_utils._errors import Unavailable
from ansible_collections.tenantops.entra.plugins.module_utils.compliance.baseline import (
    Control,
    agreed_settings,
    find_baselines,
)
from ansible_collections.tenantops.entra.plugins.module_utils.compliance.declarations import Attestation, Declarations
from ansible_collections.tenantops.entra.plugins.module_utils.compliance.earlier_results import EarlierResult
from ansible_collections.tenantops.entra.plugins.module_utils.compliance.evaluation import AuditEvaluation, evaluate
from ansible_collections.tenantops.entra.plugins.module_utils.compliance.registration_counts import coverage
from ansible_collections.tenantops.entra.plugins.module_utils.compliance.scope_evidence import (
    ExtraEvidence,
    SecureScore,
    ordinary_users,
)
from ansible_collections.tenantops.entra.plugins.module_utils.compliance.tenant_facts import TenantFacts
from ansible_collections.tenantops.entra.plugins.module_utils.compliance.upcoming_changes import outlook
from ansible_collections.tenantops.entra.plugins.module_utils.data.baselines import BASELINES
from ansible_collections.tenantops.entra.plugins.module_utils.rules.waivers import Waiver
from ansible_collections.tenantops.entra.plugins.module_utils.settings.graph_methods import GRAPH_METHODS
from ansible_collections.tenantops.entra.plugins.module_utils.settings.pages import SETTINGS, GroupRef
from ansible_collections.tenantops.entra.plugins.module_utils.users.models import Registration

AT = "2026-11-25T12:00:00+00:00"
TODAY = date(2026, 11, 25)
SCOPE = "cis_m365_v7:5.2.4.1"
TWO = "cis_m365_v7:5.2.4.2"
CIS = find_baselines(["cis_m365_v7"])
ALL = find_baselines(BASELINES)
NO_PORTAL = "there is no credential for the portal API"

GOOD: dict[str, Any] = {
    "scope": "all",
    "group": None,
    "methods_required": 2,
    "required_at_sign_in": True,
    "reconfirm_days": 180,
    "notify_users": True,
    "notify_admins": True,
}


def person(number: int, *, enabled: bool = True, admin: bool = False, guest: bool = False, **more: Any) -> Registration:
    facts: dict[str, Any] = {
        "registered": False,
        "capable": False,
        "methods": frozenset(),
        "as_of": "2026-11-24T03:00:00Z",
        **more,
    }
    return Registration(f"u{number}", f"u{number}@x.example", admin=admin, guest=guest, enabled=enabled, **facts)


EVERYONE = [person(1), person(2)]
NOT_ALL = [person(1), person(2, enabled=False)]
NOBODY = [person(1, enabled=False)]


def known(values: dict[str, Any] | None = None, **more: Any) -> TenantFacts:
    values = GOOD if values is None else values
    return TenantFacts(values, dict.fromkeys(SETTINGS, NO_PORTAL), AT, **more)


@dataclass(frozen=True)
class Audit:
    """An evaluation as results show it."""

    evaluation: AuditEvaluation

    @property
    def controls(self) -> list[dict[str, Any]]:
        return [found.as_result() for found in self.evaluation.controls]

    @property
    def findings(self) -> list[dict[str, str]]:
        return [found.as_result() for found in self.evaluation.findings]

    @property
    def state(self) -> str:
        return self.evaluation.state


def audit(facts: TenantFacts, baselines: Any = None, *, as_of: date = TODAY, **declared: Any) -> Audit:
    declarations = Declarations(as_of, **{name: tuple(given) for name, given in declared.items()})
    return Audit(evaluate(CIS if baselines is None else baselines, facts, declarations))


def control(facts: TenantFacts, name: str = SCOPE, **more: Any) -> dict[str, Any]:
    [found] = [entry for entry in audit(facts, ALL, **more).controls if entry["id"] == name]
    return found


def test_what_is_read_is_verified() -> None:
    found = audit(known({**GOOD, "methods_required": 1, "reconfirm_days": 0}))
    assert [(entry["control"], entry["status"], entry["grade"]) for entry in found.controls] == [
        ("5.2.4.1", "pass", "verified"),
        ("5.2.4.2", "fail", "verified"),
        ("5.2.4.3", "fail", "verified"),
        ("5.2.4.4", "pass", "verified"),
        ("5.2.4.5", "pass", "verified"),
    ]
    assert found.controls[2]["expected"] == "required_at_sign_in: yes; reconfirm_days: not 0"
    assert found.controls[2]["actual"] == "required_at_sign_in: yes; reconfirm_days: 0"
    assert {entry["as_of"] for entry in found.controls} == {AT}
    assert found.state == "drift"
    assert audit(known()).state == "clean"
    assert audit(known({**GOOD, "scope": "selected"})).state == "drift"
    assert audit(known({})).state == "incomplete"


def test_one_failed_setting_fails_a_control_whatever_the_other_is() -> None:
    found = control(known({"reconfirm_days": 0}), "cis_m365_v7:5.2.4.3")
    assert (found["status"], found["grade"]) == ("fail", "verified")
    assert found["actual"] == "required_at_sign_in: not read; reconfirm_days: 0"
    found = control(known({"reconfirm_days": 180}), "cis_m365_v7:5.2.4.3")
    assert (found["status"], found["grade"]) == ("unknown", "unavailable")
    assert found["reason"] == f"Could not be read: {NO_PORTAL}"


SCORE = SecureScore(10, 10, "2026-11-20T00:00:00Z")
UNREAD = Unavailable("registration report", "license", "needs Entra ID P1")
FROM_OTHER_SOURCES = [
    (ExtraEvidence(EVERYONE), "pass", "inferred", "2026-11-24T03:00:00Z"),
    (ExtraEvidence(NOT_ALL), "fail", "inferred", "2026-11-24T03:00:00Z"),
    (ExtraEvidence(NOBODY), "fail", "inferred", "2026-11-24T03:00:00Z"),
    (ExtraEvidence([]), "unknown", "unavailable", None),
    (ExtraEvidence([person(1, admin=True), person(2, guest=True)]), "unknown", "unavailable", None),
    (ExtraEvidence([*EVERYONE, person(3, enabled=False, admin=True)]), "pass", "inferred", "2026-11-24T03:00:00Z"),
    (ExtraEvidence([*EVERYONE, person(3, enabled=False, guest=True)]), "pass", "inferred", "2026-11-24T03:00:00Z"),
    (ExtraEvidence(None, SCORE), "pass", "inferred", "2026-11-20T00:00:00Z"),
    (ExtraEvidence(UNREAD, SCORE), "pass", "inferred", "2026-11-20T00:00:00Z"),
    (ExtraEvidence(EVERYONE, SCORE), "pass", "inferred", "2026-11-20T00:00:00Z"),
    (ExtraEvidence(NOT_ALL, SCORE), "unknown", "unavailable", None),
    (ExtraEvidence(EVERYONE, replace(SCORE, enabled=9)), "unknown", "unavailable", None),
    (ExtraEvidence(None, replace(SCORE, enabled=9)), "fail", "inferred", "2026-11-20T00:00:00Z"),
    (ExtraEvidence(None, replace(SCORE, enabled=0, total=0)), "unknown", "unavailable", None),
    (ExtraEvidence(UNREAD, UNREAD), "unknown", "unavailable", None),
]


@pytest.mark.parametrize(("extra", "status", "grade", "as_of"), FROM_OTHER_SOURCES)
def test_only_everyone_is_inferred(extra: ExtraEvidence, status: str, grade: str, as_of: str | None) -> None:
    facts = known({}, extra=extra)
    found = control(facts)
    assert (found["status"], found["grade"], found["as_of"]) == (status, grade, as_of)
    others = [entry for entry in audit(facts, ALL).controls if entry["id"] != SCOPE]
    assert {entry["grade"] for entry in others} == {"unavailable"}, (
        "a group may contain everyone: nothing else is proven"
    )
    assert {entry["status"] for entry in others} == {"unknown"}


def test_an_inference_shows_its_numbers() -> None:
    found = control(known({}, extra=ExtraEvidence(NOT_ALL)))
    assert found["actual"] == "scope: not read, not every user is enabled"
    assert found["reason"] == (
        "Not read directly, but the registration report of 2026-11-24T03:00:00Z shows 1 of 2 users enabled."
    )


@pytest.mark.parametrize(
    ("values", "extra", "expected"),
    [
        (
            {},
            ExtraEvidence(NOT_ALL, SCORE),
            "Evidence disagrees: the registration report of 2026-11-24T03:00:00Z shows 1 of 2",
        ),
        (GOOD, ExtraEvidence(NOT_ALL), "The policy has scope all, but the registration report of"),
        (GOOD, ExtraEvidence(None, replace(SCORE, enabled=3)), "The policy has scope all, but Microsoft Secure Score"),
        (
            {**GOOD, "scope": "none"},
            ExtraEvidence(NOT_ALL),
            "The policy has scope none, but the registration report of",
        ),
    ],
)
def test_sources_that_disagree_are_a_finding(values: dict[str, Any], extra: ExtraEvidence, expected: str) -> None:
    [found] = audit(known(values, extra=extra)).findings
    assert found["kind"] == "disagreement"
    assert found["message"].startswith(expected)


@pytest.mark.parametrize(
    "extra", [ExtraEvidence(), ExtraEvidence(EVERYONE, SCORE), ExtraEvidence(NOT_ALL), ExtraEvidence(NOBODY)]
)
def test_a_group_contradicts_no_source(extra: ExtraEvidence) -> None:
    assert audit(known({**GOOD, "scope": "selected"}, extra=extra)).findings == []


WORD = Attestation(TWO, "anna@msp.example", date(2026, 11, 1), "screenshot 17", date(2026, 12, 31))


def test_an_attestation_counts_where_the_tenant_could_not_be_read() -> None:
    found = control(known({}), TWO, attestations=[WORD])
    assert (found["status"], found["grade"], found["as_of"]) == ("pass", "attested", "2026-11-01")
    assert found["reason"] == "Attested by anna@msp.example: screenshot 17"
    assert found["attestation"] == {
        "who": "anna@msp.example",
        "when": "2026-11-01",
        "evidence": "screenshot 17",
        "expires": "2026-12-31",
    }
    assert control(known(), TWO, attestations=[WORD])["grade"] == "verified", "reading is better evidence"


def test_an_attestation_does_not_overrule_the_tenant() -> None:
    found = audit(known({**GOOD, "methods_required": 1}), attestations=[WORD])
    assert found.controls[1]["status"] == "fail"
    assert found.findings == [
        {
            "kind": "disagreement",
            "message": f"anna@msp.example attested {TWO} on 2026-11-01, but the tenant has methods_required: 1.",
        }
    ]


@pytest.mark.parametrize(
    ("as_of", "status", "kinds"),
    [
        (date(2026, 10, 31), "unknown", ["early_attestation"]),
        (date(2026, 11, 1), "pass", []),
        (date(2026, 12, 31), "pass", []),
        (date(2027, 1, 1), "unknown", ["expired_attestation"]),
    ],
)
def test_an_attestation_counts_until_it_expires(as_of: date, status: str, kinds: list[str]) -> None:
    found = audit(known({}), attestations=[WORD], as_of=as_of)
    assert found.controls[1]["status"] == status
    assert [entry["kind"] for entry in found.findings] == kinds


EARLIER = {TWO: EarlierResult("pass", "2026-10-25", "methods_required: 2")}


def test_an_earlier_result_is_shown_and_never_counts_today() -> None:
    found = control(known({}, earlier=EARLIER), TWO)
    assert (found["status"], found["grade"], found["as_of"]) == ("unknown", "last_verified", "2026-10-25")
    assert found["actual"] == "methods_required: 2"
    assert found["reason"] == f"Last read on 2026-10-25, with status pass. Could not be read: {NO_PORTAL}"
    assert found["last"] == {"status": "pass", "as_of": "2026-10-25", "actual": "methods_required: 2"}
    read = control(known(earlier=EARLIER), TWO)
    assert (read["grade"], read["last"]) == ("verified", None)


WAIVER = Waiver(TWO, "until the phones are there", "it@x.example", date(2027, 3, 31))


@pytest.mark.parametrize(
    ("values", "as_of", "status"),
    [
        ({**GOOD, "methods_required": 1}, date(2027, 3, 31), "waived"),
        ({**GOOD, "methods_required": 1}, date(2027, 4, 1), "fail"),
        ({}, TODAY, "waived"),
        (GOOD, TODAY, "pass"),
    ],
)
def test_a_waiver_waives_until_it_expires(values: dict[str, Any], as_of: date, status: str) -> None:
    found = audit(known(values), waivers=[WAIVER], as_of=as_of)
    assert found.controls[1]["status"] == status
    expired = as_of > WAIVER.expires
    assert [entry["kind"] for entry in found.findings] == ["expired_waiver"] * expired
    assert (found.controls[1]["waiver"] is None) is expired
    if expired:
        assert found.findings[0]["message"] == (
            f"The waiver for {TWO} (owner: it@x.example) expired on 2027-03-31: until the phones are there"
        )


def test_a_waiver_of_the_only_fault_makes_a_tenant_clean() -> None:
    facts = known({**GOOD, "methods_required": 1})
    assert (audit(facts).state, audit(facts, waivers=[WAIVER]).state) == ("drift", "clean")


def test_what_names_no_control_is_a_finding() -> None:
    waiver = replace(WAIVER, id="cis_m365_v7:5.2.4.22")
    found = audit(known(), waivers=[waiver], attestations=[replace(WORD, control="cis:1")])
    assert [entry["kind"] for entry in found.findings] == ["unknown_control", "unknown_control"]
    assert found.findings[0]["message"] == "waivers: this audit has no control cis_m365_v7:5.2.4.22."


def test_conflicts_are_shown_on_both_controls() -> None:
    assert control(known())["conflicts"] == ["asd_blueprint:properties"]
    assert control(known(), "asd_blueprint:properties")["conflicts"] == [SCOPE]
    agreed = agreed_settings({"scope": "none"})
    assert agreed is not None
    found = audit(known(), [agreed, *CIS])
    assert found.controls[0]["conflicts"] == [SCOPE]
    assert found.controls[1]["conflicts"] == ["wanted:scope"]


@pytest.mark.parametrize(("synced", "status"), [(True, "fail"), (False, None), (None, "unknown")])
def test_a_control_for_hybrid_tenants(synced: bool | None, status: str | None) -> None:
    values = {**GOOD, "password_writeback": False, "unlock_without_reset": True}
    facts = known(values if synced is None else {**values, "synced": synced})
    found = {entry["id"]: entry["status"] for entry in audit(facts, ALL).controls}
    assert found.get("microsoft_recommended:writeback") == status


def test_an_agreed_group_counts_only_in_scope_selected() -> None:
    agreed = agreed_settings({"group": "SSPR Pilot"})
    assert agreed is not None
    assert audit(known(), [agreed]).controls == []
    found = audit(known({"scope": "selected", "group": None}), [agreed]).controls
    assert [(entry["status"], entry["actual"]) for entry in found] == [("fail", "group: none")]


def test_coverage() -> None:
    people = [
        person(1, registered=True, capable=True),
        person(2, registered=True, enabled=False),
        person(3, admin=True, registered=True, capable=True),
        person(4, guest=True),
    ]
    counted = {"registered": 2, "capable": 1, "enabled": 1, "as_of": "2026-11-24T03:00:00Z"}
    assert coverage({"scope": "all"}, ExtraEvidence(people)) == {"in_scope": 2, **counted}
    assert coverage({"scope": "selected"}, ExtraEvidence(people)) == {"in_scope": 1, **counted}
    assert coverage({"scope": "none"}, ExtraEvidence(people)) == {"in_scope": 0, **counted}
    assert coverage({}, ExtraEvidence(people)) == {"in_scope": 1, **counted}
    assert coverage({}, ExtraEvidence()) is None
    assert coverage({}, ExtraEvidence(UNREAD)) is None


PHONES = {
    "scope": "all",
    "methods_required": 1,
    "methods.email": False,
    "methods.mobile_phone": True,
    "methods.voice": False,
    "methods.office_phone": False,
    "methods.mobile_app_notification": False,
    "methods.mobile_app_code": False,
    "methods.software_oath": False,
    "methods.security_questions": True,
}
PEOPLE = [
    person(1, methods=frozenset({"mobilePhone"})),
    person(2, methods=frozenset({"mobilePhone", "securityQuestion"})),
    person(3, methods=frozenset({"securityQuestion"})),
    person(4, methods=frozenset({"mobilePhone"}), admin=True),
    person(5, methods=frozenset({"mobilePhone"}), enabled=False),
    person(6, methods=frozenset({"email"})),
]


def test_the_outlook_counts_each_user_on_the_day_of_the_loss() -> None:
    found = outlook(PHONES, True, ExtraEvidence(PEOPLE))
    assert [(entry["date"], entry["users"]) for entry in found] == [("2027-02-01", 1), ("2027-03-01", 2)]
    assert {entry["why_unknown"] for entry in found} == {None}


@pytest.mark.parametrize(
    ("values", "migrated", "extra", "users"),
    [
        (PHONES, True, ExtraEvidence(), [None, None]),
        ({**PHONES, "methods.mobile_phone": False}, True, ExtraEvidence(), [0, None]),
        ({**PHONES, "methods.security_questions": False}, True, ExtraEvidence(), [None, 0]),
        ({**PHONES, "scope": "none"}, True, ExtraEvidence(), [0, 0]),
        ({name: PHONES[name] for name in GRAPH_METHODS}, True, ExtraEvidence(PEOPLE), [None, None]),
        ({}, None, ExtraEvidence(PEOPLE), [None, None]),
        ({**PHONES, "methods.mobile_phone": False, "methods.voice": None}, False, ExtraEvidence(), [0, None]),
    ],
)
def test_the_outlook_says_why_a_number_is_unknown(
    values: dict[str, Any], migrated: bool | None, extra: ExtraEvidence, users: list[int | None]
) -> None:
    found = outlook(values, migrated, extra)
    assert [entry["users"] for entry in found] == users
    assert all((entry["users"] is None) is bool(entry["why_unknown"]) for entry in found)


# Any tenant, of which anything may be known or not
def value_of(name: str) -> Any:
    setting = SETTINGS[name]
    if name == "group":
        return st.sampled_from([None, GroupRef("g", "G")])
    if setting.spec["type"] == "str":
        return st.sampled_from(setting.spec.get("choices", ["", "a@b.example"]))
    if setting.spec["type"] == "bool":
        return st.booleans()
    return st.sampled_from([1, 2]) if name == "methods_required" else st.sampled_from([0, 3, 5, 90, 180, 365])


VALUES = st.fixed_dictionaries(
    {},
    optional={
        **{name: value_of(name) for name in SETTINGS},
        "synced": st.booleans(),
        "spare_methods": st.integers(0, 3),
    },
)
REPORTS = st.one_of(
    st.none(),
    st.just(UNREAD),
    st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=4).map(
        lambda rows: [person(i, enabled=e, admin=a, guest=g) for i, (e, a, g) in enumerate(rows)]
    ),
)
SCORES = st.one_of(
    st.none(), st.just(UNREAD), st.tuples(st.integers(0, 3), st.integers(0, 3)).map(lambda it: SecureScore(*it))
)
IDS = [entry.id for baseline in ALL for entry in baseline.controls]
DAYS = st.dates(date(2026, 10, 1), date(2027, 4, 1))
WORDS = st.lists(
    st.tuples(st.sampled_from(IDS), DAYS, DAYS).map(lambda it: Attestation(it[0], "who", it[1], "seen", it[2])),
    max_size=3,
)
WAIVERS = st.lists(st.tuples(st.sampled_from(IDS), DAYS).map(lambda it: Waiver(it[0], "r", "o", it[1])), max_size=3)
LASTS = st.dictionaries(st.sampled_from(IDS), st.just(EarlierResult("pass", "2026-10-01", "as it was")), max_size=5)
KNOWN = st.builds(
    lambda values, report, score, earlier: known(values, extra=ExtraEvidence(report, score), earlier=earlier),
    VALUES,
    REPORTS,
    SCORES,
    LASTS,
)


@settings(max_examples=150)
@given(KNOWN, WORDS, WAIVERS, DAYS)
def test_no_grade_claims_more_than_its_evidence_proves(
    facts: TenantFacts, words: list[Attestation], waivers: list[Waiver], as_of: date
) -> None:
    by_id = {entry.id: entry for baseline in ALL for entry in baseline.controls}
    report, score = facts.extra.registrations, facts.extra.secure_score
    says = (
        [all(it.enabled for it in people) for people in [ordinary_users(report)] if people]
        if isinstance(report, list)
        else []
    )
    says += [score.enabled >= score.total] if isinstance(score, SecureScore) and score.total else []
    for entry in audit(facts, ALL, attestations=words, waivers=waivers, as_of=as_of).controls:
        expectations = by_id[entry["id"]].expectations
        met = {it.setting: it.met_in(facts.values) for it in expectations}
        waived = any(it.id == entry["id"] and as_of <= it.expires for it in waivers)
        assert (entry["status"] == "waived") <= waived
        if entry["grade"] == "verified":
            assert (False in met.values()) if entry["status"] in ("fail", "waived") else set(met.values()) == {True}
        elif entry["grade"] == "inferred":
            assert {name for name, answer in met.items() if answer is None} == {"scope"}
            assert set(says) == {entry["status"] == "pass"}
        elif entry["grade"] == "attested":
            assert entry["status"] == "pass"
            assert any(it.control == entry["id"] and it.when <= as_of <= it.expires for it in words)
        else:
            assert entry["status"] in ("unknown", "waived")


@settings(max_examples=150)
@given(KNOWN, WORDS, st.data())
def test_less_evidence_makes_nothing_pass(facts: TenantFacts, words: list[Attestation], data: st.DataObject) -> None:
    """Unless the evidence contradicted it: then the control had failed, or a disagreement had been found."""
    names = [
        *facts.values,
        *(name for name in ("registrations", "secure_score", "earlier", "word") if name != "word" or words),
    ]
    taken = data.draw(st.sampled_from(names))
    less, fewer = facts, words
    if taken in facts.values:
        less = replace(facts, values={name: value for name, value in facts.values.items() if name != taken})
    elif taken == "earlier":
        less = replace(facts, earlier={})
    elif taken == "word":
        fewer = words[1:]
    else:
        less = replace(facts, extra=replace(facts.extra, **{taken: None}))
    before, after = audit(facts, ALL, attestations=words), audit(less, ALL, attestations=fewer)
    was = {entry["id"]: entry["status"] for entry in before.controls}
    contradicted = any(entry["kind"] == "disagreement" for entry in before.findings)
    for entry in after.controls:
        if entry["status"] == "pass":
            # The fact that was taken away had excluded this tenant from the control.
            assert (
                was.get(entry["id"]) in ("pass", "fail")
                or contradicted
                or (taken == "synced" and entry["grade"] == "attested")
            )


@settings(max_examples=60)
@given(KNOWN)
def test_without_the_portal_only_what_graph_holds_is_verified(facts: TenantFacts) -> None:
    on_graph = {*GRAPH_METHODS, "admins_can_reset", "synced"}
    less = replace(facts, values={name: value for name, value in facts.values.items() if name in on_graph})
    for entry in audit(less, ALL).controls:
        if entry["grade"] == "verified":
            assert set(entry["settings"]) & on_graph
            if entry["status"] == "pass":
                assert set(entry["settings"]) <= on_graph


@settings(max_examples=100)
@given(KNOWN, WORDS, WAIVERS, VALUES, st.sampled_from([entry for baseline in ALL for entry in baseline.controls]))
def test_a_status_depends_on_its_own_settings_alone(
    facts: TenantFacts, words: list[Attestation], waivers: list[Waiver], others: dict[str, Any], meant: Control
) -> None:
    names = {it.setting for it in (*meant.expectations, *meant.where)}
    values = {name: value for name, value in facts.values.items() if name in names}
    values |= {name: value for name, value in others.items() if name not in names}
    mine = [
        [
            (it["status"], it["grade"])
            for it in audit(some, ALL, attestations=words, waivers=waivers).controls
            if it["id"] == meant.id
        ]
        for some in (facts, facts, replace(facts, values=values))
    ]
    assert mine[0] == mine[1] == mine[2]
