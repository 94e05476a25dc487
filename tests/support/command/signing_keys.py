"""Keys of RSA, as openssl would make them."""

from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)


@cache
def private_key(name: str = "current", bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key of this name, the same for a whole run of tests."""
    assert name
    return rsa.generate_private_key(public_exponent=65_537, key_size=bits)


def private_pem(key: rsa.RSAPrivateKey, password: bytes | None = None) -> bytes:
    """A private key as a file has it."""
    protection = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)


def public_pem(key: rsa.RSAPrivateKey) -> str:
    """Its public key as a file has it."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
