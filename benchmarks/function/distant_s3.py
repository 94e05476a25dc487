"""S3 at a distance: the tests' S3 in memory, behind a wait.

The wait is what a request to the real one takes.
"""

import threading
import time
from typing import Any

from support.aws.memory_s3 import MemoryS3

GET_SECONDS = 0.03
PUT_SECONDS = 0.06


class DistantS3:
    """A client whose every request sleeps first, and is counted.

    It sleeps as long as its like takes.
    """

    def __init__(self) -> None:
        self._near = MemoryS3(versioned=frozenset({"uploads"}))
        self._counting = threading.Lock()
        self.exceptions = self._near.exceptions
        self.requests = 0

    def put_at_once(self, key: str, body: bytes) -> str:
        """Upload a source without any wait; the answer is its version."""
        version: str = self._near.put_object(Bucket="uploads", Key=key, Body=body)["VersionId"]
        return version

    def get_object(self, **request: Any) -> dict[str, Any]:
        """Read, after a while."""
        self._wait(GET_SECONDS)
        return self._near.get_object(**request)

    def head_object(self, **request: Any) -> dict[str, Any]:
        """Look, after a while."""
        self._wait(GET_SECONDS)
        return self._near.head_object(**request)

    def list_objects_v2(self, **request: Any) -> dict[str, Any]:
        """List, after a while."""
        self._wait(GET_SECONDS)
        return self._near.list_objects_v2(**request)

    def put_object(self, **request: Any) -> dict[str, Any]:
        """Write, after a while longer."""
        self._wait(PUT_SECONDS)
        return self._near.put_object(**request)

    def delete_object(self, **request: Any) -> dict[str, Any]:
        """Delete, after a while longer."""
        self._wait(PUT_SECONDS)
        return self._near.delete_object(**request)

    def _wait(self, seconds: float) -> None:
        with self._counting:
            self.requests += 1
        time.sleep(seconds)
