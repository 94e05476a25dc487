"""The dead letters that the console shows, and what redriving and discarding them does."""

import asyncio
import json
import time
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import quote

from contract.events import Change, Upload
from darkroom.console.feed import Feed
from darkroom.console.health import Health
from darkroom.console.poll_schedule import SHOWN_LETTERS, LookPace
from darkroom.console.threads import in_background
from darkroom.console.uploads import Uploads
from darkroom.dlq.archive import default_file, discard
from darkroom.dlq.causes import Failures
from darkroom.dlq.dead_letters import DeadLetter, by_cause, read_dead_letters
from darkroom.dlq.redrive import MOST_A_SECOND, redrive
from darkroom.errors import DarkroomError
from darkroom.files import prepare_folder, state_folder
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.sqs import Pace

# S3 writes one key into a message; whoever writes more does not fill the page.
_SHOWN_KEYS = 5
_SHOWN_CHARACTERS = 300


class Letters:
    """Reads the dead letters when there are more or fewer, and tells them to the feed. For one event loop alone."""

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

    def upload(self, message_id: str) -> Upload | None:
        """Give the upload of this pipeline that a letter asks to resize, if it is about one."""
        letter = self._shown.get(message_id)
        return _picture_of(letter, self._bucket) if letter else None

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
        """Have the jobs of some letters done again; return how many, for others may hold some.

        Raises:
            DarkroomError: the pipeline does not answer. No letter is lost.
        """
        async with self._one_at_a_time:
            chosen = [self._shown[message_id] for message_id in message_ids if message_id in self._shown]
            moving = redrive(self._pipeline, [each.message_id for each in chosen], Pace(MOST_A_SECOND))
            try:
                return await in_background(partial(sum, moving))
            finally:
                await self._look()
                gone = [each for each in chosen if each.message_id not in self._shown]
                mine = [upload for letter in gone for upload in letter.uploads if upload.bucket == self._bucket]
                self._uploads.queued_again(mine)

    async def discard(self, message_ids: Collection[str]) -> tuple[int, Path]:
        """Save some letters in a file and take them out of the queue; return how many, and the file.

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
        prepare_folder(file.parent, "XDG_STATE_HOME")
        return sum(discard(self._pipeline, message_ids, file))

    async def _look(self) -> bool:
        read = partial(read_dead_letters, self._pipeline, limit=SHOWN_LETTERS, failures=self._failures)
        letters = await self._health.answered("dead letters", read)
        if letters is None:
            return False
        new = [letter for letter in letters if letter.message_id not in self._shown]
        self._uploads.dead([(upload.key, upload.version_id) for letter in new for upload in letter.uploads])
        self._shown = {letter.message_id: letter for letter in letters}
        self._feed.tell("dead_letters", "", groups_to_json(letters, self._bucket))
        return True


def groups_to_json(letters: Sequence[DeadLetter], uploads_bucket: str) -> str:
    """Write the letters on one line, grouped by the code of their cause."""
    groups = [
        {"code": code, "letters": [_shown(letter, uploads_bucket) for letter in some]}
        for code, some in by_cause(letters).items()
    ]
    return json.dumps({"groups": groups})


def _shown(letter: DeadLetter, uploads_bucket: str) -> dict[str, object]:
    picture = _picture_of(letter, uploads_bucket)
    return {
        "id": letter.message_id,
        "keys": [upload.key for upload in letter.uploads[:_SHOWN_KEYS]],
        "more_keys": len(letter.uploads[_SHOWN_KEYS:]),
        "body": "" if letter.uploads else letter.body[:_SHOWN_CHARACTERS],
        "sent": letter.sent.isoformat(),
        "attempts": letter.attempts,
        "detail": letter.cause.detail[:_SHOWN_CHARACTERS],
        "path": f"dead-letters/{quote(letter.message_id, safe='')}/image" if picture else None,
    }


def _picture_of(letter: DeadLetter, uploads_bucket: str) -> Upload | None:
    """Choose what is shown of a letter: never what a strange message names in another bucket."""
    created = (upload for upload in letter.uploads if upload.change is Change.CREATED)
    return next((upload for upload in created if upload.bucket == uploads_bucket), None)
