"""Write the page that uploads with a link, in a visitor's language."""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from darkroom.uploads.presigned_post import Link

_FOLDER = Path(__file__).parent
_UNITS = ((1_000_000, "MB"), (1_000, "kB"), (1, "byte"))


def upload_page(link: Link) -> str:
    """Write the page, which loads nothing and speaks to the uploads bucket alone.

    Without scripts it is a form.
    """
    style, script = _read("upload_page.css"), _read("upload_page.js")
    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    english = page_texts()["en"]
    return environment.get_template("upload_page.html").render(
        link=link,
        texts=english | {"choose": english["choose"].format(size=_size(link.max_bytes))},
        policy=_policy(link, style, script),
        style=style,
        script=script,
        page=_in_script(_page(link)),
    )


def page_texts() -> Mapping[str, dict[str, str]]:
    """Read all that the page says, by language and name."""
    texts: Mapping[str, dict[str, str]] = json.loads(_read("upload_page_texts.json"))
    return texts


def _page(link: Link) -> dict[str, object]:
    return {
        "fields": link.watched_fields,
        "max_bytes": link.max_bytes,
        "expires": link.expires.isoformat(timespec="seconds"),
        "redirect": link.redirect,
        "texts": page_texts(),
    }


def _policy(link: Link, style: str, script: str) -> str:
    """Allow the page its own script and style, and the bucket: https://www.w3.org/TR/CSP3/."""
    targets = [link.url]
    if link.redirect:
        scheme, host, *_ = urlsplit(link.redirect)
        targets.append(f"{scheme}://{host.rpartition('@')[2]}")  # a form's answer may lead there
    return "; ".join(
        (
            "default-src 'none'",
            "base-uri 'none'",
            f"script-src '{_digest(script)}'",
            f"style-src '{_digest(style)}'",
            f"connect-src {link.url}",
            f"form-action {' '.join(targets)}",
        )
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _in_script(value: object) -> str:
    """Write JSON that ends no element, whatever it holds."""
    return json.dumps(value).replace("<", "\\u003c")


def _size(count: int) -> str:
    power, unit = next((power, unit) for power, unit in _UNITS if count >= power)
    return f"{10 * count // power / 10:,g} {unit}"


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
