"""Self-contained HTML page of pictures and their cuts."""

import base64
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from darkroom.text import printable
from resize.imaging.rendition import Rendition
from tools.crops.cuts import CutPicture

_TEMPLATE = Path(__file__).with_name("contact_sheet.html")


def contact_sheet(pictures: Sequence[CutPicture]) -> str:
    """Write the page.

    It holds every picture, loads nothing, runs nothing, and shows hostile names as text.
    """
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATE.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template(_TEMPLATE.name)
    return template.render(pictures=pictures, data_uri=_data_uri, printable=printable)


def _data_uri(rendition: Rendition) -> str:
    return f"data:{rendition.format.content_type};base64,{base64.b64encode(rendition.body).decode()}"
