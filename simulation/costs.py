"""What a million uploads cost, line by line.

How much of what, at which price of prices.json.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from simulation.aws.event_source import Usage
from simulation.aws.invocation import requests_a_job
from simulation.aws.storage import Method
from simulation.models.workload import DAY_SECONDS
from simulation.parameters import FOLDER, Parameters
from stacks.config.config import Config

PRICES = FOLDER / "prices.json"
MILLION = 1_000_000
DAYS_A_MONTH = 30
# X-Ray's default rule traces the first invocation of each second and one in twenty of the others:
# docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html
_FIRST_TRACES_A_SECOND = 1.0
_TRACED_SHARE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars for so many units, and AWS's page that says so."""

    usd: float
    per: int
    unit: str
    page: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """The prices of a region at a date."""

    region: str
    date: str
    prices: Mapping[str, Price]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """So much of something, for a million uploads."""

    service: str
    what: str
    quantity: float
    price: Price

    @property
    def usd(self) -> float:
        """What the line comes to, in US dollars."""
        return self.quantity / self.price.per * self.price.usd


def load_prices(path: Path = PRICES) -> PriceList:
    """Read the file of prices."""
    value = json.loads(path.read_text(encoding="utf-8"))
    prices = {name: Price(**price) for name, price in value["prices"].items()}
    return PriceList(region=value["region"], date=value["date"], prices=prices)


def bill(
    usage: Usage, config: Config, parameters: Parameters, price_list: PriceList, *, uploads_a_day: float
) -> tuple[Line, ...]:
    """Make the bill of a million uploads.

    The usage is of a simulated time in which `uploads_a_day` came. The upload's own PUT is not ours, and not in it;
    what keeping and sending the renditions costs is in delivery.py.
    """
    prices = price_list.prices
    scale = MILLION / usage.jobs
    requests = requests_a_job(config)
    invocations = usage.invocations * scale
    days = MILLION / uploads_a_day
    gigabytes = config.memory_mb / 1024
    log_bytes = MILLION * parameters.log_bytes_a_job + invocations * parameters.log_bytes_an_invocation
    pollers = config.provisioned_pollers
    lines = [
        ("S3", "write renditions and manifest", MILLION * requests[Method.PUT], "s3_put"),
        ("S3", "read manifest and original", MILLION * requests[Method.GET], "s3_get"),
        ("Lambda", "memory for its time", usage.billed_seconds * scale * gigabytes, f"lambda_{config.architecture}"),
        ("Lambda", "invoke", invocations, "lambda_request"),
        ("SQS", "send", MILLION, "sqs_request"),
        ("SQS", "receive, empty answers too", usage.receives * scale, "sqs_request"),
        ("SQS", "delete", usage.deletes * scale, "sqs_request"),
        ("CloudWatch", "take in the log", log_bytes / 1e9, "log_gigabyte"),
        ("CloudWatch", "keep our metrics", parameters.custom_metrics * days / DAYS_A_MONTH, "metric_month"),
    ]
    if config.tracing:
        lines.append(("X-Ray", "record traces", _traces(invocations, days * DAY_SECONDS), "trace"))
    if pollers is not None:
        lines.append(("Lambda", "keep pollers ready", pollers.minimum * days * 24, "poller_hour"))
    return tuple(
        Line(service=service, what=what, quantity=quantity, price=prices[price])
        for service, what, quantity, price in lines
    )


def _traces(invocations: float, seconds: float) -> float:
    first = min(invocations, seconds * _FIRST_TRACES_A_SECOND)
    return first + (invocations - first) * _TRACED_SHARE


def usd_by_service(lines: tuple[Line, ...]) -> dict[str, float]:
    """Add a bill up by service, in US dollars."""
    totals: dict[str, float] = {}
    for line in lines:
        totals[line.service] = totals.get(line.service, 0.0) + line.usd
    return totals
