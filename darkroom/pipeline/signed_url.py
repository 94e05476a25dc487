"""Sign URLs of a distribution with a private key.

docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-canned-policy.html
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from botocore.signers import CloudFrontSigner
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from darkroom.errors import UsageError
from stacks.config.public_keys import fingerprint_of


def read_private_key(path: Path) -> RSAPrivateKey:
    """Read a private key of RSA in PEM, which no password protects.

    Raises:
        UsageError: the file cannot be read, or is something else.
    """
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise UsageError(f"--key-file {str(path)!r} cannot be read: {error.strerror}.") from None
    except TypeError:
        raise UsageError(
            f"--key-file {str(path)!r} is protected by a password. Give one that is not: openssl rsa -in … -out …"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(f"--key-file {str(path)!r} is no private key in PEM.") from None
    if not isinstance(key, RSAPrivateKey):
        raise UsageError(f"--key-file {str(path)!r} is no key of RSA, and the distribution's are.")
    return key


def id_of(key: RSAPrivateKey, signing_keys: Mapping[str, str]) -> str:
    """Find the id that CloudFront knows a key by.

    Known are ids by the fingerprints of the public keys.

    Raises:
        UsageError: it is none of them.
    """
    own = fingerprint_of(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    if own not in signing_keys:
        raise UsageError(
            f"The public key of --key-file is {own}, and the distribution knows {', '.join(sorted(signing_keys))}. "
            "Name another file, or put its public key into the setting delivery's public_keys and deploy."
        )
    return signing_keys[own]


def sign(url: str, key: RSAPrivateKey, key_id: str, expires: datetime) -> str:
    """Sign a URL that is good until then, by a canned policy."""
    # Which hash it is, is for CloudFront to say: it takes no other. It is over a policy of our own making.
    signer = CloudFrontSigner(key_id, lambda message: key.sign(message, PKCS1v15(), SHA1()))  # noqa: S303 # nosec B303
    signed: str = signer.generate_presigned_url(url, date_less_than=expires)
    return signed
