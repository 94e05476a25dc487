"""A pipeline that is deployed, as a command finds it: nothing is asked of AWS before a client is made."""

import json
from dataclasses import replace

import boto3

from darkroom.pipeline.client import Pipeline


def deployed(endpoint_url: str | None = None) -> Pipeline:
    """A pipeline on AWS, or at an endpoint."""
    return Pipeline(
        session=boto3.Session("test", "test", region_name="eu-west-1"),
        endpoint_url=endpoint_url,
        stack_name="Darkroom",
        uploads_bucket="uploads",
        derived_bucket="derived",
        jobs_queue_url="https://sqs.eu-west-1.amazonaws.com/123456789012/jobs",
        dead_letter_queue_url="https://sqs.eu-west-1.amazonaws.com/123456789012/dead-letters",
        function_name="resize",
    )


def with_queues(pipeline: Pipeline) -> Pipeline:
    """The pipeline with queues of its own, which nothing consumes."""
    sqs = pipeline.client("sqs")
    dead_letters = sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    return replace(
        pipeline,
        jobs_queue_url=sqs.create_queue(QueueName="jobs", Attributes={"RedrivePolicy": redrive})["QueueUrl"],
        dead_letter_queue_url=dead_letters,
    )
