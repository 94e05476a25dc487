"""Remove unused files from a bundle.

tests/stack/golden lists what stays. A test renders every format in both directions from such bundles.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

from resize.imaging.engine import Engine

# Glob patterns of what goes, relative to the bundle. Licences stay, and so does METADATA: scanners read versions there.
_ALWAYS_NEEDLESS = (
    # For type checkers, for installers, and lists of libraries that are no longer all there.
    *("**/*.pyi", "**/py.typed"),
    *("*.dist-info/WHEEL", "*.dist-info/top_level.txt", "*.dist-info/zip-safe", "*.dist-info/sboms"),
    # Pillow's formats: it does without the ones that it does not find. NEEDED names those that stay.
    *("PIL/*ImagePlugin.py", "PIL/GdImageFile.py", "PIL/WalImageFile.py", "PIL/ContainerIO.py", "PIL/TarIO.py"),
    *("PIL/PSDraw.py", "PIL/PdfParser.py"),
    # Drawing and text, with the libraries that read fonts.
    *("PIL/_imagingft.*", "PIL/*FontFile.py", "PIL/ImageFont.py", "PIL/ImageText.py", "PIL/ImageDraw*.py"),
    *("pillow.libs/libfreetype-*", "pillow.libs/libharfbuzz-*", "pillow.libs/libpng16-*", "pillow.libs/libbrotli*"),
    # Screens and windows.
    *("PIL/_imagingtk.*", "PIL/_tkinter_finder.py", "PIL/ImageGrab.py", "PIL/ImageQt.py", "PIL/ImageShow.py"),
    *("PIL/ImageTk.py", "PIL/ImageWin.py"),
    # Operations that no variant asks for, and Pillow's commands.
    *("PIL/_imagingmorph.*", "PIL/ImageMorph.py", "PIL/ImageEnhance.py", "PIL/ImagePath.py", "PIL/ImageStat.py"),
    *("PIL/ImageTransform.py", "PIL/__main__.py", "PIL/report.py"),
    # What boto3 needs too, so that Lambda's runtime has it beside boto3.
    *("jmespath", "jmespath-*.dist-info"),
    # Powertools for other kinds of functions: APIs, streams, parameters, idempotency.
    *("aws_lambda_powertools/event_handler", "aws_lambda_powertools/metrics/provider/datadog"),
    *("aws_lambda_powertools/utilities/auth_alpha", "aws_lambda_powertools/utilities/circuit_breaker"),
    *("aws_lambda_powertools/utilities/data_masking", "aws_lambda_powertools/utilities/feature_flags"),
    *("aws_lambda_powertools/utilities/idempotency", "aws_lambda_powertools/utilities/kafka"),
    *("aws_lambda_powertools/utilities/metadata", "aws_lambda_powertools/utilities/parameters"),
    *("aws_lambda_powertools/utilities/parser", "aws_lambda_powertools/utilities/serialization.py"),
    *("aws_lambda_powertools/utilities/streaming", "aws_lambda_powertools/utilities/validation"),
)

# The engine vips borrows Pillow's decoders of TIFF, BMP, GIF, AVIF, HEIC and animated PNG, the encoder of these, and
# its colors: what else Pillow has goes. libvips itself is one library; what loads it is the compiled part of cffi.
_NEEDLESS_WITH = {
    Engine.PILLOW: ("resize/imaging/vips",),
    Engine.VIPS: (
        "resize/imaging/pillow/render.py",
        *("PIL/_webp.*", "pillow.libs/libwebpdemux-*", "pillow.libs/libwebpmux-*"),
        *("cffi", "pycparser", "pycparser-*.dist-info", "pyvips/pyvips_build.py", "pyvips/vdecls.py"),
    ),
}

# What one function alone leaves out.
_NEEDLESS_OF = {
    "announce": (
        # Of the Kafka client what serializes by a schema, waits in coroutines, and tests itself.
        *(
            "confluent_kafka/aio",
            "confluent_kafka/avro",
            "confluent_kafka/kafkatest",
            "confluent_kafka/schema_registry",
        ),
        "aws_msk_iam_sasl_signer/cli.py",
    ),
}

# What stays although a pattern finds it: the formats of resize/formats.py, and MPO, which many phones' JPEGs are.
NEEDED = frozenset(f"PIL/{name}ImagePlugin.py" for name in ("Avif", "Bmp", "Gif", "Jpeg", "Mpo", "Png", "Tiff", "WebP"))


def prune(bundle: Path, engine: Engine, function: str) -> None:
    """Remove from a bundle what the function never uses."""
    for pattern in (*needless_patterns(engine), *_NEEDLESS_OF.get(function, ())):
        for found in list(needless(bundle, pattern)):
            if found.is_dir():
                shutil.rmtree(found)
            else:
                found.unlink()


def needless_patterns(engine: Engine) -> tuple[str, ...]:
    """List the patterns of what goes where this engine resizes."""
    return (*_ALWAYS_NEEDLESS, *_NEEDLESS_WITH[engine])


def needless(bundle: Path, pattern: str) -> Iterator[Path]:
    """Find what a pattern says goes."""
    return (found for found in bundle.glob(pattern) if found.relative_to(bundle).as_posix() not in NEEDED)
