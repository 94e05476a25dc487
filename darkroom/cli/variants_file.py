"""Reads the file given with `--variants`."""

from pathlib import Path

from contract.errors import SettingsError
from darkroom.errors import UsageError
from resize.imaging.variants import parse_variants, variants_to_json
from stacks.context import parse_json

_EXAMPLE = '{"thumb": {"width": 320, "height": 320, "fit": "cover"}}'


def read_variants(path: Path) -> dict[str, dict[str, object]]:
    """Read variants as cdk.json has them, every option spelled out.

    Raises:
        UsageError: the file cannot be read, is not JSON, or describes a variant that cannot be.
    """
    try:
        return variants_to_json(parse_variants(parse_json(path.read_text(encoding="utf-8"))))
    except OSError as error:
        raise UsageError(f"--variants {str(path)!r} cannot be read: {error.strerror}. Check the path.") from error
    except SettingsError as error:
        raise UsageError(f"--variants {str(path)!r}: {error}") from error
    except ValueError as error:
        raise UsageError(f"--variants {str(path)!r} is not JSON: {error}. Write it like {_EXAMPLE}.") from error
