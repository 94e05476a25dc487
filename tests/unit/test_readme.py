"""The README's tables say what the code does."""

import json
import re
from pathlib import Path

from contract.errors import Reason
from resize.imaging.variants import Variant, variants_to_json

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
KNOBS = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]


def test_every_knob_stands_in_the_readme_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| `?(.*?)`? \|", README, re.MULTILINE))
    told = {knob: rows.get(knob) for knob in KNOBS if knob != "variants"}

    assert told == {knob: json.dumps(value) for knob, value in KNOBS.items() if knob != "variants"}


def test_the_readme_names_the_default_variants() -> None:
    assert f"| `variants` | {', '.join(f'`{name}`' for name in KNOBS['variants'])} |" in README


def test_every_option_of_a_variant_stands_in_the_readme() -> None:
    options = variants_to_json((Variant(name="a", width=1, height=1),))["a"]

    assert {option for option in options if f"`{option}`" not in README} == set()


def test_every_reason_of_a_rejection_stands_in_the_readme() -> None:
    assert {reason for reason in Reason if f"`{reason}`" not in README} == set()


def test_every_target_that_the_readme_names_is_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake (\w+)", README)) - {"it"}

    assert {target for target in named if not re.search(rf"^(\w+ )*{target}( \w+)*:", makefile, re.MULTILINE)} == set()
