from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.tenantops.entra.benchmarks import report

ROOT = Path(__file__).resolve().parents[2]


def test_the_documentation_shows_the_measurements_at_hand() -> None:
    results = json.loads((ROOT / "benchmarks/results.json").read_text())
    assert report.table(results) in (ROOT / "docs/performance.md").read_text()
    assert (ROOT / "docs/performance.svg").read_text().endswith(report.mark(results))
