from __future__ import annotations

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


def test_the_action_group_lists_every_module_with_connection_options_in_order() -> None:
    runtime = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())
    modules = sorted(
        path.stem for path in ROOT.glob("plugins/modules/[!_]*.py") if "tenantops.entra.connection" in path.read_text()
    )
    assert runtime["action_groups"]["entra"] == modules


def test_every_module_has_its_action_plugin() -> None:
    """Of its own name: only such a plugin is imported before Ansible forks its workers."""
    names = [sorted(path.name for path in ROOT.glob(f"plugins/{kind}/*.py")) for kind in ("modules", "action")]
    assert names[0] == names[1]


def test_the_locks_name_no_host() -> None:
    for lock in ROOT.glob("requirements/*.txt"):
        assert "://" not in lock.read_text(), lock
