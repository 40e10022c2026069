from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.tenantops.entra.tools import gates

REPORT = '<testsuites><testsuite tests="7" failures="1" errors="1" skipped="2"/></testsuites>'
TOOL, TESTS = (next(gate for gate in gates.GATES if gate.name == name) for name in ("ruff", "unit"))


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(gates, "LOGS", tmp_path)
    return tmp_path


def test_groups_keep_the_order_and_name_no_gate_twice() -> None:
    names = [gate.name for gate in gates.chosen(["sanity", "lint", "ruff"])]
    assert names[0] == "ruff"
    assert names[-1] == "sanity"
    assert len(names) == len(set(names)) < len(gates.chosen(["all"]))


def test_an_unknown_gate_is_refused() -> None:
    with pytest.raises(SystemExit, match="no such check: rough"):
        gates.chosen(["rough"])


def test_the_users_credentials_and_home_stay_outside() -> None:
    inner = gates.environment(
        {"HOME": "/home/u", "AZURE_CLIENT_SECRET": "x", "ENTRA_CLOUD": "china", "NO_PROXY": "intra"}
    )
    assert not any(name.startswith(("AZURE_", "ENTRA_")) for name in inner)
    assert inner["HOME"] != "/home/u"
    assert inner["XDG_CONFIG_HOME"] == "/home/u/.config"
    assert inner["NO_PROXY"] == "intra,127.0.0.1,localhost"


def test_a_tool_counts_as_one() -> None:
    good, bad = (gates.judge(TOOL, code, 1, unattended=True) for code in (0, 2))
    assert (good.passed, good.failed) == (1, 0)
    assert (bad.passed, bad.failed, bad.note) == (0, 1, "exit code 2")


def test_tests_are_counted_one_by_one(logs: Path) -> None:
    (logs / "unit.xml").write_text(REPORT)
    result = gates.judge(TESTS, 1, 1, unattended=True)
    assert (result.passed, result.failed, result.skipped) == (3, 2, 2)


@pytest.mark.parametrize("report", ["<testsuites/>", None])
def test_a_run_that_breaks_off_counts_as_failed(logs: Path, report: str | None) -> None:
    if report:
        (logs / "unit.xml").write_text(report)
    assert gates.judge(TESTS, 5, 1, unattended=True).failed == 1


@pytest.mark.parametrize(("unattended", "failed"), [(False, 0), (True, 1)])
@pytest.mark.parametrize("name", ["oldest", "browser"])
@pytest.mark.usefixtures("logs")
def test_only_at_a_desk_a_python_or_browser_may_be_lacking(name: str, unattended: bool, failed: int) -> None:
    gate = next(gate for gate in gates.GATES if gate.name == name)
    result = gates.judge(gate, gates.LACKING, 1, unattended=unattended)
    assert (result.failed, result.skipped) == (failed, 1 - failed)
    assert gates.judge(gate, 1, 1, unattended=False).failed == 1


def test_make_knows_every_gate() -> None:
    makefile = (gates.ROOT / "Makefile").read_text(encoding="utf-8")
    listed = next(line for line in makefile.splitlines() if line.startswith("GATES := "))
    assert listed.split()[2:] == [gate.name for gate in gates.GATES]


def test_output_and_exit_code_are_passed_on(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    log = tmp_path / "log"
    assert gates.execute("echo one; false", log, live=False) == 1
    assert gates.execute("echo two", log, live=False) == 0
    assert gates.execute("echo three", log, live=True) == 0
    assert capfdbinary.readouterr().out == b"one\nthree\n"


def test_a_gate_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "TIME_LIMIT", 0)
    assert gates.execute("sleep 60", tmp_path / "log", live=False) == 124


def test_the_last_line_is_the_sum() -> None:
    results = [gates.Result(TOOL, 1, 0, 0, 0.5), gates.Result(TESTS, 40, 2, 1, 3.0, "exit code 1")]
    lines = gates.summary(results).splitlines()
    assert lines[-1] == "41 passed, 2 failed"
    assert any("make unit" in line for line in lines)
    assert not any("make ruff" in line for line in lines)
