"""Where events go, as the function's environment says.

A Kafka topic or an EventBridge bus.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from contract.errors import SettingsError

_TARGET = "DARKROOM_TARGET"
_LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}


class Auth(StrEnum):
    """How the brokers learn who writes. All but NONE are over TLS."""

    IAM = "iam"  # MSK
    SCRAM = "scram"
    PLAIN = "plain"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSettings:
    """What the topic is to be like, where the function is to make it.

    A retention of -1 is for ever.
    """

    partitions: int
    retention_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSettings:
    """A topic. `bootstrap_servers` is `host:port,…`.

    `secret_arn` names a secret with `username` and `password`. `new_topic` is None where the topic is there already, or
    is somebody else's to make.
    """

    bootstrap_servers: str
    topic: str
    auth: Auth
    secret_arn: str | None = None
    new_topic: TopicSettings | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBridgeSettings:
    """A bus, by its name or its ARN."""

    bus: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that the function is told.

    `stack_name` is what its log and its metrics are called by.
    """

    target: KafkaSettings | EventBridgeSettings
    stack_name: str
    region: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read what the stack has written.

        Raises:
            SettingsError: a variable is missing, or its value cannot work.
        """
        for name in (_TARGET, "POWERTOOLS_SERVICE_NAME", "AWS_REGION"):
            if not environment.get(name):
                raise SettingsError(name, environment.get(name), "a value")
        return cls(
            target=_target(environment[_TARGET]),
            stack_name=environment["POWERTOOLS_SERVICE_NAME"],
            region=environment["AWS_REGION"],
        )


def _target(text: str) -> KafkaSettings | EventBridgeSettings:
    try:
        match json.loads(text):
            case {"kind": "kafka", "bootstrap_servers": str(servers), "topic": str(topic), "auth": str(auth)} as told:
                target = _kafka(servers, topic, auth, told.get("secret_arn"))
                return replace(target, new_topic=_new_topic(told.get("new_topic")))
            case {"kind": "eventbridge", "bus": str(bus)} if bus:
                return EventBridgeSettings(bus=bus)
    except json.JSONDecodeError:
        pass
    raise SettingsError(
        _TARGET,
        text,
        'JSON: {"kind": "kafka", "bootstrap_servers": …, "topic": …, "auth": …} or {"kind": "eventbridge", "bus": …}',
    )


def _kafka(servers: str, topic: str, auth: str, secret: object) -> KafkaSettings:
    hosts = {server.strip().rpartition(":")[0] for server in servers.split(",")}
    if not topic or not all(hosts):
        raise SettingsError(_TARGET, servers, "host:port,… and a topic")
    if auth not in set(Auth):
        raise SettingsError("auth", auth, f"one of {', '.join(Auth)}")
    if auth == Auth.NONE and not hosts <= _LOOPBACK:
        raise SettingsError("bootstrap_servers", servers, "127.0.0.1 alone where auth is none: nothing is encrypted")
    if not isinstance(secret, str | None) or (auth in {Auth.SCRAM, Auth.PLAIN} and not secret):
        raise SettingsError("secret_arn", secret, f"the ARN of a secret with username and password for auth {auth}")
    return KafkaSettings(bootstrap_servers=servers, topic=topic, auth=Auth(auth), secret_arn=secret)


def _new_topic(told: object) -> TopicSettings | None:
    match told:
        case None:
            return None
        case {"partitions": int(partitions), "retention_ms": int(retention)} if partitions > 0 and retention >= -1:
            return TopicSettings(partitions=partitions, retention_ms=retention)
    raise SettingsError("new_topic", told, 'null, or {"partitions": …, "retention_ms": …}')
