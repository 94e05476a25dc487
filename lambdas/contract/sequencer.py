"""Order the events of a key by S3's sequencer."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class EventOrder:
    """The order in which writers of derived objects win.

    It is when a writer was told to write, and by which version of the function. `sequencer` is S3's order of the events
    of a key, in hexadecimal. `function_version` is the number of the function's version: of two that do the same
    event's job, during a deployment, the newer one with its configuration wins.
    """

    sequencer: str
    function_version: int

    def is_later_than(self, other: Self) -> bool:
        """Compare two orders of the same key.

        For sequencers "right pad the shorter value with zeros, and then do a lexicographical comparison":
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
        """
        width = max(len(self.sequencer), len(other.sequencer))
        own, others = self.sequencer.ljust(width, "0"), other.sequencer.ljust(width, "0")
        return (own, self.function_version) > (others, other.function_version)

    def to_text(self) -> str:
        """Write it as an object's metadata and a rendition's stamp hold it."""
        return f"{self.sequencer}.{self.function_version}"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what `to_text` wrote.

        Anything else is older than every event, for it is not ours.
        """
        sequencer, _, function_version = text.partition(".")
        return (
            cls(sequencer=sequencer, function_version=int(function_version))
            if function_version.isdecimal()
            else cls.oldest()
        )

    @classmethod
    def oldest(cls) -> Self:
        """Give the order that is older than every event."""
        return cls(sequencer="", function_version=0)
