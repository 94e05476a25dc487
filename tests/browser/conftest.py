"""A real browser, and a pipeline whose S3 fails when a test says so."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from darkroom.local.synthesis import local_overrides, synthesize
from support.function.faulty import KNOBS, Faulty, faulty_pipeline


@pytest.fixture(scope="session")
def chromium() -> str:
    """Debian's Chromium; without it these tests are skipped, but never where CI runs them."""
    path = shutil.which("chromium")
    if path is None:
        without = pytest.fail if os.environ.get("CI") else pytest.skip
        without("The console is tested in Chromium, which is not here: apt-get install chromium")
    return path


@pytest.fixture
def browser(chromium: str) -> Iterator[Browser]:
    """A browser for one test: while Playwright runs, no other event loop can in its thread."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def faulty(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Faulty]:
    own = tmp_path_factory.getbasetemp()
    assemblies = (own if worker_id == "master" else own.parent) / "assemblies"
    assembly = synthesize(local_overrides() | KNOBS, assemblies)
    with faulty_pipeline(assembly, tmp_path_factory.mktemp("browser") / "emulator.log") as made:
        yield made
