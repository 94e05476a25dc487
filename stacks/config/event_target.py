"""The setting `events`: where outcomes are announced."""

import ipaddress
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from contract.errors import SettingsError, nearest

DEFAULT_TOPIC = "darkroom.images"
DEFAULT_ARCHIVE_DAYS = 365
# docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-archive.html
_MOST_ARCHIVE_DAYS = 2**31 - 1

# kafka.apache.org/43/javadoc/org/apache/kafka/common/internals/Topic.html: 249 of these, but not `.` or `..`.
_TOPIC = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}")
_BROKER = re.compile(r"(\[[0-9A-Fa-f:]{2,45}\]|[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?):([1-9][0-9]{0,4})")
_MOST_BROKERS_TEXT = 1024
_HIGHEST_PORT = 65_535
# docs.aws.amazon.com/service-authorization/latest/reference/list_apachekafkaapisforamazonmskclusters.html
_CLUSTER = re.compile(r"arn:aws[a-z-]*:kafka:[a-z0-9-]+:[0-9]{12}:cluster/[A-Za-z0-9-]{1,64}/[A-Za-z0-9-]{1,64}")
# docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
_SECRET = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]{1,512}-[A-Za-z0-9]{6}"
)
_KMS_KEY = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]{1,64}")
_SUBNET = re.compile(r"subnet-[0-9a-f]{8,17}")
_SECURITY_GROUP = re.compile(r"sg-[0-9a-f]{8,17}")
# docs.aws.amazon.com/lambda/latest/api/API_VpcConfig.html
_MOST_SUBNETS = 16


class KafkaAuth(StrEnum):
    """How the announce function proves to the brokers who it is."""

    IAM = "iam"  # Amazon MSK, by the function's role
    SCRAM = "scram"  # SASL/SCRAM-SHA-512 over TLS, by a secret: Amazon MSK
    PLAIN = "plain"  # SASL/PLAIN over TLS, by a secret: Confluent Cloud
    NONE = "none"  # plaintext, to brokers on this machine


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBridgeTarget:
    """A bus of the stack's own, whose archive keeps events for so many days; None is for ever."""

    archive_days: int | None = DEFAULT_ARCHIVE_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Vpc:
    """Where in a VPC of the user's the announce function has its network interfaces."""

    subnets: tuple[str, ...]
    security_group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaTarget:
    """A topic of a cluster that is there; each ARN is None where its `auth` has no use for it.

    `secret_key_arn` is the KMS key of one's own that the secret is encrypted with.
    """

    bootstrap_servers: str
    auth: KafkaAuth
    topic: str = DEFAULT_TOPIC
    cluster_arn: str | None = None
    secret_arn: str | None = None
    secret_key_arn: str | None = None
    vpc: Vpc | None = None

    @property
    def topic_arn(self) -> str | None:
        """What MSK's IAM calls the topic."""
        return f"{self.cluster_arn.replace(':cluster/', ':topic/')}/{self.topic}" if self.cluster_arn else None


EventTarget: TypeAlias = EventBridgeTarget | KafkaTarget

_EXAMPLE = 'null, {"to": "eventbridge"}, or {"to": "kafka", "bootstrap_servers": …, "auth": …}'


def parse_event_target(key: str, value: object) -> EventTarget:
    """Read where events go.

    Raises:
        SettingsError: a member is missing, unknown or wrong, or some cannot work together.
    """
    if not isinstance(value, Mapping) or "to" not in value:
        raise SettingsError(key, value, _EXAMPLE)
    match value["to"]:
        case "eventbridge":
            return _event_bridge(key, value)
        case "kafka":
            return _kafka(key, value)
        case other:
            raise SettingsError(f"{key}.to", other, "one of eventbridge, kafka")


def _event_bridge(key: str, members: Mapping[str, object]) -> EventBridgeTarget:
    _check_names(key, members, {"to", "archive_days"})
    days = members.get("archive_days", DEFAULT_ARCHIVE_DAYS)
    if days is None:
        return EventBridgeTarget(archive_days=None)
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= _MOST_ARCHIVE_DAYS:
        raise SettingsError(
            f"{key}.archive_days", days, f"a whole number from 1 to {_MOST_ARCHIVE_DAYS}, or null for ever"
        )
    return EventBridgeTarget(archive_days=days)


_KAFKA_MEMBERS = {"to", "bootstrap_servers", "topic", "auth", "cluster_arn", "secret_arn", "secret_key_arn", "vpc"}


def _kafka(key: str, members: Mapping[str, object]) -> KafkaTarget:
    _check_names(key, members, _KAFKA_MEMBERS)

    def text(name: str, pattern: re.Pattern[str], meaning: str) -> str | None:
        value = members.get(name)
        return None if value is None else _text(f"{key}.{name}", value, pattern, meaning)

    target = KafkaTarget(
        bootstrap_servers=_brokers(f"{key}.bootstrap_servers", members.get("bootstrap_servers")),
        auth=_auth(f"{key}.auth", members.get("auth")),
        topic=text("topic", _TOPIC, "1 to 249 letters, digits, '.', '_' and '-'") or DEFAULT_TOPIC,
        cluster_arn=text("cluster_arn", _CLUSTER, "the ARN of an MSK cluster, arn:…:kafka:…:cluster/<name>/<id>"),
        secret_arn=text("secret_arn", _SECRET, "the whole ARN of a secret, with the six characters after its name"),
        secret_key_arn=text("secret_key_arn", _KMS_KEY, "the ARN of a KMS key, arn:…:kms:…:key/<id>"),
        vpc=_vpc(f"{key}.vpc", members.get("vpc")),
    )
    _check_authentication(key, target)
    return target


def _brokers(key: str, value: object) -> str:
    meaning = "brokers such as b-1.example.com:9098,b-2.example.com:9098"
    if not isinstance(value, str) or len(value) > _MOST_BROKERS_TEXT:
        raise SettingsError(key, value, meaning)
    for broker in value.split(","):
        match = _BROKER.fullmatch(broker)
        if not match or int(match[3]) > _HIGHEST_PORT:
            raise SettingsError(key, value, f"{meaning}; {broker!r} is none")
    return value


def _auth(key: str, value: object) -> KafkaAuth:
    if not isinstance(value, str) or value not in set(KafkaAuth):
        raise SettingsError(key, value, f"one of {', '.join(KafkaAuth)}")
    return KafkaAuth(value)


def _vpc(key: str, value: object) -> Vpc | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or set(value) != {"subnets", "security_group"}:
        raise SettingsError(
            key, value, 'null, or an object such as {"subnets": ["subnet-…"], "security_group": "sg-…"}'
        )
    subnets = value["subnets"]
    if not isinstance(subnets, list) or not 1 <= len(subnets) <= _MOST_SUBNETS:
        raise SettingsError(f"{key}.subnets", subnets, f"a list of 1 to {_MOST_SUBNETS} subnets' ids")
    return Vpc(
        subnets=tuple(_text(f"{key}.subnets", each, _SUBNET, "ids of subnets, subnet-…") for each in subnets),
        security_group=_text(f"{key}.security_group", value["security_group"], _SECURITY_GROUP, "an id, sg-…"),
    )


def _check_authentication(key: str, target: KafkaTarget) -> None:
    """Hold each ARN against the way of authentication: what it needs is there, and nothing is given that it ignores."""
    uses: dict[KafkaAuth, tuple[str, ...]] = {
        KafkaAuth.IAM: ("cluster_arn",),
        KafkaAuth.SCRAM: ("secret_arn",),
        KafkaAuth.PLAIN: ("secret_arn",),
        KafkaAuth.NONE: (),
    }
    needed = uses[target.auth]
    for name in ("cluster_arn", "secret_arn"):
        value = getattr(target, name)
        if (value is not None) != (name in needed):
            meaning = f"{'an ARN' if name in needed else 'null'} with an auth of {target.auth}"
            raise SettingsError(f"{key}.{name}", value, meaning)
    if target.secret_key_arn and not target.secret_arn:
        raise SettingsError(f"{key}.secret_key_arn", target.secret_key_arn, "null without a secret_arn")
    if target.auth is KafkaAuth.NONE and not _all_on_loopback(target.bootstrap_servers):
        raise SettingsError(
            f"{key}.auth", target.auth.value, "iam, scram or plain: none, without TLS, is for brokers on this machine"
        )


def _all_on_loopback(bootstrap_servers: str) -> bool:
    return all(_is_loopback(broker.rpartition(":")[0].strip("[]")) for broker in bootstrap_servers.split(","))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _text(key: str, value: object, pattern: re.Pattern[str], meaning: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise SettingsError(key, value, meaning)
    return value


def _check_names(key: str, members: Mapping[str, object], known: Collection[str]) -> None:
    for name, value in members.items():
        if name not in known:
            allowed = f"the name of a member of events; the nearest is {nearest(str(name), known)!r}"
            raise SettingsError(f"{key}.{name}", value, allowed)
