"""What the simulation is fed with.

service_times.json, assumptions.json and cdk.json, read into frozen values.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resize.imaging.engine import Engine
from stacks.config.config import Config
from stacks.config.parser import parse_config

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent
SERVICE_TIMES = FOLDER / "service_times.json"
ASSUMPTIONS = FOLDER / "assumptions.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Photograph:
    """A size of upload: its bytes, and its share of all uploads.

    The processor seconds are those of all its renditions.
    """

    megapixels: int
    bytes: int
    render_seconds: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What a job takes; times in seconds.

    `start_seconds` is for what a fresh environment loads before its first job.
    """

    photographs: tuple[Photograph, ...]
    start_seconds: float
    get_seconds: float
    put_seconds: float
    environment_seconds: float
    idle_seconds: float
    log_bytes_a_job: int
    log_bytes_an_invocation: int
    custom_metrics: int


def default_config() -> Config:
    """Give the configuration of cdk.json."""
    return parse_config(_read(ROOT / "cdk.json")["context"])


def load(
    engine: Engine = Engine.PILLOW, service_times: Path = SERVICE_TIMES, assumptions: Path = ASSUMPTIONS
) -> Parameters:
    """Read what was measured of an engine, and what is assumed.

    Raises:
        ValueError: the shares of the photographs do not add up to one.
    """
    measured = _read(service_times)
    assumed = {name: assumption["value"] for name, assumption in _read(assumptions).items()}
    shares, factor = assumed.pop("photographs"), assumed.pop("processor_factor")
    if abs(sum(shares.values()) - 1) > 1e-9:  # noqa: PLR2004  # what rounding leaves
        raise ValueError(f"{assumptions.name}: photographs: the shares add up to {sum(shares.values())}, not to 1")
    photographs = tuple(
        Photograph(
            megapixels=one["megapixels"],
            bytes=one["bytes"],
            render_seconds=one["render_seconds"][engine] * factor,
            share=shares[str(one["megapixels"])],
        )
        for one in measured["photographs"]
    )
    return Parameters(photographs=photographs, start_seconds=measured["start_seconds"][engine] * factor, **assumed)


def _read(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return values
