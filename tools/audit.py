"""Audit pinned requirements.

`python -m tools.audit [--let-unaudited-pass] PIP_AUDIT FILE…`. pip-audit by itself says "no known vulnerabilities" and
ends with success where its service cannot be reached, or knows none of the packages. Here a package that was not looked
up is told as such. Exit status: 0 every package was looked up and none has a known vulnerability, 1 some have, 3 some
were not looked up.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

_REVIEW = "docs/dependencies.md has the review by hand that stands in its place."


class Status(IntEnum):
    """How an audit ends; 2 is argparse's, for wrong usage."""

    CLEAN = 0
    VULNERABLE = 1
    NOT_AUDITED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What was found out about some packages.

    How many were looked up, a sentence for each vulnerability. `unaudited` says what was not looked up and why, or
    nothing.
    """

    looked_up: int
    vulnerable: tuple[str, ...] = ()
    unaudited: str = ""

    @property
    def status(self) -> Status:
        """Known vulnerabilities come first."""
        if self.vulnerable:
            return Status.VULNERABLE
        return Status.NOT_AUDITED if self.unaudited else Status.CLEAN

    def lines(self) -> list[str]:
        """Tell it."""
        if self.status is Status.CLEAN:
            return [f"audited: {self.looked_up} packages, none with a known vulnerability"]
        return [*self.vulnerable, *([f"NOT AUDITED: {self.unaudited}. {_REVIEW}"] if self.unaudited else [])]


def read_report(report: dict[str, Any]) -> Audit:
    """Understand the JSON that pip-audit writes."""
    packages = report["dependencies"]
    looked_up = [package for package in packages if "skip_reason" not in package]
    skipped = [package["skip_reason"] for package in packages if "skip_reason" in package]
    unaudited = f"{len(skipped)} of {len(packages)} packages; {skipped[0]}" if skipped else ""
    return Audit(
        looked_up=len(looked_up),
        vulnerable=tuple(_sentence(package, fault) for package in looked_up for fault in package["vulns"]),
        unaudited=unaudited if packages else "the file names no package",
    )


def _sentence(package: dict[str, Any], fault: dict[str, Any]) -> str:
    fixed = ", ".join(fault["fix_versions"]) or "no version yet"
    return f"{package['name']} {package['version']}: {fault['id']}, fixed in {fixed}"


def audit(pip_audit: Path, requirements: Path) -> Audit:
    """Have pip-audit look up what a requirements file pins.

    It has hashes, so nothing is resolved.
    """
    command = [str(pip_audit), "--requirement", str(requirements), "--disable-pip", "--require-hashes"]
    command += ["--format", "json", "--progress-spinner", "off"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return read_report(json.loads(done.stdout))
    except ValueError:
        output = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        return Audit(looked_up=0, unaudited=f"pip-audit ended with {done.returncode} and said {output!r}")


def main() -> None:
    """Audit the files that are named; the worst of them decides."""
    parser = argparse.ArgumentParser(prog="tools.audit")
    parser.add_argument("--let-unaudited-pass", action="store_true", help="tell of packages not looked up, and succeed")
    parser.add_argument("pip_audit", type=_file)
    parser.add_argument("requirements", type=_file, nargs="+")
    chosen = parser.parse_args()
    statuses = {_print(path, audit(chosen.pip_audit, path)) for path in chosen.requirements}
    if chosen.let_unaudited_pass:
        statuses.discard(Status.NOT_AUDITED)
    sys.exit(Status.VULNERABLE if Status.VULNERABLE in statuses else max(statuses, default=Status.CLEAN))


def _file(text: str) -> Path:
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"{text!r} is no file")
    return Path(text)


def _print(requirements: Path, found: Audit) -> Status:
    for line in found.lines():
        print(f"{requirements}: {line}")  # noqa: T201 - its answer
    return found.status


if __name__ == "__main__":
    main()
