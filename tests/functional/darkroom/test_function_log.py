"""When the function's log is read: not before what is under way has ended, and not too long after."""

from itertools import count

from darkroom.local.local_pipeline import LocalPipeline
from darkroom.pipeline.client import Pipeline


def test_a_job_that_is_under_way_is_waited_for(pipeline: Pipeline) -> None:
    sqs = pipeline.client("sqs")
    sqs.send_message(QueueUrl=pipeline.jobs_queue_url, MessageBody="a job")
    (job,) = sqs.receive_message(QueueUrl=pipeline.jobs_queue_url)["Messages"]
    waits = []

    def end_the_job_at_the_third_wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            sqs.delete_message(QueueUrl=pipeline.jobs_queue_url, ReceiptHandle=job["ReceiptHandle"])

    LocalPipeline(pipeline=pipeline, emulator_log=None).wait_until_idle(60, sleep=end_the_job_at_the_third_wait)

    assert len(waits) == 3


def test_a_job_that_failed_and_is_tried_again_later_is_not_waited_for_longer_than_allowed(pipeline: Pipeline) -> None:
    sqs = pipeline.client("sqs")
    sqs.send_message(QueueUrl=pipeline.jobs_queue_url, MessageBody="a job")
    sqs.receive_message(QueueUrl=pipeline.jobs_queue_url)
    seconds, waits = count(), list[float]()

    LocalPipeline(pipeline=pipeline, emulator_log=None).wait_until_idle(
        10, clock=lambda: next(seconds), sleep=waits.append
    )

    assert len(waits) == 9
