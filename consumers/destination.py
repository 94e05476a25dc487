"""Where callbacks go.

A URL that is checked before it is used, and connections to what was checked and nothing else. A URL in a configuration
is an order to this machine to open a connection, so it must not reach what only this machine can (OWASP, "Server Side
Request Forgery Prevention"): loopback, private networks, or a cloud's metadata address.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 15
_MOST_READ = 64 * 1024


class DestinationError(Exception):
    """The URL may not be called, or what it names cannot be reached now.

    The text says which.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the other side said.

    `retry_after` in seconds, where it asked to be left alone for a while.
    """

    status: int
    retry_after: float | None

    @property
    def is_taken(self) -> bool:
        """Tell whether it took the callback.

        A redirection is no answer, as it could lead anywhere.
        """
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A server that may be called.

    `private` allows private networks, too, and this machine: that over http as well.
    """

    host: str
    port: int
    path: str
    secure: bool
    private: bool

    @classmethod
    def parse(cls, url: str, *, private: bool = False) -> "Destination":
        """Check a URL.

        Raises:
            DestinationError: it is none that may be called.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError as error:
            raise DestinationError(f"The URL cannot be read: {error}.") from None
        if parts.scheme != "https" and not (private and parts.scheme == "http"):
            raise DestinationError(f"The URL begins with {parts.scheme!r}. Callbacks go over https.")
        if not parts.hostname or parts.username is not None or parts.password is not None or parts.fragment:
            raise DestinationError("The URL needs a host, and must have neither a user nor a fragment.")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if not path.isascii() or any(character <= " " for character in url):
            raise DestinationError("The URL has characters that must be percent-encoded.")
        return cls(host=parts.hostname, port=port, path=path, secure=parts.scheme == "https", private=private)

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a callback to an address that was checked just now.

        It stays that one, whatever the name resolves to a moment later.

        Raises:
            DestinationError: no answer came, or the name leads to where it may not.
        """
        try:
            connection = _Connection(self, self._address())
            try:
                connection.request("POST", self.path, body, dict(headers))
                response = connection.getresponse()
                response.read(_MOST_READ)
                return Answer(status=response.status, retry_after=_seconds(response.headers.get("Retry-After")))
            finally:
                connection.close()
        except (OSError, http.client.HTTPException) as error:
            raise DestinationError(f"No answer from {self.host}: {error!r}.") from error

    def _address(self) -> str:
        """Resolve the name, and refuse it if any of its addresses is one that it may not lead to."""
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        addresses = [str(address[0]) for *_, address in found]
        refused = [address for address in addresses if not self._may_reach(address)]
        if refused:
            how = "" if self.secure else " over http"
            raise DestinationError(f"{self.host} leads to {refused[0]}, which callbacks may not reach{how}.")
        return addresses[0]

    def _may_reach(self, address: str) -> bool:
        parsed = ipaddress.ip_address(address.partition("%")[0])
        inner = getattr(parsed, "ipv4_mapped", None) or getattr(parsed, "sixtofour", None) or parsed
        if inner.is_link_local or inner.is_multicast or inner.is_unspecified:
            return False  # a cloud's metadata, 169.254.169.254, is never anybody's receiver
        if not self.secure:
            return inner.is_loopback  # what is signed is not for everyone on the way to read
        return self.private or (parsed.is_global and inner.is_global)


class _Connection(http.client.HTTPConnection):
    """HTTP to one address, and TLS with the name that the address was resolved from."""

    def __init__(self, destination: Destination, address: str) -> None:
        super().__init__(destination.host, destination.port, timeout=TIMEOUT_SECONDS)
        self._address, self._secure = address, destination.secure

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), TIMEOUT_SECONDS)
        try:
            context = ssl.create_default_context() if self._secure else None
            self.sock = context.wrap_socket(plain, server_hostname=self.host) if context else plain
        except BaseException:
            plain.close()
            raise


def _seconds(text: str | None) -> float | None:
    """Read a Retry-After in seconds; one with a date is left to the own schedule (RFC 9110, 10.2.3)."""
    return float(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else None  # noqa: PLR2004 - a week
