"""The setting `delivery`: what it takes, and what it refuses in which words."""

from typing import Any

import pytest

from contract.errors import SettingsError
from stacks.config.config import Config
from stacks.config.delivery import Delivery, PriceClass
from stacks.config.parser import parse_config

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/51af3dc0-da77-11e4-872e-1234567db123"
DISTRIBUTION = "arn:aws:cloudfront::123456789012:distribution/E2QWRUHAPOMQZL"
NAMED = {"domain_names": ["images.example.com"], "certificate_arn": CERTIFICATE}


def test_it_is_off_by_default() -> None:
    assert Config().delivery is None


def test_an_empty_object_is_a_distribution_of_the_stacks_own() -> None:
    assert parse_config({"delivery": {}}).delivery == Delivery()
    assert parse_config({"delivery": "{}"}).delivery == Delivery()


def test_every_member_is_read() -> None:
    value = NAMED | {"price_class": "100", "cors_origins": ["https://www.example.com"], "manifests": True}

    assert parse_config({"delivery": value}).delivery == Delivery(
        domain_names=("images.example.com",),
        certificate_arn=CERTIFICATE,
        price_class=PriceClass.NORTH_AMERICA_AND_EUROPE,
        cors_origins=("https://www.example.com",),
        manifests=True,
    )


def test_a_distribution_that_is_there_is_known_by_its_arn_and_name() -> None:
    value = {"distribution_arn": DISTRIBUTION, "domain_names": ["images.example.com"], "manifests": True}

    assert parse_config({"delivery": value}).delivery == Delivery(
        distribution_arn=DISTRIBUTION, domain_names=("images.example.com",), manifests=True
    )


@pytest.mark.parametrize(
    ("value", "key", "said"),
    [
        (True, "delivery", "null for none, {} for a distribution"),
        ([], "delivery", "null for none, {} for a distribution"),
        ({"domain": []}, "delivery.domain", "the nearest is 'domain_names'"),
        ({"domain_names": "images.example.com"}, "delivery.domain_names", "a list of at most 100 names"),
        ({"domain_names": ["a.example.com"] * 101}, "delivery.domain_names", "a list of at most 100 names"),
        (NAMED | {"domain_names": ["https://a.example.com"]}, "delivery.domain_names[0]", "without https://"),
        (NAMED | {"domain_names": ["Images.example.com"]}, "delivery.domain_names[0]", "in small letters"),
        (NAMED | {"domain_names": ["example"]}, "delivery.domain_names[0]", "a domain name such as"),
        (NAMED | {"domain_names": ["a.example.com", 7]}, "delivery.domain_names[1]", "a domain name such as"),
        (NAMED | {"domain_names": ["*.example.com"]}, "delivery.domain_names[0]", "a name without *"),
        (NAMED | {"domain_names": ["a.example.com"] * 2}, "delivery.domain_names[1]", "each only once in the list"),
        ({"cors_origins": ["*", "*"]}, "delivery.cors_origins[1]", "each only once in the list"),
        ({"domain_names": ["a.example.com"]}, "delivery.certificate_arn", "a certificate for the domain_names"),
        ({"certificate_arn": CERTIFICATE}, "delivery.domain_names", "at least one name"),
        (NAMED | {"certificate_arn": "mine"}, "delivery.certificate_arn", "the ARN of a certificate"),
        (
            NAMED | {"certificate_arn": CERTIFICATE.replace("us-east-1", "eu-west-1")},
            "delivery.certificate_arn",
            "a certificate in us-east-1, whichever region the stack is in",
        ),
        ({"price_class": 100}, "delivery.price_class", "one of all, 200, 100, as text"),
        ({"price_class": "PriceClass_All"}, "delivery.price_class", "one of all, 200, 100, as text"),
        ({"cors_origins": ["example.com"]}, "delivery.cors_origins[0]", "an origin such as"),
        ({"manifests": "yes"}, "delivery.manifests", "true or false"),
        ({"distribution_arn": "E2QWRUHAPOMQZL"}, "delivery.distribution_arn", "the ARN of a distribution"),
        ({"distribution_arn": DISTRIBUTION}, "delivery.domain_names", "the name by which the distribution"),
        (NAMED | {"distribution_arn": DISTRIBUTION}, "delivery.certificate_arn", "set it at your distribution"),
        (
            {"distribution_arn": DISTRIBUTION, "domain_names": ["a.example.com"], "cors_origins": ["*"]},
            "delivery.cors_origins",
            "set it at your distribution",
        ),
    ],
)
def test_a_mistake_is_told_by_its_key_its_value_and_what_is_allowed(value: Any, key: str, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_config({"delivery": value})

    assert refused.value.key == key
    assert said in str(refused.value)
