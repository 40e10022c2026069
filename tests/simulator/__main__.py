# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator as a process of its own: ``python -m ... --seed FILE --state-dir DIR``, until SIGTERM."""

from __future__ import annotations

import argparse
import json
import os
import signal
import threading
from pathlib import Path

from .server import Simulator


def main() -> None:
    parser = argparse.ArgumentParser(prog="simulator", description=__doc__)
    parser.add_argument("--seed", type=Path, help="YAML file with apps, users and tenants")
    parser.add_argument("--port", type=int, default=0, help="0 (default): any free port")
    parser.add_argument("--state-dir", type=Path, required=True, help="where ca.pem and ready.json are written")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="how long every answer takes")
    arguments = parser.parse_args()

    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    directory: Path = arguments.state_dir.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    ready = directory / "ready.json"
    ready.unlink(missing_ok=True)
    with Simulator(
        arguments.seed, latency=arguments.latency_ms / 1000, port=arguments.port, directory=directory
    ) as simulator:
        _write(ready, {"url": simulator.url, "ca_path": simulator.ca_path, "pid": os.getpid()})
        stopped.wait()
    ready.unlink(missing_ok=True)


def _write(path: Path, content: dict[str, object]) -> None:
    """Write a file that is either absent or complete."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    partial.write_text(json.dumps(content) + "\n", encoding="utf-8")
    partial.replace(path)


if __name__ == "__main__":
    main()
