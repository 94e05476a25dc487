"""cdk.json and the page of the settings, written from `Config` and from the options of a variant."""

import json
import re
from dataclasses import fields

import pytest

from resize.imaging.variants import OPTIONS
from stacks.config.config import Config
from stacks.config.context import read_context
from stacks.config.parser import parse_config
from stacks.config.setting import doc_of, rule_of
from tools.settings import CDK_JSON, OPTIONS_OF_VARIANT, PAGE, SETTINGS, cdk_json, page


def test_cdk_json_is_what_the_tool_writes() -> None:
    written = CDK_JSON.read_text(encoding="utf-8")

    assert cdk_json(written) == written, "run `make settings`"


def test_the_page_is_what_the_tool_writes() -> None:
    written = PAGE.read_text(encoding="utf-8")

    assert page(written) == written, "run `make settings`"


def test_cdk_json_spells_out_every_setting_with_its_default() -> None:
    written = read_context(CDK_JSON, {})

    assert list(written) == [field.name for field in fields(Config)]
    assert parse_config(written) == Config()


def test_every_setting_is_documented_in_one_line_of_its_own() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| (.*?) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))

    assert {field.name: rows.get(field.name) for field in fields(Config)} == {
        field.name: doc_of(field) for field in fields(Config)
    }


def test_every_setting_says_what_is_allowed() -> None:
    assert [field.name for field in fields(Config) if not rule_of(field).allowed] == []


def test_what_cdk_json_says_beside_settings_stays() -> None:
    written = json.loads(cdk_json('{"app": "mine", "context": {"memory_mb": 1}, "output": "elsewhere"}'))

    assert (written["app"], written["output"]) == ("mine", "elsewhere")
    assert written["context"]["memory_mb"] == Config().memory_mb


def test_what_the_page_says_beside_the_table_stays() -> None:
    before = PAGE.read_text(encoding="utf-8")

    stale = before.replace("| `batch_size` | `10` |", "| `batch_size` | `11` |")

    assert stale != before
    assert page(stale) == before


def test_every_option_of_a_variant_is_documented_in_one_line_of_its_own() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| `(\w+)` \| .* \| (.*?) \| (.*?) \|$", text.partition(OPTIONS_OF_VARIANT[0])[2], re.MULTILINE
    )

    assert {name: cells for name, *cells in rows} == {
        name: [option.rule.allowed, option.doc] for name, option in OPTIONS.items()
    }


@pytest.mark.parametrize("mark", [*SETTINGS, *OPTIONS_OF_VARIANT])
def test_a_page_without_one_of_the_marks_is_refused(mark: str) -> None:
    with pytest.raises(ValueError, match="no table between"):
        page(PAGE.read_text(encoding="utf-8").replace(mark, ""))
