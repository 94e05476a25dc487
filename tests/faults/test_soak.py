"""The short soak: what `make soak` does to 2,000 uploads, done to 200."""

from pathlib import Path

import pytest

from faults.soak import FUNCTION_SECONDS, soak
from support.aws.uploads_kind import EVENTBRIDGE_UNVERSIONED, EVENTBRIDGE_VERSIONED, OWN, UploadsKind
from support.command.convergence import assert_converged
from support.function.faulty import faulty_pipeline

linux_only = pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds processes through Linux's /proc")


@pytest.mark.long
@pytest.mark.uploads_kinds(OWN, EVENTBRIDGE_VERSIONED, EVENTBRIDGE_UNVERSIONED)
@linux_only
def test_every_upload_is_accounted_for_after_faults_of_every_kind(
    kind: UploadsKind, assembly: Path, tmp_path: Path
) -> None:
    log = tmp_path / "emulator.log"
    with faulty_pipeline(assembly, log, kind=kind, function_seconds=FUNCTION_SECONDS) as faulty:
        account, chaos = soak(faulty, uploads=200, keys=50, seed=20261123, progress=lambda: None)

        assert account.missing == {}
        assert account.unexplained == {}
        assert account.misjudged == []
        assert chaos.counts.total() > 20
        assert_converged(faulty.pipeline)
