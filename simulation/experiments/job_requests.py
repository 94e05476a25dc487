"""What each kind of job asks of S3.

Counted for a configuration, and priced for a million of them.
"""

from dataclasses import dataclass

from resize.imaging.variants import EXTENSIONS
from simulation.aws.invocation import requests_a_job
from simulation.aws.storage import Method
from simulation.costs import MILLION, PriceList
from simulation.tables import Table, usd
from stacks.config.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequests:
    """The S3 requests of a job.

    GET and HEAD, PUT and LIST, which cost as much as each other. DELETE is free.
    """

    kind: str
    reads: int
    writes: int

    def usd(self, price_list: PriceList) -> float:
        """What a million of these requests come to, in US dollars."""
        read, write = price_list.prices["s3_get"], price_list.prices["s3_put"]
        return MILLION * (self.reads * read.usd / read.per + self.writes * write.usd / write.per)


def job_requests(config: Config) -> tuple[JobRequests, ...]:
    """Count the requests of each kind of job.

    A job that may have been killed before looks in the folder of each variant for what it wrote, in each format.
    """
    fresh = requests_a_job(config)
    reads, writes, variants = fresh[Method.GET], fresh[Method.PUT], len(config.variants)
    places = variants * len(EXTENSIONS)
    kinds = (
        ("a fresh upload", reads, writes),
        ("an upload that replaces another", reads + 1, writes),
        ("a job delivered again that was done", 1, 0),
        ("a job superseded before it began", reads, 0),
        ("the same, on its second receive", reads + 1 + places, 1),
        ("a job killed before its first write, on its second receive", reads + places - variants, writes + 1),
        ("the deletion of an old version", reads + variants, 0),
        ("a folder's marker", reads, 0),
    )
    return tuple(JobRequests(kind=kind, reads=read, writes=written) for kind, read, written in kinds)


def to_table(config: Config, price_list: PriceList) -> Table:
    """Tell them, with their price."""
    rows = tuple(
        (each.kind, str(each.reads), str(each.writes), usd(each.usd(price_list))) for each in job_requests(config)
    )
    return Table(("job", "GET, HEAD", "PUT, LIST", "USD for a million"), rows)
