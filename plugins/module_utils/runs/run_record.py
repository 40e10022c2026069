# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of a run: the values before it, the values it wrote, the state of each tenant, and what stopped it.

A run is a directory that only its owner can read. ``ledger.jsonl`` has a line for each event. Lines are only appended,
so a killed process loses nothing that it has written. ``<tenant>.json`` has a tenant's documents before the first
write, and each field that was written, recorded before it is sent. Policies with a page of their own are added once
they are written to.

The ledger also decides whether the run continues. Every write checks it, so nothing in a playbook (``rescue``,
``ignore_errors``, ``strategy: free``, waves in which tenants were skipped) can continue a run after its first failure.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .._atomic_file import sync_directory, write_whole
from .._errors import SsprError
from ..planning.plan import Step
from ..settings.pages import METHODS_POLICY, PLANE_OF, SSPR_POLICY, VOLATILE_FIELDS, DocumentName
from ..settings.tenant_documents import Documents
from .stop_rule import Line, stopping_line
from .tenant_lock import state_directory

SCHEMA = 1
LEDGER = "ledger.jsonl"
# The states of a tenant, in this order; the last line of a tenant counts.
STATES = ("planned", "started", "changed", "confirmed", "failed", "refused")
RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def runs_directory(given: str | None, environ: Mapping[str, str]) -> Path:
    """Where runs are kept unless something else is configured."""
    return Path(given) if given else state_directory(environ) / "runs"


def by_tenant(lines: Iterable[Line]) -> dict[str, Line]:
    """One line per tenant, by host: its state, the first digests before and the last after, and all request ids."""
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
    """A digest of each document that was read, without what the service computes for the reading."""
    found: dict[str, str] = {}
    for name in PLANE_OF:
        document = documents.get(name)
        if document is not None:
            stored = {key: value for key, value in document.items() if key not in VOLATILE_FIELDS}
            found[name] = _digest([documents.migration_state, stored] if name == METHODS_POLICY else stored)
    return found


def _digest(value: Any) -> str:
    return "sha256:" + hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class RunRecord:
    """A run's directory. Every method raises SsprError(not_recorded) on an I/O error."""

    path: Path

    @classmethod
    def create(cls, directory: Path, hosts: Mapping[str, str], on_refusal: str, kind: str) -> RunRecord:
        """Create a run of these tenants (host: tenant as given), all of them planned. ``kind`` is its purpose."""
        now = datetime.now(timezone.utc)
        run = cls(directory / f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}")
        with _recording(run.path):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            run.path.mkdir(mode=0o700)
            run._append({"schema": SCHEMA, "run": run.name, "kind": kind, "on_refusal": on_refusal})
            sync_directory(run.path)
            sync_directory(directory)
        for host, tenant in hosts.items():
            run.note(host, "planned", tenant=tenant)
        return run

    @classmethod
    def at(cls, directory: Path, name: str) -> RunRecord:
        """The run of that path, or of that name in the directory, whether it exists or not."""
        return cls(directory / name if RUN_NAME.fullmatch(name) else Path(name))

    @classmethod
    def find(cls, directory: Path, name: str) -> RunRecord:
        """A run by its path, or by its name in the directory. Raises: SsprError(not_found)."""
        run = cls.at(directory, name)
        if not (run.path / LEDGER).is_file():
            raise SsprError(
                "not_found",
                f"run: {name!r} is not a run: {run.path} has no {LEDGER}",
                hint="Use the path that the run printed, or its name together with run_dir.",
            )
        return run

    @property
    def name(self) -> str:
        return self.path.name

    def resume(self, on_refusal: str) -> None:
        """Let a stopped run continue."""
        self._append({"resumed": True, "on_refusal": on_refusal})

    def note(self, host: str, state: str, **facts: Any) -> None:
        """Add a tenant's line."""
        self._append({"host": host, "state": state, **facts})

    def lines(self) -> list[Line]:
        """The ledger. A line that was truncated by a crash of the machine is marked as ``damaged``."""
        with _recording(self.path):
            text = (self.path / LEDGER).read_text(encoding="utf-8")
        return [_parsed(line) for line in text.splitlines() if line]

    def tenants(self) -> dict[str, Line]:
        """One line per tenant, by host."""
        return by_tenant(self.lines())

    def stopped_by(self) -> Line | None:
        """The line that stopped the run, unless it was resumed since."""
        return stopping_line(self.lines())

    def require_going(self) -> None:
        """Raises: SsprError(stopped), when nothing more may be written in this run."""
        stopper = self.stopped_by()
        if stopper is not None:
            error = stopper.get("error") or {}
            raise SsprError(
                "stopped",
                f"this run was stopped by {stopper['host']}: {error.get('message') or 'no reason was recorded'}",
                hint="Fix the cause, then resume the run. This task wrote nothing.",
            )

    def record_of(self, tenant_id: str) -> dict[str, Any] | None:
        """What is recorded of a tenant; None when the run has not written to it."""
        path = self._file(tenant_id)
        with _recording(path):
            if not path.exists():
                return None
            text = path.read_text(encoding="utf-8")
        try:
            record: dict[str, Any] = json.loads(text)
        except ValueError as exc:
            raise SsprError("not_recorded", f"{path} is not a run record: {exc}", hint="Inspect the file.") from exc
        return record

    def save(self, tenant_id: str, record: Mapping[str, Any]) -> None:
        """Write a tenant's record atomically."""
        path = self._file(tenant_id)
        with _recording(path):
            write_whole(path, json.dumps(record, indent=1), durable=True)

    def _file(self, tenant_id: str) -> Path:
        return self.path / f"{tenant_id}.json"

    def _append(self, line: Line) -> None:
        text = json.dumps({"at": _now(), **line}) + "\n"
        path = self.path / LEDGER
        with _recording(path):
            handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                size = os.fstat(handle).st_size
                # After a truncated line, start a new one.
                torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
                os.write(handle, (b"\n" if torn else b"") + text.encode())
                os.fsync(handle)
            finally:
                os.close(handle)


class TaskRecorder:
    """One task's part in the record of a run, for one tenant."""

    def __init__(self, run: RunRecord, host: str) -> None:
        self.run = run
        self._host = host
        self._tenant: Mapping[str, Any] = {}
        self._request_ids: Callable[[], Sequence[str]] = tuple
        # Documents that the record needs and the task itself does not
        self._others = Documents()
        self._started = False

    def identify(self, tenant: Mapping[str, Any], request_ids: Callable[[], Sequence[str]]) -> None:
        """Say which tenant this is about. ``request_ids`` returns the ids of its requests so far."""
        self._tenant, self._request_ids = tenant, request_ids

    def missing_documents(self, documents: Documents) -> list[DocumentName]:
        """The documents that still have to be read for the record, the SSPR policy last."""
        if self.run.record_of(self._id) is not None:
            return []
        both = self._with_others(documents)
        return [name for name in (METHODS_POLICY, SSPR_POLICY) if both.get(name) is None]

    def add_documents(self, others: Documents) -> None:
        """Add documents that were read only for the record."""
        read: dict[str, Any] = {name: document for name in PLANE_OF if (document := others.get(name)) is not None}
        if METHODS_POLICY in read:
            read["migration_state"] = others.migration_state
        self._others = replace(self._others, **read)

    def before(self, step: Step, documents: Documents) -> None:
        """Record what is there and what is about to be written. Raises: SsprError, and then nothing may be written."""
        self.run.require_going()
        both = self._with_others(documents)
        record = self.run.record_of(self._id) or {
            "schema": SCHEMA,
            "run": self.run.name,
            "host": self._host,
            "tenant": dict(self._tenant),
            "at": _now(),
            "migration_state": both.migration_state,
            METHODS_POLICY: both.methods,
            SSPR_POLICY: both.sspr_policy,
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
        if not self._started:
            self.note("started", before=digests(both))
            self._started = True

    def changed(self, documents: Documents) -> None:
        """Everything that this task was to write is confirmed."""
        self.note("changed", wrote=True, after=digests(self._with_others(documents)))

    def note(self, state: str, **facts: Any) -> None:
        """Add a line about this tenant."""
        known = {"tenant": self._id} if self._tenant else {}
        self.run.note(self._host, state, **known, **facts, request_ids=list(self._request_ids()))

    def _with_others(self, documents: Documents) -> Documents:
        """The task's own documents, and those that were read only for the record."""
        lent: dict[str, Any] = {
            name: self._others.get(name) for name in (METHODS_POLICY, SSPR_POLICY) if documents.get(name) is None
        }
        if lent.get(METHODS_POLICY) is not None:
            lent["migration_state"] = self._others.migration_state
        return replace(documents, **lent)

    @property
    def _id(self) -> str:
        return str(self._tenant["id"])


@contextmanager
def _recording(path: Path) -> Iterator[None]:
    """Turn any I/O error into the one error that stops a run."""
    try:
        yield
    except OSError as exc:
        raise SsprError(
            "not_recorded",
            f"the run record cannot be read or written: {exc.strerror} ({path})",
            hint="Make sure that the directory (role: sspr_run_dir) is writable and has free space. A change that "
            "cannot be recorded is not written.",
        ) from exc


def _parsed(line: str) -> Line:
    try:
        parsed = json.loads(line)
    except ValueError:
        return {"damaged": line}
    return parsed if isinstance(parsed, dict) else {"damaged": line}
