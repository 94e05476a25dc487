"""Sockets on the loopback interface."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from darkroom.errors import UsageError

HOST = "127.0.0.1"

_LOOK_SECONDS = 5
_PORTS = {"http": 80, "https": 443}


class PortInUseError(UsageError):
    """Another program listens on the port that was asked for."""

    def __init__(self, port: int) -> None:
        super().__init__(f"Port {port} is in use on {HOST}. Stop what listens there, or choose another port.")
        self.port = port


@contextmanager
def listening_socket(port: int | None) -> Iterator[socket.socket]:
    """Listen on loopback for as long as the context lasts.

    The port is a free one when `port` is None.

    Raises:
        PortInUseError: something else listens on `port`.
        UsageError: `port` is not for this user.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port or 0))
            listener.listen()
        except OSError as error:
            if port is not None and error.errno == errno.EADDRINUSE:
                raise PortInUseError(port) from None
            raise UsageError(f"Port {port} cannot be used: {error.strerror}. Choose another port.") from None
        yield listener


def free_port(port: int | None = None) -> int:
    """Find a free port, or see that `port` is free.

    It is for a program that cannot be handed a socket. Another program may take it first: whoever uses it must see
    that, and ask again.

    Raises:
        PortInUseError: something listens on `port`.
        UsageError: `port` is not for this user.
    """
    with listening_socket(port) as listener:
        found: int = listener.getsockname()[1]
        return found


def is_listening(endpoint_url: str) -> bool:
    """Tell whether a connection to the URL's host and port comes about."""
    address = urlsplit(endpoint_url)
    port = address.port or _PORTS[address.scheme]
    try:
        socket.create_connection((str(address.hostname), port), timeout=_LOOK_SECONDS).close()
    except OSError:
        return False
    return True
