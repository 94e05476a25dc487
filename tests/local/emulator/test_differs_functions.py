"""Where queues and functions differ from AWS's. Each test names how, and fails once a new version has removed it."""

import json
import sys

from support.aws.resources import Aws, refusal
from support.command.polling import eventually


def test_differs_a_function_may_use_more_memory_than_it_has(aws: Aws) -> None:
    # docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html: Runtime.OutOfMemory
    greedy = aws.function("def handler(event, context): return len(b'x' * 300_000_000)", memory=128)

    assert aws.call(greedy) == 300_000_000


def test_differs_a_function_runs_on_the_python_of_this_machine_whatever_its_runtime(aws: Aws) -> None:
    # docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html. Hence the setting bundle_for="this-machine".
    runtime = "python3.12" if sys.version_info[:2] != (3, 12) else "python3.13"
    source = "import sys\ndef handler(event, context): return list(sys.version_info[:2])"

    function = aws.function(source, runtime=runtime)

    assert aws.call(function) == list(sys.version_info[:2])


def test_differs_a_function_sees_packages_that_are_not_in_its_bundle(aws: Aws) -> None:
    # docs.aws.amazon.com/lambda/latest/dg/python-package.html. Hence a test of the bundle that does not trust this one.
    function = aws.function("def handler(event, context): import pytest; return pytest.__name__")

    assert aws.call(function) == "pytest"


def test_differs_a_function_needs_no_permission(aws: Aws) -> None:
    # docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html: AccessDenied, as the role allows
    # nothing. Roles count in test_least_privilege.py.
    source = "import boto3\ndef handler(event, context): return len(boto3.client('s3').list_buckets()['Buckets'])"
    bucket = aws.bucket()

    function = aws.function(source)

    assert bucket
    assert aws.call(function) >= 1


def test_differs_an_environment_of_more_than_4_kilobytes_is_taken(aws: Aws) -> None:
    # docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html. Hence the check in stacks/config/config.py.
    function = aws.function("import os\ndef handler(event, context): return len(os.environ['LONG'])")

    aws.functions.update_function_configuration(FunctionName=function, Environment={"Variables": {"LONG": "x" * 5000}})

    assert aws.call(function) == 5000


def test_differs_a_queue_may_hide_messages_for_less_than_the_function_may_run(aws: Aws) -> None:
    # docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html: the mapping is refused. Hence the check in
    # stacks/config/config.py.
    queue = aws.queue(VisibilityTimeout="5")
    function = aws.function("def handler(event, context): return {'batchItemFailures': []}", timeout=30)

    aws.consume(queue, function)

    aws.sqs.send_message(QueueUrl=queue, MessageBody="a job")
    eventually(lambda: aws.is_empty(queue))


def test_differs_a_failed_message_that_is_not_in_the_batch_fails_nothing(aws: Aws) -> None:
    # docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html: the whole batch has failed. Hence a test of
    # the handler that it returns ids of its batch alone.
    queue = aws.queue()
    function = aws.function("def handler(event, context): return {'batchItemFailures': [{'itemIdentifier': 'nobody'}]}")
    aws.consume(queue, function)

    aws.sqs.send_message(QueueUrl=queue, MessageBody="a job")

    eventually(lambda: aws.is_empty(queue))


def test_differs_a_batch_window_is_not_waited_for(aws: Aws) -> None:
    # docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html: up to five minutes to fill a batch
    queue = aws.queue()
    function = aws.function("def handler(event, context): return {'batchItemFailures': []}")
    aws.consume(queue, function, BatchSize=10, MaximumBatchingWindowInSeconds=300)

    aws.sqs.send_message(QueueUrl=queue, MessageBody="a job")

    eventually(lambda: aws.is_empty(queue))


def test_differs_dead_letters_cannot_be_moved_back_by_the_queue_itself(aws: Aws) -> None:
    # docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
    dead_letters = aws.queue()
    redrive = {"deadLetterTargetArn": aws.arn(dead_letters), "maxReceiveCount": 1}
    aws.queue(RedrivePolicy=json.dumps(redrive))

    refused = refusal(aws.sqs.start_message_move_task, SourceArn=aws.arn(dead_letters))

    assert refused == (400, "InvalidAction")


def test_differs_metrics_that_a_function_logs_reach_no_alarm(aws: Aws) -> None:
    # docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    embedded = {
        "_aws": {
            "Timestamp": 0,
            "CloudWatchMetrics": [
                {"Namespace": "Differs", "Dimensions": [[]], "Metrics": [{"Name": "Jobs", "Unit": "Count"}]}
            ],
        },
        "Jobs": 1,
    }
    function = aws.function(f"def handler(event, context): print({json.dumps(embedded)!r})")

    aws.call(function)

    assert aws.cloudwatch.list_metrics(Namespace="Differs")["Metrics"] == []


def test_differs_queues_have_no_metrics(aws: Aws) -> None:
    # docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    aws.sqs.send_message(QueueUrl=aws.queue(), MessageBody="a job")

    assert aws.cloudwatch.list_metrics(Namespace="AWS/SQS")["Metrics"] == []


def test_differs_a_stack_with_a_saved_query_is_refused(aws: Aws) -> None:
    # docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-querydefinition.html. Hence the
    # setting monitoring=False in darkroom/local/synthesis.py.
    query = {"Type": "AWS::Logs::QueryDefinition", "Properties": {"Name": "all", "QueryString": "fields @message"}}

    refused = refusal(
        aws.cloudformation.create_stack,
        StackName="saved-query",
        TemplateBody=json.dumps({"Resources": {"Query": query}}),
    )

    assert refused == (400, "ValidationError")
