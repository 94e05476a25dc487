"""MiniStack's ASGI application behind the guard, and its distributions."""

import os
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

from ministack.app import app as ministack
from ministack.core import tls
from ministack.core.iam_evaluator import ResolvedCredential, is_root_access_key, pin_request_origin, resolve_credential
from ministack.core.responses import get_account_id
from ministack.services import cloudfront, s3

from darkroom.local.access_keys import AccessKeys
from darkroom.local.emulator_guard import EmulatorGuard, Gate
from darkroom.local.emulator_viewers import Viewers
from darkroom.loopback import HOST

_KEYS = AccessKeys(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
_ACCOUNT = get_account_id()


def _secret_of(access_key_id: str, token: str) -> str | None:
    """Know this start's keys, and those that the emulator itself gave out since: to functions, roles and users."""
    # A function signs with its account in the place of a key, and with this start's secret.
    if compare_digest(access_key_id.encode(), _KEYS.id.encode()) or access_key_id == _ACCOUNT:
        return _KEYS.secret
    if is_root_access_key(access_key_id):  # "test", and whatever else the emulator takes for nobody in particular
        return None
    found = resolve_credential(access_key_id, session_token=token)
    secret: str | None = found.secret_access_key if isinstance(found, ResolvedCredential) else None
    return secret


def _read_form(content_type: str, body: bytes) -> Mapping[str, str]:
    """Read a form with the emulator's own parser: what is checked is what it will act on."""
    parts = s3._parse_multipart_form(content_type, body)  # noqa: SLF001 - MiniStack is pinned, and has no other way
    return {name.lower(): value.decode(errors="replace") for name, _, _, value in parts if name != "file"}


async def _answer_viewer(*request: Any) -> tuple[int, Mapping[str, Any], bytes]:
    """Have a distribution answer; it asks the bucket by TLS, on which the bucket's policy insists."""
    pin_request_origin(HOST, secure_transport=True)
    answer: tuple[int, Mapping[str, Any], bytes] = await cloudfront.handle_viewer_request(*request)
    return answer


_PORT = int(os.environ["GATEWAY_PORT"])
_GUARDED = EmulatorGuard(
    ministack,
    Gate(
        scheme="https" if tls.use_ssl_enabled() else "http",
        port=_PORT,
        secret_of=_secret_of,
        read_form=_read_form,
    ),
)
app = Viewers(_GUARDED, _PORT, cloudfront.find_distribution_for_label, _answer_viewer)
