"""A callback is signed as Standard Webhooks has it."""

import base64
import hashlib
import hmac

import pytest

from consumers.destination import DestinationError
from consumers.endpoint import Endpoint, GoneError
from support.events.webhook_receiver import KEY, endpoint, receiver, secret

OLD, NEW = KEY, bytes(range(32))


def test_the_standard_s_own_example_has_its_signature() -> None:
    """The reference libraries' test vector: github.com/standard-webhooks/standard-webhooks."""
    environment = {"WEBHOOK_URL": "https://a", "WEBHOOK_SECRETS": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
    headers = Endpoint.of(environment).headers("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', 1614265330)

    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_while_keys_change_it_is_signed_with_each() -> None:
    headers = endpoint("https://a", NEW, OLD).headers("1", b"body", 100)

    digests = [hmac.new(key, b"1.100.body", hashlib.sha256).digest() for key in (NEW, OLD)]
    assert headers["webhook-signature"].split() == [f"v1,{base64.b64encode(each).decode()}" for each in digests]


def test_what_is_sent_is_what_was_signed() -> None:
    with receiver() as other:
        fault, _ = endpoint(other.url).call("id-1", b'{"a": 1}', 1_000)

    (callback,) = other.callbacks
    signed = hmac.new(OLD, b'id-1.1000.{"a": 1}', hashlib.sha256).digest()
    assert fault is None
    assert callback.headers["webhook-signature"] == f"v1,{base64.b64encode(signed).decode()}"
    assert (callback.headers["webhook-id"], callback.headers["webhook-timestamp"]) == ("id-1", "1000")
    assert callback.headers["content-type"] == "application/cloudevents+json; charset=UTF-8"


@pytest.mark.parametrize("secrets", ["", " ", "whsec_", "whsec_!!!", "whsec_c2hvcnQ=", f"{secret(OLD)} whsec_x"])
def test_a_secret_that_cannot_be_is_refused_and_not_repeated(secrets: str) -> None:
    with pytest.raises(DestinationError, match="WEBHOOK_SECRETS") as caught:
        Endpoint.of({"WEBHOOK_URL": "https://a", "WEBHOOK_SECRETS": secrets})

    assert secret(OLD) not in str(caught.value)


def test_a_receiver_that_is_gone_is_told_apart() -> None:
    with receiver() as other:
        other.answer = lambda _callback: 410
        with pytest.raises(GoneError):
            endpoint(other.url).call("1", b"", 0)


def test_what_was_not_taken_is_said_with_the_wait_that_was_asked_for() -> None:
    with receiver() as other:
        other.answer, other.headers = lambda _callback: 429, {"Retry-After": "7"}
        assert endpoint(other.url).call("1", b"", 0) == ("It answered with status 429.", 7.0)
