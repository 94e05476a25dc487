"""Check the synthesized template with checkov.

`python -m tools.check_template CHECKOV ASSEMBLY`; `make checkov` knows both. checkov by itself ends with success when
it finds no template, and never tells of an explanation whose finding has gone: so its report is read here.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

# A rule, and the resource it is about.
Finding: TypeAlias = tuple[str, str]

_AS_IT_IS, _UNEXPLAINED = "as-it-is.json", "unexplained.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What checkov says of a template.

    The rules that it keeps, that it breaks, and that it explains away.
    """

    passed: frozenset[Finding]
    failed: frozenset[Finding]
    skipped: frozenset[Finding]


def unexplained(template: dict[str, Any]) -> dict[str, Any]:
    """Take out of a template what it explains to checkov."""
    bare: dict[str, Any] = json.loads(json.dumps(template))
    for resource in bare["Resources"].values():
        resource.get("Metadata", {}).pop("checkov", None)
    return bare


def objections(as_it_is: Report, bare: Report) -> list[str]:
    """Say what is wrong with a template.

    Given are the reports of it as it is and of it without its explanations.
    """
    if not as_it_is.passed:
        return ["checkov looked at nothing"]
    broken = [f"{resource} breaks {rule}" for rule, resource in sorted(as_it_is.failed)]
    idle = [f"{resource} explains {rule}, which it keeps" for rule, resource in sorted(as_it_is.skipped - bare.failed)]
    return broken + idle


def reports_of(checkov: Path, template: dict[str, Any]) -> tuple[Report, Report]:
    """Run checkov, offline, on a template as it is and without explanations."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in ((_AS_IT_IS, template), (_UNEXPLAINED, unexplained(template))):
            (Path(folder) / name).write_text(json.dumps(content))
        command = [str(checkov), "--directory", folder, "--framework", "cloudformation", "--skip-download"]
        done = subprocess.run([*command, "--output", "json"], capture_output=True, text=True, check=False)
    try:
        results = json.loads(done.stdout)["results"]
    except (ValueError, KeyError, TypeError) as error:
        raise SystemExit(f"checkov ended with {done.returncode} and no report:\n{done.stdout}{done.stderr}") from error
    return _report(results, _AS_IT_IS), _report(results, _UNEXPLAINED)


def _report(results: dict[str, list[dict[str, str]]], name: str) -> Report:
    def found(kind: str) -> frozenset[Finding]:
        return frozenset(
            (check["check_id"], check["resource"]) for check in results[kind] if check["file_path"] == f"/{name}"
        )

    return Report(passed=found("passed_checks"), failed=found("failed_checks"), skipped=found("skipped_checks"))


def main() -> None:
    """Look at the one template of an assembly."""
    checkov, assembly = Path(sys.argv[1]), Path(sys.argv[2])
    (path,) = assembly.glob("*.template.json")
    as_it_is, bare = reports_of(checkov, json.loads(path.read_text()))
    if wrong := objections(as_it_is, bare):
        sys.exit("\n".join(wrong))
    print(f"checkov: {len(as_it_is.passed)} checks passed, {len(as_it_is.skipped)} explained in the template")  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
