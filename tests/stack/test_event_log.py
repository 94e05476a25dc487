"""Events: off they change nothing; on, a FIFO queue feeds a function that may reach its one target and nothing else."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from contract.image_event import ImageEvent
from resize.settings import Events, Settings
from stack.test_resize_function import as_list
from stacks.config.config import Config
from stacks.config.event_target import EventBridgeTarget
from stacks.event_bus import DOCS, draft_4_schema
from stacks.outputs import EventsOutput, Output
from stacks.pipeline import PipelineStack
from support.aws.stack import (
    CLUSTER_ARN,
    KEY_ARN,
    SECRET_ARN,
    VPC,
    WITH_CONFLUENT,
    WITH_EVENT_BRIDGE,
    Template,
    arn_of,
    in_cloudformation,
    synthesize,
)
from support.command.manifests import manifest, rendition

from aws_cdk import App  # isort: skip  # after stacks, which chooses its Node

GOLDEN = Path(__file__).parents[1] / "data" / "default.template.json"
QUEUES = (EventsOutput.EVENTS_QUEUE_URL, EventsOutput.EVENT_DEAD_LETTER_QUEUE_URL)
DAY = 24 * 60 * 60


def properties_of(template: Template, output: Output | EventsOutput) -> dict[str, Any]:
    properties: dict[str, Any] = template.behind(output)["Properties"]
    return properties


def variables_of(template: Template, output: Output | EventsOutput) -> dict[str, str]:
    variables = properties_of(template, output)["Environment"]["Variables"]
    return {name: in_cloudformation(value) for name, value in variables.items()}


def statements_of(template: Template, output: Output | EventsOutput) -> dict[str, dict[str, Any]]:
    """The statements of a function's policy by their Sid."""
    (role, _) = properties_of(template, output)["Role"]["Fn::GetAtt"]
    policies = [found["Properties"] for found in template.all_of("AWS::IAM::Policy").values()]
    (policy,) = [found for found in policies if found["Roles"] == [{"Ref": role}]]
    return {statement.pop("Sid"): statement for statement in policy["PolicyDocument"]["Statement"]}


def test_without_events_the_template_is_byte_for_byte_what_it_was_before_there_were_any(template: Template) -> None:
    """A change of the pipeline itself is one of this file: tests/data/README.md says how to write it anew."""
    assert template.text == GOLDEN.read_text(encoding="utf-8")


def test_with_events_nothing_of_the_pipeline_changes_but_that_the_function_announces(
    watched: Template, with_event_bridge: Template
) -> None:
    changed = {
        name
        for name, resource in watched.json["Resources"].items()
        if with_event_bridge.json["Resources"].get(name) != resource
    }

    function, version, alias = (
        next(iter(watched.all_of(f"AWS::Lambda::{kind}"))) for kind in ("Function", "Version", "Alias")
    )
    dashboard, policy = (
        next(iter(watched.all_of(kind))) for kind in ("AWS::CloudWatch::Dashboard", "AWS::IAM::Policy")
    )
    assert changed == {function, version, alias, dashboard, policy}


def test_a_stack_with_events_without_a_bundle_for_them_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no bundle"):
        PipelineStack(App(outdir=str(tmp_path)), "Darkroom", config=WITH_EVENT_BRIDGE, bundle=tmp_path)


@pytest.mark.parametrize("queue", QUEUES)
def test_a_queue_of_events_is_fifo_of_high_throughput_encrypted_and_keeps_14_days(
    with_msk: Template, queue: EventsOutput
) -> None:
    found = properties_of(with_msk, queue)

    assert (found["FifoQueue"], found["SqsManagedSseEnabled"]) == (True, True)
    assert (found["DeduplicationScope"], found["FifoThroughputLimit"]) == ("messageGroup", "perMessageGroupId")
    assert found["MessageRetentionPeriod"] == 14 * DAY


@pytest.mark.parametrize("queue", QUEUES)
def test_a_queue_of_events_lets_no_one_in_but_by_their_role_and_with_tls(
    with_msk: Template, queue: EventsOutput
) -> None:
    (statement,) = with_msk.policies_of(queue, "AWS::SQS::QueuePolicy")

    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_an_event_is_a_dead_letter_after_a_thousand_receives_only_and_both_queues_agree(with_msk: Template) -> None:
    events, letters = (properties_of(with_msk, queue) for queue in QUEUES)
    name = in_cloudformation(events["QueueName"])

    assert events["RedrivePolicy"]["maxReceiveCount"] == 1000
    assert events["RedrivePolicy"]["deadLetterTargetArn"] == arn_of(with_msk.id_of(QUEUES[1]))
    assert name == "Darkroom-events-51af3dc01234567db123.fifo"
    assert [in_cloudformation(arn) for arn in letters["RedriveAllowPolicy"]["sourceQueueArns"]] == [
        f"arn:aws:sqs:eu-west-1:123456789012:{name}"
    ]
    assert events["VisibilityTimeout"] == 6 * properties_of(with_msk, EventsOutput.ANNOUNCE_FUNCTION_NAME)["Timeout"]


def test_the_resize_function_is_told_where_to_announce_and_may_do_no_more_than_send_there(
    watched: Template, with_event_bridge: Template
) -> None:
    queue = with_event_bridge.id_of(EventsOutput.EVENTS_QUEUE_URL)
    settings = Settings.from_environment(variables_of(with_event_bridge, Output.FUNCTION_NAME))
    before = statements_of(watched, Output.FUNCTION_NAME)
    after = statements_of(with_event_bridge, Output.FUNCTION_NAME)

    assert settings.events == Events(queue_url=f"<{queue}>", source="/darkroom/123456789012/eu-west-1/Darkroom")
    assert {name: after[name] for name in after if name not in before} == {
        "AnnounceOutcomes": {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn_of(queue)}
    }
    assert {name: after[name] for name in before} == before


def test_the_queue_feeds_the_announce_function_in_batches_that_may_fail_in_part(with_msk: Template) -> None:
    queue = arn_of(with_msk.id_of(EventsOutput.EVENTS_QUEUE_URL))
    mappings = [found["Properties"] for found in with_msk.all_of("AWS::Lambda::EventSourceMapping").values()]
    (mapping,) = [found for found in mappings if found["EventSourceArn"] == queue]

    assert mapping == {
        "EventSourceArn": queue,
        "FunctionName": {"Ref": with_msk.id_of(EventsOutput.ANNOUNCE_FUNCTION_NAME)},
        "BatchSize": 10,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": 10},
    }


def test_the_announce_function_runs_where_the_resize_function_does(tmp_path: Path) -> None:
    template = synthesize(tmp_path, replace(WITH_CONFLUENT, python="3.13", architecture="x86_64", log_retention_days=7))
    found = properties_of(template, EventsOutput.ANNOUNCE_FUNCTION_NAME)

    assert (found["Runtime"], found["Architectures"], found["Handler"]) == (
        "python3.13",
        ["x86_64"],
        "announce.handler.handler",
    )
    assert {log["Properties"]["RetentionInDays"] for log in template.all_of("AWS::Logs::LogGroup").values()} == {7}


# What a function needs of its own, whatever it does.
OWN = {"WriteLog", "TakeEvents"}


def test_to_a_bus_the_announce_function_may_put_events_and_nothing_else(with_event_bridge: Template) -> None:
    bus = with_event_bridge.id_of(EventsOutput.EVENT_BUS_NAME)
    statements = statements_of(with_event_bridge, EventsOutput.ANNOUNCE_FUNCTION_NAME)

    assert json.loads(variables_of(with_event_bridge, EventsOutput.ANNOUNCE_FUNCTION_NAME)["DARKROOM_TARGET"]) == {
        "kind": "eventbridge",
        "bus": f"<{bus}>",
    }
    assert statements.keys() == OWN | {"PutEvents"}
    assert statements["PutEvents"] == {"Effect": "Allow", "Action": "events:PutEvents", "Resource": arn_of(bus)}
    assert statements["TakeEvents"] == {
        "Effect": "Allow",
        "Action": ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
        "Resource": arn_of(with_event_bridge.id_of(EventsOutput.EVENTS_QUEUE_URL)),
    }


def test_to_msk_the_announce_function_may_write_one_topic_and_its_code_makes_no_network_interface(
    with_msk: Template,
) -> None:
    statements = statements_of(with_msk, EventsOutput.ANNOUNCE_FUNCTION_NAME)

    assert statements.keys() == OWN | {"ConnectToCluster", "WriteTopic", "MakeInterfaces", "CodeMakesNoInterfaces"}
    assert statements["ConnectToCluster"]["Resource"] == CLUSTER_ARN
    assert statements["WriteTopic"] == {
        "Effect": "Allow",
        "Action": ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"],
        "Resource": f"{CLUSTER_ARN.replace(':cluster/', ':topic/')}/darkroom.images",
    }
    denied = statements["CodeMakesNoInterfaces"]
    assert (denied["Effect"], denied["Action"]) == ("Deny", statements["MakeInterfaces"]["Action"])
    assert in_cloudformation(denied["Condition"]["ArnLike"]["lambda:SourceFunctionArn"]) == (
        "arn:aws:lambda:eu-west-1:123456789012:function:*"
    )


def test_to_msk_the_announce_function_stands_in_the_subnets_given_and_nothing_else_does(with_msk: Template) -> None:
    announce = properties_of(with_msk, EventsOutput.ANNOUNCE_FUNCTION_NAME)

    assert announce["VpcConfig"] == {"SubnetIds": list(VPC.subnets), "SecurityGroupIds": [VPC.security_group]}
    assert "VpcConfig" not in properties_of(with_msk, Output.FUNCTION_NAME)


def test_by_a_secret_the_announce_function_may_read_that_one_and_is_told_its_name_only(with_scram: Template) -> None:
    statements = statements_of(with_scram, EventsOutput.ANNOUNCE_FUNCTION_NAME)
    secret, key = statements["ReadSecret"], statements["DecryptSecret"]

    assert (as_list(secret["Action"]), secret["Resource"]) == (["secretsmanager:GetSecretValue"], SECRET_ARN)
    assert (key["Action"], key["Resource"]) == ("kms:Decrypt", KEY_ARN)
    assert in_cloudformation(key["Condition"]["StringEquals"]["kms:ViaService"]).startswith("secretsmanager.eu-west-1.")
    assert json.loads(variables_of(with_scram, EventsOutput.ANNOUNCE_FUNCTION_NAME)["DARKROOM_TARGET"]) == {
        "kind": "kafka",
        "bootstrap_servers": "b-1.example.com:9096,b-2.example.com:9096",
        "topic": "outcomes",
        "auth": "scram",
        "secret_arn": SECRET_ARN,
    }


def test_to_confluent_cloud_there_is_no_vpc_and_no_permission_on_any_network(tmp_path: Path) -> None:
    template = synthesize(tmp_path, WITH_CONFLUENT)

    assert "VpcConfig" not in properties_of(template, EventsOutput.ANNOUNCE_FUNCTION_NAME)
    assert statements_of(template, EventsOutput.ANNOUNCE_FUNCTION_NAME).keys() == OWN | {"ReadSecret"}


# 0 keeps them for ever: docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateArchive.html
@pytest.mark.parametrize(("days", "retention"), [(7, 7), (None, 0)])
def test_the_archive_of_the_bus_keeps_every_event_for_so_many_days_or_for_ever(
    tmp_path: Path, days: int | None, retention: int
) -> None:
    template = synthesize(tmp_path, replace(Config(), events=EventBridgeTarget(archive_days=days)))
    archive = template.only("AWS::Events::Archive")

    assert archive["Properties"]["RetentionDays"] == retention
    assert archive["Properties"]["EventPattern"] == {"account": [{"Ref": "AWS::AccountId"}]}
    assert archive["DeletionPolicy"] == "Retain"


def test_the_registry_has_the_published_schema_in_one_piece_that_takes_events_and_refuses_what_is_none(
    with_event_bridge: Template,
) -> None:
    content = json.loads(with_event_bridge.only("AWS::EventSchemas::Schema")["Properties"]["Content"])
    text = ImageEvent(source="/d", key="cat.jpg", revision=1, manifest=manifest(rendition()).to_json()).to_json()
    event = json.loads(text)
    jsonschema.Draft4Validator.check_schema(content)
    validator = jsonschema.Draft4Validator(content)

    assert content == draft_4_schema(DOCS)
    assert list(validator.iter_errors(event)) == []
    assert list(validator.iter_errors({**event, "specversion": "2.0"})) != []
    assert list(validator.iter_errors({**event, "data": {**event["data"], "outcome": 7}})) != []
    assert "$defs" not in json.dumps(content)
