"""Poll the dead letters for the console, redrive and discard them."""

import asyncio
import json
import math
import time
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import quote

from contract.events import EventType, ObjectEvent
from darkroom.background import in_background
from darkroom.console.feed import Feed
from darkroom.console.health import Health
from darkroom.console.uploads import Uploads
from darkroom.dlq.archive import default_file, discard
from darkroom.dlq.causes import Failures
from darkroom.dlq.dead_letters import DeadLetter, by_cause, read_dead_letters
from darkroom.dlq.redrive import MOST_A_SECOND, redrive
from darkroom.errors import DarkroomError
from darkroom.files import ensure_folder, state_folder
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.sqs import RateLimiter

SHOWN_LETTERS: Final = 200

# Each look takes letters in flight, and of more than it shows it sees others each time: the more there are, the rarer.
_LOOK_SECONDS = 30.0
_LOOK_AT_MANY_SECONDS = 300.0

# S3 writes one key into a message; whoever writes more does not fill the page.
_SHOWN_KEYS = 5
_SHOWN_CHARACTERS = 300


class LookPace:
    """Says when the letters are to be looked at again.

    It goes by how many there are, which is asked far more often than they are looked at.
    """

    def __init__(self) -> None:
        self._count = 0
        self._looked_at = -math.inf

    def is_due(self, count: int, now: float) -> bool:
        """Tell whether to look, for so many letters at a time in seconds.

        A look that is due is taken for begun. Where there are no more than are shown, a change is looked at at once,
        and any every half minute: another person may have taken one away as one came. Of more, a change is looked at
        every half minute, and what does not change every five minutes.
        """
        since = now - self._looked_at
        if count == self._count:
            due = count > 0 and since > (_LOOK_SECONDS if count <= SHOWN_LETTERS else _LOOK_AT_MANY_SECONDS)
        else:
            due = count <= SHOWN_LETTERS or since > _LOOK_SECONDS
        if due:
            self._count, self._looked_at = count, now
        return due

    def failed(self) -> None:
        """Note that a look told nothing: the next count is due."""
        self._count, self._looked_at = -1, -math.inf


class DeadLetters:
    """Reads the dead letters when there are more or fewer, and tells them to the feed.

    For one event loop alone.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        feed: Feed,
        health: Health,
        uploads: Uploads,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pipeline = pipeline
        self._saved = state_folder() / "dead-letters"
        self._bucket = pipeline.uploads_bucket
        self._feed = feed
        self._health = health
        self._uploads = uploads
        self._clock = clock
        self._failures = Failures(pipeline)
        self._shown: dict[str, DeadLetter] = {}
        self._pace = LookPace()
        self._to_look = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()  # a look holds letters for a moment, and redriving passes over those

    def counted(self, count: int) -> None:
        """Note how many there are, and read them where it is time to."""
        if self._pace.is_due(count, self._clock()):
            self._to_look.set()

    def upload(self, message_id: str) -> ObjectEvent | None:
        """Give the upload of this pipeline that a letter asks to resize, if any."""
        message = self._shown.get(message_id)
        return _picture_of(message, self._bucket) if message else None

    async def run(self) -> None:
        """Read them whenever there is cause, until cancelled."""
        while True:
            await self._to_look.wait()
            self._to_look.clear()
            async with self._one_at_a_time:
                looked = await self._look()
            if not looked:
                self._pace.failed()

    async def redrive(self, message_ids: Collection[str]) -> int:
        """Redrive some dead letters; return how many were moved.

        Raises:
            DarkroomError: the pipeline does not answer. No letter is lost.
        """
        async with self._one_at_a_time:
            chosen = [self._shown[message_id] for message_id in message_ids if message_id in self._shown]
            moving = redrive(self._pipeline, [each.message_id for each in chosen], RateLimiter(MOST_A_SECOND))
            try:
                return await in_background(partial(sum, moving))
            finally:
                await self._look()
                gone = [each for each in chosen if each.message_id not in self._shown]
                mine = [upload for message in gone for upload in message.uploads if upload.bucket == self._bucket]
                self._uploads.queued_again(mine)

    async def discard(self, message_ids: Collection[str]) -> tuple[int, Path]:
        """Save some letters in a file and take them out of the queue.

        Return how many, and the file.

        Raises:
            DarkroomError: the disk refuses, or the pipeline does not answer. What is gone is saved.
        """
        async with self._one_at_a_time:
            chosen = [message_id for message_id in message_ids if message_id in self._shown]
            file = self._saved / default_file().name
            try:
                return await in_background(partial(self._discard, chosen, file)), file
            except DarkroomError as error:
                if not file.exists():
                    raise
                raise DarkroomError(f"{error} What is gone is saved in {str(file)!r}.") from error
            finally:
                await self._look()

    def _discard(self, message_ids: Collection[str], file: Path) -> int:
        ensure_folder(file.parent, "XDG_STATE_HOME")
        return sum(discard(self._pipeline, message_ids, file))

    async def _look(self) -> bool:
        read = partial(read_dead_letters, self._pipeline, limit=SHOWN_LETTERS, failures=self._failures)
        messages = await self._health.answered("dead letters", read)
        if messages is None:
            return False
        new = [message for message in messages if message.message_id not in self._shown]
        self._uploads.dead([(upload.key, upload.identity) for message in new for upload in message.uploads])
        self._shown = {message.message_id: message for message in messages}
        self._feed.publish("dead_letters", "", groups_to_json(messages, self._bucket))
        return True


def groups_to_json(messages: Sequence[DeadLetter], uploads_bucket: str) -> str:
    """Write the letters on one line, grouped by the code of their cause."""
    groups = [
        {"code": code, "letters": [_shown(message, uploads_bucket) for message in some]}
        for code, some in by_cause(messages).items()
    ]
    return json.dumps({"groups": groups})


def _shown(message: DeadLetter, uploads_bucket: str) -> dict[str, object]:
    picture = _picture_of(message, uploads_bucket)
    return {
        "id": message.message_id,
        "keys": [upload.key for upload in message.uploads[:_SHOWN_KEYS]],
        "more_keys": len(message.uploads[_SHOWN_KEYS:]),
        "body": "" if message.uploads else message.body[:_SHOWN_CHARACTERS],
        "sent": message.sent.isoformat(),
        "attempts": message.attempts,
        "detail": message.cause.detail[:_SHOWN_CHARACTERS],
        "path": f"dead-letters/{quote(message.message_id, safe='')}/image" if picture else None,
    }


def _picture_of(message: DeadLetter, uploads_bucket: str) -> ObjectEvent | None:
    """Choose what is shown of a letter: never what a strange message names in another bucket."""
    created = (upload for upload in message.uploads if upload.change is EventType.CREATED)
    return next((upload for upload in created if upload.bucket == uploads_bucket), None)
