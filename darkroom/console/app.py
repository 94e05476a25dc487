"""Routes of the console: page, live feed, uploads, images, dead letters."""

import json
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote
from uuid import UUID

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from contract.keys import MAX_KEY_BYTES
from darkroom.console.dead_letters import SHOWN_LETTERS, DeadLetters
from darkroom.console.feed import Feed, Update
from darkroom.console.images import original, rendition
from darkroom.console.multipart import KeyTakenError, TooLargeError, receive
from darkroom.console.rows import Stage
from darkroom.console.settings import ConsoleSettings
from darkroom.console.upload_keys import UploadKeys
from darkroom.console.uploads import Uploads
from darkroom.errors import DarkroomError
from darkroom.pipeline.client import Pipeline

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_MEDIA_TYPES: Final = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_PAGE: Final = "page.html"
_STATIC = Path(__file__).with_name("static")
_ASSETS: Final = {path.name: path for path in _STATIC.iterdir() if path.suffix in _MEDIA_TYPES}

# A browser opens six connections to one host at most, so that is several people's worth of tabs.
MOST_PAGES: Final = 16
# Each upload has two parts in memory.
MOST_UPLOADS: Final = 8
# A page that hears nothing for twice as long takes the console to be gone.
_REST_SECONDS: Final = 10.0
_MOST_IDS_BYTES: Final = 64 * SHOWN_LETTERS


class Console:
    """The handlers, each of one route."""

    def __init__(
        self, pipeline: Pipeline, limits: ConsoleSettings, *, feed: Feed, uploads: Uploads, dead_letters: DeadLetters
    ) -> None:
        self._pipeline = pipeline
        self._s3: S3Client = pipeline.client("s3")
        self._feed = feed
        self._uploads = uploads
        self._keys = UploadKeys(self._s3, pipeline.uploads_bucket)
        self._dead_letters = dead_letters
        self._limits = limits
        self._pages = 0
        self._receiving = 0

    def is_watched(self) -> bool:
        """Tell whether a page is open."""
        return self._pages > 0

    def app(self) -> Starlette:
        """Make the app; what stands before it lets only its owner in."""
        routes = [
            Route("/", self.asset, methods=["GET"]),
            Route("/events", self.events, methods=["GET"]),
            Route("/uploads", self.upload, methods=["POST"]),
            Route("/uploads/{id}/{variant}", self.variant, methods=["GET"]),
            Route("/dead-letters/{id}/image", self.dead_letter, methods=["GET"]),
            Route("/redrive", self.redrive, methods=["POST"]),
            Route("/discard", self.discard, methods=["POST"]),
            Route("/{name}", self.asset, methods=["GET"]),
        ]
        return Starlette(
            routes=routes, exception_handlers=dict.fromkeys((HTTPException, DarkroomError, ClientDisconnect), _refused)
        )

    async def asset(self, request: Request) -> Response:
        """Answer with a part of the page."""
        path = _ASSETS.get(request.path_params.get("name", _PAGE))
        if path is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is nothing here.")
        return FileResponse(path, media_type=_MEDIA_TYPES[path.suffix])

    async def events(self, _: Request) -> Response:
        """Stream all facts that hold, and then those that change, as server-sent events."""
        if self._pages >= MOST_PAGES:
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, "Too many pages are open. Close some.")
        return StreamingResponse(self._stream(), media_type="text/event-stream")

    async def upload(self, request: Request) -> Response:
        """Store the body as an upload of the name given.

        Its id is what the page will hear of it by.
        """
        row_id, key = _id_of(request), self._key_of(request)
        if self._uploads.stage(row_id) not in {None, Stage.NOT_UPLOADED}:  # one that did not come about may begin again
            raise HTTPException(HTTPStatus.CONFLICT, "There is an upload of this id already.")
        if self._receiving >= MOST_UPLOADS:
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, "Too many uploads at once. Try again.")
        size = _length_of(request)
        self._uploads.begin(row_id, key, size)
        self._receiving += 1
        try:
            async with self._keys.claim(key) as free:
                _check_length(free)
                self._uploads.rename(row_id, free)
                version_id = await self._receive(request, free, size)
        except (HTTPException, DarkroomError, ClientDisconnect) as error:
            self._uploads.not_uploaded(row_id, _why(error))
            raise
        finally:
            self._receiving -= 1
        self._uploads.queued(row_id, version_id)
        return JSONResponse({"id": row_id}, HTTPStatus.CREATED)

    async def variant(self, request: Request) -> Response:
        """Answer with a variant of an upload that is shown."""
        result = self._uploads.result(request.path_params["id"])
        manifest = result.manifest if result else None
        for each in manifest.renditions if manifest else ():
            if each.label == request.path_params["variant"] and request.url.query in {"", quote(each.etag, safe="")}:
                return await rendition(self._s3, self._pipeline.derived_bucket, each)
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such variant here.")

    async def dead_letter(self, request: Request) -> Response:
        """Answer with the image that a dead letter is about."""
        upload = self._dead_letters.upload(request.path_params["id"])
        if upload is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such dead letter here, or it is about no image.")
        return await original(self._s3, self._pipeline.uploads_bucket, upload, self._limits.source_bytes)

    async def redrive(self, request: Request) -> Response:
        """Redrive some dead letters."""
        asked = await _message_ids(request)
        return JSONResponse({"moved": await self._dead_letters.redrive(asked), "asked": len(asked)})

    async def discard(self, request: Request) -> Response:
        """Take some dead letters out of the queue, each saved before."""
        asked = await _message_ids(request)
        gone, file = await self._dead_letters.discard(asked)
        return JSONResponse({"discarded": gone, "asked": len(asked), "saved": str(file)})

    async def _receive(self, request: Request, key: str, size: int) -> str:
        limit = self._limits.source_bytes
        too_large = HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"An image may weigh {limit:,} bytes.")
        if size > limit:
            raise too_large
        try:
            return await receive(
                request.stream(), s3=self._s3, bucket=self._pipeline.uploads_bucket, key=key, limit=limit
            )
        except TooLargeError:
            raise too_large from None
        except KeyTakenError:
            raise HTTPException(
                HTTPStatus.CONFLICT, "Somebody else uploaded a file of this name meanwhile. Try again: it gets another."
            ) from None

    def _key_of(self, request: Request) -> str:
        name = request.query_params.get("name", "")
        key = f"{self._limits.prefix}{name}"
        if not name:
            raise HTTPException(HTTPStatus.BAD_REQUEST, "A name has at least one character.")
        _check_length(key)
        if {"", ".", ".."} & set(name.split("/")):
            raise HTTPException(HTTPStatus.BAD_REQUEST, "Between the slashes of a name stands more than dots.")
        return key

    async def _stream(self) -> AsyncIterator[str]:
        self._pages += 1
        try:
            whole = True
            async for updates in self._feed.subscribe(rest=_REST_SECONDS):
                yield _event(updates, whole=whole)
                whole = False
        finally:
            self._pages -= 1


def _event(updates: tuple[Update, ...], *, whole: bool) -> str:
    """Write facts as one event; `whole` says that whatever is not among them does not hold any more.

    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
    """
    written = ",".join(
        f'{{"topic":{json.dumps(update.topic)},"name":{json.dumps(update.name)},"value":{update.text}}}'
        for update in updates
    )
    return f'data: {{"whole":{json.dumps(whole)},"facts":[{written}]}}\n\n'


def _id_of(request: Request) -> str:
    try:
        return str(UUID(request.query_params.get("id", "")))
    except ValueError:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "An upload's id is a UUID.") from None


def _check_length(key: str) -> None:
    if len(key.encode()) > MAX_KEY_BYTES:
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"With its name, the key would have over {MAX_KEY_BYTES} bytes.")


def _length_of(request: Request) -> int:
    """Read how many bytes are announced: every browser does so for a file."""
    length = request.headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        raise HTTPException(HTTPStatus.LENGTH_REQUIRED, "An upload says how long it is.")
    return int(length)


async def _message_ids(request: Request) -> tuple[str, ...]:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _MOST_IDS_BYTES:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "These are more letters than are shown.")
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, list) or not all(isinstance(each, str) for each in asked):
        raise HTTPException(HTTPStatus.BAD_REQUEST, "Give a list of message ids, as JSON.")
    return tuple(asked)


def _why(error: Exception) -> str:
    match error:
        case HTTPException():
            return error.detail
        case ClientDisconnect():
            return "The page went away before all of it had come."
        case _:
            return str(error)


async def _refused(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.BAD_GATEWAY
    return JSONResponse({"error": _why(error)}, status)
