# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs tasks and playbooks through the real ansible-playbook and hands over what came back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SUPPORT = Path(__file__).resolve().parent
ROOT = SUPPORT.parent.parent

# The user's own tenants; and what would make each module compile its libraries again.
NOT_OURS = ("AZURE_", "ENTRA_", "PYTHONDONTWRITEBYTECODE")


@dataclass(frozen=True)
class TaskResult:
    """One task's result on one host."""

    task: str
    host: str
    outcome: str
    values: Mapping[str, Any]

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    def get(self, key: str, default: Any = None) -> Any:
        return self.values.get(key, default)

    @property
    def ok(self) -> bool:
        return self.outcome == "ok"

    @property
    def changed(self) -> bool:
        return bool(self.values.get("changed"))

    @property
    def kind(self) -> str | None:
        """The kind of error of a failed task."""
        return (self.values.get("error") or {}).get("kind")


@dataclass(frozen=True)
class Run:
    """One ansible-playbook run."""

    code: int
    output: str
    results: Sequence[TaskResult]

    def of(self, text: str) -> list[TaskResult]:
        """The results of tasks whose name contains ``text``."""
        return [result for result in self.results if text in result.task]


@dataclass
class Ansible:
    """Where and how to run. ``home`` keeps Ansible's state of one test apart from others.

    ``in_process``: whether modules may run in Ansible's own workers. Not decided (None), nothing runs: a test that
    starts Ansible is to be marked ``both_ways``.
    """

    home: Path
    in_process: bool | None = None
    environment: dict[str, str] = field(default_factory=dict)

    def playbook(self, path: Path | str, *arguments: str, env: Mapping[str, str] | None = None) -> Run:
        """Run a playbook with these command line arguments."""
        collected = self.home / f"results-{os.urandom(4).hex()}.jsonl"
        process = self.start(path, *arguments, env={"COLLECT_RESULTS": str(collected), **(env or {})})
        try:
            output = process.communicate(timeout=900)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        lines = collected.read_text(encoding="utf-8").splitlines() if collected.exists() else []
        entries = [json.loads(line) for line in lines]
        results = [TaskResult(e["task"], e["host"], e["outcome"], e["result"]) for e in entries]
        return Run(process.returncode, output, results)

    def start(self, path: Path | str, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start a playbook in a process group of its own; whoever calls waits for it, or kills it."""
        if self.in_process is None:
            raise AssertionError("mark the test both_ways: it starts Ansible")
        self.home.mkdir(parents=True, exist_ok=True)
        way = [] if self.in_process else ["-e", "entra_in_process=false"]
        return subprocess.Popen(
            [str(Path(sys.executable).with_name("ansible-playbook")), str(path), *way, *arguments],
            cwd=self.home,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)},
                "ANSIBLE_HOME": str(self.home),
                "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".ansible" / "collections"),
                "ANSIBLE_CALLBACK_PLUGINS": str(SUPPORT / "callback_plugins"),
                "ANSIBLE_CALLBACKS_ENABLED": "collect",
                "ANSIBLE_LOCALHOST_WARNING": "false",
                "ANSIBLE_PIPELINING": "true",
                "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
                "ANSIBLE_NOCOLOR": "true",
                "COLLECT_RESULTS": os.devnull,
                "NO_PROXY": "127.0.0.1,localhost",
                **self.environment,
                **(env or {}),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def tasks(
        self,
        *tasks: Mapping[str, Any],
        arguments: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        play: Mapping[str, Any] | None = None,
    ) -> list[TaskResult]:
        """Run tasks in one play on localhost; a failed one does not stop the others."""
        run = self.run_tasks(*tasks, arguments=arguments, env=env, play=play)
        if len(run.results) != len(tasks):
            raise AssertionError(run.output)
        return list(run.results)

    def run_tasks(
        self,
        *tasks: Mapping[str, Any],
        arguments: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        play: Mapping[str, Any] | None = None,
    ) -> Run:
        self.home.mkdir(parents=True, exist_ok=True)
        path = self.home / f"play-{os.urandom(4).hex()}.json"
        content = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": sys.executable},
            "ignore_errors": True,
            "tasks": list(tasks),
            **(play or {}),
        }
        path.write_text(json.dumps([content]), encoding="utf-8")
        return self.playbook(path, *arguments, env=env)


def task(module: str, options: Mapping[str, Any], **keywords: Any) -> dict[str, Any]:
    """A task of this collection's module, with task keywords such as ``check_mode``."""
    return {f"tenantops.entra.{module}": dict(options), **keywords}
