"""Settings of a command line in place of cdk.json's.

Read, checked, and named where they are wrong.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from contract.errors import SettingsError
from darkroom.cli.options import read_variants
from darkroom.errors import UsageError
from darkroom.local.synthesis import configuration, local_overrides

# What makes the pipeline one of this machine: the emulator refuses any other.
_FIXED = ("bundle_for", "monitoring")
# What ends the name of a setting in that of a part of it: `variants.thumb.width`, `cors_origins[0]`.
_SETTING = re.compile(r"[.\[]")


def local_settings(context: Sequence[str] | None, variants: Path | None = None) -> dict[str, object]:
    """Read `-c KEY=VALUE` and a file of variants, for the pipeline on this machine.

    Raises:
        UsageError: one cannot be what it is, or not here; or cdk.json is wrong.
    """
    given = read_context_options(context)
    for name in _FIXED:
        if name in given and given[name] != str(local_overrides()[name]).lower():
            raise UsageError(f"-c {name}={given[name]} cannot be on this machine. Leave it out.")
    if variants is None:
        check_overrides(local_overrides() | given, {name: f"-c {name}={value}" for name, value in given.items()})
        return given
    for name in ("variants", "presets"):
        if name in given:
            raise UsageError(f"--variants {str(variants)!r} and -c {name}=… say two things. Leave one out.")
    origins = {name: f"-c {name}={value}" for name, value in given.items()}
    read = read_variants(variants)
    check_overrides(local_overrides() | given | read, origins | dict.fromkeys(read, f"--variants {str(variants)!r}"))
    return given | read


def read_context_options(context: Sequence[str] | None) -> dict[str, object]:
    """Read each `-c KEY=VALUE` as the CDK's command line does.

    A value is text, and the last of a name counts.

    Raises:
        UsageError: one is no name and value.
    """
    given: dict[str, object] = {}
    for text in context or ():
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise UsageError(f"-c {text!r} is no setting and its value. Write it like memory_mb=3008.")
        given[name] = value
    return given


def check_overrides(overrides: Mapping[str, object], origins: Mapping[str, str]) -> None:
    """See that cdk.json and what stands in its place can be together.

    `origins` says how a person gave what they did.

    Raises:
        UsageError: they cannot; it names the option that is wrong, or cdk.json where that is.
    """
    try:
        configuration(overrides)
    except SettingsError as error:
        raise UsageError(f"{_at_fault(error, overrides, origins)}: {error}") from error


def _at_fault(error: SettingsError, overrides: Mapping[str, object], origins: Mapping[str, str]) -> str:
    """Name what was given where it is wrong, or where all would be well without it."""
    if (name := _SETTING.split(error.key, maxsplit=1)[0]) in origins:
        return origins[name]
    try:
        configuration({name: value for name, value in overrides.items() if name not in origins})
    except SettingsError:
        return "cdk.json"
    return " ".join(dict.fromkeys(origins.values()))
