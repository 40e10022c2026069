from __future__ import annotations

import importlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantops.entra.plugins.module_utils._errors import ERROR_KINDS
from ansible_collections.tenantops.entra.plugins.module_utils.connection.options import (
    CONNECTION_SPEC,
    PORTAL_MODE_SPEC,
    SECRETS,
)
from ansible_collections.tenantops.entra.plugins.module_utils.settings.pages import ALL_PAGES, SETTINGS, Page, flag
from ansible_collections.tenantops.entra.tools import generate_docs
from ansible_collections.tenantops.entra.tools.documentation import (
    return_values,
    role,
    role_lists,
    sources,
    tables,
    yaml_text,
)

PROPERTIES = sources.PLUGINS / "modules/sspr_properties.py"
POLICY = sources.PLUGINS / "modules/sspr_policy.py"
HERE = Path("guide.md")


@pytest.fixture
def shout(monkeypatch: pytest.MonkeyPatch) -> None:
    """A generator that returns its arguments, one in a line."""
    generators = {"shout": lambda path, arguments: "".join(f"{word.upper()}\n" for word in (path.name, *arguments))}
    monkeypatch.setattr(generate_docs, "GENERATORS", generators)


@pytest.mark.usefixtures("shout")
def test_what_is_inside_a_block_is_replaced_and_indented() -> None:
    text = "a: 1\n  # [[[shout x y]]]\n  old\n  # [[[end]]]\nb: 2\n<!-- [[[shout]]] -->\n<!-- [[[end]]] -->\n"
    new = generate_docs.generated(HERE, text)
    assert new == (
        "a: 1\n  # [[[shout x y]]]\n  GUIDE.MD\n  X\n  Y\n  # [[[end]]]\nb: 2\n"
        "<!-- [[[shout]]] -->\nGUIDE.MD\n<!-- [[[end]]] -->\n"
    )
    assert generate_docs.generated(HERE, new) == new


@pytest.mark.usefixtures("shout")
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("# [[[shout]]]\n", "guide.md: the last block has no end"),
        ("\n# [[[end]]]\n", "guide.md:2: there is no block that ends here"),
        ("# [[[shout]]]\n# [[[shout]]]\n# [[[end]]]\n", "guide.md:2: the previous block has no end"),
        ("# [[[whisper]]]\n# [[[end]]]\n", "guide.md:1: there is no generator whisper"),
    ],
)
def test_a_damaged_block_is_named_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(generate_docs.BlockError) as caught:
        generate_docs.generated(HERE, text)
    assert str(caught.value) == problem


@pytest.mark.usefixtures("shout")
def test_the_check_writes_nothing_and_names_the_repair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generate_docs, "ROOT", tmp_path)
    monkeypatch.setattr(generate_docs, "FILES", ("*.md",))
    (tmp_path / "old.md").write_text(before := "<!-- [[[shout]]] -->\n<!-- [[[end]]] -->\n")
    (tmp_path / "none.md").write_text("no block\n")
    assert generate_docs.main(["--check"]) == 1
    assert capsys.readouterr().out == "old.md is not up to date. To update it: make generate\n"
    assert (tmp_path / "old.md").read_text() == before
    assert generate_docs.main([]) == 0
    assert "OLD.MD" in (tmp_path / "old.md").read_text()
    assert generate_docs.main(["--check"]) == 0
    (tmp_path / "none.md").write_text("<!-- [[[whisper]]] -->\n<!-- [[[end]]] -->\n")
    assert generate_docs.main(["--check"]) == 2
    assert "there is no generator whisper" in capsys.readouterr().err


def test_the_repair_is_a_make_target() -> None:
    makefile = (sources.ROOT / "Makefile").read_text(encoding="utf-8")
    assert "\ngenerate:" in makefile


TEXTS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), max_size=200).map(
    lambda text: " ".join(text.split())
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), TEXTS)
NAMES = st.from_regex(r"[a-z_]{1,20}", fullmatch=True)
SAMPLES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3))
VALUES = st.recursive(
    st.dictionaries(NAMES, st.one_of(SCALARS, st.lists(TEXTS, min_size=1, max_size=3)), min_size=1, max_size=3),
    lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=3),
    max_leaves=5,
)


@given(value=VALUES, sample=SAMPLES)
def test_dumped_yaml_means_the_same(value: dict[str, Any], sample: Any) -> None:
    documented = {**value, "sample": sample}
    assert yaml.safe_load(yaml_text.dump(documented)) == documented


def test_dumped_lines_are_no_longer_than_the_width() -> None:
    text = yaml_text.dump(
        {"description": ["word " * 100], "sample": dict.fromkeys(("one", "two"), "word " * 20)}, margin=6
    )
    assert max(map(len, text.splitlines())) <= yaml_text.WIDTH - 6


def test_a_module_that_sets_pages_returns_what_its_pages_have() -> None:
    properties, policy = (yaml.safe_load(return_values.setter(path, ())) for path in (PROPERTIES, POLICY))
    assert set(policy) - set(properties) == {"targets", "missing_permissions"}
    assert set(properties["settings"]["sample"]) == {"scope", "group"}
    assert properties["previous"]["sample"] != properties["settings"]["sample"]
    assert policy["backend"]["sample"]["methods.email"] == "graph"
    assert policy["backend"]["sample"]["scope"] == "portal"


@pytest.mark.parametrize("module", ["sspr_policy", "sspr_run"])
def test_error_kinds_are_those_of_the_module(module: str) -> None:
    [text] = yaml.safe_load(return_values.shared(Path(f"{module}.py"), ["error"]))["error"]["contains"]["kind"][
        "description"
    ]
    kinds = sources.data("return_values.yml")["error_kinds"].get(module, ERROR_KINDS)
    assert text == "One of " + ", ".join(f"C({kind})" for kind in kinds) + "."


def test_every_module_with_kinds_of_error_exists_and_they_do_too() -> None:
    for module, kinds in sources.data("return_values.yml")["error_kinds"].items():
        assert (sources.PLUGINS / f"modules/{module}.py").exists()
        assert set(kinds) <= set(ERROR_KINDS)


def test_the_whole_policy_is_shown_by_page_and_flat() -> None:
    found = yaml.safe_load(return_values.policy(HERE, ()))
    assert set(found["sspr"]["contains"]) == set(found["sspr"]["sample"]) == {page.name for page in ALL_PAGES}
    flat: dict[str, Any] = {}
    for page in found["sspr"]["sample"].values():
        flat |= page
    assert found["settings"]["sample"] == flat


def test_the_role_has_a_variable_for_every_option_and_no_secret_is_an_option() -> None:
    options = yaml.safe_load(role.argument_spec(HERE, ()))
    connection = {f"entra_{name}" for name in CONNECTION_SPEC}
    settings = {f"sspr_{name}" for page in ALL_PAGES for name in page.argument_spec()}
    assert connection - set(options) == {f"entra_{name}" for name in SECRETS}
    assert settings <= set(options)
    assert {line["type"] for line in options.values()} == {"raw"}
    assert options["sspr_method_email"]["description"][0].startswith("Overrides V(email) in O(sspr_methods)")


def test_the_tables_of_the_role_have_every_variable_with_its_values() -> None:
    settings, connection = role.table(HERE, ["settings"]), role.table(HERE, ["connection"])
    assert "| `sspr_reconfirm_days` | 0 to 730 | After how many days" in settings
    assert "| `sspr_scope` | `none`, `selected`, `all` | Which users" in settings
    assert "| `entra_client_secret` | text | `AZURE_CLIENT_SECRET`, `AZURE_SECRET` | The client secret" in connection
    assert "Environment" not in settings


def test_a_description_speaks_of_variables_and_not_of_options() -> None:
    text = "See O(scope=all), O(timeout), RV(manual) and O(tenantops.entra.sspr_info#module:group)."
    expected = "See O(sspr_scope=all), O(entra_timeout), C(manual) and O(sspr_group)."
    assert role._with_variables(text, "sspr_policy") == expected
    with pytest.raises(ValueError, match="names nothing_known"):
        role._with_variables("O(nothing_known)", "sspr_policy")


def test_the_lists_of_the_role_have_every_option() -> None:
    found = yaml.safe_load(role_lists.lists(HERE, role_lists.LISTS))
    assert found["__sspr_connection_options"] == list(CONNECTION_SPEC)
    assert found["__sspr_pages"] == {page.name: [*page.argument_spec(), *PORTAL_MODE_SPEC] for page in ALL_PAGES}
    methods = [option.removeprefix("methods.") for option in SETTINGS if option.startswith("methods.")]
    assert found["__sspr_method_names"] == methods
    assert {"scope", "methods", "unlock_without_reset", "admins_can_reset"} <= set(found["__sspr_reviewed"])
    assert "allow_sign_in_change" not in found["__sspr_reviewed"], "it is no setting of a tenant"


def test_a_new_setting_gets_into_the_lists_of_the_role(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page("registration", "Registration", "Registration", (flag("reconfirm_days", None), flag("new", None)))
    monkeypatch.setattr(role_lists, "ALL_PAGES", (page,))
    found = yaml.safe_load(role_lists.lists(HERE, ["__sspr_pages", "__sspr_reviewed"]))
    assert found["__sspr_pages"] == {"registration": ["reconfirm_days", "new", "portal"]}
    assert found["__sspr_reviewed"] == ["reconfirm_days"], "the review has no line for the other"


def test_the_review_describes_what_its_template_takes_from_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = tmp_path / "review.txt.j2"
    template.write_text(
        "{% if page.group.id %}{{ line(page.scope | ternary('a', 'b')) }}{% endif %}{{ tenant.methods }}"
    )
    monkeypatch.setattr(role_lists, "REVIEW", template)
    assert yaml.safe_load(role_lists.lists(HERE, ["__sspr_reviewed"])) == {"__sspr_reviewed": ["scope", "group"]}


def test_a_list_that_no_generator_knows_is_named_with_its_place() -> None:
    with pytest.raises(generate_docs.BlockError, match=r"guide\.md:1: KeyError: '__sspr_none'"):
        generate_docs.generated(HERE, "# [[[role_lists __sspr_none]]]\n# [[[end]]]\n")


def test_markup_becomes_markdown() -> None:
    assert sources.as_markdown("B(bold) I(it) V(1), O(ignore:x=2), M(a.b.c)") == "**bold** *it* `1`, `x=2`, `a.b.c`"


def test_documentation_has_the_options_of_its_fragments() -> None:
    options = sources.documentation("sspr_properties")["options"]
    assert {"tenant_id", "portal", "scope", "run"} <= set(options)
    assert sources.option("sspr_policy", "methods.email")["type"] == "bool"


def test_every_module_is_in_one_table_of_the_readme() -> None:
    pages = {f"sspr_{page.name}" for page in ALL_PAGES}
    modules = {path.stem for path in (sources.PLUGINS / "modules").glob("sspr_*.py")}
    assert pages.isdisjoint(tables.MODULES)
    assert pages | set(tables.MODULES) == modules - {"sspr_run_outcome"}, "which is for the role"


def test_where_settings_live_follows_the_migration() -> None:
    text = tables.where_settings_live(HERE, ())
    assert "`methods.mobile_app_code` | portal API | Microsoft Graph | yes, unless migrated |" in text
    assert "| `methods.voice`, `methods.software_oath` | not available | Microsoft Graph | no |" in text
    assert "| `admins_can_reset` | Microsoft Graph | Microsoft Graph | no |" in text


def test_the_rules_are_listed_with_severity_and_source(monkeypatch: pytest.MonkeyPatch) -> None:
    methods = [option for option in SETTINGS if option.startswith("methods.")]
    rule = SimpleNamespace(
        id="sms-voice-retired",
        severity="warning",
        error_from="sms_voice_retired",
        enforced=True,
        settings=("scope", *methods, "group"),
        generic_text="Users | groups",
        fix="Wait.",
        source="concept-sspr",
        as_of="2026-11-24",
    )
    monkeypatch.setattr(importlib, "import_module", lambda *_: SimpleNamespace(RULES=(rule,)))
    last = tables.rules(HERE, ()).splitlines()[-1]
    severity = "warning, error from 2027-02-01, enforced"
    settings = "`scope`, `methods.*`, `group`"
    assert last == (
        f"| `sms-voice-retired` | {severity} | {settings} | Users \\| groups | Wait. | concept-sspr | 2026-11-24 |"
    )
    rule.settings = ("methods.email",)
    assert "| `methods.email` |" in tables.rules(HERE, ())
