"""The parts of `make demo`, each with its checks. Started by demo.sh, which starts the simulator."""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

URL = os.environ["ENTRA_GRAPH_URL"]
STATE = Path(os.environ["ANSIBLE_HOME"]).parent
RECAP = re.compile(r"(?P<host>\S+)\s+: ok=\d+\s+changed=(?P<changed>\d+)\s+unreachable=0\s+failed=(?P<failed>\d+)")
SILENT = re.compile(r"(ok|skipping): \[[^]]+\]")


class Demo:
    def __init__(self) -> None:
        context = ssl.create_default_context(cafile=os.environ["ENTRA_CA_PATH"])
        direct = urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        self._opener = urllib.request.build_opener(*direct)
        self.checks: list[tuple[bool, str]] = []

    def simulator(self, method: str, path: str, body: Any = None) -> Any:
        """Call the simulator's control API, which no real service has."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{URL}/_simulator/{path}", data, method=method)
        with self._opener.open(request) as answer:
            return json.load(answer)

    def playbook(self, name: str, *arguments: str) -> tuple[dict[str, int], int, int]:
        """Run a playbook on all tenants; the changes by host, the hosts that failed, the writes that were sent."""
        self.simulator("DELETE", "log")
        command = ["ansible-playbook", f"tenantops.entra.{name}", "-i", "examples/inventory", *arguments]
        print("$", *command, flush=True)
        changed: dict[str, int] = {}
        failed = 0
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            for line in shortened(process.stdout or ()):
                print(line, flush=True)
                if found := RECAP.match(line):
                    changed[found["host"]] = int(found["changed"])
                    failed += int(found["failed"])
        return changed, failed + bool(process.returncode and not failed), len(self.simulator("GET", "log?write=true"))

    def policies(self) -> dict[str, Any]:
        """The SSPR policy of each tenant as the simulator stores it, by domain."""
        found = [self.simulator("GET", f"tenants/{tenant}") for tenant in self.simulator("GET", "state")["tenants"]]
        return {tenant["domains"][-1]: tenant["portal_policy"] for tenant in found}

    def check(self, holds: bool, what: str) -> None:
        self.checks.append((holds, what))


def shortened(lines: Iterable[str]) -> Iterator[str]:
    """Without hosts that report nothing, and without tasks that then have no hosts."""
    heading: tuple[str, ...] = ()
    for line in map(str.rstrip, lines):
        if line.startswith(("PLAY", "TASK")):
            heading = ("", line)
        elif line and not SILENT.fullmatch(line):
            yield from heading
            yield line
            heading = ()


def main() -> int:
    start = time.monotonic()
    demo = Demo()
    tenants = len(demo.simulator("GET", "state")["tenants"])

    everyone = ("-e", "sspr_hosts=all")

    print(f"\n=== 1. Check the prerequisites of {tenants} tenants\n")
    changed, failed, writes = demo.playbook("doctor", *everyone)
    demo.check(not failed, f"the doctor found {tenants} tenants ready")
    demo.check(writes == 0, f"the doctor sent {writes} writes")

    print(f"\n=== 2. Run the runbook on {tenants} tenants that are not configured yet\n")
    policies = demo.policies()
    notes = STATE / "notes"
    changed, failed, writes = demo.playbook("runbook", *everyone, "-e", f"sspr_note_dir={notes}")
    told = len(list(notes.glob("*.html")))
    demo.check(len(changed) == tenants and not failed, f"the runbook reached {tenants} tenants, and none failed")
    demo.check(writes > 0, f"it changed {sum(map(bool, changed.values()))} of them with {writes} writes")
    demo.check(told == tenants, f"it wrote instructions for the users of {told} tenants")

    print("\n=== 3. Run it again: nothing changes\n")
    changed, failed, writes = demo.playbook(
        "runbook", *everyone, "-e", "sspr_serial=100%", "--skip-tags", "sspr_review"
    )
    demo.check(len(changed) == tenants and not failed and not any(changed.values()), "the second run changed nothing")
    demo.check(writes == 0, f"the second run sent {writes} writes")

    print("\n=== 4. Someone enables all users of Fabrikam in the admin center, and the audit finds it\n")
    edit = {"enablementType": 2, "registrationReconfirmIntevalInDays": 30}
    demo.simulator("PATCH", "tenants/fabrikam.example", {"portal_policy": edit})
    report = STATE / "audit" / "report.html"
    baselines = json.dumps(
        {"sspr_audit_baselines": ["cis_m365_v7", "microsoft_recommended"], "sspr_audit_extra_evidence": "always"}
    )
    changed, failed, writes = demo.playbook(
        "audit", *everyone, "-e", f"sspr_audit_dir={report.parent}", "-e", baselines
    )
    drifting = [host for host, count in changed.items() if count]
    demo.check(
        drifting == ["fabrikam"] and not failed, f"the audit found drift in {', '.join(drifting) or 'no tenant'}"
    )
    demo.check(writes == 0, f"the audit sent {writes} writes")
    demo.check(report.is_file(), "it wrote a report for the clients")

    print("\n=== 5. Restore the tenants to their state before the run, without overwriting that change\n")
    run = min(Path(os.environ["ANSIBLE_HOME"], "tenantops.entra", "runs").iterdir())
    changed, failed, writes = demo.playbook("restore", "-e", f"sspr_run={run.name}", "-e", "sspr_serial=100%")
    demo.check(not failed and writes > 0, f"the run was restored with {writes} writes")
    policies["fabrikam.example"].update(edit)
    demo.check(
        demo.policies() == policies, "every policy is as it was before the run, except for what someone else has set"
    )

    print(f"\n=== Results, after {time.monotonic() - start:.0f} s\n")
    for holds, what in demo.checks:
        print(f"  {'ok    ' if holds else 'FAILED'}  {what}")
    print(f"\nOpen in a browser: the report {report}\nand the instructions for users in {notes}")
    return int(not all(holds for holds, _what in demo.checks))


if __name__ == "__main__":
    sys.exit(main())
