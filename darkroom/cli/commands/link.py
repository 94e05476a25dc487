"""`darkroom link`: make an upload link for someone without credentials."""

from datetime import timedelta
from typing import Annotated

import typer

from darkroom.cli.options import (
    EndpointUrl,
    LocalOption,
    Stack,
    byte_count,
    duration,
    http_url,
    json_option,
    prefix_hint,
)
from darkroom.cli.target import find_target
from darkroom.pipeline.deployed_config import find_max_source_bytes, find_scope
from darkroom.text import printable
from darkroom.uploads.presigned_post import key_pattern, make_link, new_key
from darkroom.uploads.upload_page import upload_page
from resize.imaging.limits import Limits

# docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html: what one request can put
_MOST_BYTES = 5 * 1024**3
# A signature of version 4 is good for seven days: docs.aws.amazon.com/AmazonS3/latest/userguide/sigv4-query-string-auth
_LONGEST = timedelta(days=7)

OneKey = Annotated[str | None, typer.Option("--key", metavar="KEY", help="The one key that can be uploaded.")]
ManyKeys = Annotated[
    str | None,
    typer.Option("--prefix", metavar="P", help="Any key that starts so: the visitor's file name is put behind it."),
]
MaxBytes = Annotated[
    int | None,
    typer.Option(
        "--max-bytes",
        metavar="SIZE",
        parser=byte_count("--max-bytes", _MOST_BYTES),
        show_default="the stack's max_source_bytes",
        help="What a file may weigh, such as 5MB; S3 refuses a larger one, and an empty one.",
    ),
]
Expires = Annotated[
    timedelta,
    typer.Option(
        "--expires",
        metavar="T",
        parser=duration("--expires", _LONGEST),
        help="How long the link is good for, such as 30s, 15m, 2h or 7d.",
    ),
]
Redirect = Annotated[
    str | None,
    typer.Option(
        "--redirect",
        metavar="URL",
        parser=http_url("--redirect", "https://www.example.com/thanks"),
        help="The page that a visitor comes to once the file has arrived.",
    ),
]


def link(  # noqa: PLR0913 - the command has so many options
    *,
    key: OneKey = None,
    prefix: ManyKeys = None,
    max_bytes: MaxBytes = None,
    expires: Expires = "15m",  # type: ignore[assignment] # the parser reads it
    redirect: Redirect = None,
    as_json: Annotated[bool, json_option("One JSON object: url, fields, key, max_bytes and expires.")] = False,
    local: LocalOption = False,
    stack: Stack = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Print a page with which anybody can upload an image, by a presigned POST.

    A visitor needs no credentials. Without --key and --prefix it is for a new key that nobody else has: one image, for
    each upload with the link replaces the one before. With --prefix visitors can overwrite each other's files of the
    same name: give each visitor a prefix. A link works any number of times until it expires. One that is signed with
    temporary credentials (a role's, single sign-on's) ends with them, if that is sooner.

    The page shows how far the upload is and says whether it has arrived, in English or German, as the visitor's browser
    asks; what becomes of the image `darkroom show KEY` tells you, and not the visitor.
    To see that, it must be of an origin that cdk.json's cors_origins allows, by default any; without scripts, and where
    it may not see, it is a plain form. The key is printed on standard error.

    \b
    Examples:
      darkroom link > upload.html
      darkroom link --key avatars/u42.jpg --max-bytes 5MB --expires 2h
      darkroom link --redirect https://www.example.com/thanks > upload.html
      darkroom link --stack Darkroom --prefix visitors/7f3a/ --json
    """  # noqa: D301 - \b tells the help to leave the lines as they are
    asked = key_pattern(key, prefix)
    pipeline = find_target(local=local, stack=stack, endpoint_url=endpoint_url)
    scope = find_scope(pipeline)
    pattern = asked or new_key(scope.start_of("new"))
    limit = find_max_source_bytes(pipeline)
    most = max_bytes or limit or Limits().source_bytes
    made = make_link(pipeline, pattern, max_bytes=most, valid_for=expires, redirect=redirect)
    if not scope.includes(pattern):
        _warn(f"What is uploaded as {pattern!r} will not be resized: {scope.rule_for(pattern)}.")
    if limit and most > limit:
        _warn(f"Images of more than {limit:,} bytes will be rejected: that is the stack's max_source_bytes.")
    if made.dies_with_session:
        _warn("It is signed with temporary credentials: it ends with them, if that is before it expires.")
    if hint := prefix_hint(key or prefix or "", is_prefix=prefix is not None):
        _warn(hint)
    if not as_json:
        typer.echo(f"key: {printable(pattern)}", err=True)
        if prefix is None:
            typer.echo("Each upload replaces the one before. With --prefix, files keep their own names.", err=True)
    typer.echo(made.to_json() if as_json else upload_page(made))


def _warn(text: str) -> None:
    typer.echo(f"darkroom: {printable(text)}", err=True)
