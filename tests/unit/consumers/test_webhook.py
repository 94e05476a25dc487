"""The webhook's command and its Lambda handler."""

import json
from pathlib import Path

import pytest

from consumers import webhook
from consumers.deliveries import apply, open_queue
from consumers.destination import DestinationError
from consumers.endpoint import Endpoint
from consumers.event import Record
from consumers.webhook import NotTakenError, main
from support.events.outcome_events import event, invocation, records
from support.events.webhook_receiver import KEY, receiver, secret

SECRETS = secret(KEY)


@pytest.fixture
def _private(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Lambda no address of loopback is called; in a test there is no other."""
    of = Endpoint.of
    monkeypatch.setattr(Endpoint, "of", lambda environment: of(environment, private=True))


@pytest.mark.usefixtures("_private")
def test_lambda_s_records_are_called_back_about_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as other:
        monkeypatch.setenv("WEBHOOK_URL", other.url)
        monkeypatch.setenv("WEBHOOK_SECRETS", SECRETS)
        given = [*records(event("a"), event("b")), Record(partition=0, offset=2, value=b"?")]
        webhook.handler(invocation(given), None)

    assert [json.loads(callback.body)["subject"] for callback in other.callbacks] == ["a", "b"]


@pytest.mark.usefixtures("_private")
def test_what_is_not_taken_is_handed_back_to_lambda(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as other:
        other.answer = lambda _callback: 500
        monkeypatch.setenv("WEBHOOK_URL", other.url)
        monkeypatch.setenv("WEBHOOK_SECRETS", SECRETS)
        with pytest.raises(NotTakenError, match="Partition 0, offset 0: It answered with status 500"):
            webhook.handler(invocation(records(event("a"), event("b"))), None)

    assert len(other.callbacks) == 1


def test_on_lambda_loopback_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_URL", "http://127.0.0.1/")
    monkeypatch.setenv("WEBHOOK_SECRETS", SECRETS)

    with pytest.raises(DestinationError, match="go over https"):
        webhook.handler(invocation(records(event())), None)


def test_a_wrong_url_ends_the_command_with_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WEBHOOK_URL", "http://example.com")
    monkeypatch.setenv("WEBHOOK_SECRETS", SECRETS)

    status = main(["--queue", str(tmp_path / "queue"), "follow"])

    assert (status, capsys.readouterr().err) == (2, "webhook: The URL begins with 'http'. Callbacks go over https.\n")


def test_dead_letters_are_listed_and_redriven(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = open_queue(tmp_path / "queue")
    apply(database, records(event("a")))
    with database:
        database.execute("INSERT INTO dead SELECT number, id, key, body, 'It answered with status 500.' FROM pending")
        database.execute("DELETE FROM pending")
    database.close()

    listed = main(["--queue", str(tmp_path / "queue"), "dead"])
    told = json.loads(capsys.readouterr().out)
    redriven = main(["--queue", str(tmp_path / "queue"), "dead", "--redrive"])
    said = capsys.readouterr().out
    empty = main(["--queue", str(tmp_path / "queue"), "dead"])

    assert (listed, told["key"], told["reason"]) == (1, "a", "It answered with status 500.")
    assert (redriven, said, empty) == (0, "1 will be delivered again\n", 0)
