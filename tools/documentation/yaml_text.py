"""YAML as a person would write it into documentation."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

WIDTH = 120
INDENT = "  "
# Values of these keys are examples of data: they stay in one line, or in as few as possible.
INLINE = frozenset({"sample"})
# Stands for the blank after a colon, where no line is broken
GLUE = "\0"


def dump(value: Mapping[str, Any], *, margin: int = 0) -> str:
    """As YAML, in the order of the keys, for a text that will be indented by ``margin``."""
    return "".join(f"{line}\n" for line in _mapping(value, WIDTH - margin, ""))


def _mapping(value: Mapping[str, Any], width: int, indent: str) -> Iterator[str]:
    for name, item in value.items():
        key = _flow(name)
        if isinstance(item, dict) and name not in INLINE:
            yield f"{indent}{key}:"
            yield from _mapping(item, width, indent + INDENT)
        elif isinstance(item, list) and name not in INLINE:
            yield f"{indent}{key}:"
            for entry in item:
                yield from _wrapped(f"- {_flow(entry)}", width, indent + INDENT)
        else:
            yield from _wrapped(f"{key}:{GLUE}{_flow(item)}", width, indent)


def _flow(value: Any) -> str:
    """The value in one line. The blanks of a mapping do not break."""
    text: str = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, width=math.inf, allow_unicode=True
    ).removesuffix("...\n")
    return text.strip() if isinstance(value, str) else text.strip().replace(": ", f":{GLUE}")


def _wrapped(text: str, width: int, indent: str) -> Iterator[str]:
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent + INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return (line.replace(GLUE, " ") for line in lines)
