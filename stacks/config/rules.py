"""What a setting may be: a parser, and the words that say what it takes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from contract.errors import SettingsError
from resize.imaging.engine import Engine
from resize.imaging.presets import Preset, parse_presets
from resize.imaging.variants import Rule, Variant, parse_variants
from stacks.config.members import check_once


@dataclass(frozen=True, slots=True, kw_only=True)
class Pollers:
    """How many event pollers are kept ready for the jobs queue, at least and at most."""

    minimum: int
    maximum: int


def integer(lowest: int, highest: int, unless: str = "") -> Rule:
    """Take whole numbers from the lowest to the highest."""
    allowed = f"a whole number from {lowest} to {highest}{unless}"

    def parse(key: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise SettingsError(key, value, allowed)
        return value

    return Rule(parse=parse, allowed=allowed)


def optional(rule: Rule) -> Rule:
    """Take null, too: the rule's own words say what that means."""
    return Rule(parse=lambda key, value: None if value is None else rule.parse(key, value), allowed=rule.allowed)


def one_of(*choices: str | int) -> Rule:
    """Take a choice of its own type: 1 is not true."""
    allowed = f"one of {', '.join(map(str, choices))}"

    def parse(key: str, value: object) -> str | int:
        for choice in choices:
            if value == choice and type(value) is type(choice):
                return choice
        raise SettingsError(key, value, allowed)

    return Rule(parse=parse, allowed=allowed)


def text(pattern: str, allowed: str) -> Rule:
    """Take text that a regular expression matches as a whole."""

    def parse(key: str, value: object) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise SettingsError(key, value, allowed)
        return value

    return Rule(parse=parse, allowed=allowed)


def _boolean(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise SettingsError(key, value, BOOLEAN.allowed)
    return value


def _variants(key: str, value: object) -> tuple[Variant, ...]:
    return parse_variants(value, key, may_be_empty=True)


def _presets(key: str, value: object) -> tuple[Preset, ...]:
    return parse_presets(value, key)


def _engine(key: str, value: object) -> Engine:
    return Engine(_ENGINE_NAME.parse(key, value))


def _pollers(key: str, value: object) -> Pollers:
    if not isinstance(value, Mapping) or set(value) != {"minimum", "maximum"}:
        raise SettingsError(key, value, POLLERS.allowed)
    pollers = Pollers(
        minimum=_MINIMUM_POLLERS.parse(f"{key}.minimum", value["minimum"]),
        maximum=_MAXIMUM_POLLERS.parse(f"{key}.maximum", value["maximum"]),
    )
    if pollers.minimum > pollers.maximum:
        raise SettingsError(f"{key}.minimum", pollers.minimum, f"at most the maximum, {pollers.maximum}")
    return pollers


def _origins(key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _MOST_ORIGINS:
        raise SettingsError(
            key, value, f'a list of at most {_MOST_ORIGINS} origins such as ["https://www.example.com"]'
        )
    origins = tuple(_ORIGIN.parse(f"{key}[{place}]", each) for place, each in enumerate(value))
    check_once(key, origins)
    return origins


# docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html
_MOST_ORIGINS = 100
# The scheme, the host and the port of a page, as its browser sends them; "null" is a page that is opened from a file.
_ORIGIN = text(
    r"\*|null|(?=[^*]*\*?[^*]*$)https?://[a-z0-9*]([a-z0-9.*-]*[a-z0-9*])?(:[0-9]{1,5})?",
    'an origin such as "https://www.example.com", in small letters and with one * at most; "*" for any; or "null"',
)
ORIGINS = Rule(parse=_origins, allowed=f'a list of at most {_MOST_ORIGINS} origins, or of "*"')

BOOLEAN = Rule(parse=_boolean, allowed="true or false")
VARIANTS = Rule(parse=_variants, allowed="an object of variants by their names; {} only beside presets")
PRESETS = Rule(parse=_presets, allowed="a list of objects of a prefix and its variants")

_ENGINE_NAME = one_of(*(engine.value for engine in Engine))
ENGINE = Rule(parse=_engine, allowed=_ENGINE_NAME.allowed)

# docs.aws.amazon.com/lambda/latest/api/API_ProvisionedPollerConfig.html
_MINIMUM_POLLERS = integer(2, 200)
_MAXIMUM_POLLERS = integer(2, 10_000)
POLLERS = Rule(parse=_pollers, allowed='null, or an object such as {"minimum": 2, "maximum": 20}')

# S3 takes any positive number of days: docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleExpiration.html
DAYS = integer(1, 2**31 - 1)
# docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MESSAGE_DAYS = integer(1, 14)
# docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LOG_DAYS = one_of(
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545),
    *(731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
