"""The broker's configuration: loopback alone, one node, and no surprises from a folder's name."""

from pathlib import Path

from darkroom.event_log.server_properties import server_properties


def properties(data: Path) -> dict[str, str]:
    text = server_properties(data=data, port=9092, controller_port=9093)
    return dict(line.split("=", 1) for line in text.splitlines())


def test_every_address_is_loopback() -> None:
    read = properties(Path("/data"))
    addresses = [read[name] for name in ("listeners", "advertised.listeners", "controller.quorum.voters")]

    assert addresses == [
        "PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093",
        "PLAINTEXT://127.0.0.1:9092",
        "1@127.0.0.1:9093",
    ]


def test_a_topic_is_made_by_whoever_wants_it_and_not_by_asking_for_it() -> None:
    assert properties(Path("/data"))["auto.create.topics.enable"] == "false"


def test_a_backslash_in_a_folder_s_name_stays_one() -> None:
    assert properties(Path("/a\\b"))["log.dirs"] == "/a\\\\b"
