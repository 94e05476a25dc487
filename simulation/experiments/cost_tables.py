"""What a million uploads cost, as tables.

Line by line for one volume, and by service for all of them.
"""

from dataclasses import replace

from simulation.costs import Line, Price, PriceList, bill, usd_by_service
from simulation.delivery import gigabytes_of_a_million, load_kept, usd_of_keeping, usd_of_sending
from simulation.experiments.volumes import CARRYING_CONCURRENCY, STEADY_LOOK, VOLUMES, steady
from simulation.models.flow import flow
from simulation.parameters import Parameters
from simulation.tables import Table, count, usd
from stacks.config.config import Config

# The volume for which the cost is told line by line, here and in docs/cost.md.
TYPICAL = 1e6


def bill_of(uploads_a_day: float, config: Config, parameters: Parameters, price_list: PriceList) -> tuple[Line, ...]:
    """Make the bill of a million uploads that come at a steady rate."""
    seen = flow(steady(uploads_a_day), config, parameters, seconds=STEADY_LOOK)
    return bill(seen.usage, config, parameters, price_list, uploads_a_day=uploads_a_day)


def line_by_line(config: Config, parameters: Parameters, price_list: PriceList) -> Table:
    """Tell each line of the bill, with its price."""
    lines = bill_of(TYPICAL, config, parameters, price_list)
    rows = [
        (
            line.service,
            line.what,
            f"{count(line.quantity)} {line.price.unit}",
            _price(line.price),
            usd(line.usd),
        )
        for line in lines
    ]
    total = ("**together**", "", "", "", f"**{usd(sum(line.usd for line in lines))}**")
    return Table(("service", "for", "how much", "price, USD", "USD"), (*rows, total))


def _price(price: Price) -> str:
    amount = f"{price.usd:.10f}".rstrip("0").rstrip(".")
    return f"{amount} for {price.per:,}" if price.per > 1 else f"{amount} each"


def by_volume(config: Config, parameters: Parameters, price_list: PriceList) -> Table:
    """Tell what a million uploads cost by service, at each volume.

    Beside it is what keeping and sending costs of what they become.
    """
    carrying = replace(config, max_concurrency=CARRYING_CONCURRENCY, provisioned_pollers=None)
    bills = {volume: usd_by_service(bill_of(volume, carrying, parameters, price_list)) for volume in VOLUMES}
    services = tuple(bills[VOLUMES[0]])
    kept, gigabytes = load_kept(), gigabytes_of_a_million(config.variants)
    beside = (
        usd(usd_of_keeping(gigabytes, kept, price_list)),
        *(usd(usd_of_sending(gigabytes, times, price_list)) for times in kept.deliveries),
    )
    rows = tuple(
        (
            count(volume),
            *(usd(bills[volume][service]) for service in services),
            f"**{usd(sum(bills[volume].values()))}**",
            *beside,
        )
        for volume in VOLUMES
    )
    sent = (f"sent {count(times)} times" for times in kept.deliveries)
    return Table(("uploads a day", *services, "together", f"kept {kept.months} months", *sent), rows)
