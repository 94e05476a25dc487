"""A person may press Ctrl-C before the command has even loaded."""

import sys
from types import ModuleType

import pytest

from darkroom.cli.entry_point import main


class StoppedModule(ModuleType):
    """A module that is stopped while it loads."""

    def __getattr__(self, _: str) -> object:
        raise KeyboardInterrupt


def test_stopped_while_it_loads_it_says_so_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "darkroom.cli.main", StoppedModule("main"))

    with pytest.raises(SystemExit) as end:
        main()

    assert (end.value.code, capsys.readouterr()) == (130, ("", "darkroom: stopped. Nothing was changed.\n"))


def test_loaded_it_is_the_command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["darkroom", "--version"])

    with pytest.raises(SystemExit) as end:
        main()

    assert (end.value.code, capsys.readouterr().out[:11]) == (0, "darkroom 0.")
