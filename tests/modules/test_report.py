# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""sspr_report in real Ansible: which files it reads and writes, and what it rejects."""

from __future__ import annotations

import importlib
import json
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.tenantops.entra.tests.support.fleet import AT, entry, failed, hostile, report
from ansible_collections.tenantops.entra.tests.support.playbook import Ansible, task

# There is no module that could run in a process of its own.
pytestmark = [pytest.mark.both_ways, pytest.mark.worker_only]

SCOPE = "cis_m365_v7:5.2.4.1"
GENERATED = "2026-11-25T18:00:00Z"


def kept(directory: Path, entries: Iterable[dict[str, Any]]) -> str:
    directory.mkdir(parents=True)
    for number, found in enumerate(entries):
        (directory / f"{number}.json").write_text(json.dumps(found))
    return str(directory)


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@pytest.mark.oldest
def test_a_report_from_entries(ansible: Ansible, tmp_path: Path) -> None:
    drifted = entry("contoso", statuses={SCOPE: "fail"})
    entries = kept(tmp_path / "entries", [drifted, entry("fabrikam"), failed("adatum")])
    (tmp_path / "entries" / "cut.json").write_text('{"schema": 1, "host": "wood')
    (tmp_path / "entries" / "other.json").write_text('{"schema": 2}')
    previous = tmp_path / "previous.json"
    previous.write_text(json.dumps(report([entry("contoso"), entry("northwind")], generated="2026-10-25T18:00:00Z")))
    options: dict[str, Any] = {
        "output_dir": str(tmp_path / "deep" / "report"),
        "entries_dir": entries,
        "hosts": ["contoso", "fabrikam", "adatum", "woodgrove"],
        "previous_report": str(previous),
        "as_of": "2026-11-25",
        "generated": GENERATED,
        "title": "November",
        "fail_on": "drift",
    }
    written, checked, other = ansible.tasks(
        task("sspr_report", options),
        task("sspr_report", {**options, "output_dir": str(tmp_path / "check")}, check_mode=True),
        task("sspr_report", {**options, "output_dir": str(tmp_path / "no pages"), "pages": False, "fail_on": "never"}),
    )
    assert written.ok, written.values
    assert not written.changed
    assert written["states"] == {"drift": 1, "incomplete": 2, "clean": 1}
    assert written["runs"] == {"ok": 2, "failed": 1, "not_run": 1}
    counts = {"new_drift": 1, "fixed": 0, "expired_waivers": 0, "no_longer_known": 0}
    assert written["since"] == {**counts, "new_tenants": 1, "gone_tenants": 1}
    assert written["verdict"]["fail"] is True
    assert written["verdict"]["message"] == "fail_on is drift: of 4 tenants, 1 could not be audited, 1 with drift"
    assert written["verdict"]["tenants"] == ["adatum", "contoso"]
    assert [warning for name in ("cut.json", "other.json") for warning in written["warnings"] if name in warning]
    assert len(written["warnings"]) == 2

    directory = Path(options["output_dir"])
    pages = {f"tenants/{host}.html" for host in options["hosts"]}
    assert set(contents(directory)) == {"report.html", "report.csv", "report.json", "report.junit.xml", *pages}
    for path in (directory, *directory.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    for name, path in written["paths"].items():
        assert Path(path).exists(), name
    whole = json.loads((directory / "report.json").read_text(encoding="utf-8"))
    assert (whole["title"], whole["generated"], whole["as_of"]) == ("November", GENERATED, "2026-11-25")
    assert [found["host"] for found in whole["tenants"]] == ["adatum", "contoso", "fabrikam", "woodgrove"]
    assert whole["tenants"][2] == entry("fabrikam")
    assert "woodgrove" not in (directory / "tenants" / "contoso.html").read_text(encoding="utf-8")

    assert contents(tmp_path / "check") == contents(directory), "an audit runs in check mode"
    assert set(contents(tmp_path / "no pages")) == set(contents(directory)) - pages
    assert "tenants" not in other["paths"]
    assert other["verdict"]["fail"] is False
    assert checked["paths"].keys() == written["paths"].keys()


def test_the_examples(ansible: Ansible) -> None:
    """As they stand, for the one host of the play, with what they read lying there."""
    reports = ansible.home / "reports"
    kept(reports / "2026-11" / "entries", [entry("localhost")])
    for name, host in {"2026-10": "localhost", "north": "contoso", "south": "fabrikam"}.items():
        (reports / name).mkdir()
        (reports / name / "report.json").write_text(json.dumps(report([entry(host)])))
    inventory = ansible.home / "inventory.json"
    names = {key: {} for key in ("contoso", "fabrikam")}
    inventory.write_text(json.dumps({"all": {"children": {"clients": {"hosts": names}}}}))
    module = importlib.import_module("ansible_collections.tenantops.entra.plugins.modules.sspr_report")
    monthly, _fails, all_of_it = ansible.tasks(*yaml.safe_load(module.EXAMPLES), arguments=["-i", str(inventory)])
    assert monthly["runs"] == {"ok": 1, "failed": 0, "not_run": 0}
    assert monthly["since"]["new_drift"] == 0
    assert all_of_it["runs"] == {"ok": 2, "failed": 0, "not_run": 0}


def test_slices_become_one_report(ansible: Ansible, tmp_path: Path) -> None:
    hosts = {"a": "11111111-1111-4111-8111-111111111111", "b": None, "late": "late.example"}
    drifted = entry("b", statuses={SCOPE: "fail"})
    drifted["evidence"]["at"] = "2026-11-25T17:00:00Z"
    kept(tmp_path / "1", [entry("a"), entry("b")])
    kept(tmp_path / "2", [drifted])
    slices = [f"{tmp_path}/two/report.json", f"{tmp_path}/one/report.json"]
    together = {"merge": slices, "hosts": hosts, "generated": GENERATED}
    *_slices, merged, again = ansible.tasks(
        task("sspr_report", {"output_dir": f"{tmp_path}/one", "entries_dir": f"{tmp_path}/1"}),
        task("sspr_report", {"output_dir": f"{tmp_path}/two", "entries_dir": f"{tmp_path}/2", "hosts": hosts}),
        task("sspr_report", {"output_dir": f"{tmp_path}/all", **together}),
        task("sspr_report", {"output_dir": f"{tmp_path}/again", **together}),
    )
    assert merged["states"] == {"drift": 1, "incomplete": 1, "clean": 1}
    assert again["runs"] == {"ok": 2, "failed": 0, "not_run": 1}
    assert contents(tmp_path / "all") == contents(tmp_path / "again")
    whole = json.loads((tmp_path / "all" / "report.json").read_text(encoding="utf-8"))
    assert [(found["host"], found["run"], found["state"]) for found in whole["tenants"]] == [
        ("a", "ok", "clean"),
        ("b", "ok", "drift"),
        ("late", "not_run", "incomplete"),
    ]
    assert whole["tenants"][2]["tenant"]["id"] == "late.example"


def test_hostile_tenants_stay_in_the_directory(ansible: Ansible, tmp_path: Path) -> None:
    entries = hostile()
    options = {"output_dir": f"{tmp_path}/out/report", "entries_dir": kept(tmp_path / "entries", entries)}
    [written] = ansible.tasks(task("sspr_report", options))
    assert written.ok, written.values
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["report"]
    assert len(list((tmp_path / "out" / "report" / "tenants").iterdir())) == len(entries)


def test_what_it_rejects(ansible: Ansible, tmp_path: Path) -> None:
    damaged, file = tmp_path / "damaged.json", tmp_path / "file"
    damaged.write_text(json.dumps({**report([entry("a")]), "schema": 3}))
    file.write_text("not a directory")
    base = {"output_dir": f"{tmp_path}/report", "hosts": ["a"]}
    rejected = {
        "nothing to report": ({"hosts": None}, "invalid_setting"),
        "entries_dir: there is no directory": ({"entries_dir": f"{tmp_path}/none"}, "not_found"),
        "previous_report: there is no file": ({"previous_report": f"{tmp_path}/none.json"}, "not_found"),
        "merge: there is no file": ({"merge": [f"{tmp_path}/none.json"]}, "not_found"),
        "schema: 1 was expected": ({"previous_report": str(damaged)}, "invalid_setting"),
        "cannot be read": ({"merge": [str(file)]}, "invalid_setting"),
        "as_of: 'soon' is not a valid date": ({"as_of": "soon"}, "invalid_setting"),
        "as_of: '20261125' is not a valid date": ({"as_of": "20261125"}, "invalid_setting"),
        "generated: '20261125T160000Z'": ({"generated": "20261125T160000Z"}, "invalid_setting"),
        "fail_on must be one of: never, failed, drift, incomplete": ({"fail_on": "drfit"}, "invalid_setting"),
        "directory. Supported parameters include": ({"directory": f"{tmp_path}/report"}, "invalid_setting"),
        "missing required arguments: output_dir": ({"output_dir": None}, "invalid_setting"),
        "generated: '25.11.2026'": ({"generated": "25.11.2026"}, "invalid_setting"),
        "hosts: 7 is neither": ({"hosts": 7}, "invalid_setting"),
        "output_dir: the report cannot be written": ({"output_dir": f"{file}/report"}, "not_recorded"),
    }
    results = ansible.tasks(*(task("sspr_report", {**base, **given}) for given, _kind in rejected.values()))
    for (message, (_given, kind)), result in zip(rejected.items(), results, strict=True):
        assert result.outcome == "failed", message
        assert message in result["msg"]
        assert result.kind == kind
        assert result["error"]["hint"]
        assert result["error"]["hint"] in result["msg"]
        assert not result.changed
    assert not (tmp_path / "report").exists()


def test_a_missing_library_is_named(ansible: Ansible, tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "jsonschema.py").write_text("raise ImportError(\"No module named 'jsonschema'\")")
    options = {"output_dir": f"{tmp_path}/report", "entries_dir": kept(tmp_path / "entries", [entry("a")])}
    [result] = ansible.tasks(task("sspr_report", options), env={"PYTHONPATH": str(tmp_path / "lib")})
    assert result.kind == "environment"
    assert "the Python library jsonschema is missing" in result["msg"]
    assert "No module named 'jsonschema'" in result["msg"]
    assert "requirements.txt" in result["error"]["hint"]


def test_async_is_refused(ansible: Ansible, tmp_path: Path) -> None:
    options = {"output_dir": f"{tmp_path}/report", "hosts": ["a"]}
    polled, started = ansible.tasks(
        task("sspr_report", options, **{"async": 60, "poll": 1}),
        task("sspr_report", options, **{"async": 60, "poll": 0}),
    )
    for result in (polled, started):
        assert result.kind == "unsupported"
        assert "async: sspr_report runs on the controller and does not support async" in result["msg"]
    assert not (tmp_path / "report").exists()


def test_relative_paths_begin_at_the_playbook(ansible: Ansible) -> None:
    ansible.home.mkdir()
    kept(ansible.home / "november" / "entries", [entry("a")])
    options = {"output_dir": "november", "entries_dir": "november/entries", "previous_report": ""}
    [written] = ansible.tasks(task("sspr_report", options))
    assert written.ok, written.values
    assert written["paths"]["html"] == str(ansible.home / "november" / "report.html")
    assert written["runs"]["ok"] == 1


def test_an_interrupted_write_leaves_the_earlier_report(ansible: Ansible, tmp_path: Path) -> None:
    options = {"output_dir": f"{tmp_path}/report", "hosts": ["a"], "generated": AT, "pages": False}
    ansible.tasks(task("sspr_report", options))
    before = contents(tmp_path / "report")
    # Nothing can take this name's place.
    (tmp_path / "report" / "report.html").unlink()
    (tmp_path / "report" / "report.html").mkdir()
    [result] = ansible.tasks(task("sspr_report", {**options, "hosts": ["b"]}))
    assert result.kind == "not_recorded"
    after = contents(tmp_path / "report")
    assert after == {name: content for name, content in before.items() if name != "report.html"}
