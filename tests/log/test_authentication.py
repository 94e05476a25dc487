"""The announce function's ways to log in, on a broker that asks: SCRAM and PLAIN over TLS, and a token.

The certificate is of this test's own making; who signs it is told to the client, as the system does for a public one.
MSK's IAM is OAUTHBEARER with a token that only MSK can check: here the broker takes one that is not signed.
"""

import base64
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType
from confluent_kafka.admin._scram import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion
from moto import mock_aws

from announce import credentials
from announce.consumer import Consumer
from announce.credentials import security_settings
from announce.kafka import KafkaTopic
from announce.settings import Auth, KafkaSettings
from announce.topic import MAX_RECORD_BYTES, make_topic
from darkroom.event_log.broker import Broker, kafka_broker
from darkroom.event_log.installation import Installation
from darkroom.event_log.server_properties import Listener
from darkroom.event_log.topic import create_topic
from darkroom.loopback import HOST, free_port
from support.command.certificates import certificate
from support.events.announcements import consumer_of, handle, image_event, message_of
from support.events.event_log import Log

USER, PASSWORD = "darkroom", "right-horse"
TOPIC = "darkroom.images"
JAAS = "org.apache.kafka.common.security"
PORTS = ("scram", "plain", "iam")


@dataclass(frozen=True, kw_only=True)
class SecuredBroker:
    """A broker that asks who writes, by a port for each way, and the certificate to trust."""

    bootstrap: str
    ports: Mapping[str, int]
    authority: Path

    def connection(self, auth: Auth, *, secret: str | None = None, trusted: bool = True) -> dict[str, Any]:
        """Connect as the function does; `secret` is an ARN."""
        target = KafkaSettings(
            bootstrap_servers=f"{HOST}:{self.ports[auth]}", topic=TOPIC, auth=auth, secret_arn=secret
        )
        made = security_settings(target, "eu-west-1", lambda: boto3.client("secretsmanager", region_name="eu-west-1"))
        authority = {"ssl.ca.location": str(self.authority)} if trusted else {}
        return {"bootstrap.servers": target.bootstrap_servers, "log_level": 0, **made, **authority}

    def read(self) -> list[str]:
        """The keys of what is written, by the port that asks nothing."""
        return [each["subject"] for each in Log(bootstrap=self.bootstrap, topic=TOPIC).read()]


@pytest.fixture(scope="module")
def secured(kafka: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    """The broker, with its one user."""
    folder = tmp_path_factory.mktemp("secured")
    made = certificate(folder)
    both = folder / "key-and-chain.pem"
    both.write_bytes(made.key.read_bytes() + made.chain.read_bytes())
    ports = {name: free_port() for name in PORTS}
    with kafka_broker(kafka, log=folder / "kafka.log", listeners=listeners(ports, both)) as running:
        add_user(running)
        yield SecuredBroker(bootstrap=running.bootstrap, ports=ports, authority=made.chain)


def listeners(ports: Mapping[str, int], key_and_chain: Path) -> list[Listener]:
    """Ports that ask, each behind TLS."""
    tls = {"ssl.keystore.type": "PEM", "ssl.keystore.location": str(key_and_chain)}
    users = f'user_{USER}="{PASSWORD}"'
    asked = {
        "scram": ("SCRAM-SHA-512", f"{JAAS}.scram.ScramLoginModule required;"),
        "plain": ("PLAIN", f"{JAAS}.plain.PlainLoginModule required {users};"),
        "iam": ("OAUTHBEARER", f"{JAAS}.oauthbearer.OAuthBearerLoginModule required;"),
    }
    return [
        Listener(
            name=name.upper(),
            port=ports[name],
            protocol="SASL_SSL",
            properties={
                **tls,
                "sasl.enabled.mechanisms": mechanism,
                f"{mechanism.lower()}.sasl.jaas.config": login,
            },
        )
        for name, (mechanism, login) in asked.items()
    ]


def add_user(broker: Broker) -> None:
    """Have the broker know a user by SCRAM."""
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    wanted = UserScramCredentialUpsertion(
        USER, ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096), PASSWORD.encode()
    )
    admin.alter_user_scram_credentials([wanted])[USER].result()
    create_topic({"bootstrap.servers": broker.bootstrap}, TOPIC, partitions=1)


@pytest.fixture
def secret() -> Iterator[dict[str, str]]:
    """Secrets with the right password and with a wrong one, by their ARNs."""
    with mock_aws():
        client = boto3.client("secretsmanager", region_name="eu-west-1")
        yield {
            name: client.create_secret(Name=name, SecretString=json.dumps({"username": USER, "password": password}))[
                "ARN"
            ]
            for name, password in (("right", PASSWORD), ("wrong", "wrong-horse"))
        }


def consumer(secured: SecuredBroker, auth: Auth, **how: Any) -> Consumer:
    return consumer_of(KafkaTopic(TOPIC, lambda: secured.connection(auth, **how)))


@pytest.mark.parametrize("auth", [Auth.SCRAM, Auth.PLAIN])
def test_with_the_secret_s_password_events_are_written_over_tls(
    auth: Auth, secured: SecuredBroker, secret: dict[str, str]
) -> None:
    failed = handle(consumer(secured, auth, secret=secret["right"]), [image_event(f"{auth}-right")])

    assert failed == []
    assert f"{auth}-right" in secured.read()


@pytest.mark.parametrize("auth", [Auth.SCRAM, Auth.PLAIN])
def test_with_a_wrong_password_the_event_stays_in_the_queue_and_the_reason_is_told(
    auth: Auth, secured: SecuredBroker, secret: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    failed = handle(consumer(secured, auth, secret=secret["wrong"]), [image_event(f"{auth}-wrong")], seconds=6)

    told = capsys.readouterr().out
    assert failed == [f"{auth}-wrong-1"]
    assert '"error_code":"KafkaError._AUTHENTICATION"' in told
    assert "wrong-horse" not in told
    assert f"{auth}-wrong" not in secured.read()


def test_a_password_that_was_changed_is_read_with_the_next_batch(
    secured: SecuredBroker, secret: dict[str, str]
) -> None:
    arn = secret["wrong"]
    announce = consumer(secured, Auth.SCRAM, secret=arn)
    before = handle(announce, [image_event("rotated")], seconds=6)
    client = boto3.client("secretsmanager", region_name="eu-west-1")
    client.put_secret_value(SecretId=arn, SecretString=json.dumps({"username": USER, "password": PASSWORD}))

    after = handle(announce, [image_event("rotated")])

    assert (before, after) == (["rotated-1"], [])
    assert secured.read().count("rotated") == 1


def test_a_broker_whose_certificate_nobody_trusts_is_told_no_password(
    secured: SecuredBroker, secret: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    announce = consumer(secured, Auth.PLAIN, secret=secret["right"], trusted=False)

    failed = handle(announce, [image_event("untrusted")], seconds=6)

    assert failed == ["untrusted-1"]
    assert '"error_code":"KafkaError._SSL"' in capsys.readouterr().out


def token() -> tuple[str, float]:
    """A token that is not signed, which the broker takes unless it is told to check: RFC 7519, section 6."""
    until = time.time() + 900
    parts = ({"alg": "none"}, {"sub": USER, "iat": time.time(), "exp": until})
    header, claims = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return f"{header}.{claims}.", until


def test_by_a_token_the_function_makes_its_topic_and_writes_there_and_a_second_time_it_changes_nothing(
    secured: SecuredBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "_msk_token", lambda _region: token())
    wanted = {"name": "made.here", "partitions": 4}
    other = {"name": "made.here", "partitions": 9}

    for revision, (asked, milliseconds) in enumerate(((wanted, -1), (other, 1_000)), start=1):
        topic = KafkaTopic(
            "made.here",
            lambda: secured.connection(Auth.IAM),
            prepare=lambda connection, seconds, asked=asked, kept=milliseconds: make_topic(  # type: ignore[misc]
                connection, seconds, retention_ms=kept, **asked
            ),
        )
        assert handle(consumer_of(topic), [image_event("by-token", revision)]) == []

    partitions, settings = topic_of(secured, "made.here")
    assert len(Log(bootstrap=secured.bootstrap, topic="made.here").read()) == 2
    assert partitions == 4
    assert {name: settings[name] for name in ("retention.ms", "retention.bytes", "max.message.bytes")} == {
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "max.message.bytes": str(MAX_RECORD_BYTES),
    }


def topic_of(secured: SecuredBroker, name: str) -> tuple[int, dict[str, str]]:
    """How many partitions a topic has, and its settings."""
    admin = AdminClient({"bootstrap.servers": secured.bootstrap})
    resource = ConfigResource(ResourceType.TOPIC, name)
    settings = cast("dict[str, Any]", admin.describe_configs([resource])[resource].result())
    partitions = admin.list_topics(name, timeout=30).topics[name].partitions
    return len(partitions), {name: entry.value for name, entry in settings.items()}


def test_a_topic_that_cannot_be_made_fails_the_batch_with_the_reason(
    secured: SecuredBroker, secret: dict[str, str]
) -> None:
    plain = {"bootstrap.servers": secured.bootstrap, "log_level": 0}
    unknown = secured.connection(Auth.SCRAM, secret=secret["wrong"])

    codes = [code_of_making("no topic", plain), code_of_making("a-topic", unknown)]

    assert codes == ["KafkaError.TOPIC_EXCEPTION", "KafkaError._AUTHENTICATION"]


def code_of_making(name: str, connection: dict[str, Any]) -> str:
    """Have the function make a topic before it writes there, and give the code that its event fails with."""
    topic = KafkaTopic(
        name,
        lambda: connection,
        prepare=lambda given, seconds: make_topic(given, seconds, name=name, partitions=1, retention_ms=-1),
    )
    (code,) = topic.publish([message_of(image_event("a"))], 6).values()
    return code
