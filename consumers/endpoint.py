"""Who is called back, and how a callback is signed.

Standard Webhooks 1.0 (www.standardwebhooks.com).
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from consumers.destination import Destination, DestinationError

_KEY_BYTES = range(24, 65)


class GoneError(Exception):
    """The other side answered 410: it wants no more callbacks, ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Who is called, and with which keys it is signed.

    The newest first, and those that are still accepted.
    """

    destination: Destination
    keys: tuple[bytes, ...]

    @classmethod
    def of(cls, environment: Mapping[str, str], *, private: bool = False) -> "Endpoint":
        """Read WEBHOOK_URL and WEBHOOK_SECRETS.

        One `whsec_…` or more, with spaces between; neither is ever printed.

        Raises:
            DestinationError: one of them cannot be used.
        """
        keys = tuple(_key(secret) for secret in environment.get("WEBHOOK_SECRETS", "").split())
        if not keys:
            raise DestinationError(
                "WEBHOOK_SECRETS is empty. Set it to whsec_ and the base64 of 24 to 64 random bytes."
            )
        return cls(destination=Destination.parse(environment.get("WEBHOOK_URL", ""), private=private), keys=keys)

    def headers(self, identity: str, body: bytes, now: float) -> dict[str, str]:
        """Sign a callback as the standard has it.

        HMAC-SHA256 of id, time and body, by each key.
        """
        signed = b".".join((identity.encode(), str(int(now)).encode(), body))
        digests = (hmac.new(key, signed, hashlib.sha256).digest() for key in self.keys)
        return {
            "content-type": "application/cloudevents+json; charset=UTF-8",
            "webhook-id": identity,
            "webhook-timestamp": str(int(now)),
            "webhook-signature": " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests),
        }

    def call(self, identity: str, body: bytes, now: float) -> tuple[str | None, float]:
        """Send a callback.

        Returns why it was not taken, or None, and for how many seconds to wait at least.

        Raises:
            GoneError: the receiver wants no more.
        """
        try:
            answer = self.destination.post(body, self.headers(identity, body, now))
        except DestinationError as error:
            return str(error), 0
        if answer.status == HTTPStatus.GONE:
            raise GoneError
        return (None if answer.is_taken else f"It answered with status {answer.status}."), answer.retry_after or 0


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if len(key) not in _KEY_BYTES:
        raise DestinationError("A secret in WEBHOOK_SECRETS is not the base64 of 24 to 64 bytes.")
    return key
