"""The stack `Log`: a cluster that only members of one group reach, and that stays; and who writes to it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from announce.settings import KafkaSettings, TopicSettings
from announce.settings import Settings as AnnounceSettings
from darkroom.local.cloud_assembly import read_assembly
from stack.test_event_log import OWN, properties_of, statements_of, variables_of
from stacks.config.event_target import MskServerlessTarget, NewTopic
from stacks.outputs import EventsOutput, LogOutput, Output
from stacks.pipeline import PipelineStack
from support.aws.stack import (
    VPC,
    WITH_EVENT_BRIDGE,
    WITH_LOG,
    WITH_LOG_IN_VPC,
    WITH_MSK,
    Template,
    arn_of,
    in_cloudformation,
    make_app,
    synthesize_all,
)

from aws_cdk import App  # isort: skip  # after stacks, which chooses its Node

IN_NETWORK = ("AWS::EC2::VPC", "AWS::EC2::Subnet", "AWS::EC2::SecurityGroup", "AWS::EC2::RouteTable")


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Template]:
    """Both stacks, with a network of the log's own."""
    return synthesize_all(tmp_path_factory.mktemp("log"), WITH_LOG)


@pytest.fixture(scope="module")
def log(stacks: dict[str, Template]) -> Template:
    """The stack `Log`."""
    return stacks["Darkroom-Log"]


@pytest.fixture(scope="module")
def pipeline(stacks: dict[str, Template]) -> Template:
    """The pipeline that announces there."""
    return stacks["Darkroom"]


@pytest.mark.parametrize("config", [replace(WITH_LOG, events=None), WITH_EVENT_BRIDGE, WITH_MSK])
def test_without_the_setting_there_is_no_second_stack(tmp_path: Path, config: Any) -> None:
    assert list(synthesize_all(tmp_path, config)) == ["Darkroom"]


def test_the_cluster_takes_iam_alone_in_two_zones(log: Template) -> None:
    cluster = log.only("AWS::MSK::ServerlessCluster")["Properties"]
    subnets = log.all_of("AWS::EC2::Subnet")

    assert cluster["ClusterName"] == "Darkroom-Log"
    assert cluster["ClientAuthentication"] == {"Sasl": {"Iam": {"Enabled": True}}}
    (place,) = cluster["VpcConfigs"]
    assert sorted(each["Ref"] for each in place["SubnetIds"]) == sorted(subnets)
    zones = [subnet["Properties"]["AvailabilityZone"]["Fn::Select"][0] for subnet in subnets.values()]
    assert zones == [0, 1]


def test_the_network_leads_nowhere_and_a_group_reaches_itself_on_one_port(log: Template) -> None:
    kinds = {resource["Type"] for resource in log.json["Resources"].values()}
    rules = [log.only(f"AWS::EC2::SecurityGroup{way}")["Properties"] for way in ("Ingress", "Egress")]
    (group,) = log.all_of("AWS::EC2::SecurityGroup")

    assert not kinds & {"AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::Route"}
    assert "SecurityGroupEgress" not in log.only("AWS::EC2::SecurityGroup")["Properties"]
    for rule, other in zip(rules, ("SourceSecurityGroupId", "DestinationSecurityGroupId"), strict=True):
        member = {"Fn::GetAtt": [group, "GroupId"]}
        assert (rule["GroupId"], rule[other]) == (member, member)
        assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 9098, 9098)


def test_the_cluster_and_what_it_stands_in_stay_when_the_stack_goes_but_not_when_it_failed_to_come(
    log: Template,
) -> None:
    kept = [*log.all_of("AWS::MSK::ServerlessCluster").values()]
    kept += [each for kind in IN_NETWORK for each in log.all_of(kind).values()]

    assert len(kept) == 7
    assert {each["DeletionPolicy"] for each in kept} == {"RetainExceptOnCreate"}
    assert {each["UpdateReplacePolicy"] for each in kept} == {"Retain"}


def test_only_who_asks_for_it_loses_the_log_with_the_stack(tmp_path: Path) -> None:
    log = synthesize_all(tmp_path, replace(WITH_LOG, retain_data=False))["Darkroom-Log"]

    resources = log.json["Resources"].values()
    assert {each["DeletionPolicy"] for each in resources if "DeletionPolicy" in each} == {"Delete"}


def test_in_a_vpc_that_is_there_no_network_is_made(tmp_path: Path) -> None:
    log = synthesize_all(tmp_path, WITH_LOG_IN_VPC)["Darkroom-Log"]

    kinds = {resource["Type"] for resource in log.json["Resources"].values()}
    assert not [kind for kind in kinds if kind.startswith("AWS::EC2::")]
    assert log.only("AWS::MSK::ServerlessCluster")["Properties"]["VpcConfigs"] == [
        {"SubnetIds": list(VPC.subnets), "SecurityGroups": [VPC.security_group]}
    ]


def test_a_function_tells_where_the_brokers_are_and_may_ask_nothing_else(log: Template) -> None:
    (cluster,) = log.all_of("AWS::MSK::ServerlessCluster")
    answer = log.only("Custom::ClusterFacts")["Properties"]
    function = log.only("AWS::Lambda::Function")["Properties"]
    policies = [found["Properties"] for found in log.all_of("AWS::IAM::Policy").values()]
    (policy,) = [found for found in policies if found["Roles"] == [{"Ref": function["Role"]["Fn::GetAtt"][0]}]]
    statements = {each["Sid"]: (each["Action"], each["Resource"]) for each in policy["PolicyDocument"]["Statement"]}
    (own_log,) = [
        name for name in log.all_of("AWS::Logs::LogGroup") if {"Ref": name} == function["LoggingConfig"]["LogGroup"]
    ]

    assert (answer["ClusterArn"], answer["ServiceTimeout"]) == (arn_of(cluster), "120")
    assert statements == {
        "WriteLog": (["logs:CreateLogStream", "logs:PutLogEvents"], arn_of(own_log)),
        "FindBrokers": ("kafka:GetBootstrapBrokers", arn_of(cluster)),
    }
    assert set(log.json["Outputs"]) >= {output.value for output in LogOutput}


def test_the_pipeline_announces_to_that_cluster_with_a_topic_that_it_makes(pipeline: Template) -> None:
    variables = variables_of(pipeline, EventsOutput.ANNOUNCE_FUNCTION_NAME)
    told = AnnounceSettings.from_environment(
        variables
        | {"DARKROOM_TARGET": variables["DARKROOM_TARGET"].replace(brokers(variables), "b-1.example.com:9098")}
        | {"AWS_REGION": "eu-west-1"}
    ).target

    assert "Darkroom-Log:" in brokers(variables)
    assert isinstance(told, KafkaSettings)
    assert (told.topic, told.auth, told.new_topic) == (
        "darkroom.images",
        "iam",
        TopicSettings(partitions=6, retention_ms=-1),
    )


def brokers(variables: dict[str, str]) -> str:
    """What CloudFormation puts in from the other stack."""
    text: str = json.loads(variables["DARKROOM_TARGET"])["bootstrap_servers"]
    return text


def test_the_announce_function_may_make_that_one_topic_and_delete_none(pipeline: Template) -> None:
    statements = statements_of(pipeline, EventsOutput.ANNOUNCE_FUNCTION_NAME)
    arns = {sid: in_cloudformation(each["Resource"]) for sid, each in statements.items() if "Topic" in sid}

    assert statements.keys() == OWN | {
        *("ConnectToCluster", "WriteTopic", "CreateTopic", "MakeInterfaces", "CodeMakesNoInterfaces")
    }
    assert statements["CreateTopic"]["Action"] == "kafka-cluster:CreateTopic"
    assert set(arns) == {"WriteTopic", "CreateTopic"}
    assert {arn.rpartition("/")[2] for arn in arns.values()} == {"darkroom.images"}
    assert "Delete" not in json.dumps([each["Action"] for sid, each in statements.items() if "Topic" in sid])


def test_the_announce_function_stands_in_the_network_of_the_cluster(pipeline: Template) -> None:
    place = properties_of(pipeline, EventsOutput.ANNOUNCE_FUNCTION_NAME)["VpcConfig"]

    assert [len(place[name]) for name in ("SubnetIds", "SecurityGroupIds")] == [2, 1]
    assert all("Fn::ImportValue" in each for each in (*place["SubnetIds"], *place["SecurityGroupIds"]))
    assert "VpcConfig" not in properties_of(pipeline, Output.FUNCTION_NAME)


def test_a_topic_s_days_and_partitions_arrive_at_the_function(tmp_path: Path) -> None:
    wanted = MskServerlessTarget(new_topic=NewTopic(partitions=24, retention_days=30))

    pipeline = synthesize_all(tmp_path, replace(WITH_LOG, events=wanted))["Darkroom"]

    told = json.loads(variables_of(pipeline, EventsOutput.ANNOUNCE_FUNCTION_NAME)["DARKROOM_TARGET"])
    assert told["new_topic"] == {"partitions": 24, "retention_ms": 30 * 86_400_000}


def test_the_pipeline_alone_is_refused_a_cluster_that_nobody_makes(tmp_path: Path) -> None:
    app, bundle = App(outdir=str(tmp_path / "cdk.out")), tmp_path / "bundle"
    bundle.mkdir()

    with pytest.raises(ValueError, match="with_cluster"):
        PipelineStack(app, "Darkroom", config=WITH_LOG, bundle=bundle, announce_bundle=bundle)


def test_the_log_is_deployed_before_the_pipeline_which_stays_the_last_of_the_assembly(tmp_path: Path) -> None:
    make_app(tmp_path, WITH_LOG).synth()

    names = [each.name for each in read_assembly(tmp_path / "cdk.out", account="1" * 12, region="eu-west-1")]

    assert names == ["Darkroom-Log", "Darkroom"]
