"""Synthesizes the stack for a configuration, and reads the template by what a resource is for."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

# First: it chooses the Node that aws_cdk starts as it is imported.
from stacks.config.config import Config  # isort: skip

from aws_cdk import App

from stacks.config.delivery import Delivery, PriceClass
from stacks.config.derived_bucket import ExistingDerivedBucket
from stacks.config.event_target import EventBridgeTarget, KafkaAuth, KafkaTarget, MskServerlessTarget, Vpc
from stacks.config.existing_bucket import ExistingBucket, NotifiedBy
from stacks.config.feature_flags import FEATURE_FLAGS
from stacks.config.public_keys import parse_public_keys
from stacks.log.stack import with_cluster
from stacks.outputs import EventsOutput, Output
from stacks.pipeline import PipelineStack
from support.command.signing_keys import private_key, public_pem

Json: TypeAlias = dict[str, Any]

# With every resource that a stack can have without events, and what each target of events adds.
EVERYTHING = replace(Config(), alarm_email="ops@example.com", alarm_no_jobs_hours=24)
WITH_EVENT_BRIDGE = replace(EVERYTHING, events=EventBridgeTarget())
CLUSTER_ARN = "arn:aws:kafka:eu-west-1:123456789012:cluster/outcomes/51af3dc0-da77-11e4-872e-1234567db123-s1"
SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:AmazonMSK_darkroom-AbCdEf"
KEY_ARN = "arn:aws:kms:eu-west-1:123456789012:key/51af3dc0-da77-11e4-872e-1234567db123"
VPC = Vpc(subnets=("subnet-0123456789abcdef0", "subnet-0123456789abcdef1"), security_group="sg-0123456789abcdef0")
WITH_MSK = replace(
    EVERYTHING,
    events=KafkaTarget(
        bootstrap_servers="boot-1.kafka.eu-west-1.amazonaws.com:9098",
        auth=KafkaAuth.IAM,
        cluster_arn=CLUSTER_ARN,
        vpc=VPC,
    ),
)
WITH_SCRAM = replace(
    EVERYTHING,
    events=KafkaTarget(
        bootstrap_servers="b-1.example.com:9096,b-2.example.com:9096",
        auth=KafkaAuth.SCRAM,
        topic="outcomes",
        secret_arn=SECRET_ARN,
        secret_key_arn=KEY_ARN,
        vpc=VPC,
    ),
)
WITH_CONFLUENT = replace(
    EVERYTHING,
    events=KafkaTarget(
        bootstrap_servers="pkc-1.eu-west-1.aws.confluent.cloud:9092", auth=KafkaAuth.PLAIN, secret_arn=SECRET_ARN
    ),
)
# In a cluster of the stack `Log`, which is a stack of its own: in its VPC, and in one that is there.
WITH_LOG = replace(EVERYTHING, events=MskServerlessTarget())
WITH_LOG_IN_VPC = replace(EVERYTHING, events=MskServerlessTarget(topic="outcomes", vpc=VPC))
# Uploads to a bucket that is there, which tells of them by itself.
WITH_NOTIFICATION = replace(
    EVERYTHING,
    uploads_bucket=ExistingBucket(name="photos", notified_by=NotifiedBy.NOTIFICATION),
    key_prefix="shop/",
)

# Delivered by a distribution with CloudFront's own name, by one with names of one's own, and by one that is there.
WITH_DELIVERY = replace(EVERYTHING, delivery=Delivery())
WITH_DELIVERY_OF_THEIR_BUCKET = replace(
    WITH_DELIVERY, derived_bucket=ExistingDerivedBucket(name="photos", prefix="made/")
)
CERTIFICATE_ARN = "arn:aws:acm:us-east-1:123456789012:certificate/51af3dc0-da77-11e4-872e-1234567db123"
WITH_DOMAIN = replace(
    EVERYTHING,
    delivery=Delivery(
        domain_names=("images.example.com", "*.images.example.com"),
        certificate_arn=CERTIFICATE_ARN,
        price_class=PriceClass.NORTH_AMERICA_AND_EUROPE,
        cors_origins=("https://www.example.com",),
        manifests=True,
    ),
)
PUBLIC_KEYS = parse_public_keys("public_keys", [public_pem(private_key(each)) for each in ("earlier", "current")])
WITH_SIGNED_URLS = replace(EVERYTHING, delivery=Delivery(public_keys=PUBLIC_KEYS))
DISTRIBUTION_ARN = "arn:aws:cloudfront::123456789012:distribution/E2QWRUHAPOMQZL"
WITH_THEIR_DISTRIBUTION = replace(
    EVERYTHING, delivery=Delivery(domain_names=("images.example.com",), distribution_arn=DISTRIBUTION_ARN)
)


@dataclass(frozen=True, slots=True)
class Template:
    """What CloudFormation would be sent."""

    text: str

    @property
    def json(self) -> Json:
        """The template, parsed."""
        content: Json = json.loads(self.text)
        return content

    def all_of(self, kind: str) -> dict[str, Json]:
        """Every resource of a CloudFormation type, by its logical id."""
        return {name: found for name, found in self.json["Resources"].items() if found["Type"] == kind}

    def only(self, kind: str) -> Json:
        """The one resource of a CloudFormation type."""
        (resource,) = self.all_of(kind).values()
        return resource

    def id_of(self, output: Output | EventsOutput) -> str:
        """The logical id of the resource that an output tells of."""
        name: str = self.json["Outputs"][output.value]["Value"]["Ref"]
        return name

    def behind(self, output: Output | EventsOutput) -> Json:
        """The resource that an output tells of."""
        resource: Json = self.json["Resources"][self.id_of(output)]
        return resource

    def policies_of(self, output: Output | EventsOutput, kind: str) -> list[Json]:
        """The statements of the resource policies of a bucket or a queue."""
        owner = {"Ref": self.id_of(output)}
        found = [resource["Properties"] for resource in self.all_of(kind).values()]
        mine = [policy for policy in found if owner in (policy.get("Bucket"), *policy.get("Queues", []))]
        return [statement for policy in mine for statement in policy["PolicyDocument"]["Statement"]]


def arn_of(name: str) -> Json:
    """A reference to the ARN of the resource of a logical id."""
    return {"Fn::GetAtt": [name, "Arn"]}


def joined(*parts: object) -> Json:
    """Parts of a text that CloudFormation puts together."""
    return {"Fn::Join": ["", list(parts)]}


# As AWS writes it: docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
STACK_ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/Darkroom/51af3dc0-da77-11e4-872e-1234567db123"


def in_cloudformation(value: Any, stack_id: str = STACK_ID) -> Any:
    """What CloudFormation makes of a text's expression; what only a resource can tell stands in angle brackets."""
    pseudo_parameters = {
        "AWS::StackId": stack_id,
        "AWS::Partition": stack_id.split(":")[1],
        "AWS::Region": stack_id.split(":")[3],
        "AWS::AccountId": stack_id.split(":")[4],
    }
    match value:
        case {"Ref": name} | {"Fn::ImportValue": name}:
            return pseudo_parameters.get(name, f"<{name}>")
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::Join": [delimiter, [*parts]]}:
            return delimiter.join(in_cloudformation(part, stack_id) for part in parts)
        case {"Fn::Split": [delimiter, text]}:
            return in_cloudformation(text, stack_id).split(delimiter)
        case {"Fn::Select": [index, values]}:
            return in_cloudformation(values, stack_id)[int(index)]
    return value


def make_app(folder: Path, config: Config) -> App:
    """The app with its stacks, the bundles stubs, which writes under the folder."""
    bundle, announce_bundle, notification_bundle = (folder / name for name in ("bundle", "announce", "notification"))
    for stub in (bundle, announce_bundle, notification_bundle):
        stub.mkdir()
        (stub / "stub.py").write_text("")
    app = App(context=dict(FEATURE_FLAGS), analytics_reporting=False, outdir=str(folder / "cdk.out"))
    config = with_cluster(app, config)
    PipelineStack(
        app,
        config.stack_name,
        config=config,
        bundle=bundle,
        announce_bundle=announce_bundle,
        notification_bundle=notification_bundle,
    )
    return app


def synthesize(folder: Path, config: Config) -> Template:
    """The pipeline's template for a configuration."""
    make_app(folder, config).synth()
    return Template((folder / "cdk.out" / f"{config.stack_name}.template.json").read_text())


def synthesize_all(folder: Path, config: Config) -> dict[str, Template]:
    """The template of each stack for a configuration, by the stack's name."""
    make_app(folder, config).synth()
    suffix = ".template.json"
    return {
        path.name.removesuffix(suffix): Template(path.read_text()) for path in (folder / "cdk.out").glob(f"*{suffix}")
    }
