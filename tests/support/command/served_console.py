"""The console for a browser, served in this process for a pipeline on moto; a test says itself what happens there."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import hypercorn.asyncio
from hypercorn.config import Config

from darkroom.console.auth import Access
from darkroom.console.rows import Row
from darkroom.loopback import listening_socket
from darkroom.pipeline.client import Pipeline
from support.command.console_app import FOLDER, TOKEN, Parts, parts_for

if TYPE_CHECKING:
    from hypercorn.typing import Framework


@dataclass(frozen=True, kw_only=True)
class ServedConsole:
    """A console that listens."""

    address: str
    parts: Parts
    loop: asyncio.AbstractEventLoop

    def do(self, work: Callable[[], object]) -> None:
        """Do something where the console does everything: in its event loop."""

        async def done() -> None:
            work()

        asyncio.run_coroutine_threadsafe(done(), self.loop).result(60)

    def publish(self, topic: str, name: str, value: object) -> None:
        """Tell the page of anything."""
        self.do(lambda: self.parts.feed.publish(topic, name, json.dumps(value)))

    def show(self, *rows: Row) -> None:
        """Tell the page of uploads."""

        def tell() -> None:
            for row in rows:
                self.parts.feed.publish("upload", row.id, row.to_json())

        self.do(tell)


@contextmanager
def served(pipeline: Pipeline, port: int | None = None) -> Iterator[ServedConsole]:
    """Serve until the block ends; dead letters and outcomes are looked at as ever, the queue's status is not."""
    with listening_socket(port) as listener:
        chosen = listener.getsockname()[1]
        loop = asyncio.new_event_loop()
        stopped = asyncio.Event()
        parts = parts_for(pipeline, port=chosen)
        thread = threading.Thread(target=_run, args=(loop, parts, listener, stopped))
        thread.start()
        try:
            yield ServedConsole(address=Access(FOLDER, TOKEN).url(chosen), parts=parts, loop=loop)
        finally:
            loop.call_soon_threadsafe(stopped.set)
            thread.join()
            loop.close()


def _run(loop: asyncio.AbstractEventLoop, parts: Parts, listener: socket.socket, stopped: asyncio.Event) -> None:
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.graceful_timeout = 0.1
    config.loglevel = "WARNING"

    async def serve() -> None:
        work = (parts.uploads.run(), parts.dead_letters.run(), parts.changes())
        following = [asyncio.create_task(each) for each in work]
        server = asyncio.create_task(
            hypercorn.asyncio.serve(cast("Framework", parts.guard), config, shutdown_trigger=stopped.wait)
        )
        await stopped.wait()
        parts.feed.end()
        for task in following:
            task.cancel()
        await server

    asyncio.set_event_loop(loop)
    loop.run_until_complete(serve())
