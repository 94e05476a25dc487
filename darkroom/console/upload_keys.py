"""The key of each upload.

Its name's own, or where a file has that already, one beside it.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import chain
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from botocore.exceptions import ClientError

from contract.s3_errors import is_missing
from darkroom.background import in_background
from darkroom.errors import aws_errors

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# A folder full of files of one name would ask S3 for each number in turn: after these comes what nobody else has.
_NUMBERS: Final = range(2, 10)


class UploadKeys:
    """Gives each upload a key that no object has, and no other upload under way.

    For one event loop alone.
    """

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._claimed: set[str] = set()

    @asynccontextmanager
    async def claim(self, key: str) -> AsyncIterator[str]:
        """Give the first free key for a file of this name.

        It is kept from other uploads meanwhile.

        Raises:
            DarkroomError: S3 does not answer.
        """
        free = await self._free(key)
        self._claimed.add(free)
        try:
            yield free
        finally:
            self._claimed.remove(free)

    async def _free(self, key: str) -> str:
        for candidate in candidates(key):
            # Another upload may claim it while S3 is asked.
            if not await self._exists(candidate) and candidate not in self._claimed:
                return candidate
        raise AssertionError("the last candidate is new each time")

    async def _exists(self, key: str) -> bool:
        if key in self._claimed:
            return True
        with aws_errors(f"Looking whether there is {key!r} already"):
            try:
                await in_background(partial(self._s3.head_object, Bucket=self._bucket, Key=key))
            except ClientError as error:
                if is_missing(error):
                    return False
                raise
        return True


def candidates(key: str) -> Iterator[str]:
    """List keys for files of one name.

    `a/cat.jpg`, `a/cat-2.jpg` and so on, and last one of a random name.
    """
    path = PurePosixPath(key)
    yield key
    for mark in chain(map(str, _NUMBERS), (uuid4().hex,)):
        yield key.removesuffix(path.name) + f"{path.stem}-{mark}{path.suffix}"
