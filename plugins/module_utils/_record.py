# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of a run: what was there before, what was written over it, how far each tenant got, and who stopped it.

A run is a directory that only its owner can read. ``ledger.jsonl`` has a line for each thing that happened, only ever
appended to: what a killed process has written is there, and nothing else is damaged. ``<tenant>.json`` has a tenant's
documents as they were before the first write, and each field that was written, noted before it was sent. The policies
with a page of their own are in it once they are written to.

The ledger also decides whether the run goes on. Every write asks it, so nothing in a playbook (``rescue``,
``ignore_errors``, ``strategy: free``, waves in which tenants were set aside) can carry a run past its first failure.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible_collections.tenantops.entra.plugins.module_utils._errors import SsprError
from ansible_collections.tenantops.entra.plugins.module_utils._files import write_whole
from ansible_collections.tenantops.entra.plugins.module_utils._pages import METHODS, PLANE_OF, POLICY, VOLATILE_FIELDS
from ansible_collections.tenantops.entra.plugins.module_utils._plan import Documents, Step
from ansible_collections.tenantops.entra.plugins.module_utils._turnstile import state_directory

SCHEMA = 1
LEDGER = "ledger.jsonl"
# How far a tenant is, in this order; the last line of a tenant counts.
STATES = ("planned", "started", "changed", "confirmed", "failed", "set_aside")
STOP, SET_ASIDE = "stop", "set_aside"
# Failures that say something about the run, not about one tenant: nobody is set aside for them.
RUN_FAILURES = frozenset({"tenant_mismatch", "not_recorded", "stopped", "internal"})
RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

Line = dict[str, Any]


def runs_directory(given: str | None, environ: Mapping[str, str]) -> Path:
    """Where runs are kept unless somebody says otherwise."""
    return Path(given) if given else state_directory(environ) / "runs"


def stops(line: Mapping[str, Any], policy: str) -> bool:
    """Whether a line of the ledger ends the run, by what is to be done about refusals."""
    if line.get("state") != "failed":
        return False
    return policy != SET_ASIDE or bool(line.get("wrote")) or (line.get("error") or {}).get("kind") in RUN_FAILURES


def fold(lines: Iterable[Line]) -> dict[str, Line]:
    """One line a tenant, by host: where it stands, the first digests before and the last after, and all request ids."""
    tenants: dict[str, Line] = {}
    for line in lines:
        if "host" not in line:
            continue
        known = tenants.setdefault(line["host"], {"host": line["host"], "wrote": False, "request_ids": []})
        known["request_ids"] = list(dict.fromkeys((*known["request_ids"], *line.get("request_ids", []))))
        known["wrote"] = known["wrote"] or bool(line.get("wrote"))
        known.pop("error", None)
        known.update({key: value for key, value in line.items() if key not in ("before", "request_ids", "wrote")})
        if "before" in line:
            known.setdefault("before", line["before"])
    return tenants


def digests(documents: Documents) -> dict[str, str]:
    """A digest of each document that was read; what a service computes for the reading is left out."""
    found: dict[str, str] = {}
    for name in PLANE_OF:
        document = documents.get(name)
        if document is not None:
            stored = {key: value for key, value in document.items() if key not in VOLATILE_FIELDS}
            found[name] = _digest([documents.migration_state, stored] if name == METHODS else stored)
    return found


def _digest(value: Any) -> str:
    return "sha256:" + hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Run:
    """A run's directory. Every method raises ``not_recorded`` when the disk does not do its part."""

    path: Path

    @classmethod
    def begin(cls, directory: Path, hosts: Mapping[str, str], policy: str, kind: str) -> Run:
        """Make a run of these tenants (host: tenant as given), all of them planned. ``kind`` tells what it is for."""
        now = datetime.now(timezone.utc)
        run = cls(directory / f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}")
        with _Recording(run.path):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            run.path.mkdir(mode=0o700)
            run._append({"schema": SCHEMA, "run": run.path.name, "kind": kind, "on_refusal": policy})
        for host, tenant in hosts.items():
            run.note(host, "planned", tenant=tenant)
        return run

    @classmethod
    def find(cls, directory: Path, name: str) -> Run:
        """A run by its path, or by its name in the directory."""
        run = cls(directory / name if RUN_NAME.fullmatch(name) else Path(name))
        if not (run.path / LEDGER).is_file():
            raise SsprError(
                "not_found",
                f"run: there is no run {name!r}: no {LEDGER} in {run.path}",
                hint="Give the path that the run printed, or its name together with its directory.",
            )
        return run

    def resume(self, policy: str) -> None:
        """Let a stopped run go on."""
        self._append({"resumed": True, "on_refusal": policy})

    def note(self, host: str, state: str, **facts: Any) -> None:
        """Add a tenant's line."""
        self._append({"host": host, "state": state, **facts})

    def lines(self) -> list[Line]:
        """The ledger. A line cut off by a crash of the whole machine says nothing, and is marked as ``damaged``."""
        with _Recording(self.path):
            text = (self.path / LEDGER).read_text(encoding="utf-8")
        return [_parsed(line) for line in text.splitlines() if line]

    def tenants(self) -> dict[str, Line]:
        return fold(self.lines())

    def stopped_by(self) -> Line | None:
        """The line that stopped the run, unless it was resumed since."""
        stopper, policy = None, STOP
        for line in self.lines():
            policy = line.get("on_refusal", policy)
            if line.get("resumed"):
                stopper = None
            elif stopper is None and stops(line, policy):
                stopper = line
        return stopper

    def require_going(self) -> None:
        """Raise ``stopped`` when the run must not write any more."""
        stopper = self.stopped_by()
        if stopper is not None:
            raise SsprError(
                "stopped",
                f"this run was stopped by {stopper['host']}: {(stopper.get('error') or {}).get('message')}",
                hint="Solve that, and resume the run. Nothing was written by this task.",
            )

    def record_of(self, tenant_id: str) -> dict[str, Any] | None:
        """What is recorded of a tenant; None when the run has not written to it."""
        path = self._file(tenant_id)
        with _Recording(path):
            if not path.exists():
                return None
            text = path.read_text(encoding="utf-8")
        try:
            record: dict[str, Any] = json.loads(text)
        except ValueError as exc:
            raise SsprError("not_recorded", f"{path} is not a record: {exc}", hint="Look at it by hand.") from exc
        return record

    def save(self, tenant_id: str, record: Mapping[str, Any]) -> None:
        """Write a tenant's record so that it is either the old or the new one, whatever happens."""
        path = self._file(tenant_id)
        with _Recording(path):
            write_whole(path, json.dumps(record, indent=1), durable=True)

    def _file(self, tenant_id: str) -> Path:
        return self.path / f"{tenant_id}.json"

    def _append(self, line: Line) -> None:
        text = json.dumps({"at": datetime.now(timezone.utc).isoformat(timespec="milliseconds"), **line}) + "\n"
        path = self.path / LEDGER
        with _Recording(path):
            handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                size = os.fstat(handle).st_size
                # After a line that was cut off, begin a new one.
                torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
                os.write(handle, (b"\n" if torn else b"") + text.encode())
                os.fsync(handle)
            finally:
                os.close(handle)


@dataclass
class Recorder:
    """One task's part in the record of a run.

    ``others`` are the documents that a record begins with and the task itself does not need.
    """

    run: Run
    host: str
    tenant: Mapping[str, Any] = field(default_factory=dict)
    request_ids: list[str] = field(default_factory=list)
    others: Documents = field(default_factory=Documents)
    started: bool = False

    def lacks(self, documents: Documents) -> list[str]:
        """The documents that still have to be read for the record, the SSPR policy last."""
        if self.run.record_of(self._id) is not None:
            return []
        both = self._both(documents)
        return [name for name in (METHODS, POLICY) if both.get(name) is None]

    def before(self, step: Step, documents: Documents) -> None:
        """Record what is there and what is about to be written. Raises rather than let it be written unrecorded."""
        self.run.require_going()
        both = self._both(documents)
        record = self.run.record_of(self._id) or {
            "schema": SCHEMA,
            "run": self.run.path.name,
            "host": self.host,
            "tenant": dict(self.tenant),
            "at": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
            "migration_state": both.migration_state,
            "methods": both.methods,
            "portal": both.portal,
            "writes": [],
        }
        record.setdefault(step.document, both.get(step.document))
        record["writes"].append(
            {
                "document": step.document,
                "options": list(step.options),
                "fields": [
                    {"path": list(path), "before": step.replaced[path], "after": value}
                    for path, value in step.expected.items()
                ],
            }
        )
        self.run.save(self._id, record)
        if not self.started:
            self.note("started", before=digests(both))
            self.started = True

    def changed(self, documents: Documents) -> None:
        """Everything this task wanted is confirmed."""
        self.note("changed", wrote=True, after=digests(self._both(documents)))

    def note(self, state: str, **facts: Any) -> None:
        known = {"tenant": self._id} if self.tenant else {}
        self.run.note(self.host, state, **known, **facts, request_ids=list(self.request_ids))

    def _both(self, documents: Documents) -> Documents:
        """The task's own documents, and those that were read for the record alone."""
        lent: dict[str, Any] = {
            name: self.others.get(name) for name in (METHODS, POLICY) if documents.get(name) is None
        }
        if lent.get(METHODS) is not None:
            lent["migration_state"] = self.others.migration_state
        return replace(documents, **lent)

    @property
    def _id(self) -> str:
        return str(self.tenant["id"])


class _Recording:
    """Turns whatever the disk says into the one error that stops a run."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, exc: object, _trace: object) -> None:
        if isinstance(exc, OSError):
            raise SsprError(
                "not_recorded",
                f"the record of this run cannot be kept: {exc.strerror} ({self._path})",
                hint="Give a directory that is writable and has room (role: sspr_run_dir). What cannot be recorded is "
                "not written.",
            ) from exc


def _parsed(line: str) -> Line:
    try:
        parsed = json.loads(line)
    except ValueError:
        return {"damaged": line}
    return parsed if isinstance(parsed, dict) else {"damaged": line}
