# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading what was found in each tenant, and writing the report: what ``sspr_report`` does, on the controller alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

from .._atomic_file import write_whole
from .._errors import SsprError
from .exports import as_csv, as_json, as_junit
from .html import fleet_page, require_libraries, tenant_pages
from .model import FAILING, NEVER, Entry, Report, assembled, cleaned, entry_misfit, joined, report_misfit, verdict

Result = dict[str, Any]

SPEC: Mapping[str, Any] = {
    "directory": {"type": "path", "required": True},
    "entries_dir": {"type": "path"},
    "merge": {"type": "list", "elements": "path", "default": []},
    "hosts": {"type": "raw"},
    "previous": {"type": "path"},
    "as_of": {"type": "str"},
    "generated": {"type": "str"},
    "title": {"type": "str", "default": "SSPR audit"},
    "fail_on": {"type": "str", "choices": [*FAILING], "default": NEVER},
    "pages": {"type": "bool", "default": True},
}
# A report is the operator's alone until it is handed on.
_DIRECTORY_MODE = 0o700
_FILES: Mapping[str, tuple[str, Callable[[Report], str]]] = {
    "json": ("report.json", as_json),
    "csv": ("report.csv", as_csv),
    "junit": ("report.junit.xml", as_junit),
}


def write(params: Mapping[str, Any]) -> Result:
    """Write the report, and tell what it says. It is no change of a tenant, so it is written in check mode too."""
    try:
        require_libraries()
        return _written(params)
    except SsprError as exc:
        return {"failed": True, "msg": f"{exc.message} - {exc.hint}", "changed": False, "error": exc.as_result()}


def _written(params: Mapping[str, Any]) -> Result:
    now = datetime.now(timezone.utc)
    generated = _time("generated", params["generated"], datetime) or now.strftime("%Y-%m-%dT%H:%M:%SZ")
    as_of = _time("as_of", params["as_of"], date) or now.date().isoformat()
    hosts = _hosts(params["hosts"])
    if not (params["entries_dir"] or params["merge"] or hosts):
        raise SsprError(
            "invalid_setting",
            "there is nothing to report: entries_dir, merge and hosts are all empty",
            hint="Give the directory of the tenants' entries, or earlier reports to merge.",
        )
    previous = _report("previous", params["previous"]) if params["previous"] else None
    reports = [_report("merge", path) for path in params["merge"] or ()]
    warnings: list[str] = []
    entries = list(_entries(Path(params["entries_dir"]), warnings)) if params["entries_dir"] else []
    slices = [*((report["generated"], report["tenants"]) for report in reports), (generated, entries)]
    report = assembled(
        joined(slices, hosts), title=cleaned(params["title"]), generated=generated, as_of=as_of, previous=previous
    )
    directory = Path(params["directory"])
    try:
        paths = _save(report, directory, pages=params["pages"])
    except OSError as exc:
        raise SsprError(
            "not_recorded",
            f"directory: the report cannot be written: {exc}",
            hint="Give a directory on this controller that you can write to.",
        ) from exc
    since = report["since"]
    return {
        "changed": False,
        "paths": paths,
        "states": report["totals"]["states"],
        "runs": report["totals"]["runs"],
        "since": since and {key: len(found) for key, found in since.items() if isinstance(found, list)},
        "verdict": verdict(report, params["fail_on"]),
        "warnings": warnings,
    }


# Options


def _time(option: str, given: str | None, kind: type[date]) -> str | None:
    """An ISO 8601 date or time, as it was given."""
    if given is None:
        return None
    try:
        kind.fromisoformat(given.replace("Z", "+00:00"))
    except ValueError as exc:
        raise SsprError(
            "invalid_setting", f"{option}: {given!r}: {exc}", hint="Write it as 2026-11-25 or 2026-11-25T16:00:00Z."
        ) from exc
    return given


def _hosts(given: Any) -> dict[str, str | None]:
    """The tenants that were meant, each with what the inventory calls it."""
    if isinstance(given, Mapping):
        return {cleaned(str(host)): cleaned(str(name)) if name else None for host, name in given.items()}
    if isinstance(given, list) and all(isinstance(host, str) for host in given):
        return dict.fromkeys(map(cleaned, given))
    if given in (None, ""):
        return {}
    raise SsprError(
        "invalid_setting",
        f"hosts: {given!r} is neither a list of names nor a dictionary of them",
        hint="Give inventory names, for example ansible_play_hosts_all.",
    )


# Files


def _report(option: str, path: str) -> Report:
    """An earlier report."""
    try:
        found = cleaned(json.loads(Path(path).read_text(encoding="utf-8-sig")))
    except FileNotFoundError as exc:
        raise SsprError(
            "not_found", f"{option}: there is no file {path}", hint="Give the path of an earlier report.json."
        ) from exc
    except (OSError, ValueError) as exc:
        raise SsprError(
            "invalid_setting", f"{option}: {path} cannot be read: {exc}", hint="Give the path of a report.json."
        ) from exc
    if wrong := report_misfit(found):
        raise SsprError(
            "invalid_setting",
            f"{option}: {path} is no report that this version knows: {wrong}",
            hint="Give a report.json as this module wrote it.",
        )
    report: Report = found
    return report


def _entries(directory: Path, warnings: list[str]) -> Iterator[Entry]:
    """The tenants' entries. One that is damaged does not cost the others their report."""
    if not directory.is_dir():
        raise SsprError(
            "not_found", f"entries_dir: there is no directory {directory}", hint="Run the audit first; it writes there."
        )
    for path in sorted(directory.glob("*.json")):
        try:
            entry = cleaned(json.loads(path.read_text(encoding="utf-8")))
            wrong = entry_misfit(entry)
        except (OSError, ValueError) as exc:
            wrong = str(exc)
        if wrong:
            warnings.append(f"{path} is left out, it is no entry of a tenant: {wrong}")
        else:
            yield entry


def _save(report: Report, directory: Path, *, pages: bool) -> dict[str, Any]:
    """Write all files; the paths of those that stand for the whole."""
    directory.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)
    paths: dict[str, Any] = {"html": str(directory / "report.html")}
    write_whole(directory / "report.html", fleet_page(report, pages=pages))
    for name, (file, content) in _FILES.items():
        paths[name] = str(directory / file)
        write_whole(directory / file, content(report))
    if pages:
        folder = directory / "tenants"
        folder.mkdir(mode=_DIRECTORY_MODE, exist_ok=True)
        for file, page in tenant_pages(report):
            write_whole(folder / file, page)
        paths["tenants"] = str(folder)
    return paths
