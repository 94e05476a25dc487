"""What the comparison says, as tables, and its place in docs/queue-or-log.md."""

import re
from collections.abc import Sequence

from benchmarks.queue_or_log.burst import BATCH, IMAGES, OUTCOMES, QUICK, TRIES, Found, Message
from darkroom.event_log.jars import KAFKA
from darkroom.event_log.topic import PARTITIONS
from simulation.costs import DAYS_A_MONTH, MILLION, PriceList

BEGIN, END = "<!-- made by `make compare` from here on -->\n", "<!-- to here -->\n"
_HOURS_A_MONTH = DAYS_A_MONTH * 24
_MONTHS = (1, 100, 1_000)
_GIGABYTE = 10**9
_BROKERS = 2


def put_into(page: str, tables: str) -> str:
    """Replace what a run before has put into the page.

    Raises:
        ValueError: the page has no place for it.
    """
    replaced, count = re.subn(
        f"(?<={re.escape(BEGIN)}).*?(?={re.escape(END)})", lambda _: tables, page, flags=re.DOTALL
    )
    if count != 1:
        raise ValueError(f"The page has {count} places for the comparison, not one.")
    return replaced


def tables(queues: Found, log: Found, messages: Sequence[Message], prices: PriceList) -> str:
    """Write both tables."""
    size = sum(len(message.body) + len(message.key.encode()) for message in messages)
    return f"\n{_what_each_does(queues, log)}\n{_what_each_costs(queues, size, prices)}\n"


def _what_each_does(queues: Found, log: Found) -> str:
    rows = [
        ("one queue, one topic: what a quick and a slow reader saw of it", _pair(queues.shared), _pair(log.shared)),
        (
            f"a queue each, a group each: the quick reader has all; the slow one, {QUICK} times slower, has",
            f"{queues.slow_has:,}",
            f"{log.slow_has:,}",
        ),
        ("replay: read again afterwards", f"{queues.replayed:,}", f"{log.replayed:,}"),
        ("a reader that begins afterwards finds", f"{queues.late:,}", f"{log.late:,}"),
        (f"one event fails, at each of {TRIES} tries: done of the others", f"{queues.done:,}", f"{log.done:,}"),
        ("… waiting behind it", f"{queues.behind:,}", f"{log.behind:,}"),
        ("… set aside, without a line of the reader's own", f"{queues.aside:,}", f"{log.aside:,}"),
        ("requests that AWS bills, for two readers", f"{sum(queues.requests.values()):,}", "none"),
    ]
    what = f"{OUTCOMES:,} outcomes of {IMAGES:,} images, {BATCH} at a time"
    head = f"| {what} | SQS | Kafka {KAFKA}, {PARTITIONS} partitions |"
    return "\n".join(
        [head, "| --- | ---: | ---: |", *(f"| {what} | {one} | {other} |" for what, one, other in rows), ""]
    )


def _what_each_costs(queues: Found, size: int, prices: PriceList) -> str:
    head = (
        "| USD a month, for so many outcomes and two readers | queues, by the request | MSK Serverless | "
        f"{_BROKERS} small brokers of MSK |\n| --- | ---: | ---: | ---: |"
    )
    rows = []
    for millions in _MONTHS:
        outcomes = millions * MILLION
        gigabytes = size / OUTCOMES * outcomes / _GIGABYTE
        requested = _requests_usd(queues, prices) / OUTCOMES * outcomes
        serverless, brokers = _serverless_usd(gigabytes, prices), _brokers_usd(gigabytes, prices)
        rows.append(
            f"| {millions:,} million ({gigabytes:,.0f} GB) | {requested:,.2f} | {serverless:,.0f} | {brokers:,.0f} |"
        )
    return "\n".join([head, *rows, ""])


def _requests_usd(queues: Found, prices: PriceList) -> float:
    """What the requests come to that were counted: SNS bills those to its topic, SQS all others."""
    of_sns = sum(count for name, count in queues.requests.items() if name.startswith("Publish"))
    of_sqs = sum(queues.requests.values()) - of_sns
    return _usd(prices, "sns_request", of_sns) + _usd(prices, "sqs_request", of_sqs)


def _serverless_usd(gigabytes: float, prices: PriceList) -> float:
    """A month of a cluster with one topic that keeps a month, written once and read twice."""
    standing = _usd(prices, "msk_serverless_hour", _HOURS_A_MONTH)
    standing += _usd(prices, "msk_partition_hour", PARTITIONS * _HOURS_A_MONTH)
    moved = _usd(prices, "msk_gigabyte_in", gigabytes) + _usd(prices, "msk_gigabyte_out", 2 * gigabytes)
    return standing + moved + _usd(prices, "msk_gigabyte_month", gigabytes)


def _brokers_usd(gigabytes: float, prices: PriceList) -> float:
    """A month of the smallest brokers, each with a copy of all that a month brings."""
    hours = _usd(prices, "msk_small_broker_hour", _BROKERS * _HOURS_A_MONTH)
    return hours + _usd(prices, "msk_gigabyte_month", _BROKERS * gigabytes)


def _usd(prices: PriceList, name: str, quantity: float) -> float:
    price = prices.prices[name]
    return quantity / price.per * price.usd


def _pair(numbers: tuple[int, int]) -> str:
    return f"{numbers[0]:,} and {numbers[1]:,}"
