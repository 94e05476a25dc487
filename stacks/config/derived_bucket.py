"""The setting `derived_bucket`: a bucket that is there, for what is made."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from contract.errors import SettingsError
from stacks.config.existing_bucket import BUCKET_NAME, BUCKET_NAME_MEANING
from stacks.config.members import check_members, matching

# As a folder, so that its name ends where that of another may go on; short enough to leave a key its room. No browser
# can ask for what lies below . or .. (contract.delivery.url_of).
_PREFIX = re.compile(r"(?!(?:.*/)?\.{1,2}/)([0-9A-Za-z/!_.'()-]{0,255}/)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingDerivedBucket:
    """A bucket of the user's own.

    The keys of all that is made start with `prefix`, which ends with a slash or is empty.
    """

    name: str
    prefix: str = ""

    def overlaps(self, uploads_bucket: str | None, key_prefix: str) -> bool:
        """Tell whether what is made would be an upload, and be resized again, and so on."""
        is_nested = self.prefix.startswith(key_prefix) or key_prefix.startswith(self.prefix)
        return self.name == uploads_bucket and is_nested


def parse_derived_bucket(key: str, value: object) -> ExistingDerivedBucket:
    """Read which bucket it is.

    Raises:
        SettingsError: a member is missing, unknown or wrong.
    """
    if not isinstance(value, Mapping) or "name" not in value:
        raise SettingsError(
            key, value, 'null for a bucket of the stack\'s own, or {"name": "my-bucket", "prefix": "…/"}'
        )
    check_members(key, value, {"name", "prefix"})
    return ExistingDerivedBucket(
        name=matching(f"{key}.name", value["name"], BUCKET_NAME, BUCKET_NAME_MEANING),
        prefix=matching(
            f"{key}.prefix",
            value.get("prefix", ""),
            _PREFIX,
            "at most 256 letters, digits and /!_.'()- with a slash at the end, and no folder called . or ..; "
            'or "" for the whole bucket',
        ),
    )
