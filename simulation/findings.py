"""Finding: a setting's values compared, and whether its default holds."""

from dataclasses import dataclass

from simulation.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """About one setting; the sentences are for the page.

    `is_supported` is computed, never written in.
    """

    setting: str
    default: str
    table: Table
    hurts: str
    supports: str
    is_supported: bool
