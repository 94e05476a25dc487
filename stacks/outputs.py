"""Names of the stack's outputs."""

from enum import StrEnum


class Output(StrEnum):
    """An output of the stack, by its logical id."""

    UPLOADS_BUCKET = "UploadsBucket"
    DERIVED_BUCKET = "DerivedBucket"
    JOBS_QUEUE_URL = "JobsQueueUrl"
    DEAD_LETTER_QUEUE_URL = "DeadLetterQueueUrl"
    FUNCTION_NAME = "FunctionName"


class EventsOutput(StrEnum):
    """An output of a stack that announces outcomes, by its logical id.

    The bus where EventBridge is the target.
    """

    EVENTS_QUEUE_URL = "EventsQueueUrl"
    EVENT_DEAD_LETTER_QUEUE_URL = "EventDeadLetterQueueUrl"
    ANNOUNCE_FUNCTION_NAME = "AnnounceFunctionName"
    EVENT_BUS_NAME = "EventBusName"


class UploadsOutput(StrEnum):
    """An output of a stack whose uploads bucket is not its own, by its logical id."""

    NOTIFIED_BY = "UploadsNotifiedBy"


class DerivedOutput(StrEnum):
    """An output of a stack whose derived bucket is not its own, by its logical id.

    With it the keys of all that is made start. CloudFormation takes no empty output, so it is there if there is one.
    """

    PREFIX = "DerivedPrefix"


class DeliveryOutput(StrEnum):
    """An output of a stack whose variants a distribution delivers, by its logical id.

    The URL is where the keys of the derived bucket begin, without a slash at its end. The signing keys, where there are
    some, are the fingerprint of each and CloudFront's id of it, `1f0c…:K2JC…`, between commas.
    """

    URL = "DeliveryUrl"
    DISTRIBUTION_ARN = "DistributionArn"
    SIGNING_KEYS = "SigningKeys"


class LogOutput(StrEnum):
    """An output of the stack `Log`, by its logical id.

    What a reader of the log needs to know.
    """

    CLUSTER_ARN = "ClusterArn"
    BOOTSTRAP_SERVERS = "BootstrapServers"
    SUBNETS = "Subnets"
    SECURITY_GROUP = "SecurityGroup"
