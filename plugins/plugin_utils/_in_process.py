# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module in the worker that Ansible has forked for its task, without starting Python again.

The module itself is the same, and so is everything that Ansible does before and after it. Only packaging the module and
running the package in a shell are skipped. A task that needs a separate process still gets one.

The linear and free strategies import an action plugin in ``ansible-playbook`` itself, before they fork. So everything
that this file imports or opens costs time once per run. That is also why each module has an action plugin of its name:
one that modules are only routed to in ``meta/runtime.yml`` is imported in each worker.
"""

from __future__ import annotations

import importlib
import io
import logging
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from ansible import constants
from ansible.module_utils import basic
from ansible.module_utils.common import warnings as module_warnings
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.release import __version__ as ansible_version
from ansible.utils.display import Display

from ..module_utils import _ansible_module
from ..module_utils._errors import SsprError
from ..module_utils.connection.libraries import require_libraries
from ..module_utils.connection.run_cache import open_run_cache
from ..module_utils.connection.tls import trust

try:
    from ._module_package import PROFILE, encoded, package
except ImportError as exc:
    MISSING_PART: ImportError | None = exc
else:
    MISSING_PART = None

# The newest minor version of ansible-core on which this was tested. It relies on private parts of ansible-core.
NEWEST_TESTED = (2, 21)
OPT_OUT = "entra_in_process"
NO_INTERPRETER = frozenset({"", "auto", "auto_silent", "auto_legacy", "auto_legacy_silent"})

# What the libraries import only when they first send something. Each worker would have to import it again.
LAZY = (
    "anyio._backends._asyncio",
    "azure.core.pipeline.transport._bigger_block_size_http_adapters",
    "azure.core.pipeline.transport._requests_basic",
    "azure.core.rest._http_response_impl",
    "azure.core.rest._requests_basic",
    "encodings.idna",
    "encodings.utf_8_sig",
    "httpcore._async.http2",
    "httpcore._backends.anyio",
    "httpcore._backends.auto",
    "msal_extensions",
    "netrc",
)
for _name in LAZY:
    # Another version of a library may not have it, and imports later what it needs instead.
    with suppress(ImportError):
        importlib.import_module(_name)

display = Display()
open_run_cache()
trust(None)


class Arguments(bytes):
    """A module's arguments, where Ansible expects the package to run."""


def why_unsuitable(version: str) -> str | None:
    """Why modules cannot run in the workers of this ansible-core; None when they can."""
    if tuple(int(part) for part in version.split(".")[:2]) > NEWEST_TESTED:
        return f"ansible-core {version} is newer than the versions that were tested"
    return f"ansible-core {version} lacks a part that this needs: {MISSING_PART}" if MISSING_PART else None


class InProcessAction(ActionBase):
    """The action plugin behind every module of this collection."""

    _supports_check_mode = True
    _supports_async = True
    # The module of the same name
    module: ModuleType
    # Whether the result holds a secret: never printed, and never written to the file of an asynchronous job
    returns_secret = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        if self.returns_secret and self._task.async_val:
            return {**result, **_no_async(self._task.action).as_failure()}
        variables = task_vars or {}
        why = next(self._reasons(variables), None)
        self._here = why is None
        where = "in Ansible's own worker" if why is None else f"in a separate process: {why}"
        display.vvvv(f"{self._task.action} runs {where}", host=variables.get("inventory_hostname"))
        result.update(self._execute_module(task_vars=task_vars, wrap_async=bool(self._task.async_val)))
        if self.returns_secret and not result.get("failed"):
            result["_ansible_no_log"] = True
        if not self._task.async_val:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _reasons(self, variables: Mapping[str, Any]) -> Iterator[str]:
        """Why the module cannot run in the worker."""
        if (unsuitable := why_unsuitable(ansible_version)) is not None:
            yield unsuitable
        if not boolean(self._templar.template(variables.get(OPT_OUT, True))):
            yield f"{OPT_OUT} is false"
        if self._connection.transport != "local":
            yield f"the connection is {self._connection.transport}"
        if self._connection.become:
            yield "the task uses become"
        if self._task.async_val:
            yield "the task uses async"
        if self._compute_environment_string():
            yield "the task sets environment"
        if constants.config.get_config_value("DEFAULT_KEEP_REMOTE_FILES"):
            yield "ANSIBLE_KEEP_REMOTE_FILES is set"
        if interpreter := self._interpreter(variables):
            yield f"the interpreter is {interpreter}"
        try:
            require_libraries()
        except SsprError as exc:
            yield exc.message

    def _interpreter(self, variables: Mapping[str, Any]) -> str | None:
        """The Python that is configured, unless it is the controller's own, by whatever name."""
        host = self._task.delegate_to
        own = variables["ansible_delegated_vars"][host] if host else variables
        asked = str(
            self._templar.template(constants.config.get_config_value("INTERPRETER_PYTHON", variables=own))
        ).strip()
        if asked in NO_INTERPRETER:
            return None
        # Not only by following links: they lead from a virtual environment to the Python that it was created with.
        found, mine = Path(shutil.which(asked) or asked), Path(sys.executable)
        same = found.exists() and found.samefile(mine) and found.parent.resolve() == mine.parent.resolve()
        return None if same else asked

    # What follows replaces building a package and running it in a shell. Ansible calls it in the same order.

    def _is_pipelining_enabled(self, *args: Any, **kwargs: Any) -> bool:
        """Whether the arguments can be passed directly."""
        return self._here or bool(super()._is_pipelining_enabled(*args, **kwargs))

    def _configure_module(self, module_name: str, module_args: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """The module's arguments in the place of a package."""
        if not self._here:
            return super()._configure_module(module_name, module_args, *args, **kwargs)
        arguments = Arguments(encoded({"ANSIBLE_MODULE_ARGS": module_args}).encode())
        return package(arguments, self.module.__file__ or module_name)

    def _low_level_execute_command(self, *args: Any, **kwargs: Any) -> Any:
        """Run the module with these arguments."""
        given = kwargs.get("in_data")
        if not isinstance(given, Arguments):
            return super()._low_level_execute_command(*args, **kwargs)
        output, errors = io.StringIO(), io.StringIO()
        code = 0
        with _arguments(given), _silence(), redirect_stdout(output), redirect_stderr(errors):
            try:
                _ansible_module.main(self.module.execute, self.module.SPEC)
            except SystemExit as done:
                code = int(done.code or 0)
        return {"rc": code, "stdout": output.getvalue(), "stderr": errors.getvalue()}


def _no_async(action: str) -> SsprError:
    return SsprError(
        "unsupported",
        f"async: {action} cannot run asynchronously, because its result with the token would be written to a file",
        hint="Remove async from the task.",
    )


@contextmanager
def _arguments(given: Arguments) -> Iterator[None]:
    """Let ``AnsibleModule`` find its arguments, and no warnings of the previous item of a loop."""
    kept = {name: getattr(basic, name) for name in ("_ANSIBLE_ARGS", "_ANSIBLE_PROFILE") if hasattr(basic, name)}
    module_warnings._global_warnings.clear()
    module_warnings._global_deprecations.clear()
    basic._ANSIBLE_ARGS = bytes(given)
    basic._ANSIBLE_PROFILE = PROFILE
    try:
        yield
    finally:
        for name, value in kept.items():
            setattr(basic, name, value)


@contextmanager
def _silence() -> Iterator[None]:
    """Keep what the libraries log out of Ansible's log file, where a module's log never goes."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(before)
