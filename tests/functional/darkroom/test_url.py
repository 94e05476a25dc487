"""`darkroom url`, on moto: the URL of what stands now, signed where the distribution asks for it."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1

from darkroom.cli.commands import url as command
from darkroom.cli.main import main
from darkroom.pipeline.client import Pipeline
from stacks.config.public_keys import parse_public_keys
from support.aws.deployments import deployed
from support.command.signing_keys import private_key, private_pem, public_pem
from support.function.buckets import Buckets

CommandOf: TypeAlias = Callable[..., tuple[int, str, str]]
BASE = "https://images.example.com"
HERE = replace(deployed(), endpoint_url="http://127.0.0.1:4566")
OPEN = replace(deployed(), delivery_url=BASE)
KEYS = {
    key.fingerprint: f"K{place}"
    for place, key in enumerate(
        parse_public_keys("public_keys", [public_pem(private_key("earlier")), public_pem(private_key())])
    )
}
SIGNED = replace(OPEN, signing_keys=KEYS)


@pytest.fixture(autouse=True)
def uploaded(world: Buckets) -> Buckets:
    world.deliver(world.upload("cat.jpg", b"cat"))
    return world


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "private.pem"
    path.write_bytes(private_pem(private_key()))
    return path


@pytest.fixture
def command_of(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandOf:
    """Run the command for a pipeline: its exit status, and what it prints and says."""

    def run(pipeline: Pipeline, *arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(command, "find_target", lambda **_: pipeline)
        monkeypatch.setattr("sys.argv", ["darkroom", "url", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        output = capsys.readouterr()
        return int(ended.value.code or 0), output.out.strip(), output.err.strip()

    return run


def test_it_is_that_of_the_version_that_stands(world: Buckets, command_of: CommandOf) -> None:
    (etag,) = [each["etag"] for each in world.manifest("cat.jpg")["renditions"] if each["variant"] == "thumb"]

    status, printed, _ = command_of(OPEN, "cat.jpg", "--variant", "thumb")

    assert (status, printed) == (0, f"{BASE}/thumb/cat.jpg.webp?v={etag}")


def test_it_is_found_below_the_prefix_of_a_derived_bucket_that_was_there(world: Buckets, command_of: CommandOf) -> None:
    world.settings = replace(world.settings, derived_prefix="made/")
    world.deliver(world.upload("dog.jpg", b"dog"))

    status, printed, _ = command_of(replace(OPEN, derived_prefix="made/"), "dog.jpg", "--variant", "thumb")

    assert (status, printed.partition("?")[0]) == (0, f"{BASE}/made/thumb/dog.jpg.webp")


def test_a_signed_url_is_good_for_so_long_and_its_signature_is_that_of_the_key(
    key_file: Path, command_of: CommandOf
) -> None:
    begun = datetime.now(UTC).replace(microsecond=0)

    _, printed, _ = command_of(SIGNED, "cat.jpg", "--variant", "thumb", "--expires", "2h", "--key-file", key_file)

    query = {name: value for name, (value,) in parse_qs(urlsplit(printed).query, strict_parsing=True).items()}
    resource = printed.partition("&Expires=")[0]
    assert resource.startswith(f"{BASE}/thumb/cat.jpg.webp?v=")
    assert query["Key-Pair-Id"] == "K1"
    expires = datetime.fromtimestamp(int(query["Expires"]), UTC)
    assert begun + timedelta(hours=2) <= expires <= datetime.now(UTC) + timedelta(hours=2)
    # docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-canned-policy-creating-signature.html
    condition = {"DateLessThan": {"AWS:EpochTime": int(query["Expires"])}}
    policy = json.dumps({"Statement": [{"Resource": resource, "Condition": condition}]}, separators=(",", ":"))
    signature = base64.b64decode(query["Signature"].translate(str.maketrans("-_~", "+=/")))
    private_key().public_key().verify(signature, policy.encode(), PKCS1v15(), SHA1())  # noqa: S303 - CloudFront's hash


HOURS = ["--expires", "2h"]


@pytest.mark.parametrize(
    ("pipeline", "arguments", "ended", "said"),
    [
        (deployed(), ["cat.jpg", "--variant", "thumb"], 3, "Nothing delivers the variants of 'Darkroom'. Set delivery"),
        (HERE, ["cat.jpg", "--variant", "thumb"], 3, "of 'Darkroom'. Start `darkroom up -c delivery={}`"),
        (OPEN, ["cat.jpg", "--variant", "huge"], 3, "Variants of it: large, thumb."),
        (OPEN, ["dog.jpg", "--variant", "thumb"], 3, "a variant 'thumb' of 'dog.jpg'. Variants of it: none."),
        (OPEN, ["cat.jpg", "--variant", "thumb", *HOURS], 2, "URLs are not signed here"),
        (OPEN, ["", "--variant", "thumb"], 2, "'' has 0 bytes, and every key has 1 to 1024."),
        (OPEN, ["x" * 1025, "--variant", "thumb"], 2, "has 1025 bytes"),
        (OPEN, ["caf\udce9.jpg", "--variant", "thumb"], 2, "'caf\\xe9.jpg' is not UTF-8, as every key is."),
        (SIGNED, ["cat.jpg", "--variant", "thumb"], 2, "URLs must be signed here"),
        (SIGNED, ["cat.jpg", "--variant", "thumb", *HOURS], 2, "say with --key-file by which key"),
    ],
)
def test_what_cannot_be_is_told(
    command_of: CommandOf, pipeline: Pipeline, arguments: list[str], ended: int, said: str
) -> None:
    status, printed, error = command_of(pipeline, *arguments)

    assert (status, printed) == (ended, "")
    assert said in error


def test_a_key_that_no_browser_can_ask_for_is_told_why_it_has_no_url(world: Buckets, command_of: CommandOf) -> None:
    world.deliver(world.upload("pets/../cat.jpg", b"cat"))

    status, printed, error = command_of(OPEN, "pets/../cat.jpg", "--variant", "thumb")

    assert (status, printed) == (3, "")
    assert "There is no URL of 'pets/../cat.jpg'. Its key has . or .. between slashes" in error


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"nonsense", "is no private key in PEM"),
        (public_pem(private_key()).encode(), "is no private key in PEM"),
        (private_pem(private_key(), b"secret"), "is protected by a password"),
        (private_pem(private_key("stranger")), "and the distribution knows"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_file_that_holds_no_key_of_the_distribution_is_told_and_not_repeated(
    tmp_path: Path, command_of: CommandOf, content: bytes | None, said: str
) -> None:
    path = tmp_path / "key.pem"
    if content is not None:
        path.write_bytes(content)

    status, printed, error = command_of(SIGNED, "cat.jpg", "--variant", "thumb", "--expires", "2h", "--key-file", path)

    assert (status, printed) == (2, "")
    assert said in error
    assert content is None or content.splitlines()[1 if b"KEY" in content else 0].decode() not in error
