"""What `darkroom up` prints of where everything is."""

from dataclasses import replace

from darkroom.cli.commands.up import instructions
from support.aws.deployments import deployed

LOCAL = deployed("http://127.0.0.1:4566")


def test_where_variants_are_delivered_is_told_where_a_distribution_does() -> None:
    url = "http://abc123.cloudfront.localhost:4566"

    told = instructions(replace(LOCAL, delivery_url=url))

    assert f"delivered at       {url}\n\nUpload an image:" in told
    assert "delivered" not in instructions(LOCAL)
