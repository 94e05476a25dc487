"""Feeds a target with inputs that grow by what they reach: atheris, or hypothesis where atheris has no wheel.

The seeds of chance are fixed, so that the same time on the same machine tries nearly the same inputs.
"""

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

try:
    import atheris
except ModuleNotFoundError:  # there is no wheel for this machine
    atheris = None

Target = Callable[[bytes], object]

LONGEST = 4096

_BATCH = settings(
    max_examples=200,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def instrument(*modules: str) -> None:
    """Have the modules tell what is reached in them; they must not be imported yet."""
    if atheris is not None:
        with atheris.instrument_imports(include=list(modules), enable_loader_override=False):
            for module in modules:
                __import__(module)


def fuzz(target: Target, seeds: Sequence[bytes], seconds: int) -> None:
    """Feed the target for so long. What it raises ends the process, its status not 0, with the input told."""
    for each in seeds:
        target(each)
    if atheris is None:
        _fuzz_without_coverage(target, seeds, seconds)
    else:
        _fuzz_by_coverage(target, seeds, seconds)


def _fuzz_by_coverage(target: Target, seeds: Sequence[bytes], seconds: int) -> None:
    """End the process, as libFuzzer does when its time is up (https://llvm.org/docs/LibFuzzer.html)."""
    with tempfile.TemporaryDirectory() as folder:
        corpus, found = Path(folder, "corpus"), Path(folder, "found")
        corpus.mkdir()
        found.mkdir()
        for number, each in enumerate(seeds):
            (corpus / str(number)).write_bytes(each)
        options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-seed=1", "-timeout=60", "-rss_limit_mb=0"]
        atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={found}/", str(corpus)], _showing(target))
        atheris.Fuzz()


def _fuzz_without_coverage(target: Target, seeds: Sequence[bytes], seconds: int) -> None:
    end, rounds = monotonic() + seconds, 0
    while monotonic() < end:
        rounds += 1
        batch = _BATCH(seed(rounds)(given(_changed(seeds))(_showing(target))))
        batch()


def _changed(seeds: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """A seed, some bytes of which are others."""

    def change(source: bytes, changes: list[tuple[int, bytes]]) -> bytes:
        changed = bytearray(source)
        for at, value in changes:
            start = at % (len(changed) + 1)
            changed[start : start + len(value)] = value
        return bytes(changed)

    changes = st.lists(st.tuples(st.integers(0, LONGEST), st.binary(min_size=1, max_size=4)), min_size=1, max_size=8)
    return st.builds(change, st.sampled_from(list(seeds)), changes)


def _showing(target: Target) -> Callable[[bytes], None]:
    def show_if_it_fails(source: bytes) -> None:
        try:
            target(source)
        except BaseException:
            print("the input:", bytes(source).hex(), file=sys.stderr, flush=True)  # noqa: T201 - the finding, for a person
            raise

    return show_if_it_fails
