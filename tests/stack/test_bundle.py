"""The function's bundle: what is in it, for which machine, the same each time, and built once."""

import os
import shutil
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from resize.imaging.engine import Engine
from stacks.bundle import build, prune
from stacks.bundle.build import CONTRACT, LAMBDAS, RESIZE, BundleError, build_bundle, lambda_platform
from stacks.bundle.bytecode import digest_of_sources
from stacks.bundle.strip import loaded_part
from tools.list_bundle import listing, listing_of

from aws_cdk import FileSystem  # isort: skip  # stacks chooses its Node, so it comes first

pytestmark = pytest.mark.long

LAMBDA = lambda_platform(architecture="arm64", python="3.14")
# The number of the machine in an ELF file's header: include/uapi/linux/elf-em.h
AARCH64, X86_64 = 183, 62


@pytest.fixture(scope="module")
def bundle(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Lambda gets."""
    return build_bundle(LAMBDA, engine, cache=tmp_path_factory.mktemp("bundles"))


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine where nothing compiles for the function's Python."""
    monkeypatch.setattr(build, "compiler_for", lambda _: None)


@pytest.fixture
def strict_umask() -> Iterator[None]:
    """New files are for their owner alone."""
    before = os.umask(0o077)
    yield
    os.umask(before)


def lambdas_without_requirements(folder: Path) -> Path:
    """Two functions and their contract, which need nothing but themselves: their bundles need no package index."""
    for name in ("contract", "resize", "announce"):
        package = folder / "lambdas" / name
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
    for function in ("resize", "announce"):
        (folder / "lambdas" / function / "requirements.txt").write_text("")
    return folder / "lambdas"


def machines_of(folder: Path) -> set[int]:
    """For which machines the compiled libraries of a folder are."""
    libraries = [path.read_bytes() for path in folder.rglob("*.so*")]
    return {int.from_bytes(library[18:20], "little") for library in libraries}


def zipped_bytes(folder: Path, zipped: Path) -> int:
    """How much a folder is as an archive, which is made on the way."""
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in folder.rglob("*"):
            archive.write(path, path.relative_to(folder))
    return zipped.stat().st_size


def test_nothing_ships_but_what_the_list_names(bundle: Path, engine: Engine) -> None:
    contents = listing_of(engine)

    assert listing(bundle, engine).splitlines() == contents.read_text(encoding="utf-8").splitlines()


def test_a_file_more_in_the_bundle_is_seen(bundle: Path, engine: Engine, tmp_path: Path) -> None:
    grown = shutil.copytree(bundle, tmp_path / "grown")
    (grown / "PIL" / "extra.py").write_text("")

    assert set(listing(grown, engine).splitlines()) - set(listing(bundle, engine).splitlines()) == {"  extra.py"}


@pytest.mark.usefixtures("no_compiler")
def test_each_pattern_of_what_is_left_out_finds_something(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prune, "prune", lambda *_: None)
    whole = build_bundle(LAMBDA, engine, cache=tmp_path)
    patterns = prune.needless_patterns(engine)

    assert [pattern for pattern in patterns if not list(prune.needless(whole, pattern))] == []
    assert [path for path in prune.NEEDED if not (whole / path).is_file()] == []


# What stays of the other engine's folder: see imaging/vips/pillow_fallback.py, color.py and encode.py.
BORROWED = {
    Engine.PILLOW: set[str](),
    Engine.VIPS: {
        f"imaging/pillow/{name}.py"
        for name in (
            *(
                "__init__",
                "avif",
                "bmp",
                "color",
                "decode",
                "encode",
                "frames",
                "gif",
                "jpeg",
                "memory",
                "overview",
                "png",
            ),
            *("resample", "tiff", "tiff_samples"),
        )
    },
}


def test_the_bundle_has_every_module_that_its_engine_needs_and_nothing_that_made_it(
    bundle: Path, engine: Engine
) -> None:
    def modules(package: Path) -> set[str]:
        return {path.relative_to(package).as_posix() for path in package.rglob("*.py")}

    (other,) = set(Engine) - {engine}
    of_other = {name for name in modules(LAMBDAS / RESIZE) if name.startswith(f"imaging/{other}/")}
    assert modules(bundle / RESIZE) == modules(LAMBDAS / RESIZE) - of_other | BORROWED[engine]
    assert modules(bundle / CONTRACT) == modules(LAMBDAS / CONTRACT)
    ours = [*(bundle / RESIZE).rglob("*"), *(bundle / CONTRACT).rglob("*")]
    assert {path.suffix for path in ours if path.is_file()} == {".py", ".pyc"}


def test_every_module_in_the_bundle_is_compiled_for_the_functions_python_and_nothing_else_is(bundle: Path) -> None:
    modules = {path.parent / "__pycache__" / f"{path.stem}.cpython-314.pyc" for path in bundle.rglob("*.py")}

    assert {path for path in bundle.rglob("*") if path.parent.name == "__pycache__"} == modules


def test_nothing_in_the_bundle_depends_on_when_or_where_it_was_made(bundle: Path) -> None:
    unwanted = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}

    assert [path for path in bundle.rglob("*") if path.name in unwanted] == []


def test_the_licences_of_what_is_bundled_stay_with_it(bundle: Path, engine: Engine) -> None:
    of_engine = ("pyvips", "pyvips_binary", "cffi") if engine is Engine.VIPS else ()
    for distribution in ("pillow", "pi_heif", "aws_lambda_powertools", *of_engine):
        assert list(bundle.glob(f"{distribution}-*.dist-info/**/LICENSE*")), distribution


def test_every_library_in_the_bundle_is_for_lambdas_processor(bundle: Path) -> None:
    assert machines_of(bundle) == {AARCH64}


def test_no_library_in_the_bundle_has_more_than_is_loaded(bundle: Path) -> None:
    libraries = [path.read_bytes() for path in bundle.rglob("*.so*")]

    assert libraries
    assert all(loaded_part(library) == library for library in libraries)


# A sixth of the first is compiled code, which spares every cold start the compiling of it.
LARGEST = {Engine.PILLOW: 7_100_000, Engine.VIPS: 15_500_000}


def test_the_zipped_bundle_is_small(bundle: Path, engine: Engine, tmp_path: Path) -> None:
    assert zipped_bytes(bundle, tmp_path / "bundle.zip") < LARGEST[engine]


def test_a_second_build_from_scratch_in_another_folder_has_the_same_asset_hash(
    bundle: Path, engine: Engine, tmp_path: Path
) -> None:
    again = build_bundle(LAMBDA, engine, cache=tmp_path / "another")

    assert again != bundle
    assert FileSystem.fingerprint(str(again)) == FileSystem.fingerprint(str(bundle))


@pytest.mark.usefixtures("no_compiler")
def test_a_bundle_for_another_processor_has_its_libraries(engine: Engine, tmp_path: Path) -> None:
    bundle = build_bundle(lambda_platform(architecture="x86_64", python="3.13"), engine, cache=tmp_path)

    assert machines_of(bundle) == {X86_64}
    assert list(bundle.glob("_pi_heif.cpython-313-x86_64-linux-gnu.so"))
    assert zipped_bytes(bundle, tmp_path / "bundle.zip") < LARGEST[engine]


def test_an_unchanged_bundle_is_not_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lambdas = lambdas_without_requirements(tmp_path)
    first = build_bundle(None, lambdas=lambdas, cache=tmp_path / "cache")
    monkeypatch.setattr("sys.executable", str(tmp_path / "no such python"))

    assert build_bundle(None, lambdas=lambdas, cache=tmp_path / "cache") == first


def test_a_bundle_has_its_function_and_the_contract_and_no_other_function(tmp_path: Path) -> None:
    lambdas = lambdas_without_requirements(tmp_path)

    bundle = build_bundle(None, function="announce", lambdas=lambdas, cache=tmp_path / "cache")

    assert sorted(path.name for path in bundle.iterdir()) == ["announce", "contract"]


def test_two_functions_of_the_same_modules_have_two_bundles(tmp_path: Path) -> None:
    lambdas = lambdas_without_requirements(tmp_path)

    bundles = [build_bundle(None, function=name, lambdas=lambdas, cache=tmp_path) for name in ("announce", "resize")]

    assert bundles[0] != bundles[1]


@pytest.mark.usefixtures("no_compiler")
def test_where_nothing_compiles_for_its_python_a_bundle_is_its_sources(tmp_path: Path) -> None:
    bundle = build_bundle(LAMBDA, lambdas=lambdas_without_requirements(tmp_path), cache=tmp_path / "cache")

    assert {path.relative_to(bundle).as_posix() for path in bundle.rglob("*.py")} == {
        "contract/__init__.py",
        "resize/__init__.py",
    }
    assert list(bundle.rglob("__pycache__")) == []


def test_what_is_compiled_and_what_is_not_are_two_bundles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lambdas = lambdas_without_requirements(tmp_path)
    compiled = build_bundle(None, lambdas=lambdas, cache=tmp_path / "cache")
    monkeypatch.setattr(build, "compiler_for", lambda _: None)

    sources = build_bundle(None, lambdas=lambdas, cache=tmp_path / "cache")

    assert compiled != sources
    assert FileSystem.fingerprint(str(compiled)) != FileSystem.fingerprint(str(sources))
    assert digest_of_sources(compiled) == digest_of_sources(sources)


def test_a_module_that_cannot_be_compiled_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    lambdas, cache = lambdas_without_requirements(tmp_path), tmp_path / "cache"
    (lambdas / "resize" / "broken.py").write_text("def\n")

    with pytest.raises(BundleError, match=r"could not compile it, and said:(.|\n)*resize/broken\.py"):
        build_bundle(None, lambdas=lambdas, cache=cache)

    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("name", ["contract/__init__.py", "resize/__init__.py", "resize/requirements.txt"])
def test_a_change_of_an_input_makes_another_bundle(tmp_path: Path, name: str) -> None:
    lambdas = lambdas_without_requirements(tmp_path)
    first = build_bundle(None, lambdas=lambdas, cache=tmp_path / "cache")

    (lambdas / name).write_text("# changed\n")

    assert build_bundle(None, lambdas=lambdas, cache=tmp_path / "cache") != first


def test_what_lies_about_in_the_package_changes_no_bundle(tmp_path: Path) -> None:
    lambdas = lambdas_without_requirements(tmp_path)
    first = build_bundle(None, lambdas=lambdas, cache=tmp_path / "cache")

    (lambdas / "resize" / "requirements.in").write_text("# notes\n")
    (lambdas / "resize" / "__pycache__").mkdir()
    (lambdas / "resize" / "__pycache__" / "__init__.cpython-311.pyc").write_bytes(b"compiled")

    assert build_bundle(None, lambdas=lambdas, cache=tmp_path / "cache") == first
    assert {path.name for path in (first / "resize").iterdir()} == {"__init__.py", "__pycache__"}


@pytest.mark.usefixtures("strict_umask")
def test_everyone_may_read_a_bundle_made_under_a_strict_umask(tmp_path: Path) -> None:
    bundle = build_bundle(None, lambdas=lambdas_without_requirements(tmp_path), cache=tmp_path / "cache")

    modes = {path.relative_to(bundle).as_posix(): path.stat().st_mode & 0o777 for path in (bundle, *bundle.rglob("*"))}
    packages = {"contract", "resize"}
    folders = {".", *packages, *(f"{package}/__pycache__" for package in packages)}
    compiled = f"__pycache__/__init__.{sys.implementation.cache_tag}.pyc"
    files = {f"{package}/{name}" for package in packages for name in ("__init__.py", compiled)}
    assert modes == dict.fromkeys(folders, 0o755) | dict.fromkeys(files, 0o644)


def test_builds_at_the_same_time_give_one_bundle(tmp_path: Path) -> None:
    lambdas, cache = lambdas_without_requirements(tmp_path), tmp_path / "cache"

    with ThreadPoolExecutor(4) as threads:
        builds = [threads.submit(build_bundle, None, lambdas=lambdas, cache=cache) for _ in range(4)]
        bundles = {build.result() for build in builds}

    assert list(cache.iterdir()) == list(bundles)
    assert [(bundle / "resize" / "__init__.py").is_file() for bundle in bundles] == [True]


def test_a_build_that_fails_says_what_pip_said_and_leaves_nothing(tmp_path: Path) -> None:
    lambdas, cache = lambdas_without_requirements(tmp_path), tmp_path / "cache"
    (lambdas / "resize" / "requirements.txt").write_text("pillow is nice\n")

    with pytest.raises(BundleError) as failed:
        build_bundle(LAMBDA, lambdas=lambdas, cache=cache)

    assert "pip ended with 1" in str(failed.value)
    assert "manylinux_2_28_aarch64" in str(failed.value)
    assert "Invalid requirement: 'pillow is nice'" in str(failed.value)
    assert "`make lock`" in str(failed.value)
    assert list(cache.iterdir()) == []


def test_a_requirement_without_its_hash_is_refused(tmp_path: Path) -> None:
    lambdas = lambdas_without_requirements(tmp_path)
    (lambdas / "resize" / "requirements.txt").write_text("thumbhash==0.1.2\n")

    with pytest.raises(BundleError, match="Hashes are required in --require-hashes mode"):
        build_bundle(LAMBDA, lambdas=lambdas, cache=tmp_path / "cache")


def test_of_many_bundles_the_eight_last_used_are_kept(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    for age in range(10):
        old = cache / f"{age:032x}"
        old.mkdir(parents=True)
        os.utime(old, (1_000_000 - age, 1_000_000 - age))

    new = build_bundle(None, lambdas=lambdas_without_requirements(tmp_path), cache=cache)

    assert {path.name for path in cache.iterdir()} == {new.name, *(f"{age:032x}" for age in range(7))}


@pytest.mark.usefixtures("no_compiler")
@pytest.mark.parametrize(("architecture", "machine"), [("arm64", AARCH64), ("x86_64", X86_64)])
def test_announce_ships_with_the_contract_and_a_kafka_client_for_its_machine_alone(
    architecture: str, machine: int, tmp_path: Path
) -> None:
    platform = lambda_platform(architecture=architecture, python="3.14")

    built = build_bundle(platform, function="announce", cache=tmp_path)

    folders = {path.name for path in built.iterdir() if path.is_dir() and path.suffix != ".dist-info"}
    assert folders == {
        *("announce", "contract", "aws_lambda_powertools", "aws_msk_iam_sasl_signer"),
        *("confluent_kafka", "confluent_kafka.libs"),
    }
    assert machines_of(built) == {machine}
    assert not (built / "confluent_kafka" / "schema_registry").exists()
