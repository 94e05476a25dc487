"""Writes docs/scale.md from what the simulation found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resize.imaging.engine import Engine
from simulation.costs import PriceList
from simulation.findings import Finding
from simulation.parameters import Parameters
from simulation.report import plots
from simulation.tables import Table, duration, share

_HOW = """\
## How it is simulated, and what it cannot say

Nothing here was measured on AWS: the rules are what AWS documents, each with its page in
[limits.py](../simulation/aws/limits.py), and the rest is assumed, each with its reason in
[assumptions.json](../simulation/assumptions.json).

- **Two models.** The event simulation (SimPy) runs every message, poller and invocation; it answers for windows,
  visibility, outages and S3's request rates. A hundred million messages are too many for it, so volumes, bursts and
  cost come from a flow simulation with the same ramp, batches and service times, second by second. A test holds the
  two against each other where both can run: within a tenth in queue age, concurrency and what is billed.
- **Jobs.** Two reads, rendering, one write for each variant side by side, and one for the manifest; jobs of a batch
  overlap, and each processor renders one image at a time. S3's latencies are constant.
- **The event source mapping.** It starts with five concurrent invocations, adds up to 300 a minute while messages are
  left, and ends at `max_concurrency`. AWS does not say which pollers go when traffic is low: here those whose long poll
  of 20 s came back empty. Real ones may go sooner; then batches are fuller, and Lambda costs a little less.
- **Age** is that of the oldest job that no consumer has received yet.
- **S3's request rates** are those of a prefix that S3 has not split further. It splits them as load goes on; AWS names
  no time.
- **Left out:** other functions of the account, throttling at the account's limit, regions that fail, images that are
  rejected (they cost less), animations (they cost more), uploading, storing and serving, alarms and dashboards.

Change a number and run `make scale` again: the same files give the same page. `make scale-measure` measures this
machine's service times first.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that the page tells."""

    of_engines: Mapping[Engine, Parameters]
    measured_on: str
    price_list: PriceList
    lines: Table
    by_volume: Table
    gigabytes: float
    job_requests: Table
    volumes: Table
    findings: Sequence[Finding]
    request_rates: Table
    request_rates_text: str
    in_flight: Table
    in_flight_text: str
    pollers: Table
    one_upload: Table


def write(report: Report) -> str:
    """Write the page."""
    return "\n".join(
        (
            "# Scale and cost\n",
            "`make scale` writes this page: a seeded simulation of SQS, Lambda and S3 as AWS documents them, fed with",
            "service times measured on one machine. It tells where each setting starts to hurt, and what a million",
            "uploads cost.\n",
            _summary(report.findings),
            cost(report.lines, report.by_volume, report.price_list, report.gigabytes),
            requests_of_jobs(report.job_requests),
            _volumes(report.volumes),
            one_upload_section(report.one_upload),
            "## Where each setting starts to hurt\n",
            *(finding_section(finding) for finding in report.findings),
            f"### S3's request rates\n\n{report.request_rates_text}\n\n{report.request_rates.to_markdown()}\n",
            in_flight_section(report.in_flight_text, report.in_flight),
            _pollers(report.pollers),
            service_times(report.of_engines, report.measured_on),
            _HOW,
        )
    )


def _summary(findings: Sequence[Finding]) -> str:
    rows = tuple(
        (f"`{finding.setting}`", f"`{finding.default}`", "yes" if finding.is_supported else "**no**", finding.supports)
        for finding in findings
    )
    table = Table(("setting", "default", "supported", "why"), rows)
    return f"## The defaults, and whether this supports them\n\n{table.to_markdown()}\n"


def cost(lines: Table, by_volume: Table, price_list: PriceList, gigabytes: float) -> str:
    """Write the section on cost."""
    return (
        "## What a million uploads cost\n\n"
        f"With every setting at its default, at a million uploads a day. "
        f"Prices: {price_list.region}, {price_list.date}.\n"
        "They stand in [prices.json](../simulation/prices.json), with their pages: edit them, and run `make scale`.\n\n"
        f"{lines.to_markdown()}\n\n"
        "It depends on the volume: at a low one most batches hold one job, and the metrics' monthly price falls on\n"
        "few uploads. Here `max_concurrency` is 1,000, which carries all of these. Beside it stands what the "
        "renditions\n"
        f"cost that come out, {gigabytes:,.0f} GB of a million uploads by the [photographs that were measured]"
        "(encoding.md): to keep\nthem in S3, and to send each of them so often, at the price of CloudFront's first "
        "tier.\n\n"
        f"{by_volume.to_markdown()}\n\n"
        f"![USD for a million uploads at each volume, by service]({plots.COST})\n"
    )


def with_table(text: str, table: Table) -> str:
    """Put a table in the place of its like, in a page that people write."""
    start = text.index(f"| {table.header[0]} | {table.header[1]} |")
    return text[:start] + table.to_markdown() + text[text.index("\n\n", start) :]


def requests_of_jobs(table: Table) -> str:
    """Write the section on jobs that are no fresh upload's."""
    return (
        "### What each kind of job asks of S3\n\n"
        "The bill above is of fresh uploads. Of the others a million cost this in requests; DELETE is free. A second\n"
        "receive looks for what the first may have written before it was killed, in each format of each variant.\n\n"
        f"{table.to_markdown()}\n"
    )


def _volumes(table: Table) -> str:
    return (
        "## From ten thousand to a hundred million uploads a day\n\n"
        f"![Queue age and concurrency around a burst]({plots.BURST})\n\n"
        f"![Queue age and concurrency at each volume]({plots.LIMITS})\n\n"
        f"{table.to_markdown()}\n"
    )


def one_upload_section(table: Table) -> str:
    """Write the section on the time from an upload to its manifest."""
    return (
        "## Where the time of one upload goes\n\n"
        "From the PUT of a photograph of the mean size to the PUT of its manifest, while the function is warm and "
        "nothing\nwaits before it. What S3 takes to send its event, and SQS to hand it over, AWS does not say: it is "
        "left out.\n\n"
        f"{table.to_markdown()}\n"
    )


def finding_section(finding: Finding) -> str:
    """Write the section on one setting."""
    return f"### {finding.setting}: {finding.default}\n\n{finding.hurts}\n\n{finding.table.to_markdown()}\n"


def in_flight_section(text: str, table: Table) -> str:
    """Write the section on SQS's limit of messages in flight."""
    return f"### SQS's limit of messages in flight\n\n{text}\n\n{table.to_markdown()}\n"


def _pollers(table: Table) -> str:
    return (
        "### provisioned_pollers: null\n\n"
        "Pollers kept ready start a burst with more invocations and add more a minute; they cost money whether or not\n"
        "anything comes. An account's concurrency, 1,000 unless raised and less in a new account, limits both ways.\n\n"
        f"{table.to_markdown()}\n"
    )


def service_times(of_engines: Mapping[Engine, Parameters], measured_on: str) -> str:
    """Write the section on what a job takes."""
    photographs = zip(*(each.photographs for each in of_engines.values()), strict=True)
    rows = tuple(
        (
            f"{first.megapixels} megapixels",
            f"{first.bytes / 1e6:.1f} MB",
            *(duration(each.render_seconds) for each in (first, *others)),
            share(first.share),
        )
        for first, *others in photographs
    )
    heads = (f"processor time of all renditions, {engine}" for engine in of_engines)
    table = Table(("JPEG", "weighs", *heads, "assumed share of uploads"), rows)
    starts = " and ".join(f"{duration(each.start_seconds)} ({engine})" for engine, each in of_engines.items())
    return (
        "## Service times\n\n"
        f"Measured on {measured_on}: processor time on one core, medians.\n"
        "What one vCPU of Lambda on arm64 takes for it is an assumption, `processor_factor` in\n"
        "[assumptions.json](../simulation/assumptions.json), by which all of this is multiplied: put in yours.\n"
        f"A fresh function is ready after {starts} of processor time.\n\n"
        f"{table.to_markdown()}\n"
    )
