"""Run the AWS emulator, MiniStack, as a child process."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
from botocore.session import Session as BotocoreSession

from darkroom.errors import DarkroomError
from darkroom.local.access_keys import AccessKeys
from darkroom.loopback import HOST, listening_socket

REGION = "us-east-1"

_PROCESS = Path(__file__).with_name("emulator_process.py")
_START_SECONDS = 60
_END_SECONDS = 5
_HEALTH = "/_ministack/health"
_TAIL_LINES = 20


class EmulatorError(DarkroomError):
    """The emulator did not start; the message ends with the last lines of its log."""

    def __init__(self, what: str, log: Path) -> None:
        super().__init__(f"The emulator {what}. The end of its log, {log}:\n{last_lines(log)}")
        self.log = log


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate for 127.0.0.1 and its private key, PEM files both.

    Whoever trusts it trusts it alone.
    """

    chain: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulator:
    """An emulator that runs: where it answers, and the keys that it answers to."""

    endpoint_url: str
    keys: AccessKeys
    trusted: Certificate | None = None

    def session(self) -> boto3.Session:
        """Make a session for it alone."""
        return session(self.keys, self.trusted)

    def environment(self) -> dict[str, str]:
        """Make the environment that points any AWS tool at it."""
        return environment(self.endpoint_url, self.keys)


@contextmanager
def emulator(*, log: Path, port: int | None = None, enforcing: Certificate | None = None) -> Iterator[Emulator]:
    """Run AWS on this machine.

    Each request must be signed with access keys of this start. It listens on loopback only, on a free port when `port`
    is None, and keeps its state in a folder beside `log` that is gone at the end. Its output goes to `log` alone, which
    stays.

    It allows whoever has the keys everything, and speaks plain HTTP so that any S3 client will do; or, `enforcing` the
    policies of roles, buckets and queues as AWS does, TLS alone, which those policies ask for.

    Raises:
        PortInUseError: something else listens on `port`.
        UsageError: `port` is not for this user.
        EmulatorError: it did not start.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    # We listen before the child exists: no other program can take the port between choosing and using it.
    with listening_socket(port) as listener, _state_folder(log.parent) as state:
        endpoint_url = f"{'https' if enforcing else 'http'}://{HOST}:{listener.getsockname()[1]}"
        made = Emulator(endpoint_url=endpoint_url, keys=AccessKeys.random(), trusted=enforcing)
        with _process(listener, state, log, made) as process:
            # From here on only the child can answer, so a connection ends when the child does.
            listener.close()
            _wait_until_ready(process, made, log)
            yield made


def session(keys: AccessKeys, trusted: Certificate | None = None) -> boto3.Session:
    """Make a session for an emulator alone.

    Its keys and region, and nothing of the user's AWS settings.
    """
    nothing_read = {
        name: (None, None, default, convert)
        for name, (_file, _environment, default, convert) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
    }
    nothing_read |= dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
    nothing_read["ca_bundle"] = (None, None, str(trusted.chain) if trusted else None, None)
    unread = BotocoreSession(session_vars=nothing_read)
    unread.set_default_client_config(Config(proxies={}))  # loopback is never reached through a proxy
    return boto3.Session(keys.id, keys.secret, region_name=REGION, botocore_session=unread)


def environment(endpoint_url: str, keys: AccessKeys) -> dict[str, str]:
    """Make the environment that points any AWS tool at an emulator.

    It points away from the user's own account.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "AWS_ACCESS_KEY_ID": keys.id,
        "AWS_SECRET_ACCESS_KEY": keys.secret,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ENDPOINT_URL_S3": endpoint_url,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": HOST,
        "no_proxy": HOST,
    }


def last_lines(log: Path, lines: int = _TAIL_LINES) -> str:
    """Read the last lines of a log, for a person who must find out what went wrong."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


@contextmanager
def _state_folder(beside: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="emulator-", dir=beside.resolve()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _process(listener: socket.socket, state: Path, log: Path, made: Emulator) -> Iterator[subprocess.Popen[bytes]]:
    """Start the child in a session of its own: Ctrl-C in a terminal reaches us alone, and we stop all of it at once."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", str(_PROCESS), str(listener.fileno()), str(state)],
            stdin=subprocess.PIPE,  # never written to: its end-of-file tells the child that we are gone
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=state,
            env=_child_environment(listener.getsockname()[1], state, made.keys) | _enforcement(made.trusted),
            pass_fds=(listener.fileno(),),
            start_new_session=True,
        )
    with process:
        try:
            yield process
        finally:
            # ProcessLookupError on Linux, PermissionError on macOS: nothing of the group is left to stop.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)


def _child_environment(port: int, state: Path, keys: AccessKeys) -> dict[str, str]:
    """Nothing of the user's environment but what finds programs and text encodings: workers inherit it."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "LC_ALL", "LC_CTYPE"}}
    return kept | {
        "HOME": str(state),
        "TMPDIR": str(state),
        "TZ": "UTC",
        "BIND_HOST": HOST,
        "MINISTACK_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "AWS_ACCESS_KEY_ID": keys.id,
        "AWS_SECRET_ACCESS_KEY": keys.secret,
        "S3_DATA_DIR": str(state / "s3"),
        "STATE_DIR": str(state / "state"),
        "DOCKER_HOST": f"unix://{state}/no-docker.sock",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": HOST,
    }


def _enforcement(certificate: Certificate | None) -> dict[str, str]:
    if certificate is None:
        return {}
    return {
        "AUTH": "true",
        "USE_SSL": "1",
        "MINISTACK_SSL_CERT": str(certificate.chain),
        "MINISTACK_SSL_KEY": str(certificate.key),
        "AWS_CA_BUNDLE": str(certificate.chain),  # for the function, which inherits it
    }


def _connection(made: Emulator) -> http.client.HTTPConnection:
    address = urlsplit(made.endpoint_url)
    if made.trusted is None:
        return http.client.HTTPConnection(address.netloc, timeout=_START_SECONDS)
    trusted = ssl.create_default_context(cafile=str(made.trusted.chain))
    return http.client.HTTPSConnection(address.netloc, timeout=_START_SECONDS, context=trusted)


def _wait_until_ready(process: subprocess.Popen[bytes], made: Emulator, log: Path) -> None:
    """Ask for its health once: the question waits in the listening socket until the child answers or ends."""
    question = AWSRequest("GET", f"{made.endpoint_url}{_HEALTH}")
    SigV4Auth(made.keys.credentials(), "sts", REGION).add_auth(question)
    connection = _connection(made)
    try:
        connection.request("GET", _HEALTH, headers=dict(question.headers))
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise EmulatorError(f"did not start: {_ending(process) or error}", log) from None
    finally:
        connection.close()
    if status != http.HTTPStatus.OK:
        raise EmulatorError(f"is not well: it answers with status {status}", log)


def _ending(process: subprocess.Popen[bytes]) -> str | None:
    """How the child ended, if it has: its last connection breaks a moment before."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        return f"it ended with status {process.wait(timeout=_END_SECONDS)}"
    return None
