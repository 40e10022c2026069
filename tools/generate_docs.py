"""Generates the repeated parts of documentation and role from the tables, the fragments, and tools/documentation.

A block begins with a comment ``[[[NAME ARGUMENT...]]]`` and ends with a comment ``[[[end]]]``. What is between them is
replaced by what the generator of that name returns. Everything else in a file is written by a person.

Usage: generate_docs.py [--check]. With ``--check`` nothing is written, and files that are not up to date are named.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import indent

from .documentation import return_values, role, role_lists, tables
from .documentation.sources import ROOT

FILES = (
    "README.md",
    "docs/*.md",
    "plugins/modules/*.py",
    "roles/sspr/README.md",
    "roles/sspr/meta/argument_specs.yml",
    "roles/sspr/vars/main.yml",
)

Generator = Callable[[Path, Iterable[str]], str]
GENERATORS: Mapping[str, Generator] = {
    "return_values": return_values.shared,
    "return_values_of_settings": return_values.setter,
    "return_values_of_policy": return_values.policy,
    "role_options": role.argument_spec,
    "role_variables": role.table,
    "role_lists": role_lists.lists,
    "pages": tables.pages,
    "modules": tables.modules,
    "where_settings_live": tables.where_settings_live,
    "rules": tables.rules,
}

MARK = re.compile(r"(?P<indent> *)(?:#|<!--) \[\[\[(?P<name>\w+)(?P<arguments>[^\]]*)\]\]\](?: -->)?")
END = "end"


class BlockError(Exception):
    """A block that cannot be generated, with its place."""


def generated(path: Path, text: str) -> str:
    """The text of this file with its blocks generated. Raises: BlockError."""
    return "".join(_lines(path, text.splitlines(keepends=True)))


def _lines(path: Path, lines: Sequence[str]) -> Iterator[str]:
    inside = False
    for number, line in enumerate(lines, 1):
        mark = MARK.fullmatch(line.rstrip())
        if mark and inside != (mark["name"] == END):
            problem = "the previous block has no end" if inside else "there is no block that ends here"
            raise BlockError(f"{path}:{number}: {problem}")
        if mark or not inside:
            yield line
        if mark:
            inside = not inside
            if inside:
                yield indent(_block(path, number, mark), mark["indent"])
    if inside:
        raise BlockError(f"{path}: the last block has no end")


def _block(path: Path, number: int, begin: re.Match[str]) -> str:
    generator = GENERATORS.get(begin["name"])
    if generator is None:
        raise BlockError(f"{path}:{number}: there is no generator {begin['name']}")
    try:
        return generator(path, begin["arguments"].split())
    except (KeyError, ValueError) as exc:
        raise BlockError(f"{path}:{number}: {type(exc).__name__}: {exc}") from exc


def outdated(files: Iterable[Path]) -> dict[Path, str]:
    """The files that are not up to date, with the text that they should have."""
    found = {}
    for path in files:
        text = path.read_text(encoding="utf-8")
        if (wanted := generated(path, text)) != text:
            found[path] = wanted
    return found


def main(arguments: Sequence[str]) -> int:
    try:
        found = outdated(path for pattern in FILES for path in sorted(ROOT.glob(pattern)))
    except BlockError as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 2
    if "--check" in arguments:
        for path in found:
            print(f"{path.relative_to(ROOT)} is not up to date. To update it: make generate")
        return int(bool(found))
    for path, text in found.items():
        path.write_text(text, encoding="utf-8")
        print(f"updated {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
