"""What Lambda's own Python has besides the function's bundle: boto3 and what it needs."""

from compileall import compile_dir, compile_file
from importlib.metadata import distribution
from pathlib import Path

_DISTRIBUTIONS = ("boto3", "botocore", "jmespath", "s3transfer", "urllib3", "python-dateutil", "six")


def runtime_in(folder: Path) -> Path:
    """Gather it in a folder, and keep it compiled, as it is in Lambda's image: only what is deployed beside is not."""
    for name in _DISTRIBUTIONS:
        files = distribution(name).files or []
        for top in {file.parts[0] for file in files if file.suffix == ".py" and file.parts[0] != ".."}:
            (folder / top).symlink_to(str(distribution(name).locate_file(top)))
    for installed in folder.iterdir():
        assert compile_dir(installed, quiet=1) if installed.is_dir() else compile_file(installed, quiet=1), installed
    return folder
