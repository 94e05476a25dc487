"""Signed callbacks to one web address, each until it is taken.

What is read of the log waits in SQLite with its next attempt, and the place in the log in the same transaction. Of one
key the events go in order; a key whose callback fails holds up no other. What nobody takes after the last attempt
becomes a dead letter. Run it (`python -m consumers.webhook --help`), or have Lambda call `handler`.
"""

import argparse
import json
import os
import sqlite3
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from consumers import offsets
from consumers.client import ClientError, client_configuration
from consumers.deliveries import MOST_PENDING, apply, count, deliver, open_queue, redrive
from consumers.destination import DestinationError
from consumers.endpoint import Endpoint, GoneError
from consumers.event import Event, NotAnEventError, records_of

_IDLE_SECONDS = 1.0


class NotTakenError(Exception):
    """A callback was not taken; Lambda is to hand its records in again."""


def handler(event: Mapping[str, Any], _context: object) -> None:
    """Call back about what Lambda read of the topic.

    It goes in order, and stops at what is not taken. Lambda hands all of the batch in again then, and those that were
    taken are sent again under the same id; what fails for longer than the event source mapping tries goes to its
    on-failure queue.
    """
    endpoint = Endpoint.of(os.environ)
    for record in records_of(event):
        try:
            identity = Event.from_json(record.value).id
        except NotAnEventError:
            continue
        fault, _ = endpoint.call(identity, record.value or b"", time.time())
        if fault is not None:
            raise NotTakenError(f"Partition {record.partition}, offset {record.offset}: {fault}")


def _follow(database: sqlite3.Connection, options: argparse.Namespace) -> int:
    from consumers.topic import Topic, stop_event  # noqa: PLC0415 - on Lambda there is no client

    endpoint = Endpoint.of(os.environ, private=options.allow_private)
    client = client_configuration(options.bootstrap, options.client)
    with Topic(client, options.topic, "webhook") as topic:
        topic.start(*offsets.read(database))
        offsets.of_topic(database, topic.id)
        stopped, busy = stop_event(), False
        while not stopped.is_set():
            if count(database) < MOST_PENDING:
                records = topic.poll(0.0 if busy else _IDLE_SECONDS)
                apply(database, records)
                topic.commit(offsets.read(database)[0] if records else {})
            elif not busy:
                stopped.wait(_IDLE_SECONDS)  # all that waits is not due yet
            busy = deliver(database, endpoint) > 0
            if options.once and topic.at_end and not busy:
                break
    return 0


def _dead(database: sqlite3.Connection, options: argparse.Namespace) -> int:
    if options.redrive:
        sys.stdout.write(f"{redrive(database)} will be delivered again\n")
        return 0
    rows = database.execute("SELECT number, id, key, reason FROM dead ORDER BY number").fetchall()
    for row in rows:
        sys.stdout.write(f"{json.dumps(dict(row))}\n")
    return 1 if rows else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    from consumers.topic import add_reader_options  # noqa: PLC0415 - on Lambda there is no client

    parser = argparse.ArgumentParser(
        prog="python -m consumers.webhook",
        description="Signed callbacks to WEBHOOK_URL, with a key of WEBHOOK_SECRETS: both from the environment.",
    )
    parser.add_argument("--queue", type=Path, default=Path("webhook.sqlite3"), help="where it keeps what is to be sent")
    commands = parser.add_subparsers(required=True)
    reader = commands.add_parser("follow", help="call back about what comes, from where it was left, until Ctrl-C")
    add_reader_options(reader)
    reader.add_argument("--allow-private", action="store_true", help="call hosts of this machine and network, too")
    reader.set_defaults(run=_follow)
    dead = commands.add_parser("dead", help="list what nobody took, one JSON object a line; status 1 if there is some")
    dead.add_argument("--redrive", action="store_true", help="have all of it delivered again")
    dead.set_defaults(run=_dead)
    options = parser.parse_args(arguments)
    try:
        with closing(open_queue(options.queue)) as database:
            return int(options.run(database, options))
    except (ClientError, DestinationError, sqlite3.Error) as error:
        sys.stderr.write(f"webhook: {error}\n")
    except GoneError:
        sys.stderr.write(
            "webhook: The receiver answered 410 and wants no more. What waits stays; set another WEBHOOK_URL.\n"
        )
    return 2


if __name__ == "__main__":
    sys.exit(main())
