"""Commands that are shown work as they stand, whatever the key."""

import shutil
import subprocess

import pytest

from darkroom.cli.output.aws_cli import aws_command, shell_word, with_aws_command
from darkroom.doctor.findings import fault
from support.aws.deployments import deployed

BASH = shutil.which("bash")


@pytest.mark.skipif(BASH is None, reason="asks bash how it reads a word")
@pytest.mark.parametrize(
    "text",
    ["plain", "two words", "it's", "$(reboot)`x`\\", "é ☃", "a\nb\tc", "\x1b[2J'\\x\u202e7", "\x1b" + "7", "-"],
)
def test_a_shell_reads_a_word_as_the_very_text_and_a_terminal_is_not_steered(text: str) -> None:
    word = shell_word(text)

    read = subprocess.run([str(BASH), "-c", f"printf %s {word}"], capture_output=True, check=True).stdout
    assert read.decode() == text
    assert word.isprintable()


def test_on_aws_the_command_uses_the_persons_own_settings_and_here_the_emulators() -> None:
    assert aws_command(deployed()) == "aws"
    assert aws_command(deployed("http://127.0.0.1:4566")).endswith(" --endpoint-url http://127.0.0.1:4566")


def test_a_command_that_is_advised_is_one_for_the_place_that_was_looked_at() -> None:
    advised = fault("off", "aws lambda update-event-source-mapping --enabled")
    here = deployed("http://127.0.0.1:4566")

    assert with_aws_command(advised, deployed()) == advised
    assert " --endpoint-url http://127.0.0.1:4566 lambda update" in with_aws_command(advised, here).advice
    assert with_aws_command(fault("off", "Deploy anew."), here).advice == "Deploy anew."
