"""Describe a key's status as text."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import PurePosixPath

from contract.delivery import delivered_srcset, picture, variant_urls
from contract.manifest import Manifest, Outcome, PublishedRendition, Source
from darkroom.cli.output.aws_cli import aws_command, shell_word
from darkroom.cli.output.results import TIMES
from darkroom.pipeline.client import Pipeline
from darkroom.text import format_kilobytes, printable
from darkroom.uploads.explanations import FAILURES, REJECTIONS, SHOWN_INSTEAD
from darkroom.uploads.lookup import Found
from darkroom.uploads.outcomes import Failure

# contract.delivery.url_of
NO_URL = (
    "Its key has . or .. between slashes, which browsers take for steps: no distribution delivers it. Upload it under "
    "another key."
)


def describe_lookup(found: Found, pipeline: Pipeline) -> Iterator[str]:
    """Yield lines about a key's newest outcome.

    They say what becomes of an upload that has none yet, too.
    """
    if found.recorded:
        yield from _describe_manifest(found.recorded.manifest, found, pipeline)
        if pipeline.delivery_url:
            yield from _describe_delivery(found.recorded.manifest, pipeline.delivery_url)
    if situation := situation_of(found):
        if found.recorded:
            yield ""
        yield situation


def situation_of(found: Found) -> str | None:
    """Say why there is no manifest of the newest upload, and what to do.

    None where there is one.
    """
    key = printable(repr(found.key))
    if found.stored is None:
        return None if found.recorded else _nothing(key, deleted=found.deleted)
    if found.is_folder:
        return f"{key} marks a folder: it has no bytes, so it is no image, and nothing is made of it."
    if found.is_settled:
        return None
    upload = f"{key} was uploaded {_moment(found.stored.modified)} ({format_kilobytes(found.stored.size)})"
    if found.dead_letter:
        return f"{upload}. But {FAILURES[Failure.DEAD_LETTER].sentence}"
    if not found.scope.includes(found.key):
        is_elsewhere = found.scope.prefixes and not found.scope.preset_of(found.key)
        again = " Upload it with --prefix." if is_elsewhere else ""
        return printable(f"{upload}, and is not resized: {found.scope.rule_for(found.key)}.{again}")
    return f"{upload}, {_progress(found.jobs or 0)}"


def how_to_fetch(rendition: PublishedRendition, pipeline: Pipeline) -> str:
    """Write the command that copies a rendition here, to be pasted into a shell."""
    source = f"s3://{pipeline.derived_bucket}/{rendition.key}"
    name = f"{rendition.label}-{PurePosixPath(rendition.key).name}"
    return f"{aws_command(pipeline)} s3 cp {shell_word(source)} {shell_word(name)}"


def _nothing(key: str, *, deleted: bool) -> str:
    if deleted:
        return f"{key} was deleted, and its manifest is gone by now. Upload it again to have it resized."
    return f"{key} was never uploaded: there is no such key, and no manifest. Keys are told apart by every character."


def _progress(jobs: int) -> str:
    if jobs:
        return f"and has no outcome yet (jobs that wait or run: {jobs:,}). Ask again, or look at `darkroom status`."
    return (
        "and has no outcome, though no job waits or runs. Ask again in a minute; if that stays so, it was uploaded "
        "before the pipeline was there: upload it again."
    )


def _describe_manifest(manifest: Manifest, found: Found, pipeline: Pipeline) -> Iterator[str]:
    source = manifest.source
    yield f"key       {printable(source.key)}"
    moment = _moment(datetime.fromisoformat(manifest.times.uploaded))
    if manifest.preset:
        yield f"preset    {printable(manifest.preset)}"
    if manifest.outcome is Outcome.REMOVED and found.stored is None:
        yield f"deleted   {moment}"
    else:
        yield f"uploaded  {moment}, version {source.version_id or 'none, as its bucket keeps none'}"
        pixels = f"{source.format} {source.width}{TIMES}{source.height}, " if source.width else ""
        yield f"source    {pixels}{format_kilobytes(source.size)}"
        yield from _describe_focus(source)
    yield (
        f"outcome   {manifest.outcome}, {_moment(datetime.fromisoformat(manifest.times.finished))}, "
        f"in {manifest.times.milliseconds:,} ms"
    )
    if manifest.reason:
        yield f"reason    {manifest.reason}: {printable(manifest.detail or '')}"
        if explanation := REJECTIONS.get(manifest.reason):
            yield f"          {explanation.sentence}"
    if shown := manifest.shown:
        pixels = f"{shown.format} {shown.width}{TIMES}{shown.height}, {format_kilobytes(shown.size)}"
        yield f"shown     version {shown.version_id}, {pixels}: {SHOWN_INSTEAD}."
    if manifest.outcome is Outcome.REMOVED and found.stored and found.is_settled:
        yield f"          No variants are configured for it: {printable(found.scope.rule_for(found.key))}."
    elif manifest.outcome is Outcome.REMOVED:
        yield "          Its source is gone, and so are its variants. Upload it again to have them back."
    if manifest.source_expired:
        yield "          Its source has expired, and its variants are kept: they cannot be made again."
    for rendition in manifest.renditions:
        yield ""
        yield (
            f"{rendition.label}: {rendition.width}{TIMES}{rendition.height}, {format_kilobytes(rendition.bytes)}, "
            f"{rendition.content_type}{', shortened' if rendition.shortened else ''}"
        )
        yield f"  {how_to_fetch(rendition, pipeline)}"


def _describe_delivery(manifest: Manifest, base_url: str) -> Iterator[str]:
    """Yield each variant's URL, and what a page can have as it is; as they are now, whenever the manifest was written.

    In them all that could steer a terminal is percent-encoded.
    """
    if urls := variant_urls(base_url, manifest.renditions):
        yield ""
        yield from (f"{variant}  {url}" for variant, url in urls.items())
    elif manifest.renditions:
        yield ""
        yield NO_URL
    if srcset := delivered_srcset(base_url, manifest.renditions):
        yield ""
        yield f'srcset="{srcset}"'
    if markup := picture(base_url, manifest.renditions, manifest.placeholder):
        yield ""
        yield from markup.splitlines()


def _describe_focus(source: Source) -> Iterator[str]:
    if source.focus:
        yield f"focus     {source.focus}: cuts keep what is around it"
    if source.focus_error:
        yield f"focus     passed over: {printable(source.focus_error)}"


def _moment(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S %Z}"
