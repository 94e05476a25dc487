"""The setting `events`: what it takes, and what it refuses in which words."""

import json
from typing import Any

import pytest

from contract.errors import SettingsError
from stacks.config.event_target import EventBridgeTarget, KafkaAuth, KafkaTarget, MskServerlessTarget, NewTopic
from stacks.config.parser import parse_config
from support.aws.stack import CLUSTER_ARN, KEY_ARN, SECRET_ARN, VPC, WITH_CONFLUENT, WITH_MSK, WITH_SCRAM

IN_VPC = {"subnets": list(VPC.subnets), "security_group": VPC.security_group}
MSK = {
    "to": "kafka",
    "bootstrap_servers": "boot-1.kafka.eu-west-1.amazonaws.com:9098",
    "auth": "iam",
    "cluster_arn": CLUSTER_ARN,
    "vpc": IN_VPC,
}
SCRAM = {
    "to": "kafka",
    "bootstrap_servers": "b-1.example.com:9096,b-2.example.com:9096",
    "topic": "outcomes",
    "auth": "scram",
    "secret_arn": SECRET_ARN,
    "secret_key_arn": KEY_ARN,
    "vpc": IN_VPC,
}
CONFLUENT = {
    "to": "kafka",
    "bootstrap_servers": "pkc-1.eu-west-1.aws.confluent.cloud:9092",
    "auth": "plain",
    "secret_arn": SECRET_ARN,
}
LOOPBACK = {"to": "kafka", "bootstrap_servers": "127.0.0.1:9092,[::1]:9093,localhost:9094", "auth": "none"}


@pytest.mark.parametrize(
    ("value", "target"),
    [
        (None, None),
        ({"to": "eventbridge"}, EventBridgeTarget(archive_days=365)),
        ({"to": "eventbridge", "archive_days": None}, EventBridgeTarget(archive_days=None)),
        ({"to": "eventbridge", "archive_days": 7}, EventBridgeTarget(archive_days=7)),
        (MSK, WITH_MSK.events),
        (SCRAM, WITH_SCRAM.events),
        (CONFLUENT, WITH_CONFLUENT.events),
        ({"to": "msk-serverless"}, MskServerlessTarget(topic="darkroom.images", new_topic=NewTopic(partitions=6))),
        (
            {"to": "msk-serverless", "topic": "outcomes", "partitions": 24, "retention_days": 30, "vpc": IN_VPC},
            MskServerlessTarget(topic="outcomes", new_topic=NewTopic(partitions=24, retention_days=30), vpc=VPC),
        ),
        (LOOPBACK, KafkaTarget(bootstrap_servers="127.0.0.1:9092,[::1]:9093,localhost:9094", auth=KafkaAuth.NONE)),
    ],
)
def test_each_target_is_taken_from_a_file_and_from_a_command_line(value: object, target: object) -> None:
    assert parse_config({"events": value}).events == target
    assert parse_config({"events": json.dumps(value)}).events == target


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("kafka", 'events: \'kafka\' is not allowed; expected null, {"to": "eventbridge"}'),
        (True, "events: True is not allowed; expected null"),
        ({}, "events: {} is not allowed; expected null"),
        ({"to": "kinesis"}, "events.to: 'kinesis' is not allowed; expected one of eventbridge, kafka, msk-"),
        ({"to": "eventbridge", "archive": 3}, "events.archive: 3 is not allowed; expected the name of a member"),
        ({"to": "eventbridge", "archive_days": 0}, "events.archive_days: 0 is not allowed; expected a whole number"),
        ({"to": "eventbridge", "archive_days": True}, "events.archive_days: True is not allowed"),
        ({"to": "eventbridge", "topic": "a"}, "events.topic: 'a' is not allowed"),
        ({"to": "kafka"}, "events.bootstrap_servers: None is not allowed; expected brokers such as"),
        ({**MSK, "bootstrap_servers": "a.example.com"}, "'a.example.com' is none"),
        ({**MSK, "bootstrap_servers": "a:9092,"}, "events.bootstrap_servers: 'a:9092,' is not allowed"),
        ({**MSK, "bootstrap_servers": "a:65536"}, "'a:65536' is none"),
        ({**MSK, "bootstrap_servers": "SASL_SSL://a:9092"}, "events.bootstrap_servers: 'SASL_SSL://a:9092'"),
        ({**MSK, "bootstrap_servers": "a:9092\nb:9092"}, "events.bootstrap_servers: "),
        ({**MSK, "topic": ".."}, "events.topic: '..' is not allowed; expected 1 to 249 letters"),
        ({**MSK, "topic": "a b"}, "events.topic: 'a b' is not allowed"),
        ({**MSK, "auth": "mtls"}, "events.auth: 'mtls' is not allowed; expected one of iam, scram, plain, none"),
        ({**MSK, "auth": ["iam"]}, "events.auth: ['iam'] is not allowed"),
        ({**MSK, "cluster_arn": None}, "events.cluster_arn: None is not allowed; expected an ARN with an auth of iam"),
        ({**MSK, "cluster_arn": "outcomes"}, "events.cluster_arn: 'outcomes' is not allowed; expected the ARN of an"),
        ({**MSK, "secret_arn": SECRET_ARN}, "expected null with an auth of iam"),
        ({**SCRAM, "cluster_arn": CLUSTER_ARN}, "expected null with an auth of scram"),
        (
            {**SCRAM, "secret_arn": None},
            "events.secret_arn: None is not allowed; expected an ARN with an auth of scram",
        ),
        ({**CONFLUENT, "secret_arn": SECRET_ARN[:-7]}, "with the six characters after its name"),
        ({**MSK, "secret_key_arn": KEY_ARN}, "expected null without a secret_arn"),
        ({**SCRAM, "secret_key_arn": "alias/mine"}, "events.secret_key_arn: 'alias/mine' is not allowed"),
        ({**MSK, "auth": "none", "cluster_arn": None}, "events.auth: 'none' is not allowed; expected iam, scram or"),
        ({**LOOPBACK, "bootstrap_servers": "127.0.0.1:9092,10.0.0.1:9092"}, "is for brokers on this machine"),
        ({**MSK, "vpc": []}, "events.vpc: [] is not allowed; expected null, or an object such as"),
        ({**MSK, "vpc": {"subnets": []}}, "events.vpc: {'subnets': []} is not allowed"),
        (
            {**MSK, "vpc": {**IN_VPC, "subnets": []}},
            "events.vpc.subnets: [] is not allowed; expected a list of 1 to 16",
        ),
        ({**MSK, "vpc": {**IN_VPC, "subnets": ["vpc-1"]}}, "events.vpc.subnets: 'vpc-1' is not allowed"),
        ({**MSK, "vpc": {**IN_VPC, "subnets": [VPC.subnets[0]] * 2}}, "each only once in the list"),
        ({**MSK, "vpc": {**IN_VPC, "security_group": "default"}}, "events.vpc.security_group: 'default' is not"),
        ({"to": "msk-serverless", "auth": "iam"}, "events.auth: 'iam' is not allowed; expected the name of a member"),
        (
            {"to": "msk-serverless", "partitions": 0},
            "events.partitions: 0 is not allowed; expected a whole number from",
        ),
        ({"to": "msk-serverless", "partitions": 2401}, "events.partitions: 2401 is not allowed"),
        ({"to": "msk-serverless", "partitions": None}, "events.partitions: None is not allowed"),
        (
            {"to": "msk-serverless", "retention_days": True},
            "events.retention_days: True is not allowed; expected a whole number from 1 to 36500 of days, or null",
        ),
        ({"to": "msk-serverless", "topic": "a b"}, "events.topic: 'a b' is not allowed"),
        (
            {"to": "msk-serverless", "vpc": {**IN_VPC, "subnets": [VPC.subnets[0]]}},
            "is not allowed; expected at least two, in different Availability Zones",
        ),
        ({**MSK, "bootstrap": "a:1"}, "the nearest is 'bootstrap_servers'"),
    ],
)
def test_what_cannot_be_a_target_is_refused_by_name_and_value(value: Any, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_config({"events": value})

    assert said in str(refused.value)
    assert str(refused.value).startswith("events")


def test_this_machine_has_no_msk_and_says_what_it_has() -> None:
    with pytest.raises(SettingsError, match="darkroom up --log kafka"):
        parse_config({"events": {"to": "msk-serverless"}, "bundle_for": "this-machine"})


def test_a_retention_is_told_to_kafka_in_milliseconds() -> None:
    assert [NewTopic(retention_days=days).retention_milliseconds for days in (None, 1)] == [-1, 86_400_000]


def test_the_topic_of_a_cluster_has_an_arn_of_its_own() -> None:
    target = parse_config({"events": MSK}).events

    assert isinstance(target, KafkaTarget)
    assert target.topic_arn == f"{CLUSTER_ARN.replace(':cluster/', ':topic/')}/darkroom.images"
