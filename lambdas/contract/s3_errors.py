"""Read the code of an S3 error, and detect missing objects."""

from botocore.exceptions import BotoCoreError, ClientError

MISSING_CODES = {"404", "NoSuchKey", "NoSuchVersion", "NotFound"}


def error_code(error: ClientError | BotoCoreError) -> str:
    """Name what went wrong.

    S3's error code, or the kind of the failure where S3 gave no answer.
    """
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__


def is_missing(error: ClientError | BotoCoreError) -> bool:
    """Tell whether S3 says that there is no such object.

    It names the key in its answer. One with a character that XML cannot hold makes that unreadable, and then "404" is
    all that is known: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
    """
    return error_code(error) in MISSING_CODES
