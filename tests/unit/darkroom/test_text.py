"""Text of strangers, as it is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkroom.text import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Café crème 東京.jpg", "Café crème 東京.jpg"),
        ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        ("two\nlines", "two\\nlines"),
        ("gpj.\u202egnp", "gpj.\\u202egnp"),
        ("caf\udce9.jpg", "caf\\udce9.jpg"),
    ],
)
def test_what_would_steer_a_terminal_is_spelled_out(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(st.characters(codec=None)))
def test_what_is_shown_is_always_printable_and_can_be_encoded(text: str) -> None:
    shown = printable(text)

    assert shown.isprintable()
    assert shown.encode().decode() == shown
