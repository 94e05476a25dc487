"""Why a target is not reached, as far as it was measured."""

from collections.abc import Mapping
from typing import Final

# By the measure of a target.
REASONS: Final[Mapping[str, str]] = {}
