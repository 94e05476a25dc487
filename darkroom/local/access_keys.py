"""Random access keys of one emulator."""

import base64
import secrets
from dataclasses import dataclass, field

import boto3
from botocore.credentials import Credentials

# A name of our own: what begins with AKIA is taken for a key of AWS by whoever looks for leaked ones, and what has
# twelve digits for an account by the emulator.
_PREFIX = "DARKROOM"
_ID_BYTES = 16
_SECRET_BYTES = 30


@dataclass(frozen=True, slots=True)
class AccessKeys:
    """An access key id and its secret, which no text shows by accident."""

    id: str
    secret: str = field(repr=False)

    @classmethod
    def random(cls) -> "AccessKeys":
        """Make keys that nobody can guess."""
        identity = base64.b32encode(secrets.token_bytes(_ID_BYTES)).decode().rstrip("=")
        return cls(id=f"{_PREFIX}{identity}", secret=secrets.token_urlsafe(_SECRET_BYTES))

    @classmethod
    def of(cls, session: boto3.Session) -> "AccessKeys":
        """Read those that a session signs with.

        Raises:
            ValueError: it has none.
        """
        credentials = session.get_credentials()
        if credentials is None or not credentials.access_key or not credentials.secret_key:
            raise ValueError("the session has no access keys")
        return cls(id=credentials.access_key, secret=credentials.secret_key)

    def credentials(self) -> Credentials:
        """Give them as botocore's signers take them."""
        return Credentials(self.id, self.secret)
