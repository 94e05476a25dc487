"""Keeps beside a local pipeline the settings that replaced cdk.json's."""

import json
from collections.abc import Mapping
from typing import Any

import boto3

from darkroom.errors import aws_errors
from darkroom.pipeline.client import client_of


class DeployedOverrides:
    """The settings of one stack at one endpoint, in its Parameter Store."""

    def __init__(self, stack_name: str, endpoint_url: str, session: boto3.Session) -> None:
        self._parameter = f"/darkroom/{stack_name}/overrides"
        self._ssm = client_of(session, "ssm", endpoint_url)

    def read(self) -> dict[str, object]:
        """Read them; none where none were kept.

        Raises:
            DarkroomError: the endpoint does not answer.
        """
        with aws_errors("Reading what the pipeline was deployed with"):
            try:
                told: Any = json.loads(self._ssm.get_parameter(Name=self._parameter)["Parameter"]["Value"])
            except self._ssm.exceptions.ParameterNotFound:
                return {}
        return dict(told)

    def write(self, overrides: Mapping[str, object]) -> None:
        """Keep them, in place of those of the deployment before.

        Raises:
            DarkroomError: the endpoint does not take them.
        """
        with aws_errors("Keeping what the pipeline was deployed with"):
            self._ssm.put_parameter(
                Name=self._parameter, Value=json.dumps(dict(overrides)), Type="String", Overwrite=True, Tier="Advanced"
            )
