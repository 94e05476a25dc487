"""The distribution that delivers variants, and what it may read."""

from pathlib import Path

from aws_cdk import Annotations, Aws, Duration
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from contract.delivery import AUTO
from stacks.config.config import Config
from stacks.config.delivery import Delivery, PriceClass
from stacks.delivery.bucket_policy import no_manifests, reading_statements
from stacks.delivery.key_group import SigningKeys
from stacks.names import global_name
from stacks.suppressions import suppress

# Nobody puts an object there: `/` is a key that is missing, and not the list of all keys, which S3 answers with to
# whoever may list. docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DefaultRootObject.html
ROOT_OBJECT = "index.html"
_FUNCTIONS = Path(__file__).with_name("functions")
_NOT_OF_AUTO = "const IS_OF_AUTO = false;"
_ASKED = cloudfront.FunctionEventType.VIEWER_REQUEST
_ANSWERED = cloudfront.FunctionEventType.VIEWER_RESPONSE
# What is missing or broken now may be there in a moment. A second is enough to spare the bucket a crowd.
# docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/custom-error-pages-expiration.html
_FAILED = (403, 404, 500, 502, 503, 504)
_FAILED_SECONDS = 1
_TLS_1_2 = cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021
_PRICE_CLASSES = {
    PriceClass.ALL: cloudfront.PriceClass.PRICE_CLASS_ALL,
    PriceClass.WITHOUT_THE_DEAREST: cloudfront.PriceClass.PRICE_CLASS_200,
    PriceClass.NORTH_AMERICA_AND_EUROPE: cloudfront.PriceClass.PRICE_CLASS_100,
}
# A picture that is opened by its own address is a document. It runs nothing, whatever its bytes are taken for.
_CONTENT_SECURITY_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"

_NO_ACCESS_LOGS = (
    "Access logs hold addresses of people, and belong in a bucket of the account, not of the application: who wants "
    "them turns on standard logging for the distribution. CloudFront counts requests, bytes and errors without."
)
_NO_FIREWALL = (
    "It answers GET and HEAD from a bucket, and runs nothing of the application: a firewall costs by the month and by "
    "the request, and is for the account to put in front, by associating its web ACL."
)
_FOR_EVERY_COUNTRY = "Pages are shown everywhere: in which countries they are not is for their owner to say."
_OWN_CERTIFICATE = (
    "Without domain_names it has CloudFront's own certificate, and with that CloudFront lets nobody choose the version "
    "of TLS; with names of one's own it is TLS 1.2 from 2021 on."
)
_ONE_ORIGIN = "There is one derived bucket, which is made again from the uploads: there is nothing to fail over to."
_NO_SUBDOMAINS = (
    "It asks browsers for TLS on this name for a year; whether that holds for its subdomains, and in browsers' "
    "preloaded lists, is for the owner of the domain to say."
)
_ACKNOWLEDGED = {
    "listBucketSecurityRisk": (
        "The default root object is set, so no request lists the bucket: with LIST, missing keys answer 404."
    ),
    "updateImportedBucketPolicyOac": (
        "The policy of a bucket that was there is its owner's: `darkroom doctor` prints what to add, and tells as long "
        "as that is missing."
    ),
}


class Distribution(Construct):
    """A distribution of the stack's own.

    It has HTTP/3, TLS, a policy of headers, and the bucket behind it. `signing_keys` is None where anybody may ask.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, config: Config, delivery: Delivery, derived: s3.IBucket
    ) -> None:
        super().__init__(scope, construct_id)
        self._stack_name = config.stack_name
        self.signing_keys: SigningKeys | None = None
        if delivery.public_keys:
            self.signing_keys = SigningKeys(
                self, "SigningKeys", stack_name=config.stack_name, keys=delivery.public_keys
            )
        of_a_file, of_any = self._behaviors(delivery, derived)
        self.resource = cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"{config.stack_name} in {Aws.REGION}: variants of uploads",
            default_behavior=of_a_file,
            additional_behaviors={f"*.{AUTO}": of_any},
            default_root_object=ROOT_OBJECT,
            domain_names=[*delivery.domain_names] or None,
            certificate=self._certificate(delivery),
            minimum_protocol_version=_TLS_1_2 if delivery.certificate_arn else None,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=_PRICE_CLASSES[delivery.price_class],
            error_responses=[
                cloudfront.ErrorResponse(http_status=status, ttl=Duration.seconds(_FAILED_SECONDS))
                for status in _FAILED
            ],
        )
        self._suppress_rules(delivery)

    @property
    def arn(self) -> str:
        """The distribution's ARN."""
        return self.resource.distribution_arn

    def _behaviors(
        self, delivery: Delivery, derived: s3.IBucket
    ) -> tuple[cloudfront.BehaviorOptions, cloudfront.BehaviorOptions]:
        """Say what becomes of requests for a file, and of those for whichever file the client reads."""
        origin, cached, headers = self._origin(derived), self._cache_policy(), self._headers(delivery)
        signers = [self.signing_keys.group] if self.signing_keys else None
        accept = self._function("Accept", "accept", edge_function("accept.js"), _ASKED)
        version = self._function("Version", "version", edge_function("version.js"), _ANSWERED)
        version_of_auto = self._function(
            "VersionOfAuto", "auto", edge_function("version.js", is_of_auto=True), _ANSWERED
        )

        def behavior(*functions: cloudfront.FunctionAssociation) -> cloudfront.BehaviorOptions:
            return cloudfront.BehaviorOptions(
                origin=origin,
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD,
                cached_methods=cloudfront.CachedMethods.CACHE_GET_HEAD,
                compress=False,  # a picture is compressed already
                cache_policy=cached,
                response_headers_policy=headers,
                trusted_key_groups=signers,
                function_associations=[*functions],
            )

        return behavior(version), behavior(accept, version_of_auto)

    def _function(
        self, construct_id: str, role: str, code: str, event_type: cloudfront.FunctionEventType
    ) -> cloudfront.FunctionAssociation:
        function = cloudfront.Function(
            self,
            construct_id,
            function_name=self._name(role),
            comment="Darkroom: stacks/delivery/functions",
            code=cloudfront.FunctionCode.from_inline(code),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
            auto_publish=True,
        )
        return cloudfront.FunctionAssociation(function=function, event_type=event_type)

    def _origin(self, derived: s3.IBucket) -> cloudfront.IOrigin:
        control = cloudfront.S3OriginAccessControl(
            self,
            "OriginAccess",
            origin_access_control_name=self._name("origin"),
            description="Darkroom: CloudFront signs what it asks the derived bucket for",
        )
        for warning, reason in _ACKNOWLEDGED.items():
            Annotations.of(self).acknowledge_warning(f"@aws-cdk/aws-cloudfront-origins:{warning}", reason)
        return origins.S3BucketOrigin.with_origin_access_control(
            derived,
            origin_access_control=control,
            origin_access_levels=[cloudfront.AccessLevel.READ, cloudfront.AccessLevel.LIST],
        )

    def _cache_policy(self) -> cloudfront.CachePolicy:
        """Tell apart what CloudFront keeps: by path, and by the version that a URL asks for.

        Were the version left out, a new URL would be answered with what is kept of an old one.
        """
        return cloudfront.CachePolicy(
            self,
            "Cache",
            cache_policy_name=self._name("cache"),
            comment="Darkroom: by path and version",
            query_string_behavior=cloudfront.CacheQueryStringBehavior.allow_list("v"),
            header_behavior=cloudfront.CacheHeaderBehavior.none(),
            cookie_behavior=cloudfront.CacheCookieBehavior.none(),
            min_ttl=Duration.seconds(0),
            enable_accept_encoding_brotli=False,
            enable_accept_encoding_gzip=False,
        )

    def _headers(self, delivery: Delivery) -> cloudfront.ResponseHeadersPolicy:
        policy = cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            response_headers_policy_name=self._name("headers"),
            comment="Darkroom: security and CORS",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=_CONTENT_SECURITY_POLICY, override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=Duration.days(365), override=True
                ),
            ),
            cors_behavior=_cors(delivery.cors_origins),
            custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
                # For pages that ask for it of whatever they embed: html.spec.whatwg.org/multipage/browsers.html#coep
                custom_headers=[
                    cloudfront.ResponseCustomHeader(
                        header="Cross-Origin-Resource-Policy", value="cross-origin", override=True
                    )
                ]
            ),
        )
        suppress(policy, _NO_SUBDOMAINS, "CKV_AWS_259")
        return policy

    def _certificate(self, delivery: Delivery) -> acm.ICertificate | None:
        if delivery.certificate_arn is None:
            return None
        return acm.Certificate.from_certificate_arn(self, "Certificate", delivery.certificate_arn)

    def _name(self, role: str) -> str:
        return global_name(self._stack_name, role, Aws.REGION)

    def _suppress_rules(self, delivery: Delivery) -> None:
        suppress(self.resource, _NO_ACCESS_LOGS, "AwsSolutions-CFR3", "CKV_AWS_86")
        suppress(self.resource, _NO_FIREWALL, "AwsSolutions-CFR2", "CKV_AWS_68")
        suppress(self.resource, _FOR_EVERY_COUNTRY, "AwsSolutions-CFR1", "CKV_AWS_374")
        suppress(self.resource, _ONE_ORIGIN, "CKV_AWS_310")
        if not delivery.domain_names:
            suppress(self.resource, _OWN_CERTIFICATE, "AwsSolutions-CFR4", "CKV_AWS_174")


def edge_function(file: str, *, is_of_auto: bool = False) -> str:
    """Read the code of a CloudFront function.

    It can neither import anything nor be told.
    """
    code = (_FUNCTIONS / file).read_text(encoding="utf-8")
    return code.replace(_NOT_OF_AUTO, _NOT_OF_AUTO.replace("false", "true")) if is_of_auto else code


def let_read(distribution_arn: str, derived: s3.IBucket, *, manifests: bool, is_own: bool) -> None:
    """Have the policy of the stack's own bucket let a distribution read.

    The CDK has let one of the stack's own read already.
    """
    statements = reading_statements(distribution_arn, derived.bucket_arn, manifests=manifests)
    if is_own:
        statements = [] if manifests else [no_manifests(distribution_arn, derived.bucket_arn)]
    for each in statements:
        derived.add_to_resource_policy(iam.PolicyStatement.from_json(each))


def _cors(allowed: tuple[str, ...]) -> cloudfront.ResponseHeadersCorsBehavior | None:
    if not allowed:
        return None
    return cloudfront.ResponseHeadersCorsBehavior(
        access_control_allow_credentials=False,
        access_control_allow_headers=["*"],
        access_control_allow_methods=["GET", "HEAD"],
        access_control_allow_origins=[*allowed],
        origin_override=True,
    )
