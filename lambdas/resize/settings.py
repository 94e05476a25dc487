"""The function's settings, from its environment."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from contract.errors import SettingsError
from resize.backoff import Backoff
from resize.imaging.encoding import recipe_of
from resize.imaging.engine import Engine
from resize.imaging.limits import Limits
from resize.imaging.presets import Preset, compress_presets, decompress_presets, find_preset
from resize.imaging.variants import Variant, parse_variants, variants_to_json

# What a job needs of the function's time beside rendering: its S3 requests, a slow one and its retries among them.
STORAGE_SECONDS = 10
# How many times as long as it may compute an image may take by the clock, its waits included: on a busy machine a
# decoder gets a part of the processor only, and one that has used none of it for so long never ends.
WALL_FACTOR = 3
# What the function keeps of its memory for Python and boto3: 70 MB, measured by tests/runtime/test_memory.py, and for
# what TLS connections to S3 take.
_OWN_BYTES = 128 * 2**20
# What rendering an image takes at least: Python, a decoder and its buffers, and renditions.
_LEAST_IMAGE_BYTES = 512 * 2**20
# The memory for rendering an image is in nine parts: eight are the child's, and the ninth is for its renditions, which
# the function holds while it still has the source. From then on they have the source's place.
_CHILD_PARTS, _PARTS = 8, 9
# What a function has of memory for each processor: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
_MEGABYTES_OF_PROCESSOR = 1769
_EVENTS = "DARKROOM_EVENTS"
_PRESETS = "DARKROOM_PRESETS"
_DELIVERY_URL = "DARKROOM_DELIVERY_URL"
_DERIVED_PREFIX = "DARKROOM_DERIVED_PREFIX"


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """Where outcomes are announced.

    The FIFO queue, and what an event tells of who sent it. `source` is `/darkroom/<account>/<region>/<stack>`.
    """

    queue_url: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that the stack tells the function.

    `variants` are those of the keys for which there is none of `presets`. The number of the function's version is
    beside it, 0 if it has none. `stack_name` is what its log and its metrics are called by: Powertools' name for that
    is the service. `delivery_url` is where the derived bucket is delivered, None where it is not. `derived_prefix` is
    with what keys start in a derived bucket that others use too, None in one of the stack's own, where it is empty.
    """

    uploads_bucket: str
    derived_bucket: str
    variants: tuple[Variant, ...]
    presets: tuple[Preset, ...] = ()
    limits: Limits = field(default_factory=Limits)
    cache_control: str = "public, max-age=3600"
    jobs_at_once: int = 4
    render_seconds: int = 25
    keep_variants_of_expired: bool = False
    fallback_versions: int = 3
    stack_name: str = "Darkroom"
    engine: Engine = Engine.PILLOW
    function_version: int = 0
    jobs_queue_url: str = ""
    backoff: Backoff = field(default_factory=Backoff)
    events: Events | None = None
    delivery_url: str | None = None
    derived_prefix: str | None = None

    @property
    def wall_seconds(self) -> int:
        """How long one image may take by the clock."""
        return WALL_FACTOR * self.render_seconds

    def preset_of(self, key: str) -> Preset | None:
        """Find the preset of a key; None where its variants are `variants`."""
        return find_preset(self.presets, key)

    def variants_for(self, key: str) -> tuple[Variant, ...]:
        """Give the variants of a key: none where nothing is to be made of it."""
        preset = self.preset_of(key)
        return preset.variants if preset else self.variants

    @property
    def all_variants(self) -> tuple[Variant, ...]:
        """The variants of any key."""
        return (*self.variants, *(variant for preset in self.presets for variant in preset.variants))

    def recipe_for(self, key: str) -> str:
        """Give a fingerprint of all that decides what a key's renditions look like.

        What its prefix is called does not matter.

        A manifest of another recipe is out of date.
        """
        return self.fingerprint(recipe_of(self.variants_for(key)))

    @cached_property
    def recipe(self) -> str:
        """A fingerprint of all that decides what any key's renditions look like."""
        presets = [(each.prefix, recipe_of(each.variants)) for each in self.presets]
        return self.fingerprint(recipe_of(self.variants), *presets)

    def fingerprint(self, *variants: Any) -> str:
        """Give a fingerprint of variants as JSON, and of all else that decides."""
        text = json.dumps([*variants, self.cache_control, self.engine], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def images_at_once(self, memory_megabytes: int) -> int:
        """Say how many images a function with so much memory renders side by side.

        One on each processor.
        """
        return min(max(1, memory_megabytes // _MEGABYTES_OF_PROCESSOR), self.jobs_at_once)

    def image_bytes(self, memory_megabytes: int) -> int:
        """Say how many bytes the child has in which an image is rendered.

        They are of the function's memory.
        """
        return self._share_bytes(memory_megabytes) * _CHILD_PARTS // _PARTS

    def answer_bytes(self, memory_megabytes: int) -> int:
        """Say how many bytes all renditions of an image together may have."""
        return self._share_bytes(memory_megabytes) // _PARTS

    def _share_bytes(self, memory_megabytes: int) -> int:
        """Say how many bytes of a function's memory each image that is rendered may have, in its child and out of it.

        The rest is the function's own, and that of the sources that wait for their turn: one for each job under way.
        """
        waiting = self.jobs_at_once * self.limits.source_bytes
        return (memory_megabytes * 2**20 - _OWN_BYTES - waiting) // self.images_at_once(memory_megabytes)

    def most_source_bytes(self, memory_megabytes: int) -> int:
        """Say how large a source may be.

        Each image has then enough memory, for itself and for its source.
        """
        images = self.images_at_once(memory_megabytes)
        free = memory_megabytes * 2**20 - _OWN_BYTES
        in_child = free * _CHILD_PARTS // (_CHILD_PARTS * self.jobs_at_once + _PARTS * images) - 1
        return min((free - images * _LEAST_IMAGE_BYTES) // self.jobs_at_once, in_child)

    def to_environment(self) -> dict[str, str]:
        """Write the settings as environment variables.

        `Settings.from_environment` reads them back.
        """
        # No variable where there is nothing to say: the template is then what it is without it.
        presets = {_PRESETS: compress_presets(self.presets)} if self.presets else {}
        events = {_EVENTS: json.dumps(asdict(self.events), separators=(",", ":"))} if self.events else {}
        delivery = {_DELIVERY_URL: self.delivery_url} if self.delivery_url else {}
        shared = {} if self.derived_prefix is None else {_DERIVED_PREFIX: self.derived_prefix}
        return {
            "DARKROOM_UPLOADS_BUCKET": self.uploads_bucket,
            "DARKROOM_DERIVED_BUCKET": self.derived_bucket,
            "DARKROOM_VARIANTS": json.dumps(variants_to_json(self.variants), separators=(",", ":")),
            "DARKROOM_LIMITS": json.dumps(asdict(self.limits), separators=(",", ":")),
            "DARKROOM_CACHE_CONTROL": self.cache_control,
            "DARKROOM_JOBS_AT_ONCE": str(self.jobs_at_once),
            "DARKROOM_RENDER_SECONDS": str(self.render_seconds),
            "DARKROOM_KEEP_VARIANTS_OF_EXPIRED": json.dumps(self.keep_variants_of_expired),
            "DARKROOM_FALLBACK_VERSIONS": str(self.fallback_versions),
            "POWERTOOLS_SERVICE_NAME": self.stack_name,
            "DARKROOM_ENGINE": self.engine.value,
            "DARKROOM_JOBS_QUEUE_URL": self.jobs_queue_url,
            "DARKROOM_BACKOFF": json.dumps(asdict(self.backoff), separators=(",", ":")),
            **presets,
            **events,
            **delivery,
            **shared,
        }

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read what `to_environment` wrote.

        Raises:
            SettingsError: a variable is missing or is not what `to_environment` writes.
        """
        try:
            return cls(
                uploads_bucket=environment["DARKROOM_UPLOADS_BUCKET"],
                derived_bucket=environment["DARKROOM_DERIVED_BUCKET"],
                variants=parse_variants(json.loads(environment["DARKROOM_VARIANTS"]), may_be_empty=True),
                presets=decompress_presets(_PRESETS, environment[_PRESETS]) if _PRESETS in environment else (),
                limits=Limits(**json.loads(environment["DARKROOM_LIMITS"])),
                cache_control=environment["DARKROOM_CACHE_CONTROL"],
                jobs_at_once=int(environment["DARKROOM_JOBS_AT_ONCE"]),
                render_seconds=int(environment["DARKROOM_RENDER_SECONDS"]),
                keep_variants_of_expired=environment["DARKROOM_KEEP_VARIANTS_OF_EXPIRED"] == "true",
                fallback_versions=int(environment["DARKROOM_FALLBACK_VERSIONS"]),
                stack_name=environment["POWERTOOLS_SERVICE_NAME"],
                engine=Engine(environment["DARKROOM_ENGINE"]),
                function_version=version_number(environment.get("AWS_LAMBDA_FUNCTION_VERSION", "")),
                jobs_queue_url=environment["DARKROOM_JOBS_QUEUE_URL"],
                backoff=Backoff(**json.loads(environment["DARKROOM_BACKOFF"])),
                events=Events(**json.loads(environment[_EVENTS])) if _EVENTS in environment else None,
                delivery_url=environment.get(_DELIVERY_URL),
                derived_prefix=environment.get(_DERIVED_PREFIX),
            )
        except KeyError as missing:
            raise SettingsError(
                str(missing.args[0]), None, "the environment that the stack gives the function"
            ) from None


def version_number(version: str) -> int:
    """Read AWS_LAMBDA_FUNCTION_VERSION: a whole number that grows, or "$LATEST".

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
    """
    return int(version) if version.isdecimal() else 0
