"""What `darkroom up` prints of where everything is."""

from dataclasses import replace

from darkroom.cli.commands.up import instructions, others
from darkroom.local.access_keys import AccessKeys
from darkroom.local.registry import RunningPipeline
from support.aws.deployments import deployed

LOCAL = deployed("http://127.0.0.1:4566")


def test_where_variants_are_delivered_is_told_where_a_distribution_does() -> None:
    url = "http://abc123.cloudfront.localhost:4566"

    told = instructions(replace(LOCAL, delivery_url=url))

    assert f"delivered at       {url}\n\nUpload an image:" in told
    assert "delivered" not in instructions(LOCAL)


def test_a_pipeline_that_is_up_already_is_told_to_the_next() -> None:
    running = RunningPipeline(
        endpoint_url="http://127.0.0.1:4566", stack_name="Darkroom", keys=AccessKeys(id="a", secret="b")
    )

    (line,) = others([running])

    assert line.startswith("darkroom: another pipeline is up at http://127.0.0.1:4566.")
    assert "secret" not in line
