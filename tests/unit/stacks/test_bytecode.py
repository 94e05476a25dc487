"""A bundle is compiled where something compiles for its Python: the same bytes each time, whenever and wherever."""

import importlib.util
import marshal
import sys
from pathlib import Path

import pytest

from stacks.bundle import bytecode
from stacks.bundle.bytecode import BytecodeError, compiler_for, digest_of_sources, pyodide_version, this_python

pytestmark = pytest.mark.long

UNCHECKED_HASH = bytes((1, 0, 0, 0))  # the flags of a file, after its magic number: peps.python.org/pep-0552
OTHER_PYTHON = "3.12" if this_python() == "3.13" else "3.13"


def sources_in(folder: Path) -> Path:
    """A package of two modules."""
    package = folder / "bundle" / "package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("SIZES = frozenset({'a', 'b', 'c'})\n")
    (package / "module.py").write_text("def double(number: int) -> int:\n    return number * 2\n")
    return package.parent


def compiled_files(bundle: Path) -> dict[str, bytes]:
    return {path.relative_to(bundle).as_posix(): path.read_bytes() for path in bundle.rglob("*.pyc")}


@pytest.fixture(params=[this_python(), "3.14"], ids=["this Python", "Pyodide"])
def python(request: pytest.FixtureRequest) -> str:
    """A version that something here compiles for."""
    found: str = request.param
    return found


def compiled(folder: Path, python: str) -> dict[str, bytes]:
    """What becomes of the package."""
    bundle, compiler = sources_in(folder), compiler_for(python)
    assert compiler, "make setup installs it"
    compiler.compile(bundle)
    return compiled_files(bundle)


def test_every_module_is_compiled_for_its_python_and_says_where_it_lies_on_lambda(tmp_path: Path) -> None:
    files = compiled(tmp_path, this_python())

    names = (f"package/__pycache__/{name}.{sys.implementation.cache_tag}.pyc" for name in ("__init__", "module"))
    assert set(files) == set(names)
    for file in files.values():
        assert file.startswith(importlib.util.MAGIC_NUMBER + UNCHECKED_HASH)
        assert marshal.loads(file[16:]).co_filename.startswith("/var/task/package/")  # noqa: S302 - written above


def test_two_builds_in_two_folders_are_byte_for_byte_the_same(tmp_path: Path, python: str) -> None:
    first, second = compiled(tmp_path / "one", python), compiled(tmp_path / "two", python)

    assert len(first) == 2
    assert first == second


def test_the_pinned_pyodide_compiles_for_the_python_that_is_deployed_by_default(tmp_path: Path) -> None:
    assert str(pyodide_version()).startswith("314.")
    assert set(compiled(tmp_path, "3.14")) == {
        f"package/__pycache__/{name}.cpython-314.pyc" for name in ("__init__", "module")
    }


def test_for_another_version_there_is_no_compiler() -> None:
    assert compiler_for(OTHER_PYTHON) is None


def test_where_pyodide_is_not_installed_there_is_no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bytecode, "_PYODIDE", tmp_path)
    monkeypatch.setattr(sys.implementation, "cache_tag", "cpython-311")

    assert pyodide_version() is None
    assert compiler_for("3.14") is None


def test_what_cannot_be_compiled_is_told_with_its_name(tmp_path: Path, python: str) -> None:
    bundle, compiler = sources_in(tmp_path), compiler_for(python)
    (bundle / "package" / "broken.py").write_text("def\n")
    assert compiler

    with pytest.raises(BytecodeError, match=r"could not compile it, and said:(.|\n)*package/broken\.py"):
        compiler.compile(bundle)


def test_the_digest_of_sources_is_the_same_whether_they_are_compiled_or_not(tmp_path: Path) -> None:
    bundle = sources_in(tmp_path)
    before = digest_of_sources(bundle)

    compiler = compiler_for(this_python())
    assert compiler
    compiler.compile(bundle)

    assert compiled_files(bundle)
    assert digest_of_sources(bundle) == before


@pytest.mark.parametrize("changed", ["another name", "another text"])
def test_the_digest_of_sources_is_another_when_a_source_is(tmp_path: Path, changed: str) -> None:
    bundle = sources_in(tmp_path)
    before, module = digest_of_sources(bundle), bundle / "package" / "module.py"

    if changed == "another name":
        module.rename(module.with_name("other.py"))
    else:
        module.write_text("double = None\n")

    assert digest_of_sources(bundle) != before
