"""Names of the stack's outputs."""

from enum import StrEnum


class Output(StrEnum):
    """An output of the stack, by its logical id."""

    UPLOADS_BUCKET = "UploadsBucket"
    DERIVED_BUCKET = "DerivedBucket"
    JOBS_QUEUE_URL = "JobsQueueUrl"
    DEAD_LETTER_QUEUE_URL = "DeadLetterQueueUrl"
    FUNCTION_NAME = "FunctionName"
