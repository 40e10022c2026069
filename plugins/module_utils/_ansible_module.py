# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a task as an Ansible module. This is the only file here that depends on Ansible."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ._errors import SsprError
from ._failures import for_verbosity
from .connection.options import CONNECTION_SPEC, PORTAL_MODE_SPEC, RUN_SPEC, with_environment
from .settings.pages import Page, argument_spec

Execute = Callable[[Mapping[str, Any], bool], dict[str, Any]]


class EntraModule(AnsibleModule):
    """An ``AnsibleModule`` that ignores empty strings and nulls, and whose failures all have an ``error``."""

    def _load_params(self) -> None:
        super()._load_params()
        internal = {name: value for name, value in self.params.items() if name.startswith("_ansible")}
        options = {name: value for name, value in self.params.items() if name not in internal}
        if "tenant_id" in self.argument_spec:
            options = with_environment(options, os.environ)
        self.params = {**options, **internal}

    def fail_json(self, msg: str, **kwargs: Any) -> Any:
        """Give Ansible's own validation errors this collection's format, and the value, which older versions omit."""
        if "error" not in kwargs:
            named = re.match(r"argument '(\w+)'", msg)
            option = named.group(1) if named else ""
            if option in self.params and not self.argument_spec.get(option, {}).get("no_log"):
                given = repr(self.params[option])
                msg = msg if given in msg else f"{msg} (given: {given})"
            failure = SsprError("invalid_setting", msg, hint="Nothing was sent.").as_failure()
            kwargs.update({key: value for key, value in failure.items() if key not in ("failed", "msg")})
        return super().fail_json(msg, **kwargs)


def settings_spec(*pages: Page) -> dict[str, Any]:
    """The argument spec of a module that sets these pages."""
    return {**CONNECTION_SPEC, **PORTAL_MODE_SPEC, **RUN_SPEC, **argument_spec(pages)}


def main(execute: Execute, spec: Mapping[str, Any]) -> None:
    """Validate, execute, and return the result to Ansible."""
    module = EntraModule(argument_spec=dict(spec), supports_check_mode=True)
    result = execute(module.params, module.check_mode)
    for warning in result.pop("warnings", []):
        module.warn(warning)
    result = for_verbosity(result, module._verbosity)
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)
