"""A batch of jobs on one function.

Together, one after another, and together on two processors, in turns.
"""

from pathlib import Path

from benchmarks.report.results import Batch
from benchmarks.workers import Worker, WorkerError, python_worker

JOBS = 10
# Of each round: one is over soon, and a median needs several.
_LONE_JOBS = 5


def measure_batch(engine: str, output: str, source: Path, folder: Path, rounds: int) -> Batch:
    """Measure so many rounds.

    Raises:
        WorkerError: the function failed.
    """
    together, plain, wide, alone = [], [], [], []
    command = ("benchmarks.function.batch_worker", engine, output)
    with (
        Worker(python_worker(*command, "1"), folder / "batch-1.log") as one,
        Worker(python_worker(*command, "2"), folder / "batch-2.log") as two,
    ):
        for worker in (one, two):  # what is loaded once is loaded now
            _ask(worker, source, together=True, jobs=2)
        for _ in range(rounds):
            seconds, requests = _ask(one, source, together=True)
            together.append(seconds)
            seconds, requests_of_plain = _ask(one, source, together=False)
            plain.append(seconds)
            wide.append(_ask(two, source, together=True)[0])
            alone += [_ask(one, source, together=True, jobs=1)[0] for _ in range(_LONE_JOBS)]
    return Batch(
        engine=engine,
        format=output,
        jobs=JOBS,
        requests=round(requests),
        requests_of_plain=round(requests_of_plain),
        together=tuple(together),
        one_after_another=tuple(plain),
        two_processors=tuple(wide),
        alone=tuple(alone),
    )


def _ask(worker: Worker, source: Path, *, together: bool, jobs: int = JOBS) -> tuple[float, float]:
    answer = worker.ask({"source": str(source), "together": together, "jobs": jobs})
    if "refusal" in answer:
        raise WorkerError(answer["refusal"])
    return answer["seconds"], answer["requests"]
