"""Looks whether anything listens at an endpoint, before more is asked of it."""

import socket
from urllib.parse import urlsplit

_LOOK_SECONDS = 5
_PORTS = {"http": 80, "https": 443}


def is_listening(endpoint_url: str) -> bool:
    """Tell whether a connection to the URL's host and port comes about."""
    address = urlsplit(endpoint_url)
    port = address.port or _PORTS[address.scheme]
    try:
        socket.create_connection((str(address.hostname), port), timeout=_LOOK_SECONDS).close()
    except OSError:
        return False
    return True
