"""Public keys in PEM, of which CloudFront takes some."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from contract.errors import SettingsError

# docs.aws.amazon.com/general/latest/gr/cf_region.html#limits_cloudfront, of a key group
MOST_KEYS = 5
_PEM = re.compile(r"\s*-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]+?)\s+-----END PUBLIC KEY-----\s*")
# What the SubjectPublicKeyInfo of an RSA key of 2,048 bits begins with, and how long it is: RFC 5280, 4.1.2.7.
_RSA_2048 = bytes.fromhex("30820122300d06092a864886f70d01010105000382010f00")
_RSA_2048_BYTES = 294
_HASH_DIGITS = 16
_MEANING = "a public key of RSA with 2,048 bits in PEM, -----BEGIN PUBLIC KEY-----: openssl rsa -pubout -in private.pem"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A public key.

    `pem` has its lines as openssl writes them; `fingerprint` is the same however they were written.
    """

    pem: str
    fingerprint: str


def fingerprint_of(der: bytes) -> str:
    """Name a public key by its SubjectPublicKeyInfo."""
    return hashlib.sha256(der).hexdigest()[:_HASH_DIGITS]


def parse_public_keys(key: str, value: object) -> tuple[PublicKey, ...]:
    """Read keys that sign URLs.

    Raises:
        SettingsError: they are too many, or one is no such key; what was given is not repeated if it is a private one.
    """
    if not isinstance(value, list) or len(value) > MOST_KEYS:
        raise SettingsError(key, value, f"a list of at most {MOST_KEYS} public keys in PEM")
    keys = tuple(_parse(f"{key}[{place}]", each) for place, each in enumerate(value))
    for place, each in enumerate(keys):
        if each in keys[:place]:
            raise SettingsError(f"{key}[{place}]", each.fingerprint, "each key once")
    return keys


def _parse(key: str, value: object) -> PublicKey:
    if "PRIVATE KEY" in str(value):
        raise SettingsError(key, "a private key", f"{_MEANING}; a private key stays where URLs are signed")
    match = _PEM.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise SettingsError(key, value, _MEANING)
    try:
        der = base64.b64decode("".join(match[1].split()), validate=True)
    except binascii.Error:
        raise SettingsError(key, value, _MEANING) from None
    if not der.startswith(_RSA_2048) or len(der) != _RSA_2048_BYTES:
        raise SettingsError(key, value, _MEANING)
    text = base64.b64encode(der).decode()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    pem = "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])
    return PublicKey(pem=pem, fingerprint=fingerprint_of(der))
