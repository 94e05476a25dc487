"""Check that outcomes reach the event log."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from darkroom.doctor.announce import check_age, check_failures, check_state
from darkroom.doctor.findings import Finding, fault, ok, warning
from darkroom.errors import aws_errors
from darkroom.outbox.queues import OutboxQueues, event_queues_of, read_events
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.deploy_advice import deploy_advice
from darkroom.pipeline.sqs import queue_depth, read_queue

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

_DEPLOY = "Deploy the stack again, with any change that makes CloudFormation look at it."
_EVERYWHERE = {"0.0.0.0/0", "::/0"}


def check_events(pipeline: Pipeline) -> Iterator[Finding]:
    """Tell whether announced outcomes are taken to the log.

    Nothing is said of a stack that announces none.

    Raises:
        DarkroomError: AWS refuses, or does not answer.
    """
    events = read_events(pipeline)
    if events is None:
        return
    queues = event_queues_of(pipeline, events)
    sqs: SQSClient = pipeline.client("sqs")
    functions: LambdaClient = pipeline.client("lambda")
    arn = read_queue(sqs, queues.events_url).arn
    with aws_errors("Reading the event source mappings of the events queue"):
        mappings = functions.list_event_source_mappings(EventSourceArn=arn)["EventSourceMappings"]
    yield from _check_mappings(mappings, deploy_advice(pipeline, _DEPLOY))
    functions_of_it = [_function_of(functions, mapping) for mapping in mappings[:1]]
    for function in functions_of_it:
        yield from check_state(function)
        yield from _check_secret(pipeline, function)
    yield _check_dead_letters(sqs, queues)
    for function in functions_of_it:
        yield from check_failures(pipeline, function)
    yield from check_age(pipeline, queues.events_url)


def _function_of(functions: "LambdaClient", mapping: Mapping[str, Any]) -> Mapping[str, Any]:
    with aws_errors("Reading the configuration of the announce function"):
        return functions.get_function_configuration(FunctionName=mapping["FunctionArn"])


def _check_mappings(mappings: Sequence[Mapping[str, Any]], deploy: str) -> Iterator[Finding]:
    if not mappings:
        yield fault("No function takes events from their queue.", deploy)
    for mapping in mappings:
        if mapping["State"] not in {"Enabled", "Enabling", "Updating"}:
            yield fault(
                f"The announce function takes no events: its event source mapping is {mapping['State'].lower()}.",
                f"aws lambda update-event-source-mapping --uuid {mapping['UUID']} --enabled",
            )
        elif "ReportBatchItemFailures" not in mapping.get("FunctionResponseTypes", ()):
            yield fault("A failed event is taken for announced: the mapping does not report failures.", deploy)
        else:
            yield ok("The announce function takes events from their queue, and reports those that failed.")
    if len(mappings) > 1:
        yield fault(
            f"{len(mappings)} functions take events from one queue: each event goes to one of them only.",
            "Remove the event source mappings that are not the stack's.",
        )


def _check_secret(pipeline: Pipeline, function: Mapping[str, Any]) -> Iterator[Finding]:
    """Tell whether a function in a VPC can reach Secrets Manager, where it reads a secret."""
    target = json.loads(function.get("Environment", {}).get("Variables", {}).get("DARKROOM_TARGET", "{}"))
    vpc = function.get("VpcConfig") or {}
    if not target.get("secret_arn") or not vpc.get("VpcId"):
        return
    ec2 = pipeline.client("ec2")
    with aws_errors("Looking for a way from the VPC to Secrets Manager"):
        endpoints = ec2.describe_vpc_endpoints(
            Filters=[
                {"Name": "vpc-id", "Values": [vpc["VpcId"]]},
                {"Name": "service-name", "Values": [f"com.amazonaws.{pipeline.region}.secretsmanager"]},
            ]
        )["VpcEndpoints"]
        tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["RouteTables"]
    cut_off = [subnet for subnet in vpc["SubnetIds"] if not leads_out(tables, subnet)]
    if any(map(_answers_for_secrets_manager, endpoints)) or not cut_off:
        yield ok("The announce function can reach Secrets Manager from its VPC.")
    else:
        yield fault(
            f"From {', '.join(cut_off)} the announce function cannot reach Secrets Manager, which has its secret.",
            f"Make an interface endpoint for com.amazonaws.{pipeline.region}.secretsmanager there, with private DNS, "
            "or a NAT gateway.",
        )


def _answers_for_secrets_manager(endpoint: Mapping[str, Any]) -> bool:
    """Tell whether an endpoint takes what is sent to the service's own name.

    docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
    """
    return endpoint["State"].lower() == "available" and bool(endpoint.get("PrivateDnsEnabled"))


def leads_out(tables: Sequence[Mapping[str, Any]], subnet: str) -> bool:
    """Tell whether a subnet has a route to the Internet for a function.

    A function has no public address, so an Internet gateway alone is none.

    A subnet without a table of its own has the VPC's main one; an Internet gateway passes no one without an address:
    docs.aws.amazon.com/lambda/latest/dg/configuration-vpc-internet.html
    """
    own = [table for table in tables if any(each.get("SubnetId") == subnet for each in table["Associations"])]
    main = [table for table in tables if any(each.get("Main") for each in table["Associations"])]
    routes = [route for table in own or main for route in table["Routes"]]
    return any(
        route.get("DestinationCidrBlock", route.get("DestinationIpv6CidrBlock")) in _EVERYWHERE
        and route.get("State", "active") == "active"
        and not route.get("GatewayId", "").startswith("igw-")
        for route in routes
    )


def _check_dead_letters(sqs: "SQSClient", queues: OutboxQueues) -> Finding:
    if count := queue_depth(sqs, queues.dead_letters_url).total:
        return warning(f"{count:,} events have not reached the log.", "See which: darkroom events dlq")
    return ok("Every event has reached the log, or waits for its turn.")
