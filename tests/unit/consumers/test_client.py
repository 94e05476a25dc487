"""How a reader finds the brokers: an address, or a file that may say where they are and who asks, and no more."""

from pathlib import Path

import pytest

from consumers.client import ClientError, client_configuration


def written(folder: Path, text: str) -> Path:
    made = folder / "client.properties"
    made.write_text(text)
    return made


def test_an_address_is_enough() -> None:
    assert client_configuration("127.0.0.1:9092,localhost:9", None) == {
        "bootstrap.servers": "127.0.0.1:9092,localhost:9"
    }


@pytest.mark.parametrize(
    "address", ["broker.example:9092", "127.0.0.1:1,10.0.0.1:2", "127.0.0.1.example:1", "127.0.0.1", ""]
)
def test_what_is_read_does_not_pass_a_network_in_the_clear(tmp_path: Path, address: str) -> None:
    with pytest.raises(ClientError, match=r"PLAINTEXT is for 127\.0\.0\.1 alone|does not set"):
        client_configuration(None, written(tmp_path, f"bootstrap.servers={address}\n"))


def test_a_file_as_confluent_cloud_gives_one_is_read(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "# cloud\nbootstrap.servers=pkc.example:9092\nsecurity.protocol=SASL_SSL\n"
        "sasl.mechanism=PLAIN\nsasl.username=key\nsasl.password=a=b==\n\n",
    )

    assert client_configuration(None, file) == {
        "bootstrap.servers": "pkc.example:9092",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "PLAIN",
        "sasl.username": "key",
        "sasl.password": "a=b==",
    }


def test_a_file_that_is_not_there_or_says_no_brokers_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match=r"nowhere cannot be read"):
        client_configuration(None, tmp_path / "nowhere")
    with pytest.raises(ClientError, match=r"does not set bootstrap\.servers"):
        client_configuration(None, written(tmp_path, "# nothing\n"))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("plugin.library.paths=/tmp/evil", r"sets plugin\.library\.paths\. It may set bootstrap"),
        ("ssl.key.location=/etc/shadow", "sets ssl.key.location"),
        ("sasl.kerberos.kinit.cmd=rm", "sets sasl.kerberos.kinit.cmd"),
        ("nothing", "sets nothing"),
        ("security.protocol=SASL_PLAINTEXT", r"SASL_PLAINTEXT is for 127\.0\.0\.1 alone"),
    ],
)
def test_a_file_that_sets_more_is_refused(tmp_path: Path, line: str, why: str) -> None:
    with pytest.raises(ClientError, match=why):
        client_configuration(None, written(tmp_path, f"bootstrap.servers=127.0.0.1:1\n{line}\n"))
