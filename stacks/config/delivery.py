"""The setting `delivery`: a distribution in front of the derived bucket."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from contract.errors import SettingsError
from stacks.config.members import check_members, check_once, matching
from stacks.config.public_keys import PublicKey, parse_public_keys
from stacks.config.rules import BOOLEAN, ORIGINS

# docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html: a name as DNS has it, or all of a domain's.
_DOMAIN = re.compile(r"(?=.{1,253}$)(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# docs.aws.amazon.com/general/latest/gr/cf_region.html#limits_cloudfront
_MOST_DOMAINS = 100
# CloudFront takes those of us-east-1 alone, whichever region the stack is in:
# docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
_CERTIFICATE = re.compile(r"arn:aws[a-z-]*:acm:(?P<region>[a-z0-9-]+):[0-9]{12}:certificate/[A-Za-z0-9-]{1,64}")
_CERTIFICATE_REGION = "us-east-1"
_DISTRIBUTION = re.compile(r"arn:aws[a-z-]*:cloudfront::[0-9]{12}:distribution/[A-Z0-9]{1,32}")
_CORS_ORIGINS = ("*",)


class PriceClass(StrEnum):
    """From which places CloudFront answers: aws.amazon.com/cloudfront/pricing."""

    ALL = "all"
    WITHOUT_THE_DEAREST = "200"
    NORTH_AMERICA_AND_EUROPE = "100"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How variants are delivered.

    `domain_names` are names of one's own, of which the first is written into URLs; the certificate is for all of them.
    `manifests` says that manifests are delivered too. With `public_keys` every URL has to be signed by the private key
    of one of them. `distribution_arn` is a distribution that is there already, None
    for one of the stack's own.
    """

    domain_names: tuple[str, ...] = ()
    certificate_arn: str | None = None
    price_class: PriceClass = PriceClass.ALL
    cors_origins: tuple[str, ...] = _CORS_ORIGINS
    manifests: bool = False
    public_keys: tuple[PublicKey, ...] = ()
    distribution_arn: str | None = None


# What is said at a distribution that is there, and not here.
_OF_THE_STACKS_OWN = ("certificate_arn", "price_class", "cors_origins", "public_keys")
MEMBERS = ("domain_names", "manifests", "distribution_arn", *_OF_THE_STACKS_OWN)


def parse_delivery(key: str, value: object) -> Delivery:
    """Read how variants are delivered.

    Raises:
        SettingsError: a member is unknown or wrong, or some cannot work together.
    """
    if not isinstance(value, Mapping):
        raise SettingsError(key, value, "null for none, {} for a distribution of the stack's own, or its members")
    check_members(key, value, MEMBERS)
    delivery = Delivery(
        domain_names=_domains(f"{key}.domain_names", value.get("domain_names", [])),
        certificate_arn=_certificate(f"{key}.certificate_arn", value.get("certificate_arn")),
        price_class=_price_class(f"{key}.price_class", value.get("price_class", PriceClass.ALL.value)),
        cors_origins=ORIGINS.parse(f"{key}.cors_origins", value.get("cors_origins", [*_CORS_ORIGINS])),
        manifests=BOOLEAN.parse(f"{key}.manifests", value.get("manifests", False)),
        public_keys=parse_public_keys(f"{key}.public_keys", value.get("public_keys", [])),
        distribution_arn=_distribution(f"{key}.distribution_arn", value.get("distribution_arn")),
    )
    if delivery.distribution_arn is None:
        _check_own(key, delivery)
    else:
        _check_existing(key, value, delivery)
    return delivery


def _domains(key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _MOST_DOMAINS:
        raise SettingsError(key, value, f'a list of at most {_MOST_DOMAINS} names such as ["images.example.com"]')
    meaning = 'a domain name such as "images.example.com", in small letters and without https://'
    names = tuple(matching(f"{key}[{place}]", each, _DOMAIN, meaning) for place, each in enumerate(value))
    check_once(key, names)
    if names and names[0].startswith("*."):
        raise SettingsError(f"{key}[0]", names[0], "a name without *: URLs are written with the first")
    return names


def _certificate(key: str, value: object) -> str | None:
    if value is None:
        return None
    text = matching(key, value, _CERTIFICATE, "the ARN of a certificate, arn:…:acm:us-east-1:…:certificate/<id>")
    match = _CERTIFICATE.fullmatch(text)
    if match and match["region"] != _CERTIFICATE_REGION:
        raise SettingsError(
            key,
            text,
            f"a certificate in {_CERTIFICATE_REGION}, whichever region the stack is in: CloudFront takes no other; "
            "request it there",
        )
    return text


def _price_class(key: str, value: object) -> PriceClass:
    if not isinstance(value, str) or value not in set(PriceClass):
        raise SettingsError(key, value, f"one of {', '.join(PriceClass)}, as text")
    return PriceClass(value)


def _distribution(key: str, value: object) -> str | None:
    if value is None:
        return None
    return matching(key, value, _DISTRIBUTION, "the ARN of a distribution, arn:…:cloudfront::…:distribution/<id>")


def _check_own(key: str, delivery: Delivery) -> None:
    if delivery.domain_names and delivery.certificate_arn is None:
        raise SettingsError(
            f"{key}.certificate_arn", None, "the ARN of a certificate for the domain_names, in us-east-1"
        )
    if delivery.certificate_arn and not delivery.domain_names:
        raise SettingsError(f"{key}.domain_names", [], "at least one name that the certificate_arn is for")


def _check_existing(key: str, members: Mapping[str, object], delivery: Delivery) -> None:
    if not delivery.domain_names:
        raise SettingsError(
            f"{key}.domain_names", [], "the name by which the distribution of distribution_arn is known"
        )
    for name in _OF_THE_STACKS_OWN:
        if name in members:
            raise SettingsError(
                f"{key}.{name}", members[name], "no such member beside distribution_arn: set it at your distribution"
            )
