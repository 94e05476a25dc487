"""docs/benchmarks.md, made of what was measured and of nothing else."""

from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks.engines import DEFAULT
from benchmarks.rendering import SLOW_SECONDS
from benchmarks.report import equal_look, scorecard
from benchmarks.report.ratios import FILE_SLACK, LEAST_SIMILARITY, MOST_BYTES, compare, fastest, median_ratio
from benchmarks.report.results import Batch, Cell, FirstAnswer, Measured, Program, Results, RuntimeStart, Whole
from benchmarks.report.table import table

_MEGABYTE = 1_000_000

_INTRODUCTION = """\
Made by `{command}` and by nothing else: a change by hand is gone after the next run. The same figures are in
[benchmarks.json](benchmarks.json), with every round. Times are of one machine, and worth nothing elsewhere; ratios of
programs that took turns on it carry over. More than 1 x is faster than the other."""

_METHOD = f"""\
Every program is a process that stays, on one core, and is asked in turns, in one order and then the other, so that what
slows the machine slows all alike; a ratio is the median of the ratios of neighbouring rounds. It is given a source's
bytes and makes three variants, 1600 and 800 wide and 320 x 320 cut from the middle, at quality 80 with its own defaults
otherwise; the clock runs from the bytes to the files' bytes. What is loaded once was loaded before. A program that
takes longer than {SLOW_SECONDS} seconds is timed once: its ratio is of that time and the other's median.

- The pictures are made in code, the same each time: as many edges and as much fine detail as photographs have, but none
  is one.
- *Resized* is the least SSIM of the three variants against a Lanczos in floats from full size, before anything is
  encoded (the program is asked for PNG). *File* is the same of the files themselves, where quality 80 cost its share.
- A ratio **counts** if resized is {LEAST_SIMILARITY} or better, the bytes are at most {MOST_BYTES:.2f} times the
  peer's, and the file's SSIM is no more than {FILE_SLACK} below the peer's. If not, the table says which it was.
- Darkroom's engines are called without the sandbox and without S3 here, as the peers have neither. Their process
  has the settings of the C library that the sandbox gives its children: freed memory is kept for the next image."""

_BATCH = """\
A function with ten jobs of six megapixels, and S3 at a distance: every GET and HEAD waits 30 ms, every PUT 60 ms.
*One after another* is the same work, with the same sandbox, as a person writes it first: read, resize, write, then
the next. The second processor comes with twice the memory, as on Lambda. The target is for JPEG: of WebP most of a job
is rendering, which a batch does one after another on its processor, too."""

_START = """\
A new Python that finds the deployed bundle and boto3 and nothing else; both are compiled, as they are on Lambda. The
job is a small photograph, and S3 answers at once. Starting the machine that it runs on is Lambda's part, and not in it.
Making is the S3 client, mostly; the sandbox's process gets ready meanwhile, on the other processor if there is one. A
function of 1,769 MB has one, yet while it starts it is
[reported to have two](https://bitesizedserverless.com/bite/lambda-cold-start-bootstrap/), so two is what the target is
measured by."""

_RUNTIME = """\
The same under AWS's runtime interface, from the invocation to its answer: the bundle for x86_64 on Lambda's Python,
with S3 on this machine. *Init* is what the runtime reports of the start; it starts Python, too."""

_NO_RUNTIME = """\
Under AWS's runtime interface it was not measured: Lambda's Python is not set up on this machine. On Debian,
`make test-runtime` fetches it."""

_MEMORY = """\
The most resident memory of the function's process and of the sandbox's together, of a fresh function whose first job is
such a JPEG. What the two share is counted twice."""

_WHOLE = """\
The template and the bundle that are deployed, on the emulator on this machine, which shares the machine's processors
with the function. The seconds of a job are a median; the processors' seconds are of all processes, over all of it."""


def page(results: Results) -> str:
    """Write all of it as Markdown."""
    parts = (
        _head(results),
        equal_look.section(results),
        scorecard.section(results),
        _facts(results),
        _rendering(results),
        _batches(results),
        _starts(results),
        _memory(results),
        _whole(results.whole),
        _failed(results),
    )
    return "\n\n".join(filter(None, parts)) + "\n"


def _head(results: Results) -> str:
    quick = ["**A quick run: it shows that everything runs. Its figures show nothing.**"] if results.quick else []
    return "\n\n".join(["# Benchmarks", _INTRODUCTION.format(command=results.command), *quick])


def _facts(results: Results) -> str:
    machine = results.machine
    held = "held on one core each" if machine.pinned else "not held on one core, which this system cannot"
    facts = (
        ("date, commit", f"{results.date}, {results.commit}"),
        ("machine", f"{machine.processor}, {machine.processors} cores, {machine.memory_gigabytes} GB"),
        ("system", f"{machine.system}, Python {machine.python}; programs {held}"),
        *((program.title, _versions(program)) for program in results.programs),
    )
    return f"## What was measured, and on what\n\n{table(('', 'what it was'), facts, words=2)}"


def _versions(program: Program) -> str:
    if program.missing:
        return f"missing here: {one_line(program.missing)}"
    return ", ".join(f"{name} {version}" for name, version in program.versions.items())


def one_line(text: str) -> str:
    """Let a message stand in a table."""
    return " ".join(text.split()).replace("|", "\\|")[:160]


def _rendering(results: Results) -> str:
    if not results.cells:
        return ""
    parts = ["## Rendering", _METHOD]
    sources = {source.name: source for source in results.sources}
    for cell in results.cells:
        source = sources[cell.source]
        frames = f", {source.frames} frames" if source.frames > 1 else ""
        size = f"{source.width} x {source.height}{frames}, {source.bytes / _MEGABYTE:.1f} MB"
        parts += [f"### {cell.source} to three {cell.format}", f"{size}.", _cell(cell, results)]
    return "\n\n".join(parts)


def _cell(cell: Cell, results: Results) -> str:
    ours = [program for program in results.programs if program.engine]
    titles = {program.name: program.title for program in results.programs}
    heads = ("program", "median ms", "bytes", "resized", "file", *(f"against {program.title}" for program in ours))
    mine = [fastest(cell.measured, [program.name]) for program in ours]
    return table(heads, (_row(one, titles[one.program], mine) for one in cell.measured))


def _row(one: Measured, title: str, ours: Sequence[Measured | None]) -> tuple[str, ...]:
    if one.refusal:
        return (title, f"no: {one_line(one.refusal)}", *[""] * (3 + len(ours)))
    figures = (f"{median(one.seconds) * 1000:.1f}", f"{one.bytes:,}", f"{one.pixels:.4f}", f"{one.file:.3f}")
    return (title, *figures, *(_ratio(mine, one) for mine in ours))


def _ratio(mine: Measured | None, other: Measured) -> str:
    """Say how much faster ours is than the other."""
    if mine is None or mine.program == other.program:
        return ""
    compared = compare(mine, other)
    return f"{compared.speed:.2f} x" + (
        f" (not counted: {', '.join(compared.objections)})" if compared.objections else ""
    )


def _batches(results: Results) -> str:
    if not results.batches:
        return ""
    heads = (
        *("engine", "variants", "requests a job", "one after another, jobs a second", "together", "on two processors"),
        *("together against one after another", "two processors against one", "one alone, event to manifest"),
    )
    return f"## A batch\n\n{_BATCH}\n\n{table(heads, map(_batch, results.batches))}"


def _batch(batch: Batch) -> tuple[str, ...]:
    rates = (median(batch.jobs / one for one in way) for way in _ways(batch))
    return (
        batch.engine,
        batch.format,
        f"{batch.requests} ({batch.requests_of_plain} one after another)",
        *(f"{rate:.2f}" for rate in rates),
        f"{median_ratio(batch.one_after_another, batch.together):.2f} x",
        f"{median_ratio(batch.together, batch.two_processors):.2f} x",
        f"{1000 * median(batch.alone):.0f} ms" if batch.alone else "",
    )


def _ways(batch: Batch) -> Iterator[tuple[float, ...]]:
    yield from (batch.one_after_another, batch.together, batch.two_processors)


def _starts(results: Results) -> str:
    if not results.starts:
        return ""
    heads = (
        "engine",
        "processors",
        "Python ms",
        "imports ms",
        "making ms",
        "first job ms",
        "all ms",
        "share of imports",
    )
    rows = ((start.engine, str(start.processors), *_start(start.rounds)) for start in results.starts)
    return f"## Cold start\n\n{_START}\n\n{table(heads, rows)}\n\n{_runtime(results.runtime_starts)}"


def _start(rounds: Sequence[FirstAnswer]) -> Iterator[str]:
    for step in ("python", "imports", "making", "job", "seconds"):
        yield f"{median(getattr(one, step) for one in rounds) * 1000:.0f}"
    yield f"{median(one.imports / one.seconds for one in rounds):.0%}"


def _runtime(starts: Sequence[RuntimeStart]) -> str:
    if not starts:
        return _NO_RUNTIME
    heads = ("engine", "Python", "processors", "init ms", "all ms")
    rows = (
        (
            *(start.engine, start.python, str(start.processors)),
            f"{median(one.init for one in start.rounds) * 1000:.0f}",
            f"{median(one.seconds for one in start.rounds) * 1000:.0f}",
        )
        for start in starts
    )
    return f"{_RUNTIME}\n\n{table(heads, rows, words=2)}"


def _memory(results: Results) -> str:
    if not results.peaks:
        return ""
    rows = [
        (
            peak.engine,
            str(peak.megapixels),
            f"{peak.answer.function_bytes / _MEGABYTE:.0f}",
            f"{peak.answer.child_bytes / _MEGABYTE:.0f}",
            f"{(peak.answer.function_bytes + peak.answer.child_bytes) / _MEGABYTE:.0f}",
        )
        for peak in results.peaks
    ]
    heads = ("engine", "megapixels", "function MB", "sandbox MB", "both MB")
    return f"## Memory\n\n{_MEMORY}\n\n{table(heads, rows)}"


def _whole(whole: Whole | None) -> str:
    if whole is None:
        return ""
    used = whole.processor_seconds
    all_used = sum(used.values())
    rows = [
        ("uploads", f"{whole.uploads:,} of {whole.upload_bytes / 1000:.0f} KB, {whole.resized:,} resized ({DEFAULT})"),
        ("uploads a second, from the first PUT to the last manifest", f"{whole.uploads / whole.seconds:.1f}"),
        ("all of it", f"{whole.seconds:.1f} s"),
        ("of that, until the last PUT was done", f"{whole.uploading_seconds:.1f} s"),
        ("an upload waits for its job", f"{whole.waiting_seconds:.2f} s"),
        ("its job takes", f"{whole.job_seconds:.2f} s"),
        *(
            (f"processors: {name}", f"{seconds:.1f} s, {seconds / all_used:.0%}")
            for name, seconds in sorted(used.items(), key=lambda item: -item[1])
        ),
    ]
    return f"## The whole\n\n{_WHOLE}\n\n{table(('', 'measured'), rows)}"


def _failed(results: Results) -> str:
    if not results.failures:
        return ""
    return "\n".join(["## What could not be measured", "", *(f"- {one_line(failure)}" for failure in results.failures)])
