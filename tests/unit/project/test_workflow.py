"""The workflow of GitHub Actions does what `.ci/run` does, and nobody else's code takes part in it."""

import re
from pathlib import Path

WORKFLOW = (Path(__file__).parents[3] / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")


def test_it_ends_with_what_anybody_can_run() -> None:
    steps = re.findall(r"^        run: (.+)$", WORKFLOW, re.MULTILINE)

    assert steps[-1] == ".ci/run"
    assert re.search(r"^      image: debian:\d+\.\d+$", WORKFLOW, re.MULTILINE)


def test_it_may_only_read_and_uses_no_actions_of_others() -> None:
    permissions = re.search(r"^permissions:\n((?:  .+\n)+)", WORKFLOW, re.MULTILINE)

    assert permissions is not None
    assert permissions[1] == "  contents: read\n"
    assert "uses:" not in WORKFLOW
