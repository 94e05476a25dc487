"""Check the members of a setting that is an object."""

import re
from collections.abc import Collection, Mapping, Sequence

from contract.errors import SettingsError, nearest

# docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
KMS_KEY = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]{1,64}")


def matching(key: str, value: object, pattern: re.Pattern[str], meaning: str) -> str:
    """Take text that a pattern matches as a whole; `meaning` is for people.

    Raises:
        SettingsError: it is none.
    """
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise SettingsError(key, value, meaning)
    return value


def check_once(key: str, values: Sequence[str]) -> None:
    """See that a list names nothing twice.

    CloudFormation refuses it, and the CDK does so in a traceback.

    Raises:
        SettingsError: it does.
    """
    for place, value in enumerate(values):
        if value in values[:place]:
            raise SettingsError(f"{key}[{place}]", value, "each only once in the list, and this one is there already")


def check_members(key: str, members: Mapping[str, object], known: Collection[str]) -> None:
    """Hold the names of members against those that are known.

    Raises:
        SettingsError: one is not; it names the nearest.
    """
    for name, value in members.items():
        if name not in known:
            allowed = f"the name of a member of {key}; the nearest is {nearest(str(name), known)!r}"
            raise SettingsError(f"{key}.{name}", value, allowed)
