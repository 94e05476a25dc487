"""The soak's account does not add up when an upload is lost, invented or misjudged."""

from collections import Counter

from faults.soak import Account, Event, Traffic

CAT = Event("cat.jpg", "v1", "01")
UNDELETED = Event("cat.jpg", "v1", "02")


def account(traffic: Traffic, endings: dict[Event, str]) -> Account:
    return Account(traffic=traffic, endings=endings, repeated=0, dead_though_done=0)


def test_an_upload_that_ended_adds_up() -> None:
    good = account(Traffic(sent=Counter([CAT.version]), good={CAT.version}), {CAT: "resized"})

    assert good.adds_up


def test_an_upload_without_an_ending_is_missing() -> None:
    lost = account(Traffic(sent=Counter([CAT.version])), {})

    assert lost.missing == {("cat.jpg", "v1"): 1}
    assert not lost.adds_up


def test_of_two_events_about_one_version_each_needs_its_own_ending() -> None:
    traffic = Traffic(sent=Counter({CAT.version: 2}))

    assert account(traffic, {CAT: "removed"}).missing == {("cat.jpg", "v1"): 1}
    assert account(traffic, {CAT: "removed", UNDELETED: "resized"}).adds_up


def test_an_ending_that_nobody_asked_for_is_unexplained() -> None:
    invented = account(Traffic(), {CAT: "superseded"})

    assert invented.unexplained == {("cat.jpg", "v1"): 1}
    assert not invented.adds_up


def test_a_good_image_that_was_rejected_and_a_broken_one_that_was_resized_are_misjudged() -> None:
    dog = Event("dog.jpg", "v2", "03")
    traffic = Traffic(sent=Counter([CAT.version, dog.version]), good={CAT.version}, broken={dog.version})

    wrong = account(traffic, {CAT: "rejected", dog: "resized"})

    assert wrong.misjudged == [CAT, dog]
    assert not wrong.adds_up
