"""How like a file's picture is to look at, by SSIMULACRA2.

100 is the same, 90 not told apart, 70 good, 50 fair. github.com/cloudinary/ssimulacra2, as ported to Python.
"""

from collections.abc import Mapping
from typing import Any

from ssimulacra2 import __version__, compute_ssimulacra2

from benchmarks.peers.serving import serve


def _answer(question: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"look": float(compute_ssimulacra2(question["picture"], question["file"]))}


if __name__ == "__main__":
    serve(_answer, {"ssimulacra2": __version__})
