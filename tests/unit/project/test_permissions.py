"""docs/permissions.md lists every action that the help of a command asks for."""

import re
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from darkroom.cli.main import app

RIGHTS = (Path(__file__).parents[3] / "docs" / "permissions.md").read_text(encoding="utf-8")
_ACTION = re.compile(r"\b(?:s3|sqs|sts|lambda|logs|cloudwatch|cloudformation):[A-Z]\w+")


def helps(group: Any, before: str = "") -> dict[str, str]:
    """The help of each command, by what is typed after `darkroom`."""
    found: dict[str, str] = {}
    for name, command in group.commands.items():
        is_group = isinstance(command, TyperGroup)
        found |= helps(command, f"{before}{name} ") if is_group else {f"{before}{name}": command.help or ""}
    return found


HELPS = {name: text for name, text in helps(get_command(app)).items() if _ACTION.search(text)}


@pytest.mark.parametrize("command", HELPS)
def test_every_action_that_a_commands_help_names_is_listed(command: str) -> None:
    assert set(_ACTION.findall(HELPS[command])) - set(_ACTION.findall(RIGHTS)) == set()


def test_the_actions_of_dlq_list_are_those_of_its_rows() -> None:
    rows = RIGHTS.partition("| `dlq list`")[2].partition("| `dlq redrive` |")[0]

    assert set(_ACTION.findall(rows)) == set(_ACTION.findall(HELPS["dlq list"]))
