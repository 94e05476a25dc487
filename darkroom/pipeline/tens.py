"""Puts things together as SQS takes them: ten in a request."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
_TEN = 10


def in_tens(items: Iterable[Item]) -> Iterator[tuple[Item, ...]]:
    """Group items ten by ten, in order; the last group has what is left."""
    remaining = iter(items)
    while ten := tuple(islice(remaining, _TEN)):
        yield ten
