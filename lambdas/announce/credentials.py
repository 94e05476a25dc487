"""Authenticate the producer: librdkafka's settings for each kind."""

import json
from typing import TYPE_CHECKING, Any

from announce.settings import Auth, KafkaSettings
from contract.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_secretsmanager.client import SecretsManagerClient

_MECHANISMS = {Auth.SCRAM: "SCRAM-SHA-512", Auth.PLAIN: "PLAIN"}


def security_settings(
    target: KafkaSettings, region: str, secrets: "Callable[[], SecretsManagerClient]"
) -> dict[str, Any]:
    """Make the part of librdkafka's configuration that says who writes.

    A secret is read anew each time.

    Raises:
        SettingsError: the secret has no `username` and `password`.
        ClientError, BotoCoreError: the secret cannot be read.
    """
    if target.auth is Auth.NONE:
        return {"security.protocol": "PLAINTEXT"}
    if target.auth is Auth.IAM:
        oauth = {"sasl.mechanism": "OAUTHBEARER", "oauth_cb": lambda _config: _msk_token(region)}
        return {"security.protocol": "SASL_SSL", **oauth}
    username, password = _read_secret(secrets(), str(target.secret_arn))
    return {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": _MECHANISMS[target.auth],
        "sasl.username": username,
        "sasl.password": password,
    }


def _msk_token(region: str) -> tuple[str, float]:
    """Sign a token with the function's role, and say until when it holds, in seconds since 1970.

    Source: docs.aws.amazon.com/msk/latest/developerguide/configure-clients-for-iam-access-control.html
    """
    from aws_msk_iam_sasl_signer import MSKAuthTokenProvider  # noqa: PLC0415 - only this kind needs it

    token, milliseconds = MSKAuthTokenProvider.generate_auth_token(region)
    return token, milliseconds / 1000


def _read_secret(client: "SecretsManagerClient", arn: str) -> tuple[str, str]:
    """Read a secret of the shape that MSK and Lambda ask for; what is in it is never shown.

    Source: docs.aws.amazon.com/msk/latest/developerguide/msk-password.html
    """
    try:
        match json.loads(client.get_secret_value(SecretId=arn).get("SecretString", "")):
            case {"username": str(username), "password": str(password)}:
                return username, password
    except ValueError:
        pass
    raise SettingsError("secret_arn", arn, 'a secret that is JSON: {"username": …, "password": …}') from None
