"""Run the console's server until a signal stops it."""

import asyncio
import json
import os
import signal
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, cast

import hypercorn.asyncio
from hypercorn.config import Config
from starlette.types import ASGIApp, Receive, Scope, Send

from darkroom.background import in_background
from darkroom.console.app import Console
from darkroom.console.auth import Access, AuthMiddleware
from darkroom.console.dead_letters import DeadLetters
from darkroom.console.feed import Feed
from darkroom.console.health import Health
from darkroom.console.history import restore
from darkroom.console.sampler import PLOTTED_SECONDS, SAMPLE_SECONDS, SHOWN_OUTCOMES, Sampler, follow_log
from darkroom.console.settings import ConsoleSettings
from darkroom.console.uploads import SHOWN_UPLOADS, Uploads
from darkroom.event_log.outcomes import OutcomeReader
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.status import StatusReader
from darkroom.uploads.watcher import PipelineWatcher

if TYPE_CHECKING:
    from hypercorn.typing import Framework

# What connections get to close by themselves.
_GRACE_SECONDS = 0.5
_SUCCESSOR_SECONDS = 1.0


# How many facts of each topic a page is told.
KEPT = {
    "pipeline": 1,
    "upload": SHOWN_UPLOADS,
    "dead_letters": 1,
    "sample": round(PLOTTED_SECONDS / SAMPLE_SECONDS),
    "log": 1,
    "outcome": SHOWN_OUTCOMES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedLog:
    """The event log that the page shows: how its brokers are reached, and the topic."""

    client: Mapping[str, str]
    topic: str

    async def follow(self, feed: Feed, health: Health) -> None:
        """Tell the feed where the log is, and what is in it, until cancelled."""
        feed.publish("log", "", json.dumps({"where": self.client["bootstrap.servers"], "topic": self.topic}))
        await follow_log(OutcomeReader(self.client, self.topic, newest=SHOWN_OUTCOMES), feed, health)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedPipeline:
    """The pipeline that a page shows, and what it may be sent.

    `event_log` is None where it has none.
    """

    pipeline: Pipeline
    limits: ConsoleSettings
    event_log: FollowedLog | None = None


# Asks what stands in the place of a pipeline now, if anything does: in the background.
FindSuccessor: TypeAlias = Callable[[Pipeline], ServedPipeline | None]


async def serve(
    shown: ServedPipeline, listener: socket.socket, access: Access, *, find_successor: FindSuccessor
) -> ServedPipeline | None:
    """Serve on a listening socket until SIGINT or SIGTERM.

    The socket is closed at the end. Whoever serves the successor that is returned at the same address has the pages go
    on that are open.
    """
    pipeline, limits = shown.pipeline, shown.limits
    feed = Feed(KEPT)
    health = Health(pipeline, feed, limits)
    watcher = PipelineWatcher(pipeline.client("s3"), pipeline.client("sqs"), pipeline)
    uploads = Uploads(watcher, feed, health, base_url=pipeline.delivery_url)
    dead_letters = DeadLetters(pipeline, feed, health, uploads)
    sampler = Sampler(StatusReader(pipeline), feed, health, oldest_wait=uploads.oldest_wait)
    port = listener.getsockname()[1]
    console = Console(pipeline, limits, feed=feed, uploads=uploads, dead_letters=dead_letters)
    app = _Requests(AuthMiddleware(console.app(), port=port, access=access))
    stopped = _stop_signal()
    successor: list[ServedPipeline] = []

    async def look_for_successor() -> None:
        while True:
            if found := await in_background(partial(find_successor, pipeline)):
                successor.append(found)
                stopped.set()
                return
            await asyncio.sleep(_SUCCESSOR_SECONDS)

    async with asyncio.TaskGroup() as tasks:
        work = [
            uploads.run(),
            uploads.follow_changes(console.is_watched),
            dead_letters.run(),
            sampler.run(dead_letters.counted),
            restore(pipeline, limits.prefix, health, uploads.restore),
            look_for_successor(),
        ]
        if shown.event_log:
            work.append(shown.event_log.follow(feed, health))
        following = [tasks.create_task(each) for each in work]
        server = tasks.create_task(
            hypercorn.asyncio.serve(cast("Framework", app), _configuration(listener), shutdown_trigger=stopped.wait)
        )
        await stopped.wait()
        for task in following:
            task.cancel()
        app.end()
        await asyncio.wait([server], timeout=2 * _GRACE_SECONDS)
        server.cancel()
    return successor[0] if successor else None


class _Requests:
    """The app, and a way to end at once whatever it is doing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._under_way: set[asyncio.Task[object]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on."""
        task = asyncio.current_task()
        if scope["type"] == "lifespan" or task is None:
            await self._app(scope, receive, send)
            return
        self._under_way.add(task)
        try:
            await self._app(scope, receive, send)
        finally:
            self._under_way.discard(task)

    def end(self) -> None:
        """End them all: a stream that goes on for ever, and an upload whose bytes do not come."""
        for task in self._under_way:
            task.cancel()


def _configuration(listener: socket.socket) -> Config:
    config = Config()
    config.bind = [f"fd://{os.dup(listener.fileno())}"]  # which it closes
    config.include_server_header = False
    config.graceful_timeout = _GRACE_SECONDS
    config.loglevel = "WARNING"
    return config


def _stop_signal() -> asyncio.Event:
    """From here on Ctrl-C and SIGTERM are not errors but what ends the serving."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped
