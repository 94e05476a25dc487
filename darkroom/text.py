"""Makes text of strangers fit to be shown: what would steer a terminal or a page is spelled out instead."""


def printable(text: str) -> str:
    r"""Replace every character that does not show itself by its escape, such as ESC by `\x1b`.

    That covers control characters, invisible and text-reversing ones, and lone surrogates, as which Python holds the
    bytes of file names that are not UTF-8 (PEP 383).
    """
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )
