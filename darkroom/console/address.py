"""Keep the console's address from start to start, in the user's state folder."""

import json
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from socket import socket
from typing import Final

from darkroom.console.auth import Access
from darkroom.console.settings import place_of
from darkroom.errors import UsageError
from darkroom.files import state_folder
from darkroom.loopback import PortInUseError, listening_socket
from darkroom.pipeline.client import Pipeline

# Below the ports that systems give to connections as they come, so that none of those takes it meanwhile:
# https://www.rfc-editor.org/rfc/rfc6335#section-6, and Linux's net.ipv4.ip_local_port_range, which begins at 32,768.
_PORTS: Final = range(20_000, 32_000)
_TRIES: Final = 20
_OWNER_ONLY: Final = 0o600
_LAST_PORT: Final = 65_535
_FOLDER = re.compile(r"/[\w-]{16,}/", re.ASCII)
_TOKEN = re.compile(r"[\w-]{32,}", re.ASCII)


# On which browsers speak no HTTP: https://fetch.spec.whatwg.org/#port-blocking
_BLOCKED_PORTS = frozenset(
    (
        *(1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109),
        *(110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530),
        *(531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045),
        *(4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A port, and what lets a browser in there."""

    port: int
    access: Access


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAddress:
    """An address that is listened at.

    `warning` says why it is another than the last time, and what to do.
    """

    listener: socket
    access: Access
    warning: str | None = None

    @property
    def url(self) -> str:
        """Give the address that lets a browser in."""
        return self.access.url(self.listener.getsockname()[1])


def address_file(pipeline: Pipeline) -> Path:
    """Say where the address is kept.

    One for each pipeline on AWS, one for each stack's name on this machine.
    """
    return state_folder() / "console" / f"{place_of(pipeline)}.json"


@contextmanager
def open_address(file: Path, port: int | None = None) -> Iterator[OpenAddress]:
    """Listen at the address that is kept in a file, or at another `port`.

    It is listened at as long as the context lasts. Where that cannot be, the address is one for this start alone.

    Raises:
        PortInUseError: something else listens on `port`.
        UsageError: `port` is not for this user, or not for pages.
    """
    if port in _BLOCKED_PORTS:
        raise UsageError(f"Browsers open no page at port {port}. Choose another one, such as 8000.")
    with ExitStack() as stack:
        yield _open(file, port, stack)


def _open(file: Path, port: int | None, stack: ExitStack) -> OpenAddress:
    kept = _read(file)
    if kept is None:
        listener = stack.enter_context(listening_socket(port)) if port else _listen_anywhere(stack)
        made = Address(port=listener.getsockname()[1], access=Access.random())
        return OpenAddress(listener=listener, access=made.access, warning=_write(file, made))
    try:
        return OpenAddress(listener=stack.enter_context(listening_socket(port or kept.port)), access=kept.access)
    except PortInUseError:
        if port:
            raise
        return OpenAddress(
            listener=stack.enter_context(listening_socket(None)),
            access=Access.random(),
            warning=f"Port {kept.port}, the console's own, is in use by another console or program. This address is "
            "for this start alone, and a page that is open does not go on here. Stop the other, and start again.",
        )


def _listen_anywhere(stack: ExitStack) -> socket:
    for port in secrets.SystemRandom().sample(_PORTS, _TRIES):
        try:
            return stack.enter_context(listening_socket(port))
        except PortInUseError:
            continue
    return stack.enter_context(listening_socket(None))


def _read(file: Path) -> Address | None:
    """Read an address that nobody else has read; None where there is none, or it may be known to others."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(descriptor, encoding="utf-8") as opened:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_uid != os.getuid() or about.st_mode & 0o077:
            return None
        try:
            told = json.load(opened)
            address = Address(port=int(told["port"]), access=Access(**told["access"]))
        except (ValueError, TypeError, KeyError):
            return None
    is_secret = _FOLDER.fullmatch(address.access.folder) and _TOKEN.fullmatch(address.access.token)
    return address if is_secret and 0 < address.port <= _LAST_PORT else None


def _write(file: Path, address: Address) -> str | None:
    """Keep an address; where that cannot be, return why."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            json.dump(asdict(address), opened)
        unfinished.replace(file)
    except OSError as error:
        return (
            f"The address cannot be kept in {str(file)!r}: {error.strerror}. It is for this start alone; "
            "XDG_STATE_HOME may name another folder."
        )
    return None
