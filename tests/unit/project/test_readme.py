"""The README and the pages that it leads to say what the code does."""

import re
import shlex
from dataclasses import replace
from pathlib import Path

from awscli.shorthand import ShorthandParser

from contract.errors import Reason
from contract.focal_point import FocalPoint, focus_in
from darkroom.cli.preflight import read_options
from resize.imaging.encoding import DEFAULTS, Encoding
from resize.imaging.geometry import Size
from resize.imaging.variants import Format
from stacks.config.parser import parse_config

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
TROUBLESHOOTING = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")


def test_the_numbers_of_each_format_are_documented() -> None:
    names = {Format.WEBP: "WebP", Format.JPEG: "JPEG"}
    lossless = {Format.PNG, Format.GIF}

    for output, numbers in DEFAULTS.items():
        quality = "" if output in lossless else f"{numbers.quality} "
        assert f"| {names.get(output, output.value.upper())} | {quality}| {numbers.effort} |" in CONFIGURATION


def test_what_an_effort_comes_to_is_documented() -> None:
    for effort in range(7):
        webp, avif, png = (
            Encoding(format=output, quality=80, effort=effort, size=Size(1600, 1067))
            for output in (Format.WEBP, Format.AVIF, Format.PNG)
        )
        row = next(line for line in CONFIGURATION.splitlines() if line.startswith(f"| {effort} | "))
        assert row.startswith(f"| {effort} | {webp.webp_method(has_alpha=False)}")
        assert row.endswith(f" | {png.png_level} |")
        small = replace(avif, size=Size(800, 533))
        up_to = f", and {small.avif_speed} up to 800 pixels" if small.avif_speed != avif.avif_speed else ""
        assert re.search(rf" \| {avif.avif_speed}{up_to}( \||, which)", row)


def test_every_reason_of_a_rejection_is_documented() -> None:
    assert {reason for reason in Reason if f"`{reason}`" not in TROUBLESHOOTING} == set()


def test_every_target_that_the_readme_names_is_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake (\w+)", README)) - {"it"}

    assert {target for target in named if not re.search(rf"^(\w+ )*{target}( \w+)*:", makefile, re.MULTILINE)} == set()


def test_the_readme_is_read_in_one_go() -> None:
    assert len(README.splitlines()) <= 140


def test_every_page_leads_to_files_that_are_there() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    links = [
        (page.name, link)
        for page in pages
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]

    assert links == []


def test_every_setting_that_a_page_overrides_reaches_the_cdk_as_it_is_meant() -> None:
    """Through make, whose recipe's shell takes quotes away, or straight from a shell."""
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    by_make = [
        shlex.split(shlex.split(written)[0]) for written in re.findall(r"\bARGS=('[^']*'|\"(?:\\.|[^\"])*\")", text)
    ]
    by_command = [
        shlex.split(written) for written in re.findall(r"\bdarkroom (?:run|up)\b( [^`#\n…]*-c [^`#\n…]*)", text)
    ]

    overrides = [read_options(arguments).context for arguments in (*by_make, *by_command)]

    assert len([each for each in overrides if each]) > 8
    assert [parse_config(each) for each in overrides]


def test_the_command_that_sets_a_focal_point_says_to_aws_what_it_says_to_a_reader() -> None:
    """To AWS's command line a comma begins another value, unless it is quoted within its word."""
    (command,) = re.findall(r"^aws s3api copy-object (?:.*\\\n)*.*$", CONFIGURATION, re.MULTILINE)
    words = shlex.split(command)

    metadata = ShorthandParser().parse(words[words.index("--metadata") + 1])

    assert focus_in(metadata) == (FocalPoint(x=0.3, y=0.7), None)
