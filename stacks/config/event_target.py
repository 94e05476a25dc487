"""The setting `events`: where outcomes are announced."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from contract.errors import SettingsError
from stacks.config.members import KMS_KEY, check_members, check_once, matching

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
_SUBNET = re.compile(r"subnet-[0-9a-f]{8,17}")
_SECURITY_GROUP = re.compile(r"sg-[0-9a-f]{8,17}")
# docs.aws.amazon.com/lambda/latest/api/API_VpcConfig.html
_MOST_SUBNETS = 16
# In as many zones: docs.aws.amazon.com/msk/1.0/apireference-v2/v2-clusters.html, "ServerlessRequest"
_LEAST_SUBNETS_OF_A_CLUSTER = 2
# Of all topics of a serverless cluster: docs.aws.amazon.com/msk/latest/developerguide/limits.html
_MOST_PARTITIONS = 2_400
DEFAULT_PARTITIONS = 6
_MOST_RETENTION_DAYS = 36_500
_DAY_MILLISECONDS = 24 * 60 * 60 * 1_000
_FOR_EVER = -1


class KafkaAuth(StrEnum):
    """How the announce function proves to the brokers who it is."""

    IAM = "iam"  # Amazon MSK, by the function's role
    SCRAM = "scram"  # SASL/SCRAM-SHA-512 over TLS, by a secret: Amazon MSK
    PLAIN = "plain"  # SASL/PLAIN over TLS, by a secret: Confluent Cloud
    NONE = "none"  # plaintext, to brokers on this machine


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBridgeTarget:
    """A bus of the stack's own, whose archive keeps events for so many days.

    None is for ever.
    """

    archive_days: int | None = DEFAULT_ARCHIVE_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Vpc:
    """Where in a VPC of the user's the announce function has its network interfaces."""

    subnets: tuple[str, ...]
    security_group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTopic:
    """What a topic is to be like that the announce function makes.

    It keeps events for ever where its days are None.
    """

    partitions: int = DEFAULT_PARTITIONS
    retention_days: int | None = None

    @property
    def retention_milliseconds(self) -> int:
        """As Kafka has it: kafka.apache.org/documentation, `retention.ms`."""
        return _FOR_EVER if self.retention_days is None else self.retention_days * _DAY_MILLISECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class MskServerlessTarget:
    """A topic of a cluster that the stack `Log` makes.

    It is in a VPC of that stack's own where `vpc` is None.
    """

    topic: str = DEFAULT_TOPIC
    new_topic: NewTopic = NewTopic()
    vpc: Vpc | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaTarget:
    """A topic of a cluster that is there.

    Each ARN is None where its `auth` has no use for it. `secret_key_arn` is the KMS key of one's own that the secret is
    encrypted with. `new_topic` is None where the topic is there, too. `topics_arn` is what the ARNs of its topics begin
    with, where CloudFormation alone knows that.
    """

    bootstrap_servers: str
    auth: KafkaAuth
    topic: str = DEFAULT_TOPIC
    cluster_arn: str | None = None
    secret_arn: str | None = None
    secret_key_arn: str | None = None
    vpc: Vpc | None = None
    new_topic: NewTopic | None = None
    topics_arn: str | None = None

    @property
    def topic_arn(self) -> str | None:
        """What MSK's IAM calls the topic."""
        topics = self.topics_arn or (self.cluster_arn and self.cluster_arn.replace(":cluster/", ":topic/"))
        return f"{topics}/{self.topic}" if topics else None


EventTarget: TypeAlias = EventBridgeTarget | KafkaTarget | MskServerlessTarget

_EXAMPLE = (
    'null, {"to": "eventbridge"}, {"to": "msk-serverless"}, or {"to": "kafka", "bootstrap_servers": …, "auth": …}'
)


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
        case "msk-serverless":
            return _msk_serverless(key, value)
        case other:
            raise SettingsError(f"{key}.to", other, "one of eventbridge, kafka, msk-serverless")


def _event_bridge(key: str, members: Mapping[str, object]) -> EventBridgeTarget:
    check_members(key, members, {"to", "archive_days"})
    days = members.get("archive_days", DEFAULT_ARCHIVE_DAYS)
    return EventBridgeTarget(archive_days=_days(f"{key}.archive_days", days, _MOST_ARCHIVE_DAYS))


def _msk_serverless(key: str, members: Mapping[str, object]) -> MskServerlessTarget:
    check_members(key, members, {"to", "topic", "partitions", "retention_days", "vpc"})
    partitions = _whole_number(f"{key}.partitions", members.get("partitions", DEFAULT_PARTITIONS), _MOST_PARTITIONS)
    retention_days = _days(f"{key}.retention_days", members.get("retention_days"), _MOST_RETENTION_DAYS)
    vpc = _vpc(f"{key}.vpc", members.get("vpc"))
    if vpc and len(vpc.subnets) < _LEAST_SUBNETS_OF_A_CLUSTER:
        raise SettingsError(f"{key}.vpc.subnets", [*vpc.subnets], "at least two, in different Availability Zones")
    return MskServerlessTarget(
        topic=_topic(f"{key}.topic", members.get("topic")),
        new_topic=NewTopic(partitions=partitions, retention_days=retention_days),
        vpc=vpc,
    )


_KAFKA_MEMBERS = {"to", "bootstrap_servers", "topic", "auth", "cluster_arn", "secret_arn", "secret_key_arn", "vpc"}


def _kafka(key: str, members: Mapping[str, object]) -> KafkaTarget:
    check_members(key, members, _KAFKA_MEMBERS)

    def text(name: str, pattern: re.Pattern[str], meaning: str) -> str | None:
        value = members.get(name)
        return None if value is None else matching(f"{key}.{name}", value, pattern, meaning)

    target = KafkaTarget(
        bootstrap_servers=_brokers(f"{key}.bootstrap_servers", members.get("bootstrap_servers")),
        auth=_auth(f"{key}.auth", members.get("auth")),
        topic=_topic(f"{key}.topic", members.get("topic")),
        cluster_arn=text("cluster_arn", _CLUSTER, "the ARN of an MSK cluster, arn:…:kafka:…:cluster/<name>/<id>"),
        secret_arn=text("secret_arn", _SECRET, "the whole ARN of a secret, with the six characters after its name"),
        secret_key_arn=text("secret_key_arn", KMS_KEY, "the ARN of a KMS key, arn:…:kms:…:key/<id>"),
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


def _topic(key: str, value: object) -> str:
    return (
        DEFAULT_TOPIC if value is None else matching(key, value, _TOPIC, "1 to 249 letters, digits, '.', '_' and '-'")
    )


def _days(key: str, value: object, most: int) -> int | None:
    return None if value is None else _whole_number(key, value, most, " of days, or null for ever")


def _whole_number(key: str, value: object, most: int, more: str = "") -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise SettingsError(key, value, f"a whole number from 1 to {most}{more}")
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
    ids = tuple(matching(f"{key}.subnets", each, _SUBNET, "ids of subnets, subnet-…") for each in subnets)
    check_once(f"{key}.subnets", ids)
    return Vpc(
        subnets=ids,
        security_group=matching(f"{key}.security_group", value["security_group"], _SECURITY_GROUP, "an id, sg-…"),
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
