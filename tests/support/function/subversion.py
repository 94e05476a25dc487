"""Children of the sandbox that do what a subverted decoder might."""

import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

HOSTILE = b"an image that has subverted its decoder"


def subvert(
    folder: Path, monkeypatch: pytest.MonkeyPatch, misdeed: str | Mapping[bytes, str], before: str = ""
) -> None:
    """Let children do this when they are given the hostile image, or each of these images.

    Python imports sitecustomize before anything else.
    """
    misdeeds = {HOSTILE: misdeed} if isinstance(misdeed, str) else misdeed
    code = f"""
    import os, signal, socket, stat, sys, threading, time
    import resize.imaging.render
    {before}

    honest_render = resize.imaging.render.render
    misdeeds = {dict(misdeeds)!r}

    def render(source, *others):
        if source in misdeeds:
            exec(misdeeds[source])
        return honest_render(source, *others)

    resize.imaging.render.render = render
    """
    (folder / "sitecustomize.py").write_text(textwrap.dedent(code))
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
