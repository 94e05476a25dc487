"""Parse a CDK context into a configuration."""

from collections.abc import Mapping
from dataclasses import fields

from contract.errors import SettingsError, nearest
from resize.imaging.variants import Rule
from stacks.config.config import Config
from stacks.config.consistency import check_together
from stacks.config.context import parse_json
from stacks.config.setting import rule_of

_RULES: Mapping[str, Rule] = {field.name: rule_of(field) for field in fields(Config)}
_TEXTS = frozenset(field.name for field in fields(Config) if field.type is str)
_CDK_COMMAND_LINE_KEYS = frozenset({"acknowledged-issue-numbers", "cli-telemetry"})


def parse_config(context: Mapping[str, object]) -> Config:
    """Make the configuration of a CDK context.

    A setting not in it has its default, and the CDK's own keys are ignored. A value may be text that holds the JSON of
    what is meant: `cdk deploy -c memory_mb=3008` hands over text.

    Raises:
        SettingsError: an unknown setting, a wrong type or value, or values that cannot work together.
    """
    settings = {key: value for key, value in context.items() if not is_cdk_key(key)}
    for key, value in settings.items():
        if key not in _RULES:
            raise SettingsError(key if key.isprintable() else repr(key), value, _nearest(key))
    config = Config(**{key: _RULES[key].parse(key, _from_text(key, value)) for key, value in settings.items()})
    check_together(config)
    return config


def is_cdk_key(key: str) -> bool:
    """Whether a context key is the CDK's own.

    A feature flag, a cached look-up, or what its command line notes.
    """
    return any(mark in key for mark in "@:/") or key in _CDK_COMMAND_LINE_KEYS


def _nearest(key: str) -> str:
    return f"the name of a setting; the nearest is {nearest(key.replace('-', '_').lower(), _RULES)!r}"


def _from_text(key: str, value: object) -> object:
    if not isinstance(value, str) or key in _TEXTS:
        return value
    try:
        return parse_json(value)
    except SettingsError:
        raise
    except ValueError:
        return value
