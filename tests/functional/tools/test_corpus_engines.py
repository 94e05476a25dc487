"""The engines as the corpus check runs them: at the file's own size, or as large as a variant can be."""

import pytest
from PIL import Image

from resize.imaging.engine import Engine
from support.imaging.images import encoded
from tools.corpus.engines import EngineUnderTest
from tools.corpus.picture import Refused, Shown


@pytest.mark.parametrize("size", [(64, 48), (16_400, 2), (2, 16_400)])
def test_a_file_is_of_its_own_size_however_long_it_is(engine: Engine, size: tuple[int, int]) -> None:
    with EngineUnderTest(engine) as tested:
        shown = tested.show(encoded(Image.new("RGB", size, "teal")), moves=False)

    assert isinstance(shown, Shown)
    assert shown.size == size


def test_a_rejection_comes_with_its_reason(engine: Engine) -> None:
    with EngineUnderTest(engine) as tested:
        shown = tested.show(b"no image", moves=False)

    assert isinstance(shown, Refused)
    assert shown.reason == "unknown_format"
