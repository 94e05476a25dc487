"""The feed: everyone who follows hears of the newest of every fact, and nobody makes it grow."""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeAlias

import pytest

from darkroom.console.feed import Feed, Update

Told: TypeAlias = AsyncIterator[tuple[Update, ...]]


def texts(updates: tuple[Update, ...]) -> list[str]:
    return [update.text for update in updates]


def test_who_comes_later_hears_first_of_all_that_holds_and_then_of_what_changes() -> None:
    async def hear() -> list[list[str]]:
        feed = Feed({"upload": 10})
        feed.publish("upload", "a", "1")
        feed.publish("upload", "b", "2")
        feed.publish("upload", "a", "3")
        told = feed.subscribe(rest=60)
        first = await anext(told)
        feed.publish("upload", "b", "4")
        return [texts(first), texts(await anext(told))]

    assert asyncio.run(hear()) == [["2", "3"], ["4"]]


def test_a_slow_reader_misses_what_was_replaced_and_nothing_else() -> None:
    async def hear() -> list[str]:
        feed = Feed({"upload": 10})
        told = feed.subscribe(rest=60)
        await anext(told)
        for number in range(1000):
            feed.publish("upload", str(number % 3), str(number))
        return texts(await anext(told))

    assert asyncio.run(hear()) == ["997", "998", "999"]


def test_only_so_many_facts_of_a_topic_are_kept_and_those_of_others_stay() -> None:
    async def hear() -> list[str]:
        feed = Feed({"sample": 3, "pipeline": 1})
        feed.publish("pipeline", "", "here")
        for number in range(50):
            feed.publish("sample", str(number), str(number))
        return texts(await anext(feed.subscribe(rest=60)))

    assert asyncio.run(hear()) == ["here", "47", "48", "49"]


def test_an_empty_feed_says_so_at_once() -> None:
    async def hear() -> tuple[Update, ...]:
        return await anext(Feed({}).subscribe(rest=60))

    assert asyncio.run(hear()) == ()


def test_where_nothing_changes_a_sign_of_life_is_given() -> None:
    async def hear() -> tuple[Update, ...]:
        feed = Feed({"upload": 1})
        feed.publish("upload", "a", "1")
        told = feed.subscribe(rest=0.001)
        await anext(told)
        return await anext(told)

    assert asyncio.run(hear()) == ()


def test_when_it_ends_those_who_wait_hear_the_last_facts_and_then_its_end() -> None:
    async def follow(told: Told) -> list[list[str]]:
        return [texts(updates) async for updates in told]

    async def hear() -> list[list[list[str]]]:
        feed = Feed({"upload": 1})
        waiting = [asyncio.create_task(follow(feed.subscribe(rest=60))) for _ in range(3)]
        await asyncio.sleep(0)
        feed.publish("upload", "a", "last")
        feed.end()
        return await asyncio.wait_for(asyncio.gather(*waiting), 30)

    assert asyncio.run(hear()) == [[[], ["last"]]] * 3


def test_a_topic_that_nobody_announced_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        Feed({}).publish("unheard", "a", "1")
