"""Each alarm goes off, stays silent and is over when it should, over series as AWS documents that they are sent.

For SQS, docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide: sqs-available-cloudwatch-metrics.html (no
age after three receives) and monitoring-using-cloudwatch.html (one value a minute; none of a queue that nobody has used
for six hours).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from stacks.announce_function import TIMEOUT_SECONDS
from stacks.config.config import Config
from stacks.event_queues import VISIBILITY_SECONDS
from support.aws.alarm_evaluation import ALARM, OK, AlarmEvaluation, Samples, changes
from support.aws.stack import EVERYTHING, Template, synthesize

pytestmark = pytest.mark.long

VISIBLE, NOT_VISIBLE = "ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"
AGE = "ApproximateAgeOfOldestMessage"
HIDDEN = EVERYTHING.visibility_seconds
# When a job is received that fails at once each time: after 30 seconds, 2 and 8 minutes, then the visibility timeout.
FAILING = [0, 30, 150, 630, *(630 + HIDDEN * further for further in (1, 2, 3))]


def alarm(template: Template, name: str) -> AlarmEvaluation:
    """An alarm by its name, without the stack's."""
    found = [resource["Properties"] for resource in template.all_of("AWS::CloudWatch::Alarm").values()]
    (properties,) = [each for each in found if each["AlarmName"] == f"Darkroom-{name}"]
    return AlarmEvaluation.of(properties)


def each_minute(values: Iterable[float | None]) -> dict[int, list[float]]:
    """One value a minute from the first minute on; None is a minute in which nothing is sent."""
    return {minute * 60: [value] for minute, value in enumerate(values) if value is not None}


def counted(minutes: int, value: Callable[[int], float | None]) -> dict[int, list[float]]:
    return each_minute(value(minute) for minute in range(minutes))


def receives_of(times: Iterable[int]) -> Samples:
    """What the function counts of a job that it received at these seconds: nothing at the first."""
    return {"Receives": {second: [float(count)] for count, second in enumerate(times, 1) if count > 1}}


def test_one_dead_letter_is_an_alarm_after_a_minute_until_it_is_gone_for_five(watched: Template) -> None:
    messages = {
        VISIBLE: each_minute([0] * 10 + [1] * 60 + [0] * 30),
        NOT_VISIBLE: each_minute([0] * 100),
    }

    assert changes(alarm(watched, "dead-letters").states(messages, minutes=100)) == [(11, ALARM), (75, OK)]


@pytest.mark.parametrize("late", [0, 1, 3])
@pytest.mark.parametrize("absent", [0, None])
def test_looking_at_dead_letters_all_the_time_is_never_taken_for_their_end(
    watched: Template, absent: int | None, late: int
) -> None:
    # Of each three minutes: all are looked at, none is, and they are counted while they go from one to the other.
    messages = {
        VISIBLE: counted(200, lambda minute: 0 if minute < 10 else (0, 40, 0)[minute % 3]),
        NOT_VISIBLE: counted(200, lambda minute: absent if minute < 10 else (40, absent, absent)[minute % 3]),
    }

    assert [new for _, new in changes(alarm(watched, "dead-letters").states(messages, minutes=200, late=late))] == [
        ALARM
    ]


def test_dead_letters_that_are_held_for_a_quarter_of_an_hour_are_still_there(watched: Template) -> None:
    messages = {
        VISIBLE: each_minute([0] * 5 + [12] * 5 + [0] * 15 + [12] * 5),
        NOT_VISIBLE: each_minute([0] * 10 + [12] * 15 + [0] * 5),
    }

    assert changes(alarm(watched, "dead-letters").states(messages, minutes=30)) == [(6, ALARM)]


def test_a_queue_that_nobody_has_used_for_six_hours_still_has_its_dead_letters(watched: Template) -> None:
    messages = {VISIBLE: each_minute([1] * 360), NOT_VISIBLE: each_minute([0] * 360)}

    assert changes(alarm(watched, "dead-letters").states(messages, minutes=2000)) == [(1, ALARM)]


def test_once_such_a_queue_is_emptied_the_alarm_of_dead_letters_is_over(watched: Template) -> None:
    silent = [1] * 360 + [None] * 500 + [0] * 30

    states = alarm(watched, "dead-letters").states({VISIBLE: each_minute(silent)}, minutes=len(silent))

    assert [new for _, new in changes(states)] == [ALARM, OK]


def test_without_data_there_are_no_dead_letters(watched: Template) -> None:
    assert changes(alarm(watched, "dead-letters").states({}, minutes=600)) == []


def test_a_job_that_failed_three_times_goes_off_as_it_comes_again_long_before_it_is_a_dead_letter(
    watched: Template,
) -> None:
    went_off, over = changes(alarm(watched, "failing-job").states(receives_of(FAILING), minutes=300))

    assert went_off == (11, ALARM)  # 630 s
    last = FAILING[-1] // 60
    assert over[1] == OK  # not once between two tries, but within an hour of the last
    assert last < over[0] <= last + 60


def test_a_job_that_kills_the_function_each_time_goes_off_as_it_comes_the_fourth_time(watched: Template) -> None:
    killed = receives_of(HIDDEN * attempt for attempt in range(6))

    assert changes(alarm(watched, "failing-job").states(killed, minutes=180))[0] == (3 * HIDDEN // 60 + 1, ALARM)


@pytest.mark.parametrize("receives", [1, 2, 3])
def test_a_job_that_is_done_within_three_tries_is_no_failing_job(watched: Template, receives: int) -> None:
    done = receives_of(FAILING[:receives])

    assert changes(alarm(watched, "failing-job").states(done, minutes=300)) == []


def test_one_failing_job_among_thousands_that_are_retried_once_is_enough(watched: Template) -> None:
    many = {"Receives": {second: [2.0] * 20 for second in range(0, 3600, 7)} | {1800: [2.0, 4.0, 2.0]}}

    assert changes(alarm(watched, "failing-job").states(many, minutes=60))[0] == (31, ALARM)


@pytest.mark.parametrize("hidden", [300, 1801, 43_200])
def test_a_failing_job_is_one_from_try_to_try_however_long_it_is_hidden(tmp_path: Path, hidden: int) -> None:
    template = synthesize(tmp_path, replace(Config(), visibility_timeout_seconds=hidden))
    tries = receives_of([0, 30, 150, 630, 630 + hidden + 60])
    minutes = (630 + hidden + 120) // 60

    assert changes(alarm(template, "failing-job").states(tries, minutes=minutes, late=2)) == [(13, ALARM)]


@pytest.mark.parametrize(("most", "receives"), [(2, 2), (3, 3), (4, 4), (10, 4)])
def test_a_failing_job_goes_off_before_its_last_try_ends_where_there_are_few(
    tmp_path: Path, most: int, receives: int
) -> None:
    template = synthesize(tmp_path, replace(Config(), max_receive_count=most))

    for last in (receives - 1, receives):
        states = alarm(template, "failing-job").states(receives_of(range(0, 60 * last, 60)), minutes=15)
        assert (ALARM in states) is (last == receives)


def test_where_a_job_is_tried_once_there_is_no_alarm_of_a_failing_job(tmp_path: Path) -> None:
    template = synthesize(tmp_path, replace(Config(), max_receive_count=1))

    names = [each["Properties"]["AlarmName"] for each in template.all_of("AWS::CloudWatch::Alarm").values()]
    assert "Darkroom-dead-letters" in names
    assert "Darkroom-failing-job" not in names


def test_a_backlog_goes_off_five_minutes_after_its_oldest_job_is_too_old(watched: Template) -> None:
    limit = EVERYTHING.oldest_message_seconds
    backlog = {AGE: counted(300, lambda minute: minute * 60 if minute < 200 else 5)}

    assert changes(alarm(watched, "oldest-message").states(backlog, minutes=300)) == [
        (limit // 60 + 1 + 5, ALARM),
        (201, OK),
    ]


def test_the_oldest_message_is_no_job_that_fails_for_sqs_counts_no_age_after_three_receives(watched: Template) -> None:
    failing = {AGE: counted(300, lambda minute: minute * 60 if minute * 60 < FAILING[2] else None)}

    assert changes(alarm(watched, "oldest-message").states(failing, minutes=300)) == []


def test_a_function_that_never_starts_goes_off_before_the_third_receive_ends_the_count(watched: Template) -> None:
    hidden = {AGE: counted(300, lambda minute: minute * 60 if minute * 60 < 2 * HIDDEN else None)}

    went_off = changes(alarm(watched, "oldest-message").states(hidden, minutes=300))[0]

    assert went_off[1] == ALARM
    assert went_off[0] * 60 < 2 * HIDDEN


def test_a_job_that_is_done_at_its_second_try_is_not_too_old(watched: Template) -> None:
    slowest = HIDDEN + EVERYTHING.function_timeout_seconds
    retried = {AGE: counted(120, lambda minute: minute * 60 if minute * 60 < slowest else 0)}

    assert changes(alarm(watched, "oldest-message").states(retried, minutes=120)) == []


# How long an event that was not taken stays hidden, and how long the function that takes it may run.
EVENT_HIDDEN, ANNOUNCE_SECONDS = VISIBILITY_SECONDS, TIMEOUT_SECONDS


@pytest.mark.parametrize("second", [0, 15, 30, 45])
def test_one_event_that_is_never_taken_goes_off_before_its_third_receive_ends_the_count(
    with_msk: Template, second: int
) -> None:
    """Each minute's figure comes at the same second of it, whichever that is."""
    ages = [minute * 60 + second for minute in range(300)]
    stuck = {AGE: each_minute(age if age < 2 * EVENT_HIDDEN else None for age in ages)}

    went_off = changes(alarm(with_msk, "oldest-event").states(stuck, minutes=300))[0]

    assert went_off[1] == ALARM


def test_an_event_that_is_taken_at_its_second_try_is_not_too_old(with_msk: Template) -> None:
    taken = EVENT_HIDDEN + ANNOUNCE_SECONDS
    retried = {AGE: counted(120, lambda minute: minute * 60 if minute * 60 < taken else 0)}

    assert changes(alarm(with_msk, "oldest-event").states(retried, minutes=120)) == []


def deliveries(received: Iterable[int], deleted: Iterable[int]) -> Samples:
    """What SQS counts of events that are received, and deleted, at these seconds."""
    return {
        "NumberOfMessagesReceived": {second: [1.0] for second in received},
        "NumberOfMessagesDeleted": {second: [1.0] for second in deleted},
    }


def test_the_only_event_of_a_night_that_is_never_taken_goes_on_being_told(with_msk: Template) -> None:
    stuck = deliveries(range(0, 12 * 3_600, EVENT_HIDDEN), ())

    told = changes(alarm(with_msk, "announce-failures").states(stuck, minutes=600))

    assert [state for _, state in told] == [ALARM]


def test_an_event_that_is_taken_at_its_second_try_is_no_failure(with_msk: Template) -> None:
    for first in range(0, 1_800, 60):
        retried = deliveries((first, first + EVENT_HIDDEN), (first + EVENT_HIDDEN + 1,))

        assert changes(alarm(with_msk, "announce-failures").states(retried, minutes=180)) == []


def test_an_idle_queue_has_no_oldest_message(watched: Template) -> None:
    assert changes(alarm(watched, "oldest-message").states({}, minutes=600)) == []


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """An alarm by its name, what it counts, of what, in so many minutes, and how few of few are too many."""

    name: str
    part: str
    whole: str
    minutes: int
    least: int

    def samples(self, bad: int, good: int, second: int = 130) -> dict[str, dict[int, list[float]]]:
        """What is counted of so many jobs: a value for each, as the embedded metric format writes them."""
        counted = {self.part: {second: [1.0] * bad + [0.0] * good}}
        return {self.whole: {second: [1.0] * (bad + good)}} | counted


SHARES = [
    Share(name="failed-jobs", part="Failed", whole="Failed", minutes=15, least=3),
    Share(name="rejected-images", part="Rejected", whole="Rejected", minutes=60, least=13),
    Share(name="function-crashes", part="Errors", whole="Invocations", minutes=15, least=3),
]


@pytest.mark.parametrize("share", SHARES, ids=[share.name for share in SHARES])
def test_a_share_of_a_few_at_night_is_none_and_one_more_goes_off(watched: Template, share: Share) -> None:
    evaluation = alarm(watched, share.name)

    assert changes(evaluation.states(share.samples(share.least - 1, 0), minutes=120)) == []
    assert changes(evaluation.states(share.samples(share.least, 0), minutes=120))[0] == (3, ALARM)


@pytest.mark.parametrize("share", SHARES, ids=[share.name for share in SHARES])
def test_where_nothing_comes_any_more_a_share_is_over_once_cloudwatch_takes_its_data_for_missing(
    watched: Template, share: Share
) -> None:
    states = alarm(watched, share.name).states(share.samples(share.least, 0), minutes=5 * share.minutes)

    assert changes(states) == [(3, ALARM), (3 + 3 * share.minutes, OK)]


@pytest.mark.parametrize("share", SHARES, ids=[share.name for share in SHARES])
def test_a_share_of_many_goes_by_the_percentage(watched: Template, share: Share) -> None:
    evaluation = alarm(watched, share.name)
    at = round(evaluation.threshold) * 10

    assert ALARM not in evaluation.states(share.samples(at, 1000 - at), minutes=share.minutes)
    assert ALARM in evaluation.states(share.samples(at + 1, 999 - at), minutes=share.minutes)


@pytest.mark.parametrize("share", SHARES, ids=[share.name for share in SHARES])
def test_the_next_period_of_good_ones_ends_a_share(watched: Template, share: Share) -> None:
    bad, good = share.samples(40, 0), share.samples(0, 50, second=share.minutes * 60 + 130)
    both = {name: bad[name] | good[name] for name in bad}

    states = alarm(watched, share.name).states(both, minutes=3 * share.minutes)

    assert changes(states) == [(3, ALARM), (share.minutes + 3, OK)]


@pytest.mark.parametrize("share", SHARES, ids=[share.name for share in SHARES])
def test_a_share_of_nothing_is_none(watched: Template, share: Share) -> None:
    assert changes(alarm(watched, share.name).states({}, minutes=5 * share.minutes)) == []


def test_throttles_go_off_when_a_quarter_of_an_hour_has_some_throughout(watched: Template) -> None:
    throttles = alarm(watched, "throttles")

    assert changes(throttles.states({"Throttles": each_minute([2] * 5 + [0] * 50)}, minutes=60)) == []
    assert changes(throttles.states({"Throttles": each_minute([0] * 15 + [2] * 20 + [0] * 50)}, minutes=85)) == [
        (26, ALARM),
        (40, OK),
    ]
    assert changes(throttles.states({}, minutes=60)) == []


def test_half_an_hour_near_the_cap_goes_off_and_one_minute_below_ends_it(watched: Template) -> None:
    cap = alarm(watched, "concurrency-at-cap")
    busy = each_minute([10] * 5 + [50, 46] * 20 + [45] + [50] * 20)

    assert changes(cap.states({"ConcurrentExecutions": busy}, minutes=60)) == [(35, ALARM), (46, OK)]
    assert changes(cap.states({"ConcurrentExecutions": each_minute([45] * 90)}, minutes=90)) == []
    assert changes(cap.states({}, minutes=90)) == []


def test_a_day_without_a_job_goes_off_though_the_queue_has_no_data_any_more_and_one_job_ends_it(
    watched: Template,
) -> None:
    used, day, again = 30 * 60, 24 * 60, 60 * 60
    # A job an hour; then six hours of zeros, and no data at all; then one job.
    sent = {minute * 60: [1.0] for minute in range(0, used, 60)}
    idle = {minute * 60: [0.0] for minute in range(used, used + 360, 60)}
    states = alarm(watched, "no-jobs").states(
        {"NumberOfMessagesSent": sent | idle | {again * 60: [1.0]}}, minutes=again + 60
    )

    went_off, over = changes(states[day:])
    last = used - 60
    assert went_off[1] == ALARM
    # Where data is missing, CloudWatch lets the jobs of two more hours count.
    assert last + day <= went_off[0] + day <= last + day + 2 * 60 + 1
    assert over == (again + 1 - day, OK)
