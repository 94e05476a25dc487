"""The console's app, for the pipeline of a test."""

from pathlib import Path

import pytest

from darkroom.pipeline.client import Pipeline
from support.command.console_app import Parts, parts_for


@pytest.fixture
def parts(pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parts:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return parts_for(pipeline)
