"""Where the announce function is told to publish, and how it proves who it is."""

import json
from typing import Any

import boto3
import pytest
from moto import mock_aws

from announce.credentials import security_settings
from announce.settings import Auth, EventBridgeSettings, KafkaSettings, Settings, TopicSettings
from contract.errors import SettingsError

SECRET = "arn:aws:secretsmanager:eu-west-1:1:secret:AmazonMSK_darkroom"
KAFKA = {"kind": "kafka", "bootstrap_servers": "b-1.example:9098", "topic": "darkroom.images", "auth": "iam"}


def settings(target: object, **environment: str) -> Settings:
    text = target if isinstance(target, str) else json.dumps(target)
    return Settings.from_environment(
        {"DARKROOM_TARGET": text, "POWERTOOLS_SERVICE_NAME": "Darkroom", "AWS_REGION": "eu-west-1"} | environment
    )


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"kind": "eventbridge", "bus": "images"}, EventBridgeSettings(bus="images")),
        (KAFKA, KafkaSettings(bootstrap_servers="b-1.example:9098", topic="darkroom.images", auth=Auth.IAM)),
        (
            {**KAFKA, "auth": "scram", "secret_arn": SECRET},
            KafkaSettings(
                bootstrap_servers="b-1.example:9098", topic="darkroom.images", auth=Auth.SCRAM, secret_arn=SECRET
            ),
        ),
        (
            {**KAFKA, "new_topic": {"partitions": 6, "retention_ms": -1}},
            KafkaSettings(
                bootstrap_servers="b-1.example:9098",
                topic="darkroom.images",
                auth=Auth.IAM,
                new_topic=TopicSettings(partitions=6, retention_ms=-1),
            ),
        ),
        (
            {**KAFKA, "auth": "none", "bootstrap_servers": "127.0.0.1:9092"},
            KafkaSettings(bootstrap_servers="127.0.0.1:9092", topic="darkroom.images", auth=Auth.NONE),
        ),
    ],
)
def test_a_target_is_read(target: dict[str, str], expected: object) -> None:
    assert settings(target).target == expected


@pytest.mark.parametrize(
    "target",
    [
        *("", "{", "[]", "null", {"kind": "pigeon"}, {"kind": "eventbridge", "bus": ""}, {"kind": "eventbridge"}),
        *({**KAFKA, "auth": "kerberos"}, {**KAFKA, "topic": ""}, {**KAFKA, "bootstrap_servers": ""}),
        *({**KAFKA, "bootstrap_servers": "b-1,b-2"}, {**KAFKA, "auth": "plain"}, {**KAFKA, "auth": "scram"}),
        *({**KAFKA, "new_topic": True}, {**KAFKA, "new_topic": {"partitions": 6}}),
        *({**KAFKA, "new_topic": {"partitions": number, "retention_ms": ms}} for number, ms in ((0, 1), (1, -2))),
        *({**KAFKA, "auth": "none"}, {**KAFKA, "auth": "none", "bootstrap_servers": "127.0.0.1:1,b-1.example:2"}),
    ],
)
def test_a_target_that_cannot_work_is_refused(target: object) -> None:
    with pytest.raises(SettingsError):
        settings(target)


@pytest.mark.parametrize("name", ["DARKROOM_TARGET", "POWERTOOLS_SERVICE_NAME", "AWS_REGION"])
def test_a_variable_that_is_missing_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        settings({"kind": "eventbridge", "bus": "images"}, **{name: ""})


def kafka(auth: Auth, secret_arn: str | None = None) -> KafkaSettings:
    return KafkaSettings(bootstrap_servers="b-1.example:9096", topic="images", auth=auth, secret_arn=secret_arn)


def security(target: KafkaSettings) -> dict[str, Any]:
    return security_settings(target, "eu-west-1", lambda: boto3.client("secretsmanager", region_name="eu-west-1"))


@mock_aws
@pytest.mark.parametrize(("auth", "mechanism"), [(Auth.SCRAM, "SCRAM-SHA-512"), (Auth.PLAIN, "PLAIN")])
def test_a_password_comes_from_its_secret_and_goes_over_tls(auth: Auth, mechanism: str) -> None:
    client = boto3.client("secretsmanager", region_name="eu-west-1")
    arn = client.create_secret(Name="s", SecretString='{"username": "u", "password": "p"}')["ARN"]

    assert security(kafka(auth, arn)) == {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": mechanism,
        "sasl.username": "u",
        "sasl.password": "p",
    }


@mock_aws
@pytest.mark.parametrize("secret", ["p4ssw0rd", '{"user": "u", "password": "p4ssw0rd"}', '["p4ssw0rd"]'])
def test_a_secret_of_another_shape_is_refused_and_not_shown(secret: str) -> None:
    client = boto3.client("secretsmanager", region_name="eu-west-1")
    arn = client.create_secret(Name="s", SecretString=secret)["ARN"]

    with pytest.raises(SettingsError, match="username") as refused:
        security(kafka(Auth.SCRAM, arn))

    assert "p4ssw0rd" not in str(refused.value)


def test_msk_is_shown_a_token_that_the_function_s_role_has_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")

    made = security(kafka(Auth.IAM))
    token, expires = made["oauth_cb"]("")

    assert (made["security.protocol"], made["sasl.mechanism"]) == ("SASL_SSL", "OAUTHBEARER")
    assert len(token) > 100
    assert 1_700_000_000 < expires < 10_000_000_000  # seconds, not milliseconds


def test_on_loopback_nothing_is_asked() -> None:
    assert security(kafka(Auth.NONE)) == {"security.protocol": "PLAINTEXT"}
