"""What a finding is: a knob, its values side by side, where it starts to hurt, and whether its default is supported."""

from dataclasses import dataclass

from simulation.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """About one knob; the sentences are for the page. `is_supported` is computed, never written in."""

    knob: str
    default: str
    table: Table
    hurts: str
    supports: str
    is_supported: bool
