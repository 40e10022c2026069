# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong between here and the services, and that nobody's setting is lost by it.

The matrix runs in this process, where Ansible adds nothing; what stands for a whole kind of fault runs in Ansible too.
"""

from __future__ import annotations

import copy
import importlib
import json
import os
import socket
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from unittest import mock

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.tenantops.entra.plugins.module_utils.connection.options import with_environment
from ansible_collections.tenantops.entra.tests.support.playbook import TaskResult

from .conftest import GROUP, REFRESH_TOKEN, Tenant

OTHER_GROUP = "44444444-4444-4444-8444-444444444444"
# What an administrator does in the meantime, in the admin center.
HELPDESK = {"customizeHelpdeskLink": True, "customHelpdeskEmailOrUrl": "it@contoso.com"}
METHODS = "/v1.0/policies/authenticationMethodsPolicy"


def here(tenant: Tenant, module: str, *, check_mode: bool = False, **options: Any) -> TaskResult:
    """Run a module in this process, its options validated as Ansible does."""
    return here_with(tenant, module, tenant.options(**options), check_mode=check_mode)


def here_with(tenant: Tenant, module: str, options: Mapping[str, Any], *, check_mode: bool = False) -> TaskResult:
    """Run a module in this process with these options alone."""
    code = importlib.import_module(f"ansible_collections.tenantops.entra.plugins.modules.{module}")
    validated = ArgumentSpecValidator(code.SPEC).validate(with_environment(options, {}))
    assert not validated.error_messages
    with mock.patch.dict(os.environ, {"ANSIBLE_HOME": str(tenant.ansible.home), "NO_PROXY": "127.0.0.1"}):
        result = code.execute(validated.validated_parameters, check_mode)
    outcome = "failed" if result.pop("failed", False) else "ok"
    return TaskResult(module, "localhost", outcome, json.loads(json.dumps(result)))


def landed(tenant: Tenant) -> list[Any]:
    """The writes that changed something in the tenant."""
    return [request for request in tenant.writes() if request.applied]


def in_two_seconds() -> str:
    """A ``Retry-After`` as a date, which has no fractions."""
    return formatdate(time.time() + 2, usegmt=True)


@dataclass(frozen=True)
class Case:
    """Faults, and what has to come of one change: ``kind`` of the error (None: success), write requests sent."""

    name: str
    faults: tuple[tuple[str, dict[str, Any]], ...]
    kind: str | None
    sent: int
    says: str = ""
    unconfirmed: bool = False
    # An administrator's edit that is among the faults and has to survive
    edit: Mapping[str, Any] = field(default_factory=dict)
    # The change was made, but not by a write of ours that got through
    by_itself: bool = False
    # Seconds between the first write and the second, at least
    pause: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)
    graph: bool = False
    in_ansible: bool = False

    @property
    def module(self) -> str:
        return "sspr_auth_methods" if self.graph else "sspr_notifications"

    @property
    def asked(self) -> dict[str, Any]:
        return {"methods": {"software_oath": True}} if self.graph else {"notify_admins": True}

    @property
    def option(self) -> str:
        return "methods.software_oath" if self.graph else "notify_admins"

    def prepare(self, make_tenant: Any) -> Tenant:
        off = {"authentication_methods_policy": {"SoftwareOath": {"state": "disabled"}}}
        tenant: Tenant = make_tenant(**off)
        for kind, arguments in self.faults:
            plane = "graph" if self.graph else "portal"
            now = {name: value() if callable(value) else value for name, value in arguments.items()}
            tenant.fault(kind, **{"plane": plane, **now})
        return tenant

    def check(self, tenant: Tenant, result: TaskResult, before: tuple[dict[str, Any], dict[str, Any]]) -> None:
        """The result, what is stored and what was sent."""
        policy, methods = copy.deepcopy(before)
        policy.update(self.edit)
        if self.kind is None and self.graph:
            methods["SoftwareOath"]["state"] = "enabled"
        elif self.kind is None:
            policy["notifyOnAdminPasswordReset"] = True
        assert (result.ok, result.kind) == (self.kind is None, self.kind), result.values
        assert (tenant.policy, tenant.methods) == (policy, methods), "nothing but the one setting"
        assert len(tenant.writes()) == self.sent
        assert len(landed(tenant)) == (self.kind is None and not self.by_itself)
        assert all(request.method == ("PATCH" if self.graph else "PUT") for request in tenant.writes())
        times = [request.time for request in tenant.writes()]
        assert self.pause == 0 or times[1] - times[0] >= self.pause
        if self.kind is None:
            assert result.ok, result.values
            assert result.changed
            assert result["verified"] is True
            assert self.value(result["settings"]) is True
            assert self.value(result["diff"]["before"]) is False
            assert self.value(result["diff"]["after"]) is True
            written = tenant.writes()[-1].n
            reads = [request for request in tenant.requests() if request.method == "GET" and request.n > written]
            assert [request.status for request in reads[-2:]] == [200, 200], "seen twice in a row"
            assert not any(request.fault for request in reads[-2:])
            return
        assert result.outcome == "failed"
        assert result.kind == self.kind, result.values
        assert self.says in result["msg"]
        assert (result["error"]["hint"] or "") in result["msg"]
        assert not result.changed
        assert result["applied"] == []
        assert result["unconfirmed"] == ([self.option] if self.unconfirmed else [])
        assert result["tenant"] is None or result["tenant"]["id"] == tenant.id

    def value(self, settings: Any) -> Any:
        for part in self.option.split("."):
            settings = settings[part]
        return settings


GET, PUT, PATCH = {"method": "GET"}, {"method": "PUT"}, {"method": "PATCH"}
EDIT = ("admin_edit", {**PUT, "changes": HELPDESK})
SHORT = {"confirm_timeout": 1}
ALWAYS: dict[str, Any] = {"times": None}
# In base64 it needs padding, and the letters in which the URL alphabet differs.
CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1"},"x":{"value":"???>>>~~~???"}}}'


def postponed(name: str, fault: tuple[str, dict[str, Any]], **rest: Any) -> Case:
    return Case(f"postponed-{name}", (EDIT, fault), None, 2, edit=HELPDESK, **rest)


def lost(name: str, *faults: tuple[str, dict[str, Any]], **rest: Any) -> Case:
    """A write of which nothing is seen: sent once, never again, reported."""
    return Case(f"lost-{name}", faults, "not_confirmed", 1, unconfirmed=True, options=SHORT, **rest)


CASES = (
    postponed("429-seconds", ("throttle", {**PUT, "retry_after": 1}), pause=0.99, in_ansible=True),
    postponed("429-date", ("throttle", {**PUT, "retry_after": in_two_seconds}), pause=0.9),
    postponed("429-silent", ("throttle", PUT), pause=0.99),
    postponed("503-seconds", ("unavailable", {**PUT, "retry_after": 1}), pause=0.99),
    postponed("503-silent", ("unavailable", PUT), pause=0.99),
    postponed("claims", ("claims_challenge", {**PUT, "claims": CLAIMS}), in_ansible=True),
    Case("postponed-patch-429", (("throttle", {**PATCH, "retry_after": 1}),), None, 2, graph=True),
    Case("postponed-patch-claims", (("claims_challenge", {**PATCH, "claims": CLAIMS}),), None, 2, graph=True),
    Case("long-429-put", (("throttle", {**PUT, "retry_after": 180}),), "throttled", 1, says="180 seconds"),
    Case("long-503-put", (("unavailable", {**PUT, "retry_after": 3600}),), "unreachable", 1, says="503"),
    Case("long-429-get", (("throttle", {**GET, "retry_after": 600}),), "throttled", 0, says="600", in_ansible=True),
    Case("long-429-patch", (("throttle", {**PATCH, "retry_after": 200}),), "throttled", 1, says="200", graph=True),
    Case("lasting-429-put", (("throttle", {**PUT, **ALWAYS, "retry_after": 1}),), "throttled", 4),
    Case("lasting-503-put", (("unavailable", {**PUT, **ALWAYS, "retry_after": 1}),), "unreachable", 4, says="503"),
    Case("lasting-429-get", (("throttle", {**GET, **ALWAYS, "retry_after": 1}),), "throttled", 0),
    Case("lasting-503-get", (("unavailable", {**GET, **ALWAYS, "retry_after": 1}),), "unreachable", 0, graph=True),
    Case("passing-503-get", (("unavailable", {**GET, "times": 2, "retry_after": 1}),), None, 1),
    Case("passing-drop-get", (("drop_before", {**GET, "times": 2}),), None, 1),
    Case("lasting-drop-get", (("drop_before", {**GET, **ALWAYS}),), "unreachable", 0, says="lost"),
    Case("claims-get", (("claims_challenge", {**GET, "claims": CLAIMS}),), None, 1),
    Case("claims-get-graph", (("claims_challenge", {**GET, "path": METHODS, "claims": CLAIMS}),), None, 1, graph=True),
    lost("drop-put", ("drop_before", PUT), says="1 seconds", in_ansible=True),
    lost("drop-patch", ("drop_before", PATCH), graph=True),
    lost("500-put", ("status", {**PUT, "status": 500}), says="500"),
    lost("502-patch", ("status", {**PATCH, "status": 502}), says="502", graph=True),
    lost("504-html-put", ("html", {**PUT, "status": 504}), says="504 with a web page"),
    lost("500-html-patch", ("html", {**PATCH, "status": 500}), says="500 with a web page", graph=True),
    lost("200-html-put", ("html", PUT), says="200 with a web page"),
    lost("200-html-patch", ("html", PATCH), says="200 with a web page", graph=True),
    lost("ignored-put", ("ignore_write", PUT), in_ansible=True),
    lost("ignored-patch", ("ignore_write", PATCH), graph=True),
    Case("settled-drop-put", (("drop_after", PUT),), None, 1, in_ansible=True),
    Case("settled-drop-patch", (("drop_after", PATCH),), None, 1, graph=True),
    Case(
        "settled-504-put",
        (("admin_edit", {**PUT, "changes": {"notifyOnAdminPasswordReset": True}}), ("status", {**PUT, "status": 504})),
        None,
        1,
        by_itself=True,
    ),
    Case("settled-slow-put", (("slow", {**PUT, "seconds": 3}),), None, 1, options={"timeout": 2}, in_ansible=True),
    Case("settled-slow-patch", (("slow", {**PATCH, "seconds": 3}),), None, 1, options={"timeout": 2}, graph=True),
    Case("slow-get", (("slow", {**GET, "seconds": 3}),), "unreachable", 0, options={"timeout": 2}),
    *(Case(f"stale-{n}", (("stale_read", {**GET, "skip": 1, "times": n}),), None, 1) for n in (1, 2, 3)),
    Case("stale-between", (("stale_read", {**GET, "skip": 2, "times": 1}),), None, 1),
    Case("stale-graph", (("stale_read", {**GET, "path": METHODS, "skip": 1, "times": 2}),), None, 1, graph=True),
    Case("confirming-503", (("unavailable", {**GET, "skip": 1, "times": 1, "retry_after": 1}),), None, 1),
    Case("confirming-html", (("html", {**GET, "skip": 1, "times": 1}),), None, 1),
    Case("html-get", (("html", GET),), "unexpected_document", 0, says="text/html", in_ansible=True),
    Case("empty-get", (("empty", GET),), "unexpected_document", 0, says="an empty response"),
    Case("empty-get-graph", (("empty", {**GET, "path": METHODS}),), "unexpected_document", 0, graph=True),
    Case("500-get", (("status", {**GET, "status": 500}),), "unreachable", 0, says="500"),
    Case("401-put", (("status", {**PUT, "status": 401}),), "portal_credential_expired", 1),
    Case("409-put", (("status", {**PUT, "status": 409}),), "conflict", 1),
    Case("412-patch", (("status", {**PATCH, "status": 412}),), "conflict", 1, graph=True),
    Case("400-put", (("status", {**PUT, "status": 400}),), "invalid_setting", 1, says="A simulated status"),
    Case(
        "licence-put",
        (("status", {**PUT, "status": 403, "body": {"error": {"code": "AadPremiumLicenseRequired"}}}),),
        "license",
        1,
        says="P1",
    ),
)


@pytest.mark.oldest
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_fault(make_tenant: Any, case: Case) -> None:
    tenant = case.prepare(make_tenant)
    before = copy.deepcopy((tenant.policy, tenant.methods))
    started = time.monotonic()
    result = here(tenant, case.module, **{**case.asked, **case.options})
    assert time.monotonic() - started < 15, "no fault keeps a fork for long"
    case.check(tenant, result, before)

    tenant.simulator.clear_faults()
    again = here(tenant, case.module, **case.asked)
    assert again.ok, again.values
    assert again.changed == (case.kind is not None), "run again, it does what is left and no more"
    assert case.value(again["settings"]) is True
    assert len(landed(tenant)) == (not case.by_itself)
    assert {name: tenant.policy[name] for name in case.edit} == case.edit


@pytest.mark.both_ways
@pytest.mark.oldest
def test_faults_in_ansible(make_tenant: Any) -> None:
    cases = [case for case in CASES if case.in_ansible]
    tenants = [case.prepare(make_tenant) for case in cases]
    before = [copy.deepcopy((tenant.policy, tenant.methods)) for tenant in tenants]
    tasks = [
        tenant.task(case.module, **{**case.asked, **case.options}) for case, tenant in zip(cases, tenants, strict=True)
    ]
    results = tenants[0].ansible.tasks(*tasks)
    for case, tenant, result, was in zip(cases, tenants, results, before, strict=True):
        case.check(tenant, result, was)


@pytest.mark.parametrize("edit", ["before", "after"])
def test_an_administrator_who_is_at_the_same_option_wins(tenant: Tenant, edit: str) -> None:
    """Between read and write while the write is put off; right after the write."""
    changes = {"registrationReconfirmIntevalInDays": 30}
    tenant.fault("admin_edit", plane="portal", method="PUT", changes=changes, when=edit)
    if edit == "before":
        tenant.fault("throttle", method="PUT", plane="portal", retry_after=1)
    result = here(tenant, "sspr_registration", reconfirm_days=90, required_at_sign_in=False, confirm_timeout=1)
    assert result.kind == "conflict", result.values
    assert "reconfirm_days" in result["msg"]
    assert tenant.policy["registrationReconfirmIntevalInDays"] == 30
    assert len(tenant.writes()) == 1
    assert result["applied"] == []
    assert result.changed is False
    if edit == "before":
        assert landed(tenant) == []
        assert result["unconfirmed"] == []
        assert "required_at_sign_in" not in result["msg"], "only what collides"
    else:
        assert set(result["unconfirmed"]) == {"reconfirm_days", "required_at_sign_in"}


def test_an_administrator_who_does_the_same_leaves_nothing_to_do(tenant: Tenant) -> None:
    tenant.fault("admin_edit", plane="portal", method="PUT", changes={"notifyOnAdminPasswordReset": True})
    tenant.fault("throttle", method="PUT", plane="portal", retry_after=1)
    result = here(tenant, "sspr_notifications", notify_admins=True)
    assert result.ok, result.values
    assert len(tenant.writes()) == 1
    assert landed(tenant) == []
    assert result["settings"]["notify_admins"] is True
    assert not result.changed, "nothing was written"


def test_a_change_that_is_seen_at_the_last_moment(tenant: Tenant) -> None:
    """Seen once and not again when the time is up: whatever is said, it is said consistently."""
    tenant.fault("stale_read", plane="portal", method="GET", skip=1, times=3)
    result = here(tenant, "sspr_notifications", notify_admins=True, confirm_timeout=1)
    assert tenant.policy["notifyOnAdminPasswordReset"] is True
    assert len(tenant.writes()) == 1
    if result.ok:
        assert result.changed
    else:
        assert result.kind == "not_confirmed"
        assert result["unconfirmed"] == ["notify_admins"]
        assert result["applied"] == []
        assert result.changed is False


@pytest.mark.oldest
def test_redirects_are_not_followed(tenant: Tenant) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)
        where = f"https://127.0.0.1:{elsewhere.getsockname()[1]}/api/PasswordReset/PasswordResetPolicies"
        for plane, method, skip, status in (
            ("portal", "GET", 0, 302),
            ("portal", "PUT", 0, 302),
            ("portal", "PUT", 0, 307),
            ("graph", "GET", 0, 301),
            ("token", "POST", 0, 307),
            ("token", "POST", 1, 307),
        ):
            tenant.fault("redirect", plane=plane, method=method, skip=skip, status=status, location=where)
            result = here(tenant, "sspr_notifications", notify_admins=True)
            assert result.outcome == "failed"
            with pytest.raises(BlockingIOError):
                elsewhere.accept()
            assert tenant.policy["notifyOnAdminPasswordReset"] is False
            assert result.changed is False
            assert result["unconfirmed"] == []
            if plane != "token":
                assert result.kind == "unreachable"
                assert "redirected to 127.0.0.1" in result["msg"]
    assert [request.status for request in tenant.writes()] == [302, 307]
    assert all(request.plane != "portal" or request.method in ("GET", "PUT") for request in tenant.requests())


@pytest.mark.both_ways
@pytest.mark.oldest
def test_a_stale_read_does_not_put_the_previous_page_back(tenant: Tenant) -> None:
    # Reads of the first task: one, and two that confirm. Each further task begins on a replica that missed it.
    tenant.fault("stale_read", plane="portal", method="GET", skip=3)
    tenant.fault("stale_read", plane="portal", method="GET", skip=4)
    notify = tenant.task("sspr_notifications", notify_admins=True, confirm_timeout=120)
    first, again, other = tenant.ansible.tasks(
        notify, notify, tenant.task("sspr_registration", reconfirm_days=90, confirm_timeout=120)
    )
    assert [request.fault for request in tenant.requests("portal")].count("stale_read") == 2
    assert first.ok, first.values
    assert first.changed
    assert again.ok, again.values
    assert not again.changed
    assert again["settings"]["notify_admins"] is True
    assert other.ok, other.values
    assert other.changed
    assert tenant.policy["notifyOnAdminPasswordReset"] is True
    assert tenant.policy["registrationReconfirmIntevalInDays"] == 90
    assert len(tenant.writes()) == len(landed(tenant)) == 2
    # What is not older but another's is taken as it is, at once.
    tenant.policy["notifyOnAdminPasswordReset"] = False
    tenant.policy["registrationReconfirmIntevalInDays"] = 31
    set_back = here(tenant, "sspr_registration", reconfirm_days=90)
    assert set_back["previous"]["reconfirm_days"] == 31
    assert tenant.policy["registrationReconfirmIntevalInDays"] == 90


def test_a_stale_read_of_graph_waits_too(make_tenant: Any) -> None:
    tenant = make_tenant(authentication_methods_policy={"SoftwareOath": {"state": "disabled"}})
    asked: dict[str, Any] = {"methods": {"software_oath": True}}
    first = here(tenant, "sspr_auth_methods", **asked, confirm_timeout=60)
    assert first.changed
    tenant.fault("stale_read", plane="graph", path=METHODS, times=2)
    again = here(tenant, "sspr_auth_methods", **asked, confirm_timeout=60)
    assert again.ok, again.values
    assert not again.changed
    assert len(tenant.writes()) == 1


def test_a_cut_off_memory_is_no_obstacle(tenant: Tenant) -> None:
    here(tenant, "sspr_notifications", notify_admins=True)
    [memory] = (tenant.ansible.home / "tenantops.entra").iterdir()
    text = memory.read_text(encoding="utf-8")
    for wanted, left in ((False, text[: len(text) // 2]), (True, f"{text}{text[-9:]}"), (False, "")):
        memory.write_text(left, encoding="utf-8")
        result = here(tenant, "sspr_notifications", notify_admins=wanted)
        assert result.ok, (left, result.values)
        assert tenant.policy["notifyOnAdminPasswordReset"] is wanted


def test_without_a_place_for_the_lock_nothing_is_sent(tenant: Tenant) -> None:
    tenant.ansible.home.parent.mkdir(exist_ok=True)
    tenant.ansible.home.write_text("a file where a directory should be", encoding="utf-8")
    result = here(tenant, "sspr_notifications", notify_admins=True)
    assert result.kind == "environment"
    assert "ANSIBLE_HOME" in result["error"]["hint"]
    assert tenant.writes() == []


@pytest.mark.both_ways
@pytest.mark.oldest
def test_three_pages_at_the_same_moment(tenant: Tenant) -> None:
    # Wide open windows between read and write.
    tenant.fault("slow", plane="portal", times=None, seconds=0.3)
    tasks = [
        tenant.task("sspr_notifications", notify_admins=True, confirm_timeout=60),
        tenant.task("sspr_registration", reconfirm_days=90, confirm_timeout=60),
        tenant.task("sspr_customization", helpdesk_contact="it@contoso.com", confirm_timeout=60),
    ]
    with ThreadPoolExecutor(3) as pool:
        results = [found for [found] in pool.map(tenant.ansible.tasks, tasks)]
    assert [result.outcome for result in results] == ["ok"] * 3, [result.values for result in results]
    assert all(result.changed for result in results)
    assert tenant.policy["notifyOnAdminPasswordReset"] is True
    assert tenant.policy["registrationReconfirmIntevalInDays"] == 90
    assert tenant.policy["customHelpdeskEmailOrUrl"] == "it@contoso.com"
    assert len(tenant.writes()) == len(landed(tenant)) == 3


BOTH: dict[str, Any] = {"methods": {"voice": True, "software_oath": True}, "allow_sign_in_change": True}


@pytest.fixture
def methods_off(make_tenant: Any) -> Tenant:
    """A tenant where two methods, each a request of its own, can be switched on."""
    off = {"state": "disabled"}
    tenant: Tenant = make_tenant(authentication_methods_policy={"SoftwareOath": off, "Voice": off})
    return tenant


def test_a_refused_method_leaves_the_number_alone(methods_off: Tenant) -> None:
    tenant = methods_off
    asked = {**BOTH, "methods_required": 2}

    tenant.fault("status", plane="graph", method="PATCH", status=403)
    refused = here(tenant, "sspr_auth_methods", **asked)
    assert refused.kind == "permission"
    assert "Policy.ReadWrite.AuthenticationMethod" in refused["msg"]
    assert refused["error"]["plane"] == "graph"
    assert refused["error"]["status"] == 403
    assert refused.changed is False
    assert refused["applied"] == refused["unconfirmed"] == []

    tenant.fault("status", plane="graph", method="PATCH", path="SoftwareOath", status=403)
    halfway = here(tenant, "sspr_auth_methods", **asked)
    assert halfway.kind == "permission"
    assert halfway.changed is True
    assert halfway["applied"] == ["methods.voice"]
    assert halfway["unconfirmed"] == []
    assert tenant.methods["Voice"]["state"] == "enabled"
    assert tenant.methods["SoftwareOath"]["state"] == "disabled"
    assert tenant.policy["numberOfAuthenticationMethodsRequired"] == 1
    assert all(request.plane == "graph" for request in tenant.writes())

    completed = here(tenant, "sspr_auth_methods", **asked)
    assert completed.ok, completed.values
    assert completed["diff"]["before"] == {
        "methods": {"voice": True, "software_oath": False},
        "methods_required": 1,
    }
    assert tenant.policy["numberOfAuthenticationMethodsRequired"] == 2
    assert [request.plane for request in landed(tenant)] == ["graph", "graph", "portal"]


def patched(tenant: Tenant) -> list[str]:
    """The configurations that were written, in order, by the end of their path."""
    return [request.path.rpartition("/")[2] for request in tenant.writes() if request.plane == "graph"]


@pytest.mark.parametrize("first", [True, False])
def test_the_first_or_the_last_of_two_answers_is_lost(methods_off: Tenant, first: bool) -> None:
    tenant = methods_off
    tenant.fault("drop_after", plane="graph", method="PATCH", skip=0 if first else 1)
    result = here(tenant, "sspr_auth_methods", **BOTH)
    assert result.ok, result.values
    assert result.changed
    assert patched(tenant) == ["Voice", "SoftwareOath"], "each once"
    assert all(request.applied for request in tenant.writes())
    assert tenant.methods["Voice"]["state"] == tenant.methods["SoftwareOath"]["state"] == "enabled"


def test_the_last_of_two_never_arrives(methods_off: Tenant) -> None:
    tenant = methods_off
    tenant.fault("drop_before", plane="graph", method="PATCH", skip=1)
    result = here(tenant, "sspr_auth_methods", **BOTH, methods_required=2, confirm_timeout=1)
    assert result.kind == "not_confirmed"
    assert result.changed is True
    assert result["applied"] == ["methods.voice"]
    assert result["unconfirmed"] == ["methods.software_oath"]
    assert "methods.voice" not in result["msg"]
    assert tenant.methods["Voice"]["state"] == "enabled"
    assert tenant.methods["SoftwareOath"]["state"] == "disabled"
    assert tenant.policy["numberOfAuthenticationMethodsRequired"] == 1


def test_what_is_seen_late_is_not_reported_as_unconfirmed(methods_off: Tenant) -> None:
    """The second write is put off, and the look at the first falls on a stale read; later, the number is refused."""
    tenant = methods_off
    tenant.fault("throttle", plane="graph", method="PATCH", skip=1, retry_after=1)
    tenant.fault("stale_read", plane="graph", method="GET", path=METHODS, skip=1)
    tenant.fault("status", plane="portal", method="PUT", status=403)
    result = here(tenant, "sspr_auth_methods", **BOTH, methods_required=2)
    assert "stale_read" in [request.fault for request in tenant.requests("graph")]
    assert result.kind == "permission"
    assert tenant.methods["Voice"]["state"] == tenant.methods["SoftwareOath"]["state"] == "enabled"
    assert result.changed is True
    assert sorted(result["applied"]) == ["methods.software_oath", "methods.voice"]
    assert result["unconfirmed"] == []
    assert patched(tenant) == ["Voice", "SoftwareOath", "SoftwareOath"]


def test_a_first_document_stays_reported_when_the_second_fails(make_tenant: Any) -> None:
    tenant = make_tenant(authentication_methods_policy={"SoftwareOath": {"state": "disabled"}})
    tenant.fault("status", plane="portal", method="PUT", status=500)
    result = here(tenant, "sspr_auth_methods", methods={"software_oath": True}, methods_required=2, confirm_timeout=1)
    assert result.kind == "not_confirmed"
    assert result.changed is True
    assert result["applied"] == ["methods.software_oath"]
    assert result["unconfirmed"] == ["methods_required"]
    assert tenant.methods["SoftwareOath"]["state"] == "enabled"
    assert tenant.policy["numberOfAuthenticationMethodsRequired"] == 1


STRANGE = {
    "notAField": {"kept": [1, None, "ü"]},
    "emailOptionAllowed": False,
    "mobileAppCodeOptionAllowed": False,
    "skipRegistrationAllowed": False,
    "skipRegistrationMaxAllowedDays": 3,
    "securityQuestions": [{"questionText": f"Which? №{n}", "isPredefined": False, "extra": {"n": n}} for n in range(5)],
    "registrationConditionalAccessPolicies": [{"id": "x", "displayName": "y"}],
}
# By module: options, and the fields they are kept in.
EVERY_MODULE: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "sspr_properties": (
        {"scope": "selected", "group": "SSPR Pilot"},
        {"enablementType": 1, "passwordResetEnabledGroupIds": [GROUP]},
    ),
    "sspr_auth_methods": (
        {"methods_required": 2, "methods": {"software_oath": True}},
        {"numberOfAuthenticationMethodsRequired": 2},
    ),
    "sspr_registration": ({"reconfirm_days": 0}, {"registrationReconfirmIntevalInDays": 0}),
    "sspr_notifications": ({"notify_admins": True}, {"notifyOnAdminPasswordReset": True}),
    "sspr_customization": ({"helpdesk_contact": "it@contoso.com"}, {"customHelpdeskEmailOrUrl": "it@contoso.com"}),
    "sspr_policy": (
        {"notify_users": False, "questions_to_register": 4},
        {"notifyUsersOnPasswordReset": False, "numberOfQuestionsToRegister": 4},
    ),
}


@pytest.mark.both_ways
@pytest.mark.oldest
def test_every_module_foretells_and_carries_through_what_it_does_not_know(make_tenant: Any) -> None:
    """On a tenant that has drifted: first all in check mode, then all in earnest."""
    seed = {"portal_policy": STRANGE, "authentication_methods_policy": {"SoftwareOath": {"state": "disabled"}}}
    tenant = make_tenant(**copy.deepcopy(seed))
    before = copy.deepcopy(tenant.policy)
    run = tenant.ansible.run_tasks(
        *(
            tenant.task(module, check_mode=check, confirm_timeout=60, **options)
            for check in (True, False)
            for module, (options, _fields) in EVERY_MODULE.items()
        ),
        arguments=["--diff"],
    )
    foretold, written = run.results[: len(EVERY_MODULE)], run.results[len(EVERY_MODULE) :]
    for (module, (options, _fields)), check, result in zip(EVERY_MODULE.items(), foretold, written, strict=True):
        assert check.ok, check.values
        assert result.ok, result.values
        assert check.changed, module
        assert result.changed, module
        after = json.loads(
            json.dumps(options).replace('"SSPR Pilot"', f'{{"id": "{GROUP}", "display_name": "SSPR Pilot"}}')
        )
        assert check["diff"]["after"] == result["diff"]["after"] == after
        assert check["diff"]["before"] == result["diff"]["before"] != after
        assert check["verified"] is False
        assert result["verified"] is True
        assert any("notAField" in warning for warning in result["warnings"])
        assert all("field" in warning for warning in result["warnings"]), "warnings, and no others"

    puts = [request for request in tenant.writes() if request.plane == "portal"]
    assert [request.method for request in tenant.writes()].count("PATCH") == 1
    assert len(puts) == len(EVERY_MODULE), "none of them in check mode"
    expected = {name: value for name, value in before.items() if name != "passwordResetEnabledGroupName"}
    for put, (_options, fields) in zip(puts, EVERY_MODULE.values(), strict=True):
        expected.update(fields)
        sent = {name: value for name, value in put.body.items() if name != "passwordResetEnabledGroupName"}
        assert sent == expected
    stored = {name: value for name, value in tenant.policy.items() if name != "passwordResetEnabledGroupName"}
    assert stored == expected
    first_write = min(request.n for request in tenant.writes())
    earlier = [request for request in tenant.requests("portal") if request.n < first_write]
    assert len(earlier) >= len(EVERY_MODULE), "each read in check mode"


@pytest.mark.parametrize(
    ("change", "module", "options", "page"),
    [
        ({"notifyOnAdminPasswordReset": "<absent>"}, "sspr_notifications", {"notify_admins": True}, "notifications"),
        ({"notifyOnAdminPasswordReset": "no"}, "sspr_policy", {"notify_admins": True}, "notifications"),
        ({"registrationReconfirmIntevalInDays": True}, "sspr_registration", {"reconfirm_days": 1}, "registration"),
        ({"registrationReconfirmIntevalInDays": None}, "sspr_registration", {"reconfirm_days": 1}, "registration"),
        ({"enablementType": 7}, "sspr_properties", {"scope": "all"}, "properties"),
        (
            {"customHelpdeskEmailOrUrl": None},
            "sspr_customization",
            {"helpdesk_contact": "a@b.example"},
            "customization",
        ),
        ({"passwordResetEnabledGroupIds": {}}, "sspr_properties", {"group": ""}, "properties"),
    ],
)
def test_a_changed_document_is_not_written(
    make_tenant: Any, change: dict[str, Any], module: str, options: dict[str, Any], page: str
) -> None:
    tenant = make_tenant(portal_policy=change)
    before = copy.deepcopy(tenant.policy)
    for check_mode in (True, False):
        result = here(tenant, module, check_mode=check_mode, **options)
        assert result.kind == "unexpected_document", result.values
        assert result["error"]["plane"] == "portal"
        assert next(iter(options)) in result["msg"]
        assert next(iter(change)) not in result["msg"], "remote names never reach the user"
        [entry] = result["manual"]
        assert entry["page"] == page
        assert entry["settings"] == options
        assert entry["link"].startswith("https://entra.microsoft.com/#view/")
        assert result.changed is False
    assert tenant.writes() == []
    assert tenant.policy == before


def test_another_policy_than_the_default_is_not_written(make_tenant: Any) -> None:
    tenant = make_tenant(portal_policy={"objectId": "fallback"})
    result = here(tenant, "sspr_notifications", notify_admins=True)
    assert result.kind == "unexpected_document"
    assert tenant.writes() == []
    [entry] = result["manual"]
    assert entry["settings"] == {"notify_admins": True}


def test_a_surprise_on_another_page_is_only_a_warning(make_tenant: Any) -> None:
    tenant = make_tenant(portal_policy={"customizeHelpdeskLink": "<absent>", "notAField": 1})
    result = here(tenant, "sspr_notifications", notify_admins=True)
    assert result.ok, result.values
    warnings = " ".join(result["warnings"])
    assert "customizeHelpdeskLink" in warnings
    assert "notAField" in warnings
    assert tenant.policy["notifyOnAdminPasswordReset"] is True
    assert "customizeHelpdeskLink" not in tenant.policy
    # The simulator, unlike who knows what service, takes no field of a wrong type back: nothing to write, then.
    tenant.policy["registrationRequiredOnSignIn"] = "yes"
    settled = here(tenant, "sspr_notifications", notify_admins=True)
    assert settled.ok, settled.values
    assert not settled.changed
    assert any("registrationRequiredOnSignIn" in warning for warning in settled["warnings"])


def test_a_changed_methods_policy_is_not_written(make_tenant: Any) -> None:
    tenant = make_tenant(
        authentication_methods_policy={"Sms": {"state": "maybe"}, "SoftwareOath": {"state": "disabled"}}
    )
    result = here(tenant, "sspr_auth_methods", methods={"mobile_phone": True}, methods_required=2)
    assert result.kind == "unexpected_document"
    assert result["error"]["plane"] == "graph"
    assert "methods.mobile_phone" in result["msg"]
    assert tenant.writes() == []
    other = here(tenant, "sspr_auth_methods", methods={"software_oath": True})
    assert other.ok, other.values
    assert tenant.methods["SoftwareOath"]["state"] == "enabled"
    assert tenant.methods["Sms"]["state"] == "maybe"


def test_an_unknown_state_of_migration_stops_only_the_methods(make_tenant: Any) -> None:
    tenant = make_tenant(omit_migration_state=True)
    stopped = here(tenant, "sspr_auth_methods", methods_required=2)
    assert stopped.kind == "unexpected_document"
    assert stopped["error"]["plane"] == "graph"
    assert tenant.writes() == []
    assert here(tenant, "sspr_notifications", notify_admins=True).ok


GROUP_NAMES = (
    "O'Brien's",
    'say "hi"',
    "R&D + Sales = 100%",
    "C# /?;:@,$ \\ {x}",
    "Größe 東京 \N{GRINNING FACE}",
    "  SSPR  two  spaces",
)


def test_groups_by_name(make_tenant: Any) -> None:
    named = [{"id": f"55555555-5555-4555-8555-{n:012}", "displayName": name} for n, name in enumerate(GROUP_NAMES)]
    similar = [{"id": OTHER_GROUP, "displayName": "SSPR Pilot 2"}, {"id": GROUP, "displayName": "SSPR Pilot"}]
    tenant = make_tenant(groups=[*named, *similar])
    for group in [*named, *similar]:
        result = here(tenant, "sspr_properties", scope="selected", group=group["displayName"])
        assert result.ok, (group, result.values)
        wanted = {"id": group["id"], "display_name": group["displayName"]}
        assert result["settings"]["group"] == result["diff"]["after"]["group"] == wanted
        assert tenant.policy["passwordResetEnabledGroupIds"] == [group["id"]]
    assert len(landed(tenant)) == len([*named, *similar])
    unknown = here(tenant, "sspr_properties", scope="selected", group="No  such\tgroup")
    assert unknown.kind == "not_found"
    assert repr("No  such\tgroup") in unknown["msg"], "as it was given"


@pytest.mark.both_ways
@pytest.mark.oldest
def test_groups_in_ansible(make_tenant: Any) -> None:
    triple = [f"66666666-6666-4666-8666-{n:012}" for n in range(3)]
    tenant = make_tenant(
        groups=[
            *({"id": group, "displayName": "Twice & more"} for group in triple),
            {"id": GROUP, "displayName": "O'Brien's R&D + 50% # \"ü\""},
        ]
    )
    several, by_name, by_id, unknown, unknown_id, again = tenant.ansible.tasks(
        tenant.task("sspr_properties", scope="selected", group="Twice & more"),
        tenant.task("sspr_properties", scope="selected", group="O'Brien's R&D + 50% # \"ü\""),
        tenant.task("sspr_properties", group=triple[1].upper()),
        tenant.task("sspr_properties", scope="selected", group="Twice"),
        tenant.task("sspr_policy", scope="selected", group=OTHER_GROUP),
        tenant.task("sspr_policy", group=triple[1], notify_users=True),
    )
    assert several.kind == "ambiguous"
    assert all(group in several["error"]["hint"] for group in triple), "all pages of the answer"
    assert by_name.ok, by_name.values
    assert by_name["settings"]["group"] == {"id": GROUP, "display_name": "O'Brien's R&D + 50% # \"ü\""}
    assert by_id.ok, by_id.values
    assert by_id["previous"]["group"]["id"] == GROUP
    assert by_id["settings"] == {"scope": "selected", "group": {"id": triple[1], "display_name": "Twice & more"}}
    for result, wanted in ((unknown, "Twice"), (unknown_id, OTHER_GROUP)):
        assert result.kind == "not_found"
        assert f"{wanted!r}" in result["msg"]
    assert again.ok, again.values
    assert not again.changed
    assert len(landed(tenant)) == len(tenant.writes()) == 2
    assert tenant.policy["passwordResetEnabledGroupIds"] == [triple[1]]


def test_a_group_that_does_not_count_is_not_looked_up(make_tenant: Any) -> None:
    # Not even the permission to look is needed.
    tenant = make_tenant(apps={"aaaaaaaa-0000-4000-8000-000000000001": ["Organization.Read.All"]})
    uses: tuple[dict[str, Any], ...] = ({"group": "No such group"}, {"scope": "all", "group": OTHER_GROUP})
    for options in uses:
        result = here(tenant, "sspr_properties", **options)
        assert result.ok, result.values
        assert any("group is ignored" in warning for warning in result["warnings"])
        assert "group" not in result["diff"]["after"]
        assert result["settings"]["group"] is None
    assert not [request for request in tenant.requests("graph") if "groups" in request.path]
    assert tenant.policy["enablementType"] == 2
    assert tenant.policy["passwordResetEnabledGroupIds"] == []


def refusal(status: int, text: str) -> dict[str, Any]:
    """A refusal of the token service, whose words differ."""
    body = {"error": "temporarily_unavailable", "error_description": text}
    return {"kind": "status", "status": status, "body": body, "headers": {"Retry-After": "1"}}


@pytest.mark.oldest
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (refusal(429, "AADSTS90055: The server is terminating the request."), "throttled"),
        (refusal(429, "Slow down."), "throttled"),
        ({"kind": "unavailable"}, "unreachable"),
        (refusal(502, "AADSTS90033: A transient error has occurred."), "unreachable"),
        ({"kind": "drop_before"}, "unreachable"),
        ({"kind": "html"}, "unreachable"),
    ],
    ids=["429 with code", "429 without code", "503", "502 with code", "dropped", "web page"],
)
@pytest.mark.parametrize("plane", ["graph", "portal"])
def test_a_token_service_in_trouble(tenant: Tenant, plane: str, fault: dict[str, Any], kind: str) -> None:
    arguments = dict(fault)
    skip = 0 if plane == "graph" else 1
    tenant.fault(arguments.pop("kind"), plane="token", method="POST", skip=skip, times=None, **arguments)
    result = here(tenant, "sspr_notifications", notify_admins=True)
    assert result.kind == kind, result.values
    assert result["error"]["plane"] == plane
    assert REFRESH_TOKEN not in json.dumps(result.values)
    assert tenant.requests("graph") == tenant.requests("portal") == []
    assert 1 <= len([r for r in tenant.requests("token") if r.method == "POST"]) <= 6


@pytest.mark.oldest
def test_a_passing_trouble_of_the_token_service_is_survived(tenant: Tenant) -> None:
    tenant.fault("unavailable", plane="token", method="POST", times=2, retry_after=1)
    result = here(tenant, "sspr_notifications", notify_admins=True)
    assert result.ok, result.values
    assert tenant.policy["notifyOnAdminPasswordReset"] is True
