"""Builders of what the simulation is fed with: round numbers, by which a test can be worked out by hand."""

from simulation.parameters import Parameters, Photograph

PHOTOGRAPH = Photograph(megapixels=6, bytes=0, render_seconds=0.4, share=1.0)


def parameters(
    *, photographs: tuple[Photograph, ...] = (PHOTOGRAPH,), get_seconds: float = 0.03, put_seconds: float = 0.06
) -> Parameters:
    """Every upload the same photograph, which takes 0.4 s to render and no time to transfer."""
    return Parameters(
        photographs=photographs,
        start_seconds=0.5,
        get_seconds=get_seconds,
        put_seconds=put_seconds,
        environment_seconds=0.25,
        idle_seconds=300,
        log_bytes_a_job=500,
        log_bytes_an_invocation=1000,
        custom_metrics=8,
    )
