# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows the progress of a play on one line."""

from __future__ import annotations

DOCUMENTATION = r"""
name: progress
type: notification
short_description: Show the progress of a play on one line
version_added: 0.1.0
description:
  - Prints progress to standard error. For the current task, it shows how many tenants are done, the total, the elapsed
    and the estimated remaining time, and which tenants have failed so far.
  - On a terminal, it is one line that is updated in place. Elsewhere, in a log for example, it is one line every
    O(interval) seconds, and none for a run that is shorter.
  - At the end it names all tenants that failed, including those after whose failure the playbook continued.
  - The other output stays the same. To see only the progress, redirect standard output to a file.
author:
  - tenantops contributors (@tenantops)
requirements:
  - to be enabled, with C(ANSIBLE_CALLBACKS_ENABLED=tenantops.entra.progress) or C(callbacks_enabled) in C(ansible.cfg)
options:
  interval:
    description: Seconds between two lines where standard error is not a terminal.
    type: float
    default: 30
    env:
      - name: ENTRA_PROGRESS_INTERVAL
    ini:
      - section: callback_progress
        key: interval
"""

EXAMPLES = r"""
ansible.cfg: |
  [defaults]
  callbacks_enabled = tenantops.entra.progress
for one run, with all other output in a file: >-
  ANSIBLE_CALLBACKS_ENABLED=tenantops.entra.progress
  ansible-playbook tenantops.entra.audit -i inventory.yml -e sspr_hosts=clients > audit.log
"""

import shutil
import sys
import time
from collections.abc import Iterable
from typing import Any

from ansible.plugins.callback import CallbackBase

NAMES_SHOWN = 5
# Seconds between two updates on a terminal
TERMINAL_INTERVAL = 0.2
ERASE_LINE = "\r\x1b[2K"


class CallbackModule(CallbackBase):
    """Counts the hosts that have finished a task. A host that has failed is named until the end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "tenantops.entra.progress"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self.stream = sys.stderr
        self.told = time.monotonic()
        self.failed: dict[str, None] = {}
        self.hosts: frozenset[str] = frozenset()
        # The hosts of this wave, and of those before it
        self.wave: frozenset[str] = frozenset()
        self.over: frozenset[str] = frozenset()
        self.begun: dict[str, float] = {}
        self.answered: dict[str, set[str]] = {}

    def v2_playbook_on_play_start(self, play: Any) -> None:
        variables = play.get_variable_manager().get_vars(play=play)
        hosts = frozenset(variables.get("ansible_play_hosts_all", ()))
        wave = frozenset(variables.get("ansible_play_batch", ()))
        follows = hosts == self.hosts and not wave & (self.over | self.wave)
        self.over = self.over | self.wave if follows else frozenset()
        self.hosts, self.wave = hosts, wave
        self.begun.clear()
        self.answered.clear()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:  # noqa: ARG002
        # With the strategy `free`, a task starts many times.
        self.begun.setdefault(task._uuid, time.monotonic())

    def v2_runner_on_ok(self, result: Any) -> None:
        self._answered(result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._answered(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:  # noqa: ARG002
        self.failed[result._host.get_name()] = None
        self._answered(result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self.failed[result._host.get_name()] = None
        self._answered(result)

    def v2_playbook_on_stats(self, stats: Any) -> None:  # noqa: ARG002
        if self.stream.isatty():
            self.stream.write(ERASE_LINE)
        if self.failed:
            self._write(f"{len(self.failed)} of {len(self.hosts)} tenants failed: {names(self.failed)}\n")
        self.stream.flush()

    def _answered(self, result: Any) -> None:
        task, now = result._task, time.monotonic()
        answered = self.answered.setdefault(task._uuid, set())
        answered.add(result._host.get_name())
        terminal = self.stream.isatty()
        if task.run_once or now - self.told < (TERMINAL_INTERVAL if terminal else self.get_option("interval")):
            return
        self.told = now
        line = self._line(task.get_name().strip(), len(answered), now - self.begun.get(task._uuid, now))
        if terminal:
            # The cursor goes back, for what Ansible prints next to take the line's place.
            width = shutil.get_terminal_size().columns - 1
            self._write(f"{ERASE_LINE}{line[:width]}\r")
        else:
            self._write(f"{line}\n")

    def _line(self, task: str, answered: int, seconds: float) -> str:
        parts = [f"{task}: {len(self.over) + answered} of {len(self.hosts)} tenants"]
        if self.failed:
            more = len(self.failed) - NAMES_SHOWN
            shown = names(list(self.failed)[-NAMES_SHOWN:])
            parts.append(f"{len(self.failed)} failed ({shown}{f' and {more} more' if more > 0 else ''})")
        parts.append(clock(seconds))
        left = len(self.wave) - answered
        if left > 0:
            parts.append(
                f"{60 * answered / max(seconds, 1):.0f} per minute, {clock(left * seconds / answered)} remaining"
            )
        return ", ".join(parts)

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()


def names(hosts: Iterable[str]) -> str:
    """Names on one line, whatever is in them."""
    return ", ".join("".join(sign if sign.isprintable() else "?" for sign in host) for host in hosts)


def clock(seconds: float) -> str:
    """As 4:05 or 1:04:05."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
