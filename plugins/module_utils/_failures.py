# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of an exception: always a result with an ``error``, and never one with values that it carried."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from ._errors import SsprError

Result = dict[str, Any]

# In a result on its way to Ansible: where an internal error happened. Shown from this verbosity on (-vvv).
FRAMES = "_frames"
FRAMES_VERBOSITY = 3


def is_ours(filename: str) -> bool:
    """Whether a file belongs to this collection."""
    return "/entra/plugins/" in filename


def internal_error(exc: Exception) -> SsprError:
    """The error for a bug: type and place only, because the text of an unforeseen error may carry anything."""
    frames = traceback.extract_tb(exc.__traceback__)
    ours = next((frame for frame in reversed(frames) if is_ours(frame.filename)), frames[-1])
    return SsprError(
        "internal",
        f"unexpected {type(exc).__name__} at {PurePath(ours.filename).name}:{ours.lineno}",
        hint="This is a bug in the collection: please report it, with the output at -vvv. It is safe to run it again.",
    )


def frames_of(exc: Exception) -> list[str]:
    """File, line and function of every frame, without values."""
    return [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(exc.__traceback__)]


def guarded(work: Callable[[], Result]) -> Result:
    """The result of some work on the controller, or of its failure."""
    try:
        return work()
    except SsprError as exc:
        return exc.as_failure()
    except Exception as exc:  # noqa: BLE001 - an uncaught exception would be printed with all that it carries
        return {**internal_error(exc).as_failure(), FRAMES: frames_of(exc)}


def for_verbosity(result: Result, verbosity: int) -> Result:
    """A result as Ansible gets it: with its frames only if they are to be shown."""
    frames = result.pop(FRAMES, None)
    return {**result, "frames": frames} if frames and verbosity >= FRAMES_VERBOSITY else result
