from __future__ import annotations

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


def test_the_action_group_lists_every_module_in_order() -> None:
    runtime = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())
    modules = sorted(path.stem for path in ROOT.glob("plugins/modules/[!_]*.py"))
    assert runtime["action_groups"]["entra"] == modules


def test_the_locks_name_no_host() -> None:
    for lock in ROOT.glob("requirements/*.txt"):
        assert "://" not in lock.read_text(), lock
