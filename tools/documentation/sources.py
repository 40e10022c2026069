"""Where documentation comes from: the modules' own, the fragments that they name, and Ansible's markup in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"
DATA = Path(__file__).parent

# Ansible's semantic markup, such as O(scope=all). A reference may name the plugin that it is about before a colon.
MARKUP = re.compile(r"\b(?P<kind>[A-Z]{1,2})\((?P<text>[^()]*)\)")
PLUGIN = re.compile(r"^(?:ignore|[\w.]+#\w+):")


@cache
def data(name: str) -> Mapping[str, Any]:
    """One of this directory's files. It is shared: do not change it."""
    loaded: Mapping[str, Any] = yaml.safe_load((DATA / name).read_text(encoding="utf-8"))
    return loaded


def texts(path: Path) -> dict[str, str]:
    """The strings that a file assigns to names, also in a class. Nothing of it is executed."""
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            found.update({target.id: node.value.value for target in node.targets if isinstance(target, ast.Name)})
    return found


@cache
def fragment(name: str) -> Mapping[str, Any]:
    """A documentation fragment, such as ``tenantops.entra.settings.properties``."""
    file, _dot, attribute = name.removeprefix("tenantops.entra.").partition(".")
    strings = texts(PLUGINS / "doc_fragments" / f"{file}.py")
    loaded: Mapping[str, Any] = yaml.safe_load(strings[(attribute or "documentation").upper()])
    return loaded


@cache
def documentation(module: str) -> Mapping[str, Any]:
    """What a module documents, with the options of its fragments."""
    found: dict[str, Any] = yaml.safe_load(texts(PLUGINS / "modules" / f"{module}.py")["DOCUMENTATION"])
    options: dict[str, Any] = {}
    for name in found.get("extends_documentation_fragment", ()):
        options.update(fragment(name).get("options", {}))
    return {**found, "options": {**options, **found.get("options", {})}}


def option(module: str, name: str) -> Mapping[str, Any]:
    """An option's documentation. Suboptions have dots in their name."""
    parent, _dot, child = name.partition(".")
    found: Mapping[str, Any] = documentation(module)["options"][parent]
    return found["suboptions"][child] if child else found


def first_paragraph(line: Mapping[str, Any]) -> str:
    """What an option is, without the details that follow."""
    description = line["description"]
    return str(description if isinstance(description, str) else description[0])


def replace_markup(text: str, replacement: Callable[[str, str], str]) -> str:
    """The text with each markup replaced, by its kind and what it is about."""
    return MARKUP.sub(lambda found: replacement(found["kind"], PLUGIN.sub("", found["text"])), text)


def as_markdown(text: str) -> str:
    """Ansible's markup as Markdown."""
    marks = {"B": "**", "I": "*"}

    def markdown(kind: str, about: str) -> str:
        mark = marks.get(kind, "`")
        return f"{mark}{about}{mark}"

    return replace_markup(text, markdown)
