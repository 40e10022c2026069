"""The role's variables: its argument specification, and the tables of its README."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ...plugins.module_utils.connection.options import CONNECTION_SPEC, ENVIRONMENT, SECRETS
from ...plugins.module_utils.settings.pages import ALL_PAGES, SETTINGS
from .sources import as_markdown, data, first_paragraph, option, replace_markup
from .yaml_text import dump

# The module whose options the settings and the connection options are
POLICY = "sspr_policy"
PLACES = ("connection", "settings")
MARGIN = 6  # of the options in argument_specs.yml
VALUES = {"bool": "boolean", "int": "number", "list": "list", "dict": "dictionary", "path": "path"}


@dataclass(frozen=True)
class Variable:
    """A variable of the role. ``meaning`` and ``values`` are Ansible markup, with the names of variables."""

    name: str
    values: str
    meaning: str
    environment: tuple[str, ...] = ()


def argument_spec(_path: Path, _arguments: Iterable[str]) -> str:
    """The options of an entry point, without secrets."""
    secrets = {f"entra_{name}" for name in SECRETS}
    options = {
        variable.name: {"description": [variable.meaning, f"Values: {variable.values}."], "type": "raw"}
        for group in (*PLACES, *_others())
        for variable in _variables(group)
        if variable.name not in secrets
    }
    return dump(options, margin=MARGIN)


def table(_path: Path, groups: Iterable[str]) -> str:
    """The variables of these groups as a table."""
    rows = [variable for group in groups for variable in _variables(group)]
    with_environment = any(variable.environment for variable in rows)
    header = ["Variable", "Values", *(["Environment variable"] if with_environment else []), "Meaning"]
    lines = [header, ["---"] * len(header)]
    for variable in rows:
        environment = [", ".join(f"`{name}`" for name in variable.environment)] if with_environment else []
        lines.append([f"`{variable.name}`", as_markdown(variable.values), *environment, as_markdown(variable.meaning)])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


@cache
def _variables(group: str) -> tuple[Variable, ...]:
    if group == "connection":
        return tuple(
            _of_option(f"entra_{name}", POLICY, name, environment=ENVIRONMENT.get(name, ())) for name in CONNECTION_SPEC
        )
    described = tuple(_described(name, line) for name, line in _others().get(group, {}).items())
    return (*_of_settings(), *described) if group == "settings" else described


def _others() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    return data("role_variables.yml")


def _described(name: str, line: Mapping[str, str]) -> Variable:
    if "option" in line:
        module, _dot, of_module = line["option"].partition(".")
        return _of_option(name, module, of_module)
    return Variable(name, line["values"], line["description"])


def _of_settings() -> Iterator[Variable]:
    for page in ALL_PAGES:
        for name, line in page.argument_spec().items():
            yield _of_option(f"sspr_{name}", POLICY, name)
            for method in line.get("options", {}):
                variable = _of_option(f"sspr_method_{method}", POLICY, f"{name}.{method}")
                override = f"Overrides V({method}) in O(sspr_{name}) for one tenant. {variable.meaning}"
                yield Variable(variable.name, variable.values, override)


def _of_option(name: str, module: str, of_module: str, environment: tuple[str, ...] = ()) -> Variable:
    """The variable that sets this option, with the option's own description."""
    line = option(module, of_module)
    setting = SETTINGS.get(of_module)
    if "choices" in line:
        values = ", ".join(f"V({choice})" for choice in line["choices"])
    elif setting is not None and setting.low is not None:
        values = f"{setting.low} to {setting.high}"
    else:
        values = VALUES.get(line["type"], "text")
    return Variable(name, values, _with_variables(first_paragraph(line), module), environment)


def _with_variables(text: str, module: str) -> str:
    """The text with the role's variables in place of the module's options. Return values have none."""

    def replaced(kind: str, about: str) -> str:
        if kind == "RV":
            return f"C({about})"
        if kind != "O":
            return f"{kind}({about})"
        name, equals, value = about.partition("=")
        return f"O({_variable_of(name, module)}{equals}{value})"

    return replace_markup(text, replaced)


def _variable_of(name: str, module: str) -> str:
    """The variable that sets an option. Raises: ValueError, when there is none."""
    if name in CONNECTION_SPEC:
        return f"entra_{name}"
    if name in {of_page for page in ALL_PAGES for of_page in page.argument_spec()}:
        return f"sspr_{name}"
    for group in _others().values():
        for variable, line in group.items():
            if line.get("option", "").rpartition(".")[2] == name:
                return variable
    raise ValueError(f"{module}: the description of an option names {name}, which has no variable in the role")
