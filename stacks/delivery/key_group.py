"""The keys that sign URLs: a distribution with a key group answers no other."""

from collections.abc import Sequence

from aws_cdk import Aws, Fn
from aws_cdk import aws_cloudfront as cloudfront
from constructs import Construct

from stacks.config.public_keys import PublicKey
from stacks.names import global_name


class SigningKeys(Construct):
    """A key group of one or more keys, of which each signs.

    CloudFormation cannot change a public key: each has a construct of its own, and a new one comes beside the old
    before that goes. github.com/aws/aws-cdk/issues/15301
    """

    def __init__(self, scope: Construct, construct_id: str, *, stack_name: str, keys: Sequence[PublicKey]) -> None:
        super().__init__(scope, construct_id)
        made = {key.fingerprint: self._public_key(stack_name, key) for key in keys}
        self.group = cloudfront.KeyGroup(
            self,
            "Group",
            key_group_name=global_name(stack_name, "signers", Aws.REGION),
            comment="Darkroom: whose signatures are taken",
            items=[*made.values()],
        )
        # For `darkroom url`, which knows a private key, and so the fingerprint of its public one.
        self.ids = Fn.join(",", [f"{fingerprint}:{key.public_key_id}" for fingerprint, key in made.items()])

    def _public_key(self, stack_name: str, key: PublicKey) -> cloudfront.PublicKey:
        return cloudfront.PublicKey(
            self,
            f"Key{key.fingerprint}",
            public_key_name=global_name(stack_name, key.fingerprint, Aws.REGION),
            comment="Darkroom: signs URLs",
            encoded_key=key.pem,
        )
