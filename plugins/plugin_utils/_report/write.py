# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writing a report on the controller: what ``sspr_report`` does, from its options to its files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

from ...module_utils._atomic_file import write_whole
from ...module_utils._dates import as_of_date, require_timestamp
from ...module_utils._errors import SsprError
from ...module_utils.compliance.fail_on import FAIL_ON, FailOn, Outcome, verdict
from .exports import as_csv, as_json, as_junit
from .html import fleet_page, tenant_pages
from .model import Report, Slice, assemble, merge
from .printable import printable
from .read import read_entries, read_report

SPEC: Mapping[str, Any] = {
    "output_dir": {"type": "path", "required": True},
    "entries_dir": {"type": "path"},
    "merge": {"type": "list", "elements": "path", "default": []},
    "hosts": {"type": "raw"},
    "previous_report": {"type": "path"},
    "as_of": {"type": "str"},
    "generated": {"type": "str"},
    "title": {"type": "str", "default": "SSPR audit"},
    "fail_on": {"type": "str", "choices": list(FAIL_ON), "default": FAIL_ON[0]},
    "pages": {"type": "bool", "default": True},
}
# Only its owner can read a report until it is shared.
_DIRECTORY_MODE = 0o700
_FILES: Mapping[str, tuple[str, Callable[[Report], str]]] = {
    "json": ("report.json", as_json),
    "csv": ("report.csv", as_csv),
    "junit": ("report.junit.xml", as_junit),
}


@dataclass(frozen=True)
class ReportOptions:
    """The options of a task, validated. ``hosts`` are the requested tenants, each with its ID or domain."""

    output_dir: Path
    entries_dir: Path | None
    merge: tuple[Path, ...]
    hosts: Mapping[str, str | None]
    previous_report: Path | None
    as_of: date
    generated: str
    title: str
    fail_on: FailOn
    pages: bool

    @classmethod
    def of(cls, args: Mapping[str, Any], locate: Callable[[str], str]) -> ReportOptions:
        """From arguments that fit the spec. ``locate`` makes a path absolute. Raises: SsprError(invalid_setting)."""

        def path(option: str) -> Path | None:
            return Path(locate(args[option])) if args.get(option) else None

        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        options = cls(
            output_dir=Path(locate(args["output_dir"])),
            entries_dir=path("entries_dir"),
            merge=tuple(Path(locate(report)) for report in args["merge"] or ()),
            hosts=_hosts(args.get("hosts")),
            previous_report=path("previous_report"),
            as_of=as_of_date(args),
            generated=require_timestamp("generated", args["generated"]) if args.get("generated") else now,
            title=printable(args["title"]),
            fail_on=args["fail_on"],
            pages=args["pages"],
        )
        if not (options.entries_dir or options.merge or options.hosts):
            raise SsprError(
                "invalid_setting",
                "entries_dir, merge, hosts: all three are empty, so there is nothing to report",
                hint="Set entries_dir to the directory of the tenants' entries, or merge to earlier reports.",
            )
        return options


def _hosts(given: Any) -> dict[str, str | None]:
    if isinstance(given, Mapping):
        return {printable(str(host)): printable(str(name)) if name else None for host, name in given.items()}
    if isinstance(given, list) and all(isinstance(host, str) for host in given):
        return dict.fromkeys(map(printable, given))
    if given in (None, ""):
        return {}
    raise SsprError(
        "invalid_setting",
        f"hosts: {given!r} is neither a list of names nor a dictionary",
        hint="Use inventory names, for example ansible_play_hosts_all.",
    )


def write_report(options: ReportOptions) -> dict[str, Any]:
    """Write all files of the report, and return the result of the task. Raises: SsprError."""
    previous = read_report("previous_report", options.previous_report) if options.previous_report else None
    merged = [read_report("merge", path) for path in options.merge]
    entries, warnings = read_entries(options.entries_dir) if options.entries_dir else ([], [])
    slices = [*(Slice(report["generated"], report["tenants"]) for report in merged), Slice(options.generated, entries)]
    report = assemble(
        merge(slices, options.hosts),
        title=options.title,
        generated=options.generated,
        as_of=options.as_of,
        previous=previous,
    )
    paths = _save(report, options.output_dir, pages=options.pages)
    return {**_result(report, options.fail_on), "paths": paths, **({"warnings": warnings} if warnings else {})}


def _result(report: Report, fail_on: FailOn) -> dict[str, Any]:
    since = report["since"]
    outcomes = {entry["host"]: Outcome(entry["run"], entry["state"]) for entry in report["tenants"]}
    return {
        "changed": False,
        "states": report["totals"]["states"],
        "runs": report["totals"]["runs"],
        "since": since and {key: len(found) for key, found in since.items() if isinstance(found, list)},
        "verdict": verdict(outcomes, fail_on).as_result(),
    }


def _save(report: Report, directory: Path, *, pages: bool) -> dict[str, str]:
    """Write all files; the paths of those that are about all tenants. Raises: SsprError(not_recorded)."""
    try:
        return _save_files(report, directory, pages=pages)
    except OSError as exc:
        raise SsprError(
            "not_recorded",
            f"output_dir: the report cannot be written: {exc}",
            hint="Use a writable directory on this controller.",
        ) from exc


def _save_files(report: Report, directory: Path, *, pages: bool) -> dict[str, str]:
    directory.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)
    paths = {"html": directory / "report.html"}
    write_whole(paths["html"], fleet_page(report, pages=pages))
    for name, (file_name, content) in _FILES.items():
        paths[name] = directory / file_name
        write_whole(paths[name], content(report))
    if pages:
        paths["tenants"] = directory / "tenants"
        paths["tenants"].mkdir(mode=_DIRECTORY_MODE, exist_ok=True)
        for file_name, page in tenant_pages(report):
            write_whole(paths["tenants"] / file_name, page)
    return {name: str(path) for name, path in paths.items()}
