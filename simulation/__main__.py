"""`make scale`: runs every experiment, and writes docs/scale.md and its pictures."""

import json
import sys
from pathlib import Path

from resize.imaging.engine import Engine
from simulation.costs import load_prices
from simulation.delivery import gigabytes_of_a_million
from simulation.experiments import cost_tables, failures, job_requests, one_upload, outage, pollers, throughput, volumes
from simulation.models.flow import jobs_a_second, most_jobs_a_second
from simulation.parameters import ROOT, SERVICE_TIMES, default_config, load
from simulation.report import plots
from simulation.report.page import Report, with_table, write
from simulation.tables import count

# Beside the default: what other functions of an account hardly miss, and what carries every volume.
CONCURRENCIES = (300, volumes.CARRYING_CONCURRENCY)


def main(folder: Path = ROOT / "docs") -> None:
    """Run, and write what was found."""
    config, prices = default_config(), load_prices()
    of_engines = {engine: load(engine) for engine in Engine}
    parameters = of_engines[config.engine]
    _tell("volumes and bursts")
    if config.max_concurrency is None:
        sys.exit("cdk.json: max_concurrency: null is not simulated; docs/scale.md compares provisioned_pollers")
    limits = sorted({config.max_concurrency, *CONCURRENCIES})
    looked = volumes.look_at(volumes.ALL_VOLUMES, limits, config, parameters, prices)
    plots.draw(looked, folder)
    _tell("the settings of throughput")
    findings = [
        throughput.max_concurrency(config, parameters),
        throughput.batch_size(config, parameters, prices),
        throughput.batch_window_seconds(config, parameters, prices),
        throughput.jobs_at_once(config, parameters, prices),
        throughput.memory_mb(config, parameters, prices),
    ]
    _tell("the settings of failure")
    findings += [failures.visibility_timeout_seconds(config, parameters), failures.max_receive_count(config)]
    _tell("S3's request rates, jobs in flight and provisioned pollers")
    new, split = (most_jobs_a_second(config, is_split=is_split) for is_split in (False, True))
    rate = jobs_a_second(config, parameters)
    report = Report(
        of_engines=of_engines,
        measured_on=measured_on(),
        price_list=prices,
        lines=cost_tables.line_by_line(config, parameters, prices),
        by_volume=cost_tables.by_volume(config, parameters, prices),
        gigabytes=gigabytes_of_a_million(config.variants),
        job_requests=job_requests.to_table(config, prices),
        volumes=volumes.to_table(looked),
        findings=findings,
        request_rates=failures.request_rates(config, parameters),
        request_rates_text=(
            f"A new derived bucket is one partition: its writes end at {count(new)} jobs a second, which "
            f"{count(new / rate)} invocations at once reach. Split by our first folders, `<variant>/` and "
            f"`manifests/`, it takes {count(split)}, for {count(split / rate)} invocations. S3 answers 503 to more, "
            f"botocore tries again, and then the queue does: nothing is lost, but receives are. What helps: raise "
            f"`max_concurrency` in steps over an hour or so, and ask AWS to split the prefixes before a large import."
        ),
        in_flight=outage.in_flight(config, parameters),
        in_flight_text=outage.in_flight_text(config),
        pollers=pollers.compare(config, parameters, prices),
        one_upload=one_upload.one_upload(config, of_engines),
    )
    (folder / "scale.md").write_text(write(report), encoding="utf-8")
    cost = folder / "cost.md"
    cost.write_text(with_table(cost.read_text(encoding="utf-8"), report.by_volume), encoding="utf-8")
    _tell("docs/scale.md, and the table in docs/cost.md")


def measured_on() -> str:
    """Name the machine and the versions of the measurement."""
    measured = json.loads(SERVICE_TIMES.read_text(encoding="utf-8"))
    return f"{measured['machine']}, Python {measured['python']}, Pillow {measured['pillow']}"


def _tell(what: str) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
