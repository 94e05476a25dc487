"""An append-only record of all that was announced.

It proves that nothing of it is missing or was changed. Each line has its place in the log, the event as it came, and
the hash of the line before. Killed at any moment it goes on behind its last whole line. Run it (`python -m
consumers.audit --help`), or have Lambda call `handler` with AUDIT on a file system that stays.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from consumers.chain import Audit, append, audit_file, open_audit
from consumers.client import ClientError, client_configuration
from consumers.event import Record, records_of

_GROUP = "audit"
_audits: dict[str, Audit] = {}


def handler(event: Mapping[str, Any], _context: object) -> None:
    """Append what Lambda read of the topic.

    If it raises, Lambda hands the same records in again. The whole file is read when the function starts; from then on
    only what others have written.
    """
    path = os.environ["AUDIT"]
    with open_audit(Path(path)) as file:
        audit = audit_file(file, _audits.pop(path, None))  # forgotten if what follows fails half-way
        append(file, audit, records_of(event))
        _audits[path] = audit


def _follow(options: argparse.Namespace) -> int:
    from consumers.topic import Topic, follow  # noqa: PLC0415 - on Lambda there is no client

    client = client_configuration(options.bootstrap, options.client)
    with open_audit(options.audit) as file, Topic(client, options.topic, _GROUP) as topic:
        audit = audit_file(file)
        topic.start(audit.offsets, audit.topic or None)

        def take(records: list[Record]) -> None:
            append(file, audit, records, topic.id)
            topic.commit(audit.offsets)  # afterwards: a witness of what must be in the file

        count = follow(topic, take, once=options.once)
    sys.stdout.write(f"{count:,} records read; lines in the audit: {audit.lines:,}\n")
    return 0


def _verify(options: argparse.Namespace) -> int:
    from consumers.topic import Topic  # noqa: PLC0415 - on Lambda there is no client

    with open_audit(options.audit) as file:
        audit = audit_file(file)
        torn = bool(file.read(1))
    if options.bootstrap or options.client:
        with Topic(client_configuration(options.bootstrap, options.client), options.topic, _GROUP) as topic:
            audit.compare(topic.committed() if audit.topic in {"", topic.id} else {})
    findings = [*audit.findings, *(["the last line is not whole: it will be written again"] if torn else [])]
    summary = {"lines": audit.lines, "keys": len(audit.newest), "hash": audit.last, "findings": findings}
    sys.stdout.write(f"{json.dumps(summary, indent=2)}\n")
    return 1 if audit.findings else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    from consumers.topic import add_reader_options  # noqa: PLC0415 - on Lambda there is no client

    parser = argparse.ArgumentParser(prog="python -m consumers.audit", description="A record that proves itself whole.")
    parser.add_argument("--audit", type=Path, default=Path("audit.jsonl"), help="the file")
    commands = parser.add_subparsers(required=True)
    for name, run, about in (
        ("follow", _follow, "append what comes, from where it was left, until Ctrl-C"),
        ("verify", _verify, "look whether anything is missing; with --bootstrap, whether its end was cut off, too"),
    ):
        command = commands.add_parser(name, help=about)
        add_reader_options(command)
        command.set_defaults(run=run)
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except (ClientError, OSError) as error:
        sys.stderr.write(f"audit: {error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
