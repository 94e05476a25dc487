"""Every reason is explained, and docs/troubleshooting.md says the same."""

import re
from pathlib import Path

from contract.errors import Reason
from darkroom.uploads.explanations import FAILURES, REJECTIONS
from darkroom.uploads.outcomes import Failure

PAGE = (Path(__file__).parents[4] / "docs" / "troubleshooting.md").read_text(encoding="utf-8")


def test_every_reason_is_explained() -> None:
    assert set(REJECTIONS) == set(Reason)
    assert set(FAILURES) == set(Failure)


def test_the_readme_explains_every_rejection_in_the_same_words() -> None:
    told = {
        reason: (meaning, advice)
        for reasons, meaning, advice in re.findall(r"^\| (`.+`) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
        for reason in re.findall(r"`(\w+)`", reasons)
    }

    assert {reason: told.get(reason) for reason in Reason} == {
        reason: (explanation.meaning, explanation.advice) for reason, explanation in REJECTIONS.items()
    }
