"""What to do where only another deployment helps.

On AWS one thing, on this machine another.
"""

from typing import Final

from darkroom.pipeline.client import Pipeline

START_AGAIN: Final = "Stop `darkroom up` and start it again, with the -c options that are meant; what is in it goes."

DEPLOY_ANEW: Final = "Deploy the stack again, with any change that makes CloudFormation look at it."


def deploy_advice(pipeline: Pipeline, on_aws: str) -> str:
    """Choose the advice: nobody on this machine wants to be sent to AWS."""
    return START_AGAIN if pipeline.endpoint_url else on_aws
