"""Print what a check has found."""

from rich.console import Console
from rich.text import Text

from darkroom.doctor.findings import Finding, Level
from darkroom.text import printable

_STYLES = {Level.OK: "green", Level.WARNING: "yellow", Level.FAULT: "bold red"}


def print_finding(console: Console, finding: Finding) -> None:
    """Print a finding, and below it what to do."""
    console.print(Text.assemble((f"{finding.level:<8}", _STYLES[finding.level]), printable(finding.what)))
    if finding.advice:
        console.print(Text(f"        {printable(finding.advice)}"))
