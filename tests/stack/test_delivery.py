"""The distribution in front of the derived bucket: what it may read, what it answers with, and what it is called."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stacks.config.config import Config
from stacks.config.delivery import Delivery
from stacks.delivery.distribution import edge_function
from stacks.names import MAX_GLOBAL_NAME, MAX_REGION, global_name
from stacks.outputs import DeliveryOutput, Output
from support.aws.stack import (
    CERTIFICATE_ARN,
    DISTRIBUTION_ARN,
    PUBLIC_KEYS,
    WITH_DELIVERY,
    WITH_DELIVERY_OF_THEIR_BUCKET,
    WITH_DOMAIN,
    WITH_SIGNED_URLS,
    WITH_THEIR_DISTRIBUTION,
    Json,
    Template,
    in_cloudformation,
    synthesize,
)

DISTRIBUTION = "AWS::CloudFront::Distribution"
TOLD = [DeliveryOutput.URL, DeliveryOutput.DISTRIBUTION_ARN]
BUCKET_POLICY = "AWS::S3::BucketPolicy"


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return synthesize(tmp_path_factory.mktemp("delivered"), WITH_DELIVERY)


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return synthesize(tmp_path_factory.mktemp("named"), WITH_DOMAIN)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return synthesize(tmp_path_factory.mktemp("theirs"), WITH_THEIR_DISTRIBUTION)


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return synthesize(tmp_path_factory.mktemp("signed"), WITH_SIGNED_URLS)


@pytest.fixture(scope="module")
def in_their_bucket(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return synthesize(tmp_path_factory.mktemp("in-their-bucket"), WITH_DELIVERY_OF_THEIR_BUCKET)


def config_of(template: Template) -> Json:
    """The configuration of the one distribution."""
    config: Json = template.only(DISTRIBUTION)["Properties"]["DistributionConfig"]
    return config


def statements_about_cloudfront(template: Template) -> list[tuple[str, list[str], list[str], str]]:
    """Of the derived bucket's policy: effect, actions, resources, and for which distribution."""
    found = []
    for each in template.policies_of(Output.DERIVED_BUCKET, BUCKET_POLICY):
        if each["Principal"] == {"Service": "cloudfront.amazonaws.com"}:
            assert [*each["Condition"]] == ["StringEquals"]
            assert [*each["Condition"]["StringEquals"]] == ["AWS:SourceArn"]
            source = in_cloudformation(each["Condition"]["StringEquals"]["AWS:SourceArn"])
            resources = [in_cloudformation(one) for one in listed(each["Resource"])]
            found.append((each["Effect"], listed(each["Action"]), resources, source))
    return found


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_without_the_setting_there_is_nothing_of_it(template: Template) -> None:
    assert "cloudfront" not in template.text.lower()


def test_the_distribution_and_no_other_reads_the_bucket_but_no_manifests(delivered: Template) -> None:
    (name,) = delivered.all_of(DISTRIBUTION)
    bucket = f"<{delivered.id_of(Output.DERIVED_BUCKET)}.Arn>"
    ours = f"arn:aws:cloudfront::123456789012:distribution/<{name}>"

    assert statements_about_cloudfront(delivered) == [
        ("Allow", ["s3:GetObject", "s3:ListBucket"], [bucket, f"{bucket}/*"], ours),
        ("Deny", ["s3:GetObject"], [f"{bucket}/manifests/*"], ours),
    ]


def test_manifests_are_delivered_where_they_are_asked_for(named: Template) -> None:
    assert [effect for effect, *_ in statements_about_cloudfront(named)] == ["Allow"]


@pytest.mark.parametrize("config", [WITH_DELIVERY, WITH_DOMAIN, WITH_THEIR_DISTRIBUTION])
def test_the_bucket_stays_private_and_refuses_what_comes_without_tls(tmp_path: Path, config: Config) -> None:
    made = synthesize(tmp_path, config)

    refused = [
        each for each in made.policies_of(Output.DERIVED_BUCKET, BUCKET_POLICY) if each["Principal"] == {"AWS": "*"}
    ]

    assert [(each["Effect"], each["Action"], each["Condition"]) for each in refused] == [
        ("Deny", "s3:*", {"Bool": {"aws:SecureTransport": "false"}})
    ]
    block = made.behind(Output.DERIVED_BUCKET)["Properties"]["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}


def test_a_distribution_that_is_there_is_let_read_and_none_is_made(theirs: Template) -> None:
    bucket = f"<{theirs.id_of(Output.DERIVED_BUCKET)}.Arn>"

    assert "AWS::CloudFront::" not in theirs.text
    assert statements_about_cloudfront(theirs) == [
        ("Allow", ["s3:GetObject"], [f"{bucket}/*"], DISTRIBUTION_ARN),
        ("Allow", ["s3:ListBucket"], [bucket], DISTRIBUTION_ARN),
        ("Deny", ["s3:GetObject"], [f"{bucket}/manifests/*"], DISTRIBUTION_ARN),
    ]


def test_the_page_prints_the_statements_that_a_distribution_that_is_there_needs(theirs: Template) -> None:
    page = (Path(__file__).parents[2] / "docs" / "delivery.md").read_text(encoding="utf-8")
    (printed,) = [block for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL) if "DERIVED_BUCKET" in block]
    bucket = f"<{theirs.id_of(Output.DERIVED_BUCKET)}.Arn>"
    ours = printed.replace("arn:aws:s3:::DERIVED_BUCKET", bucket).replace("DISTRIBUTION_ARN", DISTRIBUTION_ARN)

    made = [each for each in theirs.policies_of(Output.DERIVED_BUCKET, BUCKET_POLICY) if "Sid" in each]

    assert [each | {"Resource": in_cloudformation(each["Resource"])} for each in made] == json.loads(ours)


def test_the_policy_of_a_bucket_that_is_there_is_left_to_its_owner(in_their_bucket: Template) -> None:
    policies = in_their_bucket.all_of(BUCKET_POLICY).values()

    assert [each["Properties"]["Bucket"] for each in policies] == [
        {"Ref": in_their_bucket.id_of(Output.UPLOADS_BUCKET)}
    ]


def test_a_bucket_that_is_there_is_asked_for_whole_keys_with_a_signature(in_their_bucket: Template) -> None:
    (origin,) = config_of(in_their_bucket)["Origins"]

    assert in_cloudformation(origin["DomainName"]).startswith("photos.s3.")
    assert "OriginAccessControlId" in origin
    assert "OriginPath" not in origin


def test_cloudfront_signs_what_it_asks_the_bucket_for(delivered: Template) -> None:
    (control,) = delivered.all_of("AWS::CloudFront::OriginAccessControl")
    (origin,) = config_of(delivered)["Origins"]

    assert origin["OriginAccessControlId"] == {"Fn::GetAtt": [control, "Id"]}
    assert origin["DomainName"] == {"Fn::GetAtt": [delivered.id_of(Output.DERIVED_BUCKET), "RegionalDomainName"]}
    signing = delivered.only("AWS::CloudFront::OriginAccessControl")["Properties"]["OriginAccessControlConfig"]
    assert (signing["SigningBehavior"], signing["SigningProtocol"]) == ("always", "sigv4")


def test_the_root_is_a_key_that_is_missing_and_not_the_list_of_all_keys(delivered: Template) -> None:
    assert config_of(delivered)["DefaultRootObject"] == "index.html"


def test_it_speaks_http_3_and_to_browsers_tls_alone(delivered: Template) -> None:
    config = config_of(delivered)

    assert config["HttpVersion"] == "http2and3"
    assert config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "redirect-to-https"
    assert config["DefaultCacheBehavior"]["AllowedMethods"] == ["GET", "HEAD"]
    assert config["DefaultCacheBehavior"]["Compress"] is False


def test_an_error_is_kept_for_a_second(delivered: Template) -> None:
    kept = {each["ErrorCode"]: each["ErrorCachingMinTTL"] for each in config_of(delivered)["CustomErrorResponses"]}

    assert kept == dict.fromkeys((403, 404, 500, 502, 503, 504), 1)


def test_what_is_kept_is_told_apart_by_path_and_version_alone(delivered: Template) -> None:
    policy = delivered.only("AWS::CloudFront::CachePolicy")["Properties"]["CachePolicyConfig"]

    parameters = policy["ParametersInCacheKeyAndForwardedToOrigin"]
    assert parameters["QueryStringsConfig"] == {"QueryStringBehavior": "whitelist", "QueryStrings": ["v"]}
    assert parameters["HeadersConfig"] == {"HeaderBehavior": "none"}
    assert parameters["CookiesConfig"] == {"CookieBehavior": "none"}
    assert not parameters["EnableAcceptEncodingGzip"]
    assert not parameters["EnableAcceptEncodingBrotli"]
    assert policy["MinTTL"] == 0


def test_every_answer_has_the_headers_of_security_and_cors(delivered: Template, named: Template) -> None:
    headers = delivered.only("AWS::CloudFront::ResponseHeadersPolicy")["Properties"]["ResponseHeadersPolicyConfig"]
    of_a_domain = named.only("AWS::CloudFront::ResponseHeadersPolicy")["Properties"]["ResponseHeadersPolicyConfig"]

    assert headers["SecurityHeadersConfig"]["StrictTransportSecurity"]["AccessControlMaxAgeSec"] == 31_536_000
    assert headers["SecurityHeadersConfig"]["ContentTypeOptions"] == {"Override": True}
    policy = headers["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    assert policy == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert headers["CorsConfig"]["AccessControlAllowOrigins"] == {"Items": ["*"]}
    assert headers["CorsConfig"]["AccessControlAllowCredentials"] is False
    assert of_a_domain["CorsConfig"]["AccessControlAllowOrigins"] == {"Items": ["https://www.example.com"]}


def test_without_origins_there_is_no_cors(tmp_path: Path) -> None:
    made = synthesize(tmp_path, replace(WITH_DELIVERY, delivery=Delivery(cors_origins=())))

    policy = made.only("AWS::CloudFront::ResponseHeadersPolicy")["Properties"]["ResponseHeadersPolicyConfig"]
    assert "CorsConfig" not in policy


def test_names_of_ones_own_come_with_their_certificate_and_tls_1_2(named: Template) -> None:
    config = config_of(named)

    assert config["Aliases"] == ["images.example.com", "*.images.example.com"]
    assert config["ViewerCertificate"]["AcmCertificateArn"] == CERTIFICATE_ARN
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert config["PriceClass"] == "PriceClass_100"


def test_the_stack_tells_where_it_delivers_and_by_what(delivered: Template, named: Template, theirs: Template) -> None:
    def told(template: Template) -> list[str]:
        return [in_cloudformation(template.json["Outputs"][each.value]["Value"]) for each in TOLD]

    (name,) = delivered.all_of(DISTRIBUTION)
    assert told(delivered) == [
        f"https://<{name}.DomainName>",
        f"arn:aws:cloudfront::123456789012:distribution/<{name}>",
    ]
    assert told(named)[0] == "https://images.example.com"
    assert told(theirs) == ["https://images.example.com", DISTRIBUTION_ARN]


def test_the_function_is_told_where_its_manifests_renditions_are_delivered(
    delivered: Template, named: Template, theirs: Template
) -> None:
    def told(template: Template) -> object:
        variables = template.behind(Output.FUNCTION_NAME)["Properties"]["Environment"]["Variables"]
        return in_cloudformation(variables["DARKROOM_DELIVERY_URL"])

    (name,) = delivered.all_of(DISTRIBUTION)
    assert told(delivered) == f"https://<{name}.DomainName>"
    assert [told(named), told(theirs)] == ["https://images.example.com"] * 2


def test_what_an_account_has_one_list_of_for_all_regions_carries_the_region(delivered: Template) -> None:
    names = [
        value
        for resource in delivered.json["Resources"].values()
        if resource["Type"].startswith("AWS::CloudFront::")
        for value in named_in(resource["Properties"])
    ]

    assert len(names) == 6
    assert {in_cloudformation(name) for name in names} == {
        "Darkroom-origin-eu-west-1",
        "Darkroom-cache-eu-west-1",
        "Darkroom-headers-eu-west-1",
        "Darkroom-version-eu-west-1",
        "Darkroom-accept-eu-west-1",
        "Darkroom-auto-eu-west-1",
    }


def named_in(properties: Json) -> list[Any]:
    """The members `Name` of a resource, down to those of its one configuration."""
    own = [properties["Name"]] if "Name" in properties else []
    inner = [value["Name"] for value in properties.values() if isinstance(value, dict) and "Name" in value]
    return own + inner


def test_a_long_name_is_cut_and_still_its_own() -> None:
    names = [global_name(f"{'S' * 63}{end}", "version", "r" * MAX_REGION) for end in "ab"]

    assert [len(name) for name in names] == [MAX_GLOBAL_NAME] * 2
    assert len(set(names)) == 2


def test_only_urls_that_a_key_of_the_group_has_signed_are_answered(signed: Template) -> None:
    (group,) = signed.all_of("AWS::CloudFront::KeyGroup")
    config = config_of(signed)
    behaviors = [config["DefaultCacheBehavior"], *config["CacheBehaviors"]]

    assert [each["TrustedKeyGroups"] for each in behaviors] == [[{"Ref": group}]] * 2


def test_each_key_is_a_resource_of_its_own_so_that_one_can_come_before_another_goes(
    signed: Template, tmp_path: Path
) -> None:
    rotated = synthesize(tmp_path, replace(WITH_SIGNED_URLS, delivery=Delivery(public_keys=PUBLIC_KEYS[1:])))

    def keys(template: Template) -> dict[str, str]:
        made = template.all_of("AWS::CloudFront::PublicKey")
        return {name: each["Properties"]["PublicKeyConfig"]["EncodedKey"] for name, each in made.items()}

    assert set(keys(signed).values()) == {each.pem for each in PUBLIC_KEYS}
    assert keys(rotated).items() < keys(signed).items()
    group = signed.only("AWS::CloudFront::KeyGroup")["Properties"]["KeyGroupConfig"]
    assert {each["Ref"] for each in group["Items"]} == set(keys(signed))


def test_the_stack_tells_which_key_is_which(signed: Template) -> None:
    told = in_cloudformation(signed.json["Outputs"][DeliveryOutput.SIGNING_KEYS.value]["Value"])

    assert [pair.partition(":")[0] for pair in told.split(",")] == [each.fingerprint for each in PUBLIC_KEYS]


def test_the_functions_are_published_for_runtime_2(delivered: Template) -> None:
    functions = [each["Properties"] for each in delivered.all_of("AWS::CloudFront::Function").values()]

    assert {each["FunctionConfig"]["Runtime"] for each in functions} == {"cloudfront-js-2.0"}
    assert {each["AutoPublish"] for each in functions} == {True}
    assert {each["FunctionCode"] for each in functions} == {
        edge_function("accept.js"),
        edge_function("version.js"),
        edge_function("version.js", is_of_auto=True),
    }


def test_every_answer_is_looked_at_and_only_the_path_of_an_auto_url_is_rewritten(delivered: Template) -> None:
    config = config_of(delivered)
    (auto,) = config["CacheBehaviors"]

    def functions(behavior: Json) -> list[tuple[str, str]]:
        found = [(each["EventType"], each["FunctionARN"]["Fn::GetAtt"][0]) for each in behavior["FunctionAssociations"]]
        return sorted((event, name.rstrip("0123456789ABCDEF")) for event, name in found)

    assert auto["PathPattern"] == "*.auto"
    assert functions(config["DefaultCacheBehavior"]) == [("viewer-response", "DeliveryVersion")]
    assert functions(auto) == [("viewer-request", "DeliveryAccept"), ("viewer-response", "DeliveryVersionOfAuto")]
    shared = {name: value for name, value in auto.items() if name not in {"PathPattern", "FunctionAssociations"}}
    assert shared.items() <= config["DefaultCacheBehavior"].items()
