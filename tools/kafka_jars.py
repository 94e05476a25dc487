"""Pin the jars of Kafka's version: `python -m tools.kafka_jars`."""

import tempfile
from pathlib import Path

from darkroom.event_log.jars import JARS, fetch_jars, hashes_of, install_packages


def main() -> None:
    """Fetch what the version needs, and write down what it is."""
    with tempfile.TemporaryDirectory() as folder:
        packages, jars, scratch = (Path(folder) / name for name in ("packages", "jars", "scratch"))
        scratch.mkdir()
        install_packages(packages)
        fetch_jars(packages, jars, scratch)
        JARS.write_text("".join(f"{digest}  {name}\n" for name, digest in hashes_of(jars).items()), encoding="utf-8")


if __name__ == "__main__":
    main()
