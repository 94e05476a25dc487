"""Meaning of and advice for each reason, as in docs/troubleshooting.md."""

from collections.abc import Mapping
from dataclasses import dataclass

from contract.errors import Reason
from darkroom.uploads.outcomes import Failure


@dataclass(frozen=True, slots=True)
class Explanation:
    """A reason in words; each half is a clause without its full stop."""

    meaning: str
    advice: str

    @property
    def sentence(self) -> str:
        """Both halves."""
        return f"{self.meaning}: {self.advice}."


_OVER_A_LIMIT = Explanation("it is over a limit, which `detail` names", "upload a smaller one, or raise the setting")
_BROKE_ITS_DECODER = Explanation(
    "it broke its decoder, in the sandbox; nothing else was harmed",
    "save it anew with an image editor, and upload that",
)

# By the reason's word: one that a later version wrote has no explanation here.
REJECTIONS: Mapping[str, Explanation] = {
    Reason.EMPTY: Explanation("the file has no bytes", "upload it again, from the original"),
    Reason.UNKNOWN_FORMAT: Explanation("its bytes are none of the formats that are read", "convert it to one of them"),
    Reason.CORRUPT: Explanation("it is cut off or damaged", "upload it again, from the original"),
    Reason.UNSUPPORTED: Explanation(
        "the file is whole, but this kind of it, which `detail` names, is not read",
        "save it as a usual one of its format",
    ),
    Reason.TOO_MANY_BYTES: _OVER_A_LIMIT,
    Reason.TOO_MANY_PIXELS: _OVER_A_LIMIT,
    Reason.TOO_MANY_FRAMES: _OVER_A_LIMIT,
    Reason.TOO_MANY_SCANS: Explanation(
        "it is a JPEG of more than 100 scans, made to keep a decoder busy", "save it as a baseline JPEG"
    ),
    Reason.OUT_OF_MEMORY: Explanation(
        "decoding it, or what it becomes, takes more memory than the function has",
        "upload a smaller one, or raise `memory_mb`",
    ),
    Reason.TIMED_OUT: Explanation(
        "it took more than `render_seconds` of the processor, or three times as long by the clock",
        "upload a smaller one, or raise `render_seconds`",
    ),
    Reason.CRASHED: _BROKE_ITS_DECODER,
    Reason.ABORTED: _BROKE_ITS_DECODER,
    Reason.DECODER_FAILED: _BROKE_ITS_DECODER,
    Reason.ENCODER_FAILED: _BROKE_ITS_DECODER,
    Reason.ARCHIVED: Explanation(
        "it lies in an archive class of S3, which hands nothing out; variants made before are left as they are",
        "restore it, then run `darkroom backfill`",
    ),
}

# Of a rejected upload, where another is shown.
SHOWN_INSTEAD = "the newest good upload before it is shown instead"

FAILURES = {
    Failure.DEAD_LETTER: Explanation(
        "its job failed every time, and waits in the dead-letter queue",
        "see why with `darkroom dlq list`, put it right, then `darkroom dlq redrive`",
    ),
    Failure.LOST: Explanation("there is neither a job nor an outcome", "upload it again"),
    Failure.NO_OUTCOME: Explanation(
        "nothing happened any more within the time given", "look at `darkroom status`, and wait for longer"
    ),
    Failure.OUTSIDE_PREFIX: Explanation(
        "its key does not start as the stack's `key_prefix` says, or has no variants, so nothing is made of it",
        "upload it with --prefix, or change the setting",
    ),
}
