# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Ansible builds for a module: its serialized arguments, and the package that carries them.

Private parts of ansible-core. Importing this file fails where they are not what they were.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

SHEBANG = f"#!{sys.executable}"
# How Ansible and a module serialize values for each other
PROFILE = "legacy"

try:
    from ansible.executor.module_common import _BuiltModule
    from ansible.module_utils.common.json import Direction, get_module_encoder
except ImportError:  # ansible-core before 2.19
    from ansible.module_utils.common.json import AnsibleJSONEncoder

    def encoded(arguments: Mapping[str, Any]) -> str:
        """A module's arguments as Ansible sends them."""
        return json.dumps(arguments, cls=AnsibleJSONEncoder, vault_to_text=True)  # type: ignore[arg-type]

    def package(arguments: bytes, path: str) -> tuple[Any, ...]:
        """What Ansible's ``_configure_module`` returns, with the arguments in the place of the module's code."""
        return "new", SHEBANG, arguments, path
else:

    def encoded(arguments: Mapping[str, Any]) -> str:
        """A module's arguments as Ansible sends them."""
        return json.dumps(arguments, cls=get_module_encoder(PROFILE, Direction.CONTROLLER_TO_MODULE))

    def package(arguments: bytes, path: str) -> tuple[Any, ...]:
        """What Ansible's ``_configure_module`` returns, with the arguments in the place of the module's code."""
        built = _BuiltModule(
            b_module_data=arguments, module_style="new", shebang=SHEBANG, serialization_profile=PROFILE
        )
        return built, path
