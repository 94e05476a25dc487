"""A real browser, and a pipeline whose S3 fails when a test says so."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from darkroom.local.synthesis import local_overrides, synthesize
from darkroom.pipeline.client import Pipeline
from support.aws.deployments import deployed, with_queues
from support.command.browsers import DEADLINE
from support.command.served_console import ServedConsole, served
from support.function.buckets import Buckets, new_buckets
from support.function.faulty import SETTINGS, Faulty, faulty_pipeline


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


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on which nothing goes wrong that a browser tells its developer of."""
    context = browser.new_context()
    context.set_default_timeout(DEADLINE)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text))
    page.on("dialog", lambda dialog: wrong.append(dialog.message) if dialog.type != "beforeunload" else None)
    yield page
    context.close()
    assert [text for text in wrong if "net::ERR_" not in text] == []  # the console is stopped while the page is open


@pytest.fixture
def world() -> Iterator[Buckets]:
    with new_buckets() as made:
        yield made


@pytest.fixture
def queues(world: Buckets) -> Pipeline:
    """The world's buckets, with queues that nothing consumes."""
    assert world
    return with_queues(deployed())


@pytest.fixture
def console(queues: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServedConsole]:
    """A console whose pipeline is on moto: a test does its jobs itself."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with served(queues) as made:
        yield made


@pytest.fixture(scope="session")
def faulty(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Faulty]:
    own = tmp_path_factory.getbasetemp()
    assemblies = (own if worker_id == "master" else own.parent) / "assemblies"
    assembly = synthesize(local_overrides() | SETTINGS, assemblies)
    with faulty_pipeline(assembly, tmp_path_factory.mktemp("browser") / "emulator.log") as made:
        yield made
