"""The sandbox: whatever an image does to the child, the parent gets an answer and the next image a child."""

import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from math import inf
from pathlib import Path
from time import monotonic

import pytest
from PIL import Image

from contract.errors import Reason
from contract.focal_point import FocalPoint
from resize.errors import ImageRejectedError, OutOfTimeError, SandboxError
from resize.imaging.limits import Limits
from resize.imaging.variants import Fit, Format, Variant
from resize.sandbox.pool import Confinement, Sandbox
from support.command.polling import eventually
from support.function.subversion import HOSTILE, subvert
from support.imaging import images
from support.imaging.formats import pictures
from support.imaging.hostile import webp_of_34_bytes
from support.imaging.images import crashing_heic, encoded, opened, rendered, variant
from support.imaging.pictures import jpeg

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("engine")]

VARIANTS = (Variant(name="thumb", width=32),)
CONFINEMENT = Confinement(memory_bytes=1024**3, answer_bytes=128 * 1024**2, processor_seconds=20, wall_seconds=60)
IMPATIENT = replace(CONFINEMENT, wall_seconds=2)


def new_sandbox(confinement: Confinement = CONFINEMENT) -> Sandbox:
    """A sandbox with one variant, 32 wide."""
    return Sandbox(VARIANTS, Limits(), confinement, engine=images.engine)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with new_sandbox() as made:
        yield made


def in_seconds(seconds: float) -> float:
    """The deadline that is so far away."""
    return monotonic() + seconds


def width_of_good_image(sandbox: Sandbox) -> int:
    """The width of what the sandbox makes of an image that is in order."""
    return sandbox.render(jpeg(), in_seconds(120)).renditions[0].width


# What a descriptor is of, where it is open.
KIND_OF_FILE = (
    "lambda fd: None if not os.path.exists(fd) else 'pipe' if stat.S_ISFIFO(os.stat(fd).st_mode)"
    " else 'null' if os.stat(fd).st_rdev == os.makedev(1, 3)"
    " else 'statm' if os.path.samefile(fd, '/proc/self/statm') else 'file'"
)
WRITE_TO_PARENT = "[os.write(fd, {}) for fd in range(3, 9) if stat.S_ISFIFO(os.fstat(fd).st_mode)]"


def tell_parent(body: bytes, beside: bytes = b"") -> str:
    """What sends the parent a frame, and then other bytes."""
    return WRITE_TO_PARENT.format(repr(len(body).to_bytes(8) + body + beside))


def answer_parent(length: int = 1, **wrong: object) -> str:
    """What sends the parent an answer of one rendition, with something wrong, up to that rendition's length."""
    rendition = {"variant": "thumb", "format": "webp", "width": 32, "height": 32, "frames": 1} | wrong
    return tell_parent(json.dumps({"rendered": {"renditions": [rendition]}}).encode(), length.to_bytes(8))


def describe_to_parent(**wrong: object) -> str:
    """What sends the parent a whole answer of one rendition of a byte, with something wrong about the image."""
    rendition = {"variant": "thumb", "format": "webp", "width": 32, "height": 32, "frames": 1}
    image = {"format": "jpeg", "width": 9, "height": 9, "frames": 1, "dominant_colour": "#a08c74", "thumbhash": "1Qc="}
    head = {"rendered": image | {"renditions": [rendition]} | wrong}
    return tell_parent(json.dumps(head).encode(), (1).to_bytes(8) + b"x")


def reject_to_parent(reason: str, detail: str) -> str:
    """What sends the parent a rejection."""
    return tell_parent(json.dumps({"rejected": {"reason": reason, "detail": detail}}).encode())


MISDEEDS = {
    "segmentation fault": ("os.kill(os.getpid(), signal.SIGSEGV)", Reason.CRASHED, "SIGSEGV"),
    "abort": ("os.abort()", Reason.ABORTED, "SIGABRT"),
    "kernel's out-of-memory kill": ("os.kill(os.getpid(), signal.SIGKILL)", Reason.OUT_OF_MEMORY, "SIGKILL"),
    "too much memory": ("bytearray(8 * 1024 ** 3)", Reason.OUT_OF_MEMORY, "memory"),
    "endless loop": ("while True: pass", Reason.TIMED_OUT, r"with 1 s of processor time \(SIGXCPU\)"),
    "unexpected exception": ("{}['absent']", Reason.DECODER_FAILED, "KeyError"),
    "exit": ("os._exit(3)", Reason.CRASHED, "status 3"),
    "endless frame": (WRITE_TO_PARENT.format("b'x' * 8"), Reason.CRASHED, "a frame of"),
    "nonsense": (WRITE_TO_PARENT.format(r"bytes(7) + b'\x04null'"), Reason.CRASHED, "no sense"),
    "nonsense without a bottom": (tell_parent(b"[" * 60_000), Reason.CRASHED, "no sense"),
    "a head that would be large in memory": (tell_parent(b"[0" + b",0" * 40_000), Reason.CRASHED, "a frame of"),
    "an infinite width": (answer_parent(width=inf), Reason.CRASHED, "no sense"),
    "another image's key": (answer_parent(variant="thumb/other"), Reason.CRASHED, "'thumb'"),
    "another format": (answer_parent(format="png"), Reason.CRASHED, "'thumb'"),
    "no rendition": (tell_parent(b'{"rendered": {"renditions": []}}'), Reason.CRASHED, "no sense"),
    "markup for a color": (describe_to_parent(dominant_colour='#a08c74"><script>'), Reason.CRASHED, "a text"),
    "markup for a placeholder": (describe_to_parent(thumbhash='"><script>'), Reason.CRASHED, "a text"),
    "half a character": (reject_to_parent("corrupt", "\ud800"), Reason.CRASHED, "a text"),
    "a detail of lines": (reject_to_parent("corrupt", "one\ntwo"), Reason.CRASHED, "a text"),
    "a format that is none": (describe_to_parent(format="exe"), Reason.CRASHED, "no sense"),
    "no frames": (describe_to_parent(frames=0), Reason.CRASHED, "no sense"),
    "what only S3 can say": (reject_to_parent("archived", "it lies in GLACIER"), Reason.CRASHED, "a reason"),
    "more than the parent holds": (answer_parent(length=2 * 1024**2), Reason.CRASHED, "a frame of"),
}


@pytest.mark.parametrize(("misdeed", "reason", "told"), MISDEEDS.values(), ids=MISDEEDS)
def test_a_misdeed_is_the_image_s_rejection_and_the_next_image_has_a_fresh_child(
    misdeed: str, reason: Reason, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subvert(tmp_path, monkeypatch, misdeed)
    with new_sandbox(replace(CONFINEMENT, processor_seconds=1, answer_bytes=2**20)) as sandbox:
        with pytest.raises(ImageRejectedError, match=told) as rejected:
            sandbox.render(HOSTILE, in_seconds(120))

        assert rejected.value.reason is reason
        assert width_of_good_image(sandbox) == 32


def test_renditions_that_the_parent_has_no_room_for_are_the_image_s_rejection() -> None:
    with (
        new_sandbox(replace(CONFINEMENT, answer_bytes=50)) as sandbox,
        pytest.raises(ImageRejectedError, match="bytes, and the function holds 50") as rejected,
    ):
        sandbox.render(jpeg(), in_seconds(120))

    assert rejected.value.reason is Reason.OUT_OF_MEMORY


def test_an_image_that_crashes_a_real_decoder_is_rejected(sandbox: Sandbox) -> None:
    with pytest.raises(ImageRejectedError, match="SIGSEGV") as rejected:
        sandbox.render(crashing_heic(), in_seconds(120))

    assert rejected.value.reason is Reason.CRASHED
    assert width_of_good_image(sandbox) == 32


# What uses no processor, and never ends: some with an answer half given, or with the pipes in someone else's hands.
HANGS = {
    "waits for ever": "threading.Event().wait()",
    "is stopped": "os.kill(os.getpid(), signal.SIGSTOP)",
    "answers in part, and waits": WRITE_TO_PARENT.format("bytes(7) + b'x'") + "; threading.Event().wait()",
    "answers in ever new parts": f"{WRITE_TO_PARENT.format('bytes(6) + bytes((9, 9))')}\n"
    f"while True: {WRITE_TO_PARENT.format('bytes(1)')}; time.sleep(0.2)",
    "closes its pipes, and waits": "os.closerange(0, 9); threading.Event().wait()",
    "leaves a process that holds its pipes": "os.fork() and os._exit(3); threading.Event().wait()",
}


def test_an_image_that_hangs_is_given_up_after_its_time_by_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All at once, each in a child of its own."""
    sources = {name.encode(): misdeed for name, misdeed in HANGS.items()}
    subvert(tmp_path, monkeypatch, sources)
    with (
        Sandbox(VARIANTS, Limits(), IMPATIENT, children=len(HANGS), engine=images.engine) as sandbox,
        ThreadPoolExecutor(len(HANGS)) as threads,
    ):
        renders = {source: threads.submit(sandbox.render, source, in_seconds(120)) for source in sources}
        verdicts = {source.decode(): str(render.exception()) for source, render in renders.items()}

        assert verdicts == dict.fromkeys(HANGS, "timed_out: not rendered within 2 s")
        assert [width_of_good_image(sandbox) for _ in HANGS] == [32] * len(HANGS)


def living_in_group(group: int) -> list[str]:
    """The processes of a group that have not ended: proc(5), stat."""
    living = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            state, _, of, *_ = stat.read_text().rpartition(")")[2].split()
            if int(of) == group and state not in "ZX":
                living.append(stat.parent.name)
    return living


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds processes through Linux's /proc")
def test_what_a_child_has_started_ends_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subvert(tmp_path, monkeypatch, "os.fork() or threading.Event().wait(); {}['absent']")
    with new_sandbox() as sandbox:
        (child,) = sandbox.process_ids
        with pytest.raises(ImageRejectedError, match="KeyError"):
            sandbox.render(HOSTILE, in_seconds(120))

        eventually(lambda: living_in_group(child) == [])


def test_the_wait_for_a_child_is_not_counted_as_the_image_s_own_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subvert(tmp_path, monkeypatch, "threading.Event().wait()")
    with (
        new_sandbox(IMPATIENT) as sandbox,
        ThreadPoolExecutor(3) as threads,
    ):
        hanging = [threads.submit(sandbox.render, HOSTILE, in_seconds(120)) for _ in range(2)]
        good = threads.submit(width_of_good_image, sandbox)

        assert good.result() == 32
        assert [str(render.exception()) for render in hanging] == ["timed_out: not rendered within 2 s"] * 2


def test_an_image_that_a_used_child_has_no_memory_left_for_is_rendered_by_a_fresh_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subvert(tmp_path, monkeypatch, "sys.hoard = bytearray(750 * 1024**2)")
    with new_sandbox() as sandbox:
        with pytest.raises(ImageRejectedError, match="unknown_format"):
            sandbox.render(HOSTILE, in_seconds(120))
        (used,) = sandbox.process_ids

        rendered = sandbox.render(webp_of_34_bytes(6000, 5000), in_seconds(120))

        assert (rendered.width, rendered.renditions[0].width) == (6000, 32)
        assert sandbox.process_ids != (used,)


def test_each_child_renders_an_image_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None goes on until all have begun: one after another, the first would never end."""
    begun, may_go_on = tmp_path / "begun", tmp_path / "may_go_on"
    for fifo in (begun, may_go_on):
        os.mkfifo(fifo)
    subvert(
        tmp_path,
        monkeypatch,
        "os.write(begun, b'.'), os.read(may_go_on, 1)",
        before=f"begun, may_go_on = (os.open(fifo, os.O_RDWR) for fifo in ({str(begun)!r}, {str(may_go_on)!r}))",
    )
    with (
        Sandbox(VARIANTS, Limits(), CONFINEMENT, children=2, engine=images.engine) as sandbox,
        begun.open("rb", buffering=0) as beginnings,
        may_go_on.open("wb", buffering=0) as permission,
        ThreadPoolExecutor(2) as threads,
    ):
        renders = [threads.submit(sandbox.render, HOSTILE, in_seconds(120)) for _ in range(2)]
        begin = [beginnings.read(1) for _ in renders]
        permission.write(b"".join(begin))

        faults = [render.exception() for render in renders]

    assert [fault.reason for fault in faults if isinstance(fault, ImageRejectedError)] == 2 * [Reason.UNKNOWN_FORMAT]


def test_an_image_whose_turn_comes_too_late_is_not_begun(sandbox: Sandbox) -> None:
    with pytest.raises(OutOfTimeError, match="an image may take 60"):
        sandbox.render(jpeg(), in_seconds(59))


def test_a_broken_image_is_rejected_by_imaging_s_own_word(sandbox: Sandbox) -> None:
    with pytest.raises(ImageRejectedError) as rejected:
        sandbox.render(b"no image", in_seconds(120))

    assert rejected.value.reason is Reason.UNKNOWN_FORMAT
    assert width_of_good_image(sandbox) == 32


def test_an_empty_upload_gets_an_answer(sandbox: Sandbox) -> None:
    with pytest.raises(ImageRejectedError) as rejected:
        sandbox.render(b"", in_seconds(120))

    assert rejected.value.reason is Reason.EMPTY


def test_images_share_one_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subvert(tmp_path, monkeypatch, "pass")
    with new_sandbox() as sandbox:
        assert width_of_good_image(sandbox) == 32
        # A child started from now on would come up without imaging.
        (tmp_path / "sitecustomize.py").write_text("raise SystemExit")

        assert width_of_good_image(sandbox) == 32


def test_a_child_that_does_not_come_up_is_not_the_image_s_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os; os._exit(1)")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    with new_sandbox() as sandbox, pytest.raises(SandboxError, match="did not start"):
        sandbox.render(jpeg(), in_seconds(120))


def told_by_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expression: str) -> str:
    """What the expression, a text of letters, is within a child."""
    subvert(tmp_path, monkeypatch, f"raise type('Told_' + {expression}, (Exception,), {{}})")
    with new_sandbox() as sandbox, pytest.raises(ImageRejectedError) as rejected:
        sandbox.render(HOSTILE, in_seconds(120))
    return rejected.value.detail.removeprefix("Told_")


def test_each_image_becomes_the_variants_that_are_asked_for_it() -> None:
    other = (variant("other", width=9), variant("small", width=5))
    with new_sandbox() as sandbox:
        asked = sandbox.render(jpeg(), in_seconds(120), other)

        assert [(each.variant, each.width) for each in asked.renditions] == [("other", 9), ("small", 5)]
        assert width_of_good_image(sandbox) == 32


def test_each_image_is_cut_around_the_focal_point_that_is_asked_for_it() -> None:
    square = variant("square", width=20, height=20, fit=Fit.COVER)
    halves = Image.new("RGB", (40, 20), "blue")
    halves.paste("red", (0, 0, 20, 20))
    with new_sandbox() as sandbox:
        cuts = [
            sandbox.render(encoded(halves), in_seconds(120), (square,), focus).renditions[0].body
            for focus in (FocalPoint(x=0, y=0), FocalPoint(x=1, y=1), None)
        ]

    assert [sorted(color for _, color in opened(cut).convert("RGB").getcolors() or ()) for cut in cuts] == [
        [(255, 0, 0)],
        [(0, 0, 255)],
        [(0, 0, 255), (255, 0, 0)],
    ]


def test_no_credentials_reach_the_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")

    names = told_by_child(tmp_path, monkeypatch, "'_and_'.join(sorted(os.environ))").split("_and_")

    allocator = {"MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"}
    assert set(names) <= {"LANG", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "PYTHONPATH"} | allocator


def test_no_open_file_of_the_parent_reaches_the_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "secret").open("w") as secret:
        os.set_inheritable(secret.fileno(), True)  # noqa: FBT003 - the standard library takes it no other way

        told = told_by_child(tmp_path, monkeypatch, f"'_'.join(filter(None, map({KIND_OF_FILE}, range(256))))")

    assert sorted(told.split("_")) == ["null", "null", "pipe", "pipe", "statm"]


FORBIDDEN = {
    "a file": "open('/dev/null')",
    "the environment of the parent, where credentials are": "open(f'/proc/{os.getppid()}/environ')",
    "a socket": "socket.socket()",
    "a pipe": "os.pipe()",
    "a file in place of another": "os.close(0) or open('/dev/null')",
    "a module": "__import__('this')",
}


@pytest.mark.parametrize("opening", FORBIDDEN.values(), ids=FORBIDDEN)
def test_a_child_can_open_nothing(opening: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subvert(tmp_path, monkeypatch, opening)
    with new_sandbox() as sandbox:
        with pytest.raises(ImageRejectedError, match=r": OSError$"):
            sandbox.render(HOSTILE, in_seconds(120))

        assert width_of_good_image(sandbox) == 32


def test_all_formats_are_rendered_as_they_are_outside() -> None:
    """Whatever a decoder or encoder loads is loaded before nothing can be opened any more."""
    outputs = (Format.WEBP, Format.JPEG, Format.PNG, Format.AVIF, None)
    variants = tuple(variant(output or "source", width=32, format=output) for output in outputs)
    with Sandbox(variants, Limits(), CONFINEMENT, engine=images.engine) as sandbox:
        for name, source in pictures().items():
            assert sandbox.render(source, in_seconds(120)) == rendered(source, *variants), name


def test_a_child_can_write_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subvert(tmp_path, monkeypatch, f"open({str(tmp_path / 'written')!r}, 'wb').write(b'x')")
    with new_sandbox() as sandbox, pytest.raises(ImageRejectedError):
        sandbox.render(HOSTILE, in_seconds(120))

    assert not (tmp_path / "written").exists()


def test_a_closed_sandbox_leaves_no_process(sandbox: Sandbox) -> None:
    assert width_of_good_image(sandbox) == 32
    (child,) = sandbox.process_ids

    sandbox.close()

    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
