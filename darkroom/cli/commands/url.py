"""`darkroom url`: print the URL of one variant, signed where it must be."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from contract.delivery import variant_urls
from darkroom.cli.options import EndpointUrl, LocalOption, Stack, UploadedKey, duration
from darkroom.cli.output.lookup import NO_URL
from darkroom.cli.target import find_target
from darkroom.errors import DarkroomError, UsageError, aws_errors
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.manifests import read_manifest
from darkroom.text import printable

# A signature that is good for longer is as good as none.
_LONGEST = timedelta(days=365)

VariantName = Annotated[
    str, typer.Option("--variant", metavar="V", help="Which variant, by its name.", show_default=False)
]
GoodFor = Annotated[
    timedelta | None,
    typer.Option(
        "--expires",
        metavar="T",
        parser=duration("--expires", _LONGEST),
        help="How long a signed URL is good for, such as 30s, 15m, 2h or 7d.",
    ),
]
KeyFile = Annotated[
    Path | None, typer.Option("--key-file", metavar="FILE", help="The private key in PEM that signs the URL.")
]


def url(  # noqa: PLR0913 - the command has so many options
    key: UploadedKey,
    *,
    variant: VariantName,
    expires: GoodFor = None,
    key_file: KeyFile = None,
    local: LocalOption = False,
    stack: Stack = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Print the URL at which a variant of an upload is delivered.

    It names the version of what stands now: browsers may keep it for a year, and another upload has another URL. With
    the setting delivery's public_keys a URL must be signed: give the private key of one of them, and how long it is
    good for. The key stays on this machine.

    \b
    Examples:
      darkroom url pets/cat.jpg --variant thumb
      darkroom url --stack Darkroom pets/cat.jpg --variant large --expires 2h --key-file private.pem

    \b
    Permissions: cloudformation:DescribeStacks; s3:GetObject and s3:ListBucket on the derived bucket.
    """  # noqa: D301 - \b tells the help to leave the lines as they are
    pipeline = find_target(local=local, stack=stack, endpoint_url=endpoint_url)
    found = _find(pipeline, key, variant)
    if not pipeline.signing_keys:
        if expires is not None or key_file is not None:
            raise UsageError("URLs are not signed here: leave --expires and --key-file out, or set public_keys.")
        typer.echo(found)
        return
    if expires is None or key_file is None:
        raise UsageError("URLs must be signed here: say with --key-file by which key, and with --expires for how long.")
    from darkroom.pipeline.signed_url import id_of, read_private_key, sign  # noqa: PLC0415 - others need no OpenSSL

    private = read_private_key(key_file)
    typer.echo(sign(found, private, id_of(private, pipeline.signing_keys), datetime.now(UTC) + expires))


def _find(pipeline: Pipeline, key: str, variant: str) -> str:
    if pipeline.delivery_url is None:
        advice = (
            "Start `darkroom up -c delivery={}`" if pipeline.endpoint_url else "Set delivery in cdk.json, and deploy"
        )
        raise DarkroomError(f"Nothing delivers the variants of {pipeline.stack_name!r}. {advice}: docs/delivery.md.")
    with aws_errors("Reading the manifest"):
        manifest = read_manifest(pipeline.client("s3"), pipeline.derived_bucket, pipeline.manifest_key(key))
    renditions = manifest.renditions if manifest else ()
    urls = variant_urls(pipeline.delivery_url, renditions)
    if variant not in urls and any(each.variant == variant for each in renditions):
        raise DarkroomError(f"There is no URL of {printable(repr(key))}. {NO_URL}")
    if variant not in urls:
        made = ", ".join(dict.fromkeys(each.variant for each in renditions)) or "none"
        raise DarkroomError(
            f"There is no URL of a variant {printable(repr(variant))} of {printable(repr(key))}. "
            f"Variants of it: {made}. `darkroom show` tells why."
        )
    return urls[variant]
