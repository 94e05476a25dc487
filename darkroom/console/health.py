"""Publish which pipeline is shown, and whether it answers."""

import json
from collections.abc import Callable
from typing import TypeVar

from darkroom.background import in_background
from darkroom.console.feed import Feed
from darkroom.console.settings import ConsoleSettings, place_of
from darkroom.errors import DarkroomError
from darkroom.pipeline.client import Pipeline

Answer = TypeVar("Answer")


class Health:
    """What the pipeline did not answer lately."""

    def __init__(self, pipeline: Pipeline, feed: Feed, limits: ConsoleSettings) -> None:
        self._feed = feed
        self._about = {
            "stack": pipeline.stack_name,
            "where": pipeline.endpoint_url or pipeline.region,
            "bucket": pipeline.uploads_bucket,
            "prefix": limits.prefix,
            "place": place_of(pipeline),
            "most_bytes": limits.source_bytes,
        }
        self._is_local = pipeline.endpoint_url is not None
        self._troubles: dict[str, str] = {}
        self._publish()

    async def answered(self, what: str, ask: Callable[[], Answer]) -> Answer | None:
        """Ask the pipeline in the background.

        None where it does not answer, and the page says so until it does.
        """
        try:
            answer = await in_background(ask)
        except DarkroomError as error:
            self._note({**self._troubles, what: str(error)})
            return None
        self._note({asked: trouble for asked, trouble in self._troubles.items() if asked != what})
        return answer

    def _note(self, troubles: dict[str, str]) -> None:
        if troubles != self._troubles:
            self._troubles = troubles
            self._publish()

    def _publish(self) -> None:
        trouble = next(iter(self._troubles.values()), None)
        if trouble and self._is_local:
            trouble = f"{trouble.rstrip('.')}. If `darkroom up` has ended, start it again: the console finds it."
        self._feed.publish("pipeline", "", json.dumps({**self._about, "trouble": trouble}))
