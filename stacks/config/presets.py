"""What presets cannot be beside other settings, and which keys S3 tells of."""

from collections.abc import Sequence

from bucket_notification.entries import MAX_NOTIFICATIONS
from contract.errors import SettingsError
from contract.events import NOTIFIED_EVENTS
from resize.imaging.presets import Preset, cover_prefixes
from resize.imaging.variants import Variant
from stacks.config.event_pattern import fits_rule

# A retried job finds their folders in one listing of at most 1,000, those of earlier deployments among them.
MAX_VARIANT_NAMES = 500


def notified_prefixes(
    variants: Sequence[Variant], presets: Sequence[Preset], key_prefix: str, *, rule_of: str | None
) -> tuple[str, ...]:
    """Say with what the keys start of which S3 sends events.

    Those are all that are resized, and few others. Where EventBridge tells of the bucket `rule_of`, they are so few
    that one rule has room for them: between two, a prefix that moves would for a moment be in neither.
    """
    if variants:
        return (key_prefix,)
    # CloudFormation has a notification for each event of each prefix.
    prefixes = cover_prefixes(presets, MAX_NOTIFICATIONS // len(NOTIFIED_EVENTS))
    while rule_of is not None and not fits_rule(rule_of, prefixes):
        prefixes = cover_prefixes(presets, len(prefixes) - 1)
    return prefixes


def check_presets(variants: Sequence[Variant], presets: Sequence[Preset], key_prefix: str) -> None:
    """See that presets and variants go together.

    Something is made of some keys, and every preset is of keys that are resized.

    Raises:
        SettingsError: that is not so.
    """
    if not variants and not any(each.variants for each in presets):
        raise SettingsError("variants", {}, "an object of at least one variant by its name, here or in a preset")
    for preset in presets:
        if not preset.prefix.startswith(key_prefix) or preset.prefix == key_prefix:
            raise SettingsError(
                f"presets[{preset.prefix!r}].prefix",
                preset.prefix,
                f"a prefix that starts with key_prefix, {key_prefix!r}, and goes on: no other keys are resized",
            )
    names = {variant.name for each in (variants, *(preset.variants for preset in presets)) for variant in each}
    if len(names) > MAX_VARIANT_NAMES:
        raise SettingsError("presets", f"{len(names)} names of variants", f"at most {MAX_VARIANT_NAMES} in all")
