"""Everything that is installed is pinned by its hash: for Python, for Node, and for what installs the rest."""

import json
import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

from stacks.config.config import Config

ROOT = Path(__file__).parents[3]
LOCKED = sorted(
    [ROOT / "requirements.txt", *ROOT.glob("requirements/*.txt"), *ROOT.glob("lambdas/**/requirements.txt")]
)
REVIEW = ROOT / "docs" / "dependencies.md"
WANTED = sorted([*ROOT.glob("requirements/*.in"), *ROOT.glob("lambdas/**/requirements.in")])

# Where the CDK's users look for it.
LOCK_OF_APP = ROOT / "requirements.txt"

# One package at one version, perhaps for some machines only, and the hashes of its files: no address, no option.
PINNED = re.compile(
    r"(?P<name>[a-z0-9.-]+)==(?P<version>[^ ;]+)(?: ; [^-]+)?(?P<hashes>(?: +--hash=sha256:[0-9a-f]{64})+)"
)


def name_of(path: Path) -> str:
    """A file by its path in the project."""
    return path.relative_to(ROOT).as_posix()


def requirements_in(path: Path) -> list[str]:
    """The requirements of a file, one a line."""
    joined = path.read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def pins_of(path: Path) -> dict[str, set[str]]:
    """The hashes of each package and version of a locked file."""
    found = [PINNED.fullmatch(line) for line in requirements_in(path)]
    return {f"{pin['name']}=={pin['version']}": set(pin["hashes"].split()) for pin in found if pin}


def wanted_in(path: Path) -> set[str]:
    """The packages and versions that a .in file asks for, on whatever machine."""
    return {re.sub(r"\[.*\]| ; .*", "", line) for line in requirements_in(path) if not line.startswith("-r ")}


def test_there_are_locked_files_to_look_at() -> None:
    assert {name_of(path) for path in LOCKED} == {
        *("lambdas/resize/requirements.txt", "lambdas/resize/imaging/vips/requirements.txt"),
        "lambdas/announce/requirements.txt",
        *("requirements.txt", "requirements/audit.txt", "requirements/bench.txt", "requirements/broker.txt"),
        *("requirements/dev.txt", "requirements/kafka_client.txt", "requirements/runtime.txt", "requirements/uv.txt"),
    }


@pytest.mark.parametrize("path", LOCKED, ids=name_of)
def test_every_requirement_has_one_version_and_hashes_and_no_address(path: Path) -> None:
    lines = requirements_in(path)

    assert len(lines) > 0
    assert [line for line in lines if not PINNED.fullmatch(line)] == []


@pytest.mark.parametrize("path", WANTED, ids=name_of)
def test_every_lock_is_of_what_its_source_asks_for(path: Path) -> None:
    wanted = wanted_in(path)

    assert [line for line in wanted if not re.fullmatch(r"[a-z0-9-]+==[0-9.]+", line)] == []
    assert wanted - set(pins_of(LOCK_OF_APP if path.name == "app.in" else path.with_suffix(".txt"))) == set()


@pytest.mark.parametrize("path", WANTED, ids=name_of)
def test_the_review_by_hand_is_about_the_versions_that_are_pinned(path: Path) -> None:
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| ([^|]+) \|", REVIEW.read_text(encoding="utf-8"), re.MULTILINE)
    reviewed = {f"{name}=={version}" for name, versions in rows for version in versions.split(" and ")}

    assert wanted_in(path) - reviewed == set()


@pytest.mark.parametrize("path", sorted(ROOT.glob("lambdas/**/requirements.txt")), ids=name_of)
def test_what_ships_is_what_is_tested_to_the_byte(path: Path) -> None:
    ships, tested = pins_of(path), pins_of(ROOT / "requirements/dev.txt")

    assert {pin: hashes for pin, hashes in ships.items() if tested.get(pin) != hashes} == {}


def test_what_builds_the_project_is_among_what_is_installed_by_hash() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert set(project["build-system"]["requires"]) - set(pins_of(ROOT / "requirements/uv.txt")) == set()


def test_every_command_that_installs_demands_hashes_and_builds_nothing_unpinned() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    installs = [line for line in makefile.splitlines() if re.search(r"pip install|NPM\) \w+ ", line)]
    by_hash = [line for line in installs if {"--require-hashes", "--only-binary"} <= set(line.split())]
    itself = [line for line in installs if line.endswith(" --no-deps --no-build-isolation --editable .")]
    from_lock = [line for line in installs if "$(NPM) ci " in line]

    assert (len(by_hash), len(itself), len(from_lock)) == (8, 1, 3)
    assert set(installs) == {*by_hash, *itself, *from_lock}


def test_what_is_built_from_source_is_pinned_to_a_commit() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert re.findall(r"go install (\S+)", makefile) == ["$(RIE)"]
    assert re.search(r"^RIE = \S+@v\d+\.\d+\.\d+-\d{14}-[0-9a-f]{12}$", makefile, re.MULTILINE)


def test_the_function_is_run_on_the_python_that_the_stack_chooses_beside_the_boto3_that_the_project_has() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert re.findall(r"^PYTHON_OF_LAMBDA = (.*)$", makefile, re.MULTILINE) == [Config().python]
    assert wanted_in(ROOT / "requirements/runtime.in") & wanted_in(ROOT / "requirements/app.in") == {
        f"boto3=={version('boto3')}"
    }


@pytest.mark.parametrize(
    "folder",
    [ROOT / "tools" / "cdk", ROOT / "tools" / "pyodide", ROOT / "benchmarks"],
    ids=["cdk", "pyodide", "benchmarks"],
)
def test_every_node_package_has_its_hash_and_names_no_registry(folder: Path) -> None:
    lock = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}

    assert lock["lockfileVersion"] == 3
    assert len(packages) > 0
    assert [name for name, package in packages.items() if not package["integrity"].startswith("sha512-")] == []
    assert [name for name, package in packages.items() if "resolved" in package] == []


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        (ROOT / "tools" / "cdk", "devDependencies"),
        (ROOT / "tools" / "pyodide", "devDependencies"),
        (ROOT / "benchmarks", "dependencies"),
    ],
    ids=["cdk", "pyodide", "benchmarks"],
)
def test_the_node_packages_that_are_asked_for_are_those_that_are_locked(folder: Path, kind: str) -> None:
    asked = json.loads((folder / "package.json").read_text(encoding="utf-8"))[kind]
    locked = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]

    assert asked == {name: locked[f"node_modules/{name}"]["version"] for name in asked}
