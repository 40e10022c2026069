# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the progress callback writes on a terminal and in a log, from made-up results and a made-up clock."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.tenantops.entra.plugins.callback import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Bench:
    """A callback with a play of ``count`` hosts, whose clock the test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, count: int) -> None:
        self.now = 100.0
        monkeypatch.setattr(progress.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(progress.shutil, "get_terminal_size", lambda: SimpleNamespace(columns=60))
        monkeypatch.setattr(progress.CallbackModule, "get_option", lambda _self, _name: 30)
        self.callback = progress.CallbackModule()
        self.callback.stream = stream
        self.hosts = [f"t{number}" for number in range(count)]
        self.play(self.hosts)

    def play(self, wave: list[str]) -> None:
        variables = {"ansible_play_hosts_all": self.hosts, "ansible_play_batch": wave}
        manager = SimpleNamespace(get_vars=lambda play: variables)
        self.callback.v2_playbook_on_play_start(SimpleNamespace(get_variable_manager=lambda: manager))

    def task(self, name: str) -> Any:
        task = SimpleNamespace(_uuid=name, run_once=False, get_name=lambda: name)
        self.callback.v2_playbook_on_task_start(task, False)
        return task

    def answer(self, task: Any, host: str, outcome: str = "ok") -> None:
        host_object = SimpleNamespace(get_name=lambda: host)
        getattr(self.callback, f"v2_runner_on_{outcome}")(SimpleNamespace(_task=task, _host=host_object))


def test_a_log_has_a_line_every_half_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    bench = Bench(monkeypatch, stream, 500)
    task = bench.task("Audit")
    for number, host in enumerate(bench.hosts):
        bench.now += 1
        bench.answer(task, host, "failed" if number % 10 == 7 else "ok")
    bench.callback.v2_playbook_on_stats(None)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 500 // 30 + 1
    assert lines[0] == "Audit: 30 of 500 tenants, 3 failed (t7, t17, t27), 0:30, 60 per minute, 7:50 remaining"
    assert "6 failed (t17, t27, t37, t47, t57 and 1 more)" in lines[1]
    assert lines[-1].startswith("50 of 500 tenants failed: t7, t17, ")
    assert lines[-1].endswith("t497")


def test_many_short_tasks_are_no_flood(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    bench = Bench(monkeypatch, stream, 3)
    for number in range(150):
        task = bench.task(f"Step {number}")
        for host in bench.hosts:
            bench.now += 0.1
            bench.answer(task, host)
    assert len(stream.getvalue().splitlines()) == 1


def test_a_terminal_has_one_line_that_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    bench = Bench(monkeypatch, stream, 20)
    task = bench.task("A task with quite a long name, for a narrow terminal")
    for host in bench.hosts:
        bench.now += 0.15
        bench.answer(task, host)
    bench.callback.v2_playbook_on_stats(None)
    written = stream.getvalue()
    assert "\n" not in written
    assert written.endswith(progress.ERASE_LINE)
    lines = [line.rstrip("\r") for line in written.split(progress.ERASE_LINE)]
    assert len(lines) == 12
    assert max(map(len, lines)) == 59


def test_waves_add_up_and_another_play_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    bench = Bench(monkeypatch, stream, 4)

    def told(wave: list[str], host: str) -> str:
        bench.play(wave)
        bench.now += 1
        bench.answer(bench.task("Set"), host)
        return stream.getvalue().rpartition(progress.ERASE_LINE)[2].split(",")[0]

    assert told(["t0"], "t0") == "Set: 1 of 4 tenants"
    assert told(["t1", "t2"], "t2") == "Set: 2 of 4 tenants"
    assert told(["t3"], "t3") == "Set: 4 of 4 tenants"
    assert told(["t0", "t1", "t2", "t3"], "t1") == "Set: 1 of 4 tenants"


def test_names_are_one_line() -> None:
    assert progress.names(["a\nb", "c\x1b[2K", "ä"]) == "a?b, c?[2K, ä"


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (65.9, "1:05"), (3845, "1:04:05")])
def test_clock(seconds: float, text: str) -> None:
    assert progress.clock(seconds) == text
