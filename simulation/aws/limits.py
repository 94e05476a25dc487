"""What AWS documents about SQS, Lambda and S3.

Each number with its page, and nothing that is not documented.
"""

# --- SQS: docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html ---
# Messages received and neither deleted nor visible again. With long polling, a full queue answers with no messages.
IN_FLIGHT_MESSAGES = 120_000
# The longest a ReceiveMessage call waits, and the most that it brings.
LONG_POLL_SECONDS = 20.0
MESSAGES_A_RECEIVE = 10

# --- Event source mapping: docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html ---
# Where it starts, and what it scales back to when traffic is low. Down to two without MaximumConcurrency.
FIRST_INVOCATIONS = 5
# How fast it adds concurrent invocations while messages are left, and where that ends.
INVOCATIONS_A_MINUTE = 300
MOST_INVOCATIONS = 1_250
# In provisioned mode each event poller runs up to so many invocations, and the mapping adds so many a minute.
INVOCATIONS_A_POLLER = 10
PROVISIONED_INVOCATIONS_A_MINUTE = 1_000

# --- Lambda ---
# All functions of an account in a region share it; it can be raised:
# docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
ACCOUNT_CONCURRENCY = 1_000
# A function's new environments: docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html. Every ramp above is slower.
ENVIRONMENTS_IN_TEN_SECONDS = 1_000
# The memory that has the processor of one vCPU: docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
MEGABYTES_A_VCPU = 1_769

# --- S3 ---
# A partitioned prefix serves at least so many requests a second, and answers 503 to more until S3 has split it:
# docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html
PUTS_A_SECOND = 3_500
GETS_A_SECOND = 5_500
# What one request transfers: docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance-design-patterns.html
BYTES_A_SECOND = 85_000_000
# botocore waits a random share of 1, 2, 4 … seconds, at most 20, before it tries again:
# docs.aws.amazon.com/boto3/latest/guide/retries.html (mode "standard")
MOST_BACKOFF_SECONDS = 20.0
