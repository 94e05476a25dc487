"""The CDK's feature flags that have to be set.

Two of them change the template: `minimizePolicies` sorts the actions of policies, and `recognizeLayerVersion` gives the
function's version another logical id. The others are about services that no stack here has. One is not as recommended:
`enableAdditionalMetadataCollection` would report more about the stack to AWS.
docs.aws.amazon.com/cdk/v2/guide/featureflags.html
"""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

FEATURE_FLAGS: Mapping[str, object] = MappingProxyType(
    json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
)
