"""Key prefix and size limit of the console's uploads."""

from dataclasses import dataclass
from typing import Final

from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.deployed_config import find_max_source_bytes, find_scope
from resize.imaging.limits import Limits as DefaultLimits

# A folder of its own: a file that is dropped on the page replaces nothing that others have uploaded.
UPLOADS_FOLDER: Final = "console/"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSettings:
    """The keys of uploads begin with `prefix`; an image weighs up to `source_bytes`."""

    prefix: str
    source_bytes: int


def find_settings(pipeline: Pipeline) -> ConsoleSettings:
    """Ask the deployed stack.

    Who may not ask gets the limit that a stack has by default.

    Raises:
        DarkroomError: AWS does not answer.
    """
    return ConsoleSettings(
        prefix=f"{find_scope(pipeline).start_of(UPLOADS_FOLDER)}{UPLOADS_FOLDER}",
        source_bytes=find_max_source_bytes(pipeline) or DefaultLimits().source_bytes,
    )


def place_of(pipeline: Pipeline) -> str:
    """Name a pipeline as what it is from start to start.

    On AWS its bucket, on this machine its stack.
    """
    # No two buckets on AWS have one name; an emulator's is another each time.
    return f"local-{pipeline.stack_name}" if pipeline.endpoint_url else pipeline.uploads_bucket
