"""Runs the checks that a change has to pass, all of them even if one fails, and counts at the end.

Usage: checks.py CHECK..., where CHECK is a name, `lint` or `all`. The make targets of the same names call this.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = Path(".cache/checks")
LACKING = 3  # exit code of tools/bootstrap.sh
TIME_LIMIT = 40 * 60  # seconds for one check, on a machine that is shared


@dataclass(frozen=True)
class Check:
    name: str
    command: str  # for the shell
    lint: bool = False  # its output is shown only when it fails
    tests: bool = False  # a pytest run, whose tests are counted one by one
    extra: bool = False  # slow, and rarely finds anything new: not part of `all`
    needs: str = ""  # what a developer's machine may lack, but not that of continuous integration


def pytest(python: str, name: str, arguments: str) -> str:
    return f"{python} -m pytest -q --junitxml={LOGS}/{name}.xml {arguments}"


def sanity(variables: str = "") -> str:
    without_pip = "grep -vE '^( |Collecting|Installing|Successfully|Using cached|$)'"
    return f"{variables} tools/in_copy.sh ansible-test sanity 2>&1 | {without_pip}"


GENERATE = "PYTHONPATH=$PWD/.ansible/collections python -m ansible_collections.tenantops.entra.tools.generate_docs"

WEB = "plugins/plugin_utils"  # style sheets, scripts and schemas

CHECKS = (
    Check("ruff", "ruff check --quiet", lint=True),
    Check("format", "ruff format --diff --quiet", lint=True),
    Check("yamllint", "yamllint --strict .", lint=True),
    Check("codespell", "codespell", lint=True),
    Check("shellcheck", "git ls-files -co --exclude-standard '*.sh' .ci/run | xargs shellcheck", lint=True),
    Check("djlint", "djlint --lint --quiet plugins/plugin_utils/_report/templates", lint=True),
    Check(
        "deno", f"deno lint --quiet {WEB} && deno fmt --quiet --check --line-width=120 {WEB} docs/schemas", lint=True
    ),
    Check(
        "changelog",
        "antsibull-changelog lint && antsibull-changelog lint-changelog-yaml changelogs/changelog.yaml",
        lint=True,
    ),
    Check(
        "build", 'tools/in_copy.sh ansible-galaxy collection build --force --output-path "$PWD/.cache/build"', lint=True
    ),
    Check("mypy", "mypy", lint=True),
    Check("imports", "PYTHONPATH=.ansible/collections lint-imports --cache-dir .cache/imports", lint=True),
    Check("docs-lint", "antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs all .", lint=True),
    Check("generated", f"{GENERATE} --check", lint=True),
    Check("ansible-lint", "ansible-lint --nocolor", lint=True),
    Check("unit", pytest("python", "unit", "tests/unit tests/tools"), tests=True),
    Check("modules", pytest("python", "modules", "-n 2 tests/modules"), tests=True),
    Check(
        "oldest",
        "tools/bootstrap.sh oldest && PATH=$PWD/.venv-oldest/bin:$PATH && "
        + pytest("python", "oldest", "-n 2 -m oldest --worker-only tests/modules"),
        tests=True,
        needs="Python 3.10, 3.11 or 3.12",
    ),
    Check(
        "browser",
        "tools/bootstrap.sh browser && " + pytest(".venv-browser/bin/python", "browser", "tests/browser"),
        tests=True,
        needs="Chromium, and Python 3.11, 3.12 or 3.13",
    ),
    Check("sanity", sanity()),
    Check("molecule", "molecule test --all --workers 2"),
    Check("sanity-oldest", "tools/bootstrap.sh oldest && " + sanity("VENV=.venv-oldest"), extra=True),
)


@dataclass(frozen=True)
class Result:
    check: Check
    passed: int
    failed: int
    skipped: int
    seconds: float
    note: str = ""


def chosen(names: Sequence[str]) -> list[Check]:
    """The checks with these names, in the order in which they run."""
    groups: dict[str, Callable[[Check], bool]] = {
        "all": lambda check: not check.extra,
        "lint": lambda check: check.lint,
    }
    if unknown := set(names) - groups.keys() - {check.name for check in CHECKS}:
        raise SystemExit(f"error: no such check: {', '.join(sorted(unknown))}")
    return [
        check
        for check in CHECKS
        if any(name == check.name or (name in groups and groups[name](check)) for name in names)
    ]


def environment(outer: Mapping[str, str]) -> dict[str, str]:
    """The environment of a check, without the user's own tenants, settings and credentials."""
    inner = {name: value for name, value in outer.items() if not name.startswith(("AZURE_", "ENTRA_", "PYTEST_"))}
    home = ROOT / ".cache" / "home"
    if "HOME" in outer:
        inner.setdefault("XDG_CONFIG_HOME", f"{outer['HOME']}/.config")  # where pip finds a mirror
        inner.setdefault("PYENV_ROOT", f"{outer['HOME']}/.pyenv")
    local = ["127.0.0.1", "localhost"]
    for name in ("NO_PROXY", "no_proxy"):
        inner[name] = ",".join([*filter(None, [outer.get(name)]), *local])
    return {**inner, "HOME": str(home), "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}


@contextmanager
def started(command: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A command that writes to a file, not to a pipe: with a pipe, a server that it leaves behind would block us."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["/bin/bash", "-c", f"set -o pipefail; {command}"],
            cwd=ROOT,
            env=environment(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def execute(command: str, log: Path, *, live: bool) -> int:
    """Runs a command until it ends or reaches the time limit, and returns its exit code."""
    deadline = time.monotonic() + TIME_LIMIT
    with started(command, log) as process, log.open("rb") as written:
        while True:
            code = process.poll()
            if live:
                shutil.copyfileobj(written, sys.stdout.buffer)
                sys.stdout.flush()
            if code is not None:
                break
            if time.monotonic() > deadline:
                return 124
            time.sleep(0.1)
    if code and not live:
        sys.stdout.buffer.write(log.read_bytes())
        sys.stdout.flush()
    return code


def count(report: Path) -> tuple[int, int, int]:
    """How many tests passed, failed and were skipped, by pytest's report."""
    suites = list(ET.parse(report).getroot().iter("testsuite"))
    tests, failures, errors, skipped = (
        sum(int(suite.get(key, "0")) for suite in suites) for key in ("tests", "failures", "errors", "skipped")
    )
    failed = min(failures + errors, tests)
    return tests - failed - skipped, failed, skipped


def judge(check: Check, code: int, seconds: float, *, unattended: bool) -> Result:
    """The result of a finished check."""
    report = LOGS / f"{check.name}.xml"
    if check.needs and code == LACKING and not report.exists() and not unattended:
        return Result(check, 0, 0, 1, seconds, f"skipped: needs {check.needs}")
    note = {0: "", 124: f"stopped after {TIME_LIMIT} s"}.get(code, f"exit code {code}")
    if not check.tests:
        return Result(check, int(code == 0), int(code != 0), 0, seconds, note)
    if not report.exists():
        return Result(check, 0, 1, 0, seconds, note or "no report")
    passed, failed, skipped = count(report)
    if code and not failed:
        failed = 1
    return Result(check, passed, failed, skipped, seconds, note)


def run(check: Check) -> Result:
    print(f"=== {check.name}", flush=True)
    (LOGS / f"{check.name}.xml").unlink(missing_ok=True)
    start = time.monotonic()
    code = execute(check.command, LOGS / f"{check.name}.log", live=not check.lint)
    result = judge(check, code, time.monotonic() - start, unattended="CI" in os.environ)
    print(f"--- {check.name}: {result.note or 'ok'} ({result.seconds:.1f} s)", flush=True)
    return result


def summary(results: Sequence[Result]) -> str:
    lines = ["", f"Checks, {sum(result.seconds for result in results):.0f} s:"]
    for result in results:
        tests = (
            f"{result.passed} passed, {result.failed} failed, {result.skipped} skipped" if result.check.tests else ""
        )
        state = "FAILED" if result.failed else result.note or "ok"
        lines.append(f"  {result.check.name:<14}{state:<8}{result.seconds:6.1f} s  {tests}".rstrip())
    for result in results:
        if result.failed:
            name = result.check.name
            lines.append(f"{name} failed: {result.note}. Output: {LOGS}/{name}.log. To run it again: make {name}")
    passed, failed = (sum(getattr(result, key) for result in results) for key in ("passed", "failed"))
    return "\n".join([*lines, "", f"{passed} passed, {failed} failed"])


def main(names: Sequence[str]) -> int:
    os.chdir(ROOT)
    checks = chosen(names)
    for folder in (LOGS, Path(".cache/home")):
        folder.mkdir(parents=True, exist_ok=True)
    results = [run(check) for check in checks]
    print(summary(results), flush=True)
    return int(not results or any(result.failed for result in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
