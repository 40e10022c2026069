"""Stands in for the get-pip.py that ansible-test would download: the pip that came with Python does as well."""

from __future__ import annotations

import subprocess
import sys

subprocess.run([sys.executable, "-m", "ensurepip", "--default-pip"], check=True, stdout=subprocess.DEVNULL)
