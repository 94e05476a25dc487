"""How many invocations run at once.

Where an event source mapping starts, how fast it adds, and where it ends.
"""

from dataclasses import dataclass

from simulation.aws.limits import (
    ACCOUNT_CONCURRENCY,
    FIRST_INVOCATIONS,
    INVOCATIONS_A_MINUTE,
    INVOCATIONS_A_POLLER,
    MOST_INVOCATIONS,
    PROVISIONED_INVOCATIONS_A_MINUTE,
)
from stacks.config.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """Concurrent invocations.

    The first and the least, those that each minute adds at most, and the most.
    """

    first: int
    a_minute: int
    most: int


def scaling_of(config: Config, account_concurrency: int = ACCOUNT_CONCURRENCY) -> Scaling:
    """Give the scaling of a mapping.

    docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html. What the account does not have is cut off here. Real
    throttling would be worse: each throttled batch is a receive.
    """
    pollers = config.provisioned_pollers
    if pollers is not None:
        return Scaling(
            first=min(pollers.minimum * INVOCATIONS_A_POLLER, account_concurrency),
            a_minute=PROVISIONED_INVOCATIONS_A_MINUTE,
            most=min(pollers.maximum * INVOCATIONS_A_POLLER, account_concurrency),
        )
    most = min(config.max_concurrency or MOST_INVOCATIONS, MOST_INVOCATIONS, account_concurrency)
    return Scaling(first=min(FIRST_INVOCATIONS, most), a_minute=INVOCATIONS_A_MINUTE, most=most)
