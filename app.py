"""Synthesize the stacks that cdk.json configures."""

import os
import sys
from pathlib import Path

from contract.errors import SettingsError
from stacks.bundle.build import ANNOUNCE, NOTIFICATION, RESIZE, BundleError, build_bundle, lambda_platform
from stacks.config.config import Config
from stacks.config.context import read_context
from stacks.config.feature_flags import FEATURE_FLAGS
from stacks.config.parser import is_cdk_key, parse_config

PROJECT = Path(__file__).resolve().parent


def main() -> None:
    """Synthesize the stack.

    A mistake in the configuration, or of pip, ends it with its message and exit status 1.
    """
    try:
        context = read_context(PROJECT / "cdk.json", os.environ)
        config = parse_config(context)
        bundle = _bundle(config, RESIZE)
        announce_bundle = _bundle(config, ANNOUNCE) if config.events else None
        notifies = config.uploads_bucket is not None and not config.uploads_bucket.by_eventbridge
        notification_bundle = _bundle(config, NOTIFICATION) if notifies else None
    except SettingsError as error:
        sys.exit(f"cdk.json: {error}")
    except BundleError as error:
        sys.exit(str(error))
    _synthesize(context, config, bundle, announce_bundle=announce_bundle, notification_bundle=notification_bundle)


def _bundle(config: Config, function: str) -> Path:
    platform = None
    if config.bundle_for == "lambda":
        platform = lambda_platform(architecture=config.architecture, python=config.python)
    return build_bundle(platform, config.engine, function=function)


def _synthesize(
    context: dict[str, object],
    config: Config,
    bundle: Path,
    *,
    announce_bundle: Path | None,
    notification_bundle: Path | None,
) -> None:
    from aws_cdk import App  # noqa: PLC0415  # starts Node: a mistake in cdk.json is answered without waiting for it

    from stacks.log.stack import with_cluster  # noqa: PLC0415  # the same
    from stacks.pipeline import PipelineStack  # noqa: PLC0415  # the same

    flags = {**FEATURE_FLAGS, **{key: value for key, value in context.items() if is_cdk_key(key)}}
    app = App(context=flags, analytics_reporting=False, outdir=os.environ.get("CDK_OUTDIR", str(PROJECT / "cdk.out")))
    config = with_cluster(app, config)
    PipelineStack(
        app,
        config.stack_name,
        config=config,
        bundle=bundle,
        announce_bundle=announce_bundle,
        notification_bundle=notification_bundle,
    )
    app.synth()


if __name__ == "__main__":
    main()
