"""Libraries lose what is never loaded, and load as before."""

import struct
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from stacks.bundle.strip import loaded_part, strip_libraries

LOAD = """
import sys
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_loader
loader = ExtensionFileLoader("PIL._imagingmath", sys.argv[1])
module = module_from_spec(spec_from_loader(loader.name, loader))
loader.exec_module(module)
print(hasattr(module, "binop"))
"""

HEADER, PROGRAM_HEADER = 64, 56
SEGMENT = b"what is loaded  "


def elf(*, with_sections: bool) -> bytes:
    """A library of one segment of 16 bytes at byte 256, as the gABI lays it out."""
    segment = struct.pack("<2I6Q", 1, 5, 256, 0, 0, len(SEGMENT), len(SEGMENT), 4096)
    sections = (320, 64, 3, 2) if with_sections else (0, 0, 0, 0)
    table, *numbers = sections
    head = struct.pack(
        "<16s2HI3QI6H", b"\x7fELF\2\1\1", 3, 62, 1, 0, HEADER, table, 0, HEADER, PROGRAM_HEADER, 1, *numbers
    )
    before = b"debugging" if with_sections else b""
    after = b"names of symbols, and a table of sections" if with_sections else b""
    return (head + segment + before).ljust(256, b"\0") + SEGMENT + after


def test_only_headers_and_segments_stay_each_at_its_place() -> None:
    assert loaded_part(elf(with_sections=True)) == elf(with_sections=False)


def test_what_is_stripped_is_not_changed_again() -> None:
    stripped = loaded_part(elf(with_sections=True))

    assert loaded_part(stripped) == stripped


def test_a_stripped_library_of_a_wheel_loads(tmp_path: Path) -> None:
    spec = find_spec("PIL._imagingmath")
    assert spec is not None
    assert spec.origin is not None
    wheel = Path(spec.origin)
    if wheel.read_bytes()[:4] != b"\x7fELF":
        pytest.skip("the wheels of this machine are not for Linux")
    copy = tmp_path / wheel.name
    copy.write_bytes(wheel.read_bytes())

    strip_libraries(tmp_path)

    assert b".debug_info" in wheel.read_bytes()
    assert b".debug_info" not in copy.read_bytes()
    done = subprocess.run([sys.executable, "-c", LOAD, str(copy)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x7fELF\1\1\1 of 32 bits",
        b"\x7fELF\2\2\1 big-endian",
        b"\xcf\xfa\xed\xfe for a Mac",
        b"GROUP ( libc.so.6 )",
    ],
    ids=["empty", "32-bit", "big-endian", "Mach-O", "script"],
)
def test_what_is_of_another_kind_stays_as_it_is(tmp_path: Path, body: bytes) -> None:
    library = tmp_path / "library.so.1"
    library.write_bytes(body)

    strip_libraries(tmp_path)

    assert library.read_bytes() == body
