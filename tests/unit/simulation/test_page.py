"""The bill is worked out by hand, and docs/scale.md and docs/cost.md are what the simulation's files say."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from resize.imaging.engine import Engine
from resize.imaging.variants import Format, Variant
from simulation.__main__ import measured_on
from simulation.aws.event_source import Usage
from simulation.costs import bill, load_prices, usd_by_service
from simulation.delivery import Kept, bytes_of_renditions, gigabytes_of_a_million, usd_of_keeping, usd_of_sending
from simulation.experiments import cost_tables, failures, job_requests, one_upload, outage, throughput
from simulation.parameters import ASSUMPTIONS, ROOT, default_config, load
from simulation.report import page
from simulation.tables import Table, count, duration, share
from stacks.config.config import Config
from stacks.config.rules import Pollers
from support.command.parameters import PHOTOGRAPH, parameters

PAGE = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
COST = (ROOT / "docs" / "cost.md").read_text(encoding="utf-8")
PRICES = load_prices()
OF_ENGINES = {engine: load(engine) for engine in Engine}
USAGE = Usage(jobs=100_000, invocations=10_000, billed_seconds=40_000, receives=20_000, deletes=10_000)


def test_a_bill_is_what_one_works_out_by_hand() -> None:
    config = Config(memory_mb=2048)

    lines = bill(USAGE, config, parameters(), PRICES, uploads_a_day=1_000_000)

    # A million jobs: ten times the usage, over one day; the first trace of each second is all of 86,400 of 100,000.
    assert usd_by_service(lines) == pytest.approx(
        {
            "S3": 4_000_000 * 0.005 / 1000 + 2_000_000 * 0.0004 / 1000,
            "Lambda": 400_000 * 2 * 0.0000133334 + 100_000 * 0.20 / 1e6,
            "SQS": (1_000_000 + 200_000 + 100_000) * 0.40 / 1e6,
            "CloudWatch": (500 * 1e6 + 1000 * 1e5) / 1e9 * 0.50 + 8 * 0.30 / 30,
        }
    )


def test_traces_are_on_the_bill_of_who_turns_them_on() -> None:
    traced = bill(USAGE, Config(tracing=True), parameters(), PRICES, uploads_a_day=1_000_000)

    assert usd_by_service(traced)["X-Ray"] == pytest.approx((86_400 + 13_600 * 0.05) * 5 / 1e6)


def measured_in(folder: Path, *rows: tuple[int, str, int, int, int]) -> Path:
    """A file of measurements: side, format, quality, effort and bytes."""
    names = ("side", "format", "quality", "effort", "bytes")
    path = folder / "encoding.json"
    path.write_text(json.dumps({"trials": [dict(zip(names, row, strict=True)) for row in rows]}), encoding="utf-8")
    return path


def test_the_bytes_of_an_upload_are_the_means_of_its_variants_at_the_nearest_size(tmp_path: Path) -> None:
    measured = measured_in(
        tmp_path,
        (320, "webp", 80, 4, 10),
        (320, "webp", 80, 4, 30),
        (320, "webp", 72, 4, 5),
        (800, "webp", 80, 4, 100),
        (800, "avif", 56, 2, 70),
    )
    small = Variant(name="small", width=300, height=200, format=Format.WEBP)
    large, other = (Variant(name=name, width=1000, format=Format(name)) for name in ("webp", "avif"))

    assert bytes_of_renditions((small, large, other), measured) == 20 + 100 + 70


@pytest.mark.parametrize(
    ("variant", "said"),
    [
        (Variant(name="own", width=9, format=Format.WEBP, quality=81), "webp at quality 81 and effort 4 was not"),
        (Variant(name="as", width=9, format=None), "as: what it becomes depends on the upload"),
    ],
)
def test_what_was_not_measured_is_not_guessed(tmp_path: Path, variant: Variant, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        bytes_of_renditions([variant], measured_in(tmp_path, (320, "webp", 80, 4, 10)))


def test_keeping_and_sending_cost_what_one_works_out_by_hand() -> None:
    assert usd_of_keeping(100, Kept(months=12, deliveries=(10,)), PRICES) == pytest.approx(100 * 12 * 0.023)
    assert usd_of_sending(100, 10, PRICES) == pytest.approx(100 * 10 * 0.085)


def test_pollers_that_are_kept_ready_are_on_the_bill_whatever_comes() -> None:
    pollers = Config(max_concurrency=None, provisioned_pollers=Pollers(minimum=4, maximum=20))

    lines = bill(USAGE, pollers, parameters(), PRICES, uploads_a_day=500_000)

    assert [line.usd for line in lines if "pollers" in line.what] == [pytest.approx(4 * 48 * 0.00925)]


def test_an_x86_function_is_billed_at_its_own_price() -> None:
    arm, x86 = (
        usd_by_service(bill(USAGE, Config(architecture=name), parameters(), PRICES, uploads_a_day=1e6))["Lambda"]
        for name in ("arm64", "x86_64")
    )

    assert x86 > arm


def test_every_price_names_its_page() -> None:
    assert [name for name, price in PRICES.prices.items() if not price.page.startswith("aws.amazon.com/")] == []


def test_every_assumption_says_why() -> None:
    assumptions = json.loads(ASSUMPTIONS.read_text(encoding="utf-8"))

    assert [name for name, assumption in assumptions.items() if len(assumption["why"]) < 20] == []


def test_shares_that_do_not_add_up_to_one_are_refused(tmp_path: Path) -> None:
    assumptions = json.loads(ASSUMPTIONS.read_text(encoding="utf-8"))
    assumptions["photographs"]["value"]["2"] += 0.5
    changed = tmp_path / "assumptions.json"
    changed.write_text(json.dumps(assumptions), encoding="utf-8")

    with pytest.raises(ValueError, match=r"assumptions.json: photographs: the shares add up to 1.5, not to 1"):
        load(assumptions=changed)


def test_the_page_tells_the_cost_that_the_files_come_to() -> None:
    config, measured = default_config(), load()
    tables = [make(config, measured, PRICES) for make in (cost_tables.line_by_line, cost_tables.by_volume)]

    assert page.cost(tables[0], tables[1], PRICES, gigabytes_of_a_million(config.variants)) in PAGE


def test_the_page_on_cost_has_the_same_table_and_keeps_what_people_wrote_around_it() -> None:
    table = cost_tables.by_volume(default_config(), load(), PRICES)

    assert page.with_table(COST, table) == COST
    assert page.with_table("Before.\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\nAfter.\n", Table(("a", "b"), ())) == (
        "Before.\n\n| a | b |\n| --- | --- |\n\nAfter.\n"
    )


def test_the_page_tells_what_each_kind_of_job_asks_of_s3() -> None:
    assert page.requests_of_jobs(job_requests.to_table(default_config(), PRICES)) in PAGE


def test_the_page_tells_where_the_time_of_one_upload_goes() -> None:
    assert page.one_upload_section(one_upload.one_upload(default_config(), OF_ENGINES)) in PAGE


def test_what_one_upload_waits_for_adds_up_to_what_half_of_the_uploads_wait() -> None:
    config, measured = replace(default_config(), batch_window_seconds=2), parameters()

    steps = one_upload.steps(config, measured)

    assert sum(steps.values()) == pytest.approx(2 + 0.03 + 0.4 + 0.06 + 0.06)
    assert one_upload.median_wait(config, measured) == pytest.approx(sum(steps.values()), rel=0.05)


def test_the_page_tells_the_service_times_that_were_measured() -> None:
    assert page.service_times(OF_ENGINES, measured_on()) in PAGE


@pytest.mark.parametrize("setting", [throughput.batch_size, throughput.jobs_at_once, throughput.memory_mb])
def test_the_page_tells_of_a_setting_what_the_simulation_finds(setting: type) -> None:
    finding = setting(default_config(), load(), PRICES)

    assert page.finding_section(finding) in PAGE
    assert finding.is_supported


def test_the_page_tells_how_many_receives_bear_what() -> None:
    finding = failures.max_receive_count(default_config())

    assert page.finding_section(finding) in PAGE
    assert finding.is_supported


def test_the_page_tells_from_which_volume_on_an_outage_reaches_sqs_limit_of_messages_in_flight() -> None:
    assert outage.in_flight_text(default_config()) in PAGE


@pytest.mark.long
def test_the_page_tells_how_many_jobs_an_outage_has_in_flight() -> None:
    config = default_config()

    assert page.in_flight_section(outage.in_flight_text(config), outage.in_flight(config, load())) in PAGE


def test_the_page_says_of_every_setting_it_looks_at_that_its_default_is_supported() -> None:
    settings = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.+?) \|", PAGE, re.MULTILINE)

    assert len(rows) == 7
    assert rows == [(setting, json.dumps(settings[setting]), "yes") for setting, _, _ in rows]


def test_a_setting_that_could_be_better_is_said_to_be_so() -> None:
    finding = throughput.memory_mb(replace(default_config(), memory_mb=3538), load(), PRICES)

    assert not finding.is_supported


def test_every_picture_of_the_page_is_there_and_light() -> None:
    pictures = re.findall(r"!\[.+\]\((.+)\)", PAGE)

    assert len(pictures) == 3
    assert [name for name in pictures if not 0 < (ROOT / "docs" / name).stat().st_size < 150_000] == []


def test_the_readme_tells_the_same_cost() -> None:
    lines = cost_tables.bill_of(cost_tables.TYPICAL, default_config(), load(), PRICES)
    about = re.search(r"About .*? metrics,", COST, re.DOTALL)
    costs = usd_by_service(lines)

    assert about is not None
    told = (sum(costs.values()), *(costs[service] for service in ("S3", "Lambda", "SQS", "CloudWatch")))
    assert [float(number) for number in re.findall(r"\d+\.\d", about[0])] == [round(amount, 1) for amount in told]


def test_numbers_are_written_for_reading() -> None:
    assert [count(number) for number in (0.083, 5, 48.17, 123_456, 1_234_567)] == [
        *("0.083", "5", "48.2", "123,456", "1.23 million"),
    ]
    assert [duration(seconds) for seconds in (0.42, 48, 840, 10_800)] == ["0.42 s", "48 s", "14 min", "3.0 h"]
    assert [share(part) for part in (0, 0.0052, 0.27)] == ["0", "0.52 %", "27 %"]
    assert Table(("a", "b"), (("1", "2"),)).to_markdown() == "| a | b |\n| --- | --- |\n| 1 | 2 |"
    assert PHOTOGRAPH.share == 1
