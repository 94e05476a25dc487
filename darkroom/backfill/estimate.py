"""Estimate the cost and duration of a backfill."""

from dataclasses import dataclass

# AWS's list prices of 2026 in us-east-1, in USD for a million: aws.amazon.com/s3/pricing, aws.amazon.com/sqs/pricing,
# aws.amazon.com/lambda/pricing. A job reads the upload, twice, its manifest and each variant's place, and writes each
# variant and the manifest; Lambda takes 3 to 12 by the image's size.
_MILLION = 1_000_000
READ_DOLLARS = 0.40
WRITE_DOLLARS = 5.00
# Of a job: it is sent, received and deleted, alone or in a batch.
MESSAGE_DOLLARS = 1.00
_LAMBDA = 12.00

# What looking at manifests reaches from a place near the region, a second: an order of magnitude, for an estimate.
_LOOKS_A_SECOND = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """How long a backfill takes and what it costs, in USD.

    Looking at all of its keys, and at most, if all are jobs. `renditions` is how many are made then, of all keys.
    """

    keys: int
    rate: int
    renditions: int

    @property
    def looking_seconds(self) -> float:
        """How long it takes to look at every manifest, about."""
        return self.keys / _LOOKS_A_SECOND

    @property
    def most_seconds(self) -> float:
        """How long it takes to send a job for every key, beside looking."""
        return self.looking_seconds + self.keys / self.rate

    @property
    def looking_dollars(self) -> float:
        """What it costs to read every manifest."""
        return self.keys * READ_DOLLARS / _MILLION

    @property
    def most_dollars(self) -> float:
        """What it costs if every key is a job.

        Its requests, its message, and Lambda for large images.
        """
        of_a_key = (1 + 3) * READ_DOLLARS + WRITE_DOLLARS + MESSAGE_DOLLARS + _LAMBDA
        of_a_rendition = READ_DOLLARS + WRITE_DOLLARS
        return self.looking_dollars + (self.keys * of_a_key + self.renditions * of_a_rendition) / _MILLION
