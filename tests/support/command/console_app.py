"""The console's app in this process, for a pipeline of a test; nothing runs in the background unless a test lets it."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from starlette.testclient import TestClient

from darkroom.console.app import Console
from darkroom.console.auth import Access, AuthMiddleware
from darkroom.console.dead_letters import DeadLetters
from darkroom.console.feed import Feed
from darkroom.console.health import Health
from darkroom.console.server import KEPT
from darkroom.console.settings import ConsoleSettings
from darkroom.console.uploads import Uploads
from darkroom.pipeline.client import Pipeline
from darkroom.uploads.watcher import PipelineWatcher

PORT = 8000
HERE = f"http://127.0.0.1:{PORT}"
FOLDER = "/the-folder-of-this-start/"
TOKEN = "the-token-of-this-start"
LIMIT = 20_000_000


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the app is made of."""

    feed: Feed
    health: Health
    uploads: Uploads
    dead_letters: DeadLetters
    guard: AuthMiddleware
    console: Console

    async def changes(self) -> None:
        """Look for what others have changed while a page is open."""
        await self.uploads.follow_changes(self.console.is_watched)

    def browser(self, *, token: str | None = TOKEN) -> TestClient:
        """A browser that has been let in, as one that shows the page does: unless there is no token."""
        cookies = {} if token is None else {f"darkroom-{PORT}": token}
        headers = {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}
        return TestClient(
            self.guard, base_url=f"{HERE}{FOLDER}", cookies=cookies, headers=headers, follow_redirects=False
        )


def parts_for(pipeline: Pipeline, *, limit: int = LIMIT, port: int = PORT) -> Parts:
    """Put the console together."""
    limits = ConsoleSettings(prefix="console/", source_bytes=limit)
    feed = Feed(KEPT)
    health = Health(pipeline, feed, limits)
    watcher = PipelineWatcher(pipeline.client("s3"), pipeline.client("sqs"), pipeline)
    uploads = Uploads(watcher, feed, health, base_url=pipeline.delivery_url)
    messages = DeadLetters(pipeline, feed, health, uploads)
    console = Console(pipeline, limits, feed=feed, uploads=uploads, dead_letters=messages)
    return Parts(
        feed=feed,
        health=health,
        uploads=uploads,
        dead_letters=messages,
        console=console,
        guard=AuthMiddleware(console.app(), port=port, access=Access(FOLDER, TOKEN)),
    )


def upload_of(browser: TestClient, content: Any, *, name: str = "cat.jpg", row_id: str = "", **headers: str) -> Any:
    """Upload as the page does."""
    identity = row_id or "5f0c6b5a-9a3f-4f6e-8b0a-000000000001"
    return browser.post("/uploads", params={"id": identity, "name": name}, content=content, headers=headers)


def rows(parts: Parts) -> list[dict[str, Any]]:
    """What the page is told of uploads."""
    return [value for topic, value in told(parts) if topic == "upload"]


def told(parts: Parts) -> list[tuple[str, Any]]:
    """Every fact that a page which is opened now is told first."""

    async def hear() -> list[tuple[str, Any]]:
        return [(update.topic, json.loads(update.text)) for update in await anext(parts.feed.subscribe(rest=60))]

    return asyncio.run(hear())
