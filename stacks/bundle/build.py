"""Build a function's bundle with pip, for its platform."""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path

from resize.imaging.engine import Engine
from stacks.bundle import bytecode, prune, strip
from stacks.bundle.bytecode import BytecodeError, Compiler, compiler_for, this_python

PROJECT = Path(__file__).resolve().parents[2]
LAMBDAS = PROJECT / "lambdas"
# What every function shares is copied into each bundle: code and manifest format cannot differ within one.
CONTRACT, RESIZE, ANNOUNCE, NOTIFICATION = "contract", "resize", "announce", "bucket_notification"
CACHE = PROJECT / ".darkroom" / "bundles"

# pip writes these beside each distribution; they tell of the installation, not of what was installed.
_INSTALLERS_NOTES = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")
# What wheels call a C library of 2.28 and one of 2.17: peps.python.org/pep-0600/
_C_LIBRARY, _OLDER_C_LIBRARY = "manylinux_2_28_", "manylinux2014_"
_LOCKED = "requirements.txt"
_LINES_OF_PIP = 15
_BUNDLES_TO_KEEP = 8


class BundleError(Exception):
    """pip could not make the bundle, or nothing compile it.

    The message says what it was asked, how it ended, and what to do.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What the bundle runs on: a wheel platform and a Python version such as `3.14`."""

    wheels: str
    python: str

    @property
    def pip_arguments(self) -> tuple[str, ...]:
        """Have pip choose wheels for this platform and no other.

        Those for an older C library run there too.
        """
        machine = self.wheels.removeprefix(_C_LIBRARY)
        platforms = ("--platform", self.wheels, "--platform", f"{_OLDER_C_LIBRARY}{machine}")
        return (*platforms, "--python-version", self.python, "--implementation", "cp")


def lambda_platform(*, architecture: str, python: str) -> Platform:
    """What Lambda calls `arm64` or `x86_64`, as pip says it.

    It is Amazon Linux 2023, where Lambda runs Python since 3.12. Its C library is 2.34:
    docs.aws.amazon.com/linux/al2023/ug/compare-with-al2.html
    """
    machine = {"arm64": "aarch64", "x86_64": "x86_64"}[architecture]
    return Platform(wheels=f"{_C_LIBRARY}{machine}", python=python)


def build_bundle(
    platform: Platform | None,
    engine: Engine = Engine.PILLOW,
    *,
    function: str = RESIZE,
    lambdas: Path = LAMBDAS,
    cache: Path = CACHE,
) -> Path:
    """Build the folder to deploy, with an engine, for a platform.

    Given None, it is for this machine and its Python. `function` is the folder below `lambdas` that holds its package;
    the folder of the contract goes with it.

    The same inputs give the same bytes, and are built once: a second call finds them in the cache. A build is made
    beside its place and moved there, so that one that fails leaves nothing and two at a time do not meet. It is
    compiled where something here compiles for that Python, which `compiler_for` tells.

    Raises:
        BundleError: pip failed, or what compiles did.
    """
    sources = _Sources(lambdas=lambdas, function=function, engine=engine)
    compiler = compiler_for(platform.python if platform else this_python())
    bundle = cache / _fingerprint(platform, sources, compiler)
    if not bundle.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix="building-") as building:
            made = Path(building) / "bundle"
            _make(made, platform, sources, compiler)
            _move_into_place(made, bundle)
        _forget_old_bundles(cache)
    os.utime(bundle)
    return bundle


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sources:
    """What of this project a bundle is made of."""

    lambdas: Path
    function: str
    engine: Engine

    def modules(self) -> list[Path]:
        """List the modules of the contract and of the function."""
        return [path for name in (CONTRACT, self.function) for path in sorted((self.lambdas / name).rglob("*.py"))]

    def requirements(self) -> list[Path]:
        """List what the function needs with any engine, and what it needs with this one."""
        package = self.lambdas / self.function
        return [path for path in (package / _LOCKED, package / "imaging" / self.engine / _LOCKED) if path.exists()]


def _make(made: Path, platform: Platform | None, sources: _Sources, compiler: Compiler | None) -> None:
    if requirements := sources.requirements():
        _install_requirements(requirements, made, platform)
    _copy_modules(sources, made)
    _remove_what_varies(made)
    prune.prune(made, sources.engine, sources.function)
    strip.strip_libraries(made)
    if compiler:
        _compile(made, compiler)
    _let_everyone_read(made)


def _compile(bundle: Path, compiler: Compiler) -> None:
    try:
        compiler.compile(bundle)
    except BytecodeError as error:
        raise BundleError(f"The function's bundle: {error}") from error


def _fingerprint(platform: Platform | None, sources: _Sources, compiler: Compiler | None) -> str:
    machine = (sys.implementation.cache_tag, sysconfig.get_platform())
    compiled_by = compiler.name if compiler else None
    digest = hashlib.sha256(repr((platform or machine, sources.engine, sources.function, compiled_by)).encode())
    for source in (
        Path(__file__),
        Path(bytecode.__file__),
        Path(prune.__file__),
        Path(strip.__file__),
        *sources.requirements(),
        *sources.modules(),
    ):
        below = source.is_relative_to(sources.lambdas)
        name = source.relative_to(sources.lambdas) if below else Path(source.name)
        digest.update(name.as_posix().encode() + b"\0" + hashlib.sha256(source.read_bytes()).digest())
    return digest.hexdigest()[:32]


def _install_requirements(requirements: list[Path], target: Path, platform: Platform | None) -> None:
    """Have pip install wheels; pyvips, Python alone, has none: the pinned setuptools makes it."""
    command = [sys.executable, "-m", "pip", "install", "--target", str(target)]
    command += platform.pip_arguments if platform else ()
    command += ["--only-binary=:all:", "--no-binary=pyvips", "--no-build-isolation"]
    command += ["--require-hashes", "--no-deps", "--no-compile"]
    command += ["--no-input", "--disable-pip-version-check"]
    command += [argument for path in requirements for argument in ("-r", str(path))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        output = "\n".join((done.stdout + done.stderr).splitlines()[-_LINES_OF_PIP:])
        named = " and ".join(map(str, requirements))
        raise BundleError(
            f"The function's bundle: pip ended with {done.returncode} for {named} on "
            f"{platform.wheels if platform else 'this machine'}. Is the package index in reach? If a requirement was "
            f"changed, has `make lock` been run? pip said:\n{output}"
        )


def _copy_modules(sources: _Sources, target: Path) -> None:
    for source in sources.modules():
        copy = target / source.relative_to(sources.lambdas)
        copy.parent.mkdir(parents=True, exist_ok=True)  # pip makes no folder for an empty list
        shutil.copyfile(source, copy)


def _remove_what_varies(bundle: Path) -> None:
    """Remove commands, whose first line is this machine's Python, code of its Python, and pip's notes about itself."""
    shutil.rmtree(bundle / "bin", ignore_errors=True)
    for compiled in list(bundle.rglob("__pycache__")):
        shutil.rmtree(compiled)
    for distribution in bundle.glob("*.dist-info"):
        for name in _INSTALLERS_NOTES:
            (distribution / name).unlink(missing_ok=True)


def _let_everyone_read(bundle: Path) -> None:
    """Undo a strict umask: Lambda runs the function as a user who owns none of its files.

    Source: repost.aws/knowledge-center/lambda-deployment-package-errors
    """
    for path in (bundle, *bundle.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _move_into_place(made: Path, bundle: Path) -> None:
    try:
        made.rename(bundle)
    except OSError:
        # Another process was first; what it made is the same.
        if not bundle.is_dir():
            raise


def _forget_old_bundles(cache: Path) -> None:
    """Keep the latest used, 20 MB each: every change of the function makes another."""
    bundles = sorted(cache.glob("[0-9a-f]" * 32), key=lambda bundle: bundle.stat().st_mtime)
    for bundle in bundles[:-_BUNDLES_TO_KEEP]:
        shutil.rmtree(bundle, ignore_errors=True)
