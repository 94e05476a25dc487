"""The checks from outside fail where they should: an audit of nothing is none, an idle explanation is told."""

import sys
from pathlib import Path
from typing import Any, get_args

import pytest

from stacks.config.event_target import EventTarget, KafkaAuth, KafkaTarget
from stacks.config.parser import parse_config
from tools import audit, check_template
from tools.check_template import Report, objections, unexplained

RULE = ("CKV_AWS_1", "AWS::SQS::Queue.Jobs")
OTHER = ("CKV_AWS_2", "AWS::SQS::Queue.Jobs")


def package(name: str, *faults: str) -> dict[str, Any]:
    """A package as pip-audit tells of one that it looked up."""
    return {"name": name, "version": "1.0", "vulns": [{"id": fault, "fix_versions": ["1.1"]} for fault in faults]}


def skipped(name: str) -> dict[str, Any]:
    """A package as pip-audit tells of one that it did not look up."""
    return {"name": name, "skip_reason": f"{name} could not be audited"}


def pip_audit_that(folder: Path, code: str) -> Path:
    """A command that stands in for pip-audit."""
    command = folder / "pip-audit"
    command.write_text(f"#!{sys.executable}\nimport sys\n{code}\n")
    command.chmod(0o755)
    return command


def report(*, passed: tuple[str, str] = OTHER, failed: Any = (), skipped: Any = ()) -> Report:
    """What checkov says of a template that keeps one rule."""
    return Report(passed=frozenset({passed}), failed=frozenset(failed), skipped=frozenset(skipped))


def test_packages_that_were_all_looked_up_and_have_no_faults_are_clean() -> None:
    found = audit.read_report({"dependencies": [package("a"), package("b")]})

    assert found.status is audit.Status.CLEAN
    assert found.lines() == ["audited: 2 packages, none with a known vulnerability"]


def test_one_package_that_was_not_looked_up_makes_it_no_audit() -> None:
    found = audit.read_report({"dependencies": [package("a"), skipped("b")]})

    assert found.status is audit.Status.NOT_AUDITED
    assert found.lines()[0].startswith("NOT AUDITED: 1 of 2 packages; b could not be audited. docs/dependencies.md")


def test_a_report_about_nothing_is_no_audit() -> None:
    assert audit.read_report({"dependencies": []}).status is audit.Status.NOT_AUDITED


def test_a_vulnerability_is_told_with_its_fix_before_what_was_not_looked_up() -> None:
    found = audit.read_report({"dependencies": [skipped("a"), package("b", "CVE-1")]})

    assert found.status is audit.Status.VULNERABLE
    assert found.lines()[0] == "b 1.0: CVE-1, fixed in 1.1"
    assert found.lines()[1].startswith("NOT AUDITED: 1 of 2 packages")


def test_a_pip_audit_that_crashes_is_no_audit_and_its_last_words_are_told(tmp_path: Path) -> None:
    found = audit.audit(pip_audit_that(tmp_path, "sys.exit('no route to host')"), tmp_path / "requirements.txt")

    assert found.status is audit.Status.NOT_AUDITED
    assert found.lines()[0].startswith("NOT AUDITED: pip-audit ended with 1 and said 'no route to host'.")


@pytest.mark.parametrize(
    ("told", "options", "status"),
    [
        ([package("a")], [], 0),
        ([package("a", "CVE-1")], [], 1),
        ([package("a", "CVE-1"), skipped("b")], ["--let-unaudited-pass"], 1),
        ([skipped("a")], [], 3),
        ([skipped("a")], ["--let-unaudited-pass"], 0),
    ],
)
def test_the_exit_status_tells_the_worst(
    told: list[Any], options: list[str], status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = pip_audit_that(tmp_path, f"import json\nprint(json.dumps({{'dependencies': {told}}}))")
    monkeypatch.setattr(sys, "argv", ["audit", *options, str(command), __file__])

    with pytest.raises(SystemExit) as ended:
        audit.main()

    assert ended.value.code == status


def test_requirements_that_do_not_exist_are_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["audit", "--let-unaudited-pass", __file__, "absent.txt"])

    with pytest.raises(SystemExit) as ended:
        audit.main()

    assert ended.value.code == 2
    assert "'absent.txt' is no file" in capsys.readouterr().err


def test_a_template_whose_every_finding_is_explained_is_clean() -> None:
    assert objections(report(skipped={RULE}), report(failed={RULE})) == []


def test_a_finding_without_an_explanation_is_an_objection() -> None:
    assert objections(report(failed={RULE}), report(failed={RULE})) == ["AWS::SQS::Queue.Jobs breaks CKV_AWS_1"]


def test_an_explanation_without_a_finding_is_an_objection() -> None:
    assert objections(report(skipped={RULE}), report()) == ["AWS::SQS::Queue.Jobs explains CKV_AWS_1, which it keeps"]


def test_a_checkov_that_looked_at_nothing_is_an_objection() -> None:
    nothing = Report(passed=frozenset(), failed=frozenset(), skipped=frozenset())

    assert objections(nothing, nothing) == ["checkov looked at nothing"]


def test_only_what_is_said_to_checkov_is_taken_out_of_a_template() -> None:
    template = {"Resources": {"Jobs": {"Type": "T", "Metadata": {"checkov": {"skip": []}, "cfn-lint": {}}}, "Log": {}}}

    assert unexplained(template) == {"Resources": {"Jobs": {"Type": "T", "Metadata": {"cfn-lint": {}}}, "Log": {}}}


def test_checkov_looks_at_a_stack_without_events_and_at_one_with_each_target_of_them() -> None:
    targets = [parse_config(settings).events for settings in check_template.SETTINGS.values()]

    assert {type(target) for target in targets} == {type(None), *get_args(EventTarget)}
    assert {target.auth for target in targets if isinstance(target, KafkaTarget)} >= {KafkaAuth.IAM, KafkaAuth.SCRAM}
