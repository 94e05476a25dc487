"""Text of strangers, as it is shown."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkroom.text import path_text, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Café crème 東京.jpg", "Café crème 東京.jpg"),
        ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        ("two\nlines", "two\\nlines"),
        ("gpj.\u202egnp", "gpj.\\u202egnp"),
        ("caf\udce9.jpg", "caf\\xe9.jpg"),
        (repr("caf\udce9\udc80.jpg"), "'caf\\xe9\\x80.jpg'"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_would_steer_a_terminal_is_spelled_out(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("name", "text"),
    [(b"caf\xe9.jpg", "caf\\xe9.jpg"), ("café.jpg".encode(), "café.jpg"), (b"a\\xe9\n.jpg", "a\\xe9\n.jpg")],
)
def test_a_path_is_text_that_can_be_encoded(name: bytes, text: str) -> None:
    assert path_text(Path(os.fsdecode(name))) == text


@given(st.text(st.characters(codec=None)))
def test_what_is_shown_is_always_printable_and_can_be_encoded(text: str) -> None:
    shown = printable(text)

    assert shown.isprintable()
    assert shown.encode().decode() == shown
