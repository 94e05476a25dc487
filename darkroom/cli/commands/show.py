"""`darkroom show`: describe the status of one key."""

import json
from typing import Annotated

import typer

from darkroom.cli.options import EndpointUrl, LocalOption, Stack, UploadedKey, json_option
from darkroom.cli.output.lookup import describe_lookup, situation_of
from darkroom.cli.target import find_target
from darkroom.errors import ExitStatus
from darkroom.uploads.lookup import look_up


def show(
    key: UploadedKey,
    *,
    as_json: Annotated[bool, json_option("The manifest as it is stored.")] = False,
    local: LocalOption = False,
    stack: Stack = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Tell what became of an upload, by its key.

    Its outcome, and each variant with a command that fetches it; with `delivery` also each variant's URL, and a
    `srcset` and a `<picture>` for a page. Where there is no manifest it tells what is known
    instead: whether the upload is there, whether its job waits or is in the dead-letter queue, or why there is none.

    \b
    Examples:
      darkroom show pets/cat.jpg
      darkroom show --stack Darkroom pets/cat.jpg
      darkroom show pets/cat.jpg --json | jq -r '.renditions[].key'

    \b
    Exit status: 0 the newest upload has an outcome, 1 it has none (yet), 2 wrong usage, 3 the pipeline did not answer.
    """  # noqa: D301 - \b tells the help to leave the lines as they are
    pipeline = find_target(local=local, stack=stack, endpoint_url=endpoint_url)
    found = look_up(pipeline, key)
    if not as_json:
        for line in describe_lookup(found, pipeline):
            typer.echo(line)
    elif found.recorded:
        typer.echo(json.dumps(json.loads(found.recorded.text)))
    else:
        typer.echo(json.dumps({"key": key, "outcome": None, "detail": situation_of(found)}))
    settled = found.recorded is not None and found.is_settled
    raise typer.Exit(ExitStatus.ALL_RESIZED if settled else ExitStatus.SOME_NOT_RESIZED)
