"""The event log on the console's page: the outcomes of all uploads, as they come, where there is a log."""

import asyncio
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from darkroom.console.server import FollowedLog
from darkroom.event_log.local import LogKind, local_log
from support.command.browsers import DEADLINE
from support.command.served_console import ServedConsole
from support.events.event_log import Log
from support.events.outcome_events import event

pytestmark = pytest.mark.long

HOSTILE = "<img src=x onerror=alert(1)>\u202egpj.jpg"


@pytest.fixture
def log(console: ServedConsole) -> Iterator[Log]:
    """A log that the console follows."""
    with local_log(LogKind.MEMORY, lambda _step: None) as running:
        followed = FollowedLog(client={"bootstrap.servers": running.bootstrap}, topic=running.topic)
        following = asyncio.run_coroutine_threadsafe(
            followed.follow(console.parts.feed, console.parts.health), console.loop
        )
        yield Log(bootstrap=running.bootstrap, topic=running.topic)
        following.cancel()


def test_without_a_log_nothing_is_said_of_one(console: ServedConsole, page: Page) -> None:
    page.goto(console.address)

    expect(page.locator("#connection")).to_have_text("Live", timeout=DEADLINE)
    expect(page.locator("#outcomes")).to_be_hidden()


def test_what_comes_into_the_log_is_on_the_page_the_newest_first(console: ServedConsole, log: Log, page: Page) -> None:
    page.goto(console.address)
    outcomes = page.locator("#outcome-list > li")
    expect(page.locator("#about-log")).to_have_text(f"{log.topic} at {log.bootstrap}", timeout=DEADLINE)
    expect(page.locator("#no-outcomes")).to_be_visible()

    log.write([event("first.jpg", time="2026-11-26T08:00:00Z")])
    expect(outcomes).to_have_count(1, timeout=DEADLINE)
    log.write(
        [
            event(HOSTILE, outcome="rejected", reason="corrupt", revision=2, time="2026-11-26T08:00:02Z"),
            event("gone.jpg", outcome="removed", revision=0, time="some time"),
        ]
    )

    expect(outcomes).to_have_count(3, timeout=DEADLINE)
    names = page.locator("#outcome-list .name")
    expect(names).to_have_text(["gone.jpg", r"<img src=x onerror=alert(1)>\u{202e}gpj.jpg", "first.jpg"])
    expect(outcomes.nth(0)).to_contain_text("removed, from before events, some time")
    expect(outcomes.nth(1)).to_contain_text("rejected: corrupt, 2 outcomes so far")
    expect(outcomes.nth(2)).to_contain_text("resized, 1 outcome so far")
    expect(page.locator("#no-outcomes")).to_be_hidden()


def test_a_page_that_is_opened_later_has_the_newest_hundred_and_no_more(
    console: ServedConsole, log: Log, page: Page
) -> None:
    log.write(event(f"{number:03}.jpg", time=f"2026-11-26T08:00:00.{number:03}Z") for number in range(130))

    page.goto(console.address)

    expect(page.locator("#outcome-list > li")).to_have_count(100, timeout=DEADLINE)
    expect(page.locator("#outcome-list .name").first).to_have_text("129.jpg")
