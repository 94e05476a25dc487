"""Saved queries of CloudWatch Logs Insights.

They go by the fields of the lines `job ended`, `job failed` and `job handed back`, which resize/consumer.py writes.
docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question by its name.

    What stands in its text as {{…}} is asked of whoever runs it.
    """

    name: str
    text: str
    asks_for: str | None = None


QUERIES = (
    Query(
        name="Rejected by reason",
        text="""\
filter message = "job ended" and outcome = "rejected"
| stats count(*) as images, latest(key) as newest, latest(detail) as its_detail by reason
| sort images desc""",
    ),
    Query(
        name="Failures by error",
        text="""\
filter message = "job failed"
| stats count(*) as attempts, count_distinct(message_id) as jobs, latest(message_id) as newest,
  latest(error) as its_error by error_code
| sort attempts desc""",
    ),
    Query(
        name="Jobs that fail again and again",
        text="""\
filter message in ["job failed", "job handed back"]
| stats count(*) as attempts, latest(error_code) as its_error, latest(error) as in_words, latest(key) as its_key
  by message_id
| filter attempts > 1
| sort attempts desc
| limit 50""",
    ),
    Query(
        name="Slowest jobs",
        text="""\
filter message = "job ended"
| fields @timestamp, milliseconds, outcome, key, version, message_id
| sort milliseconds desc
| limit 50""",
    ),
    Query(
        name="History of a key",
        text="""\
filter key = "{{key}}"
| fields @timestamp, message, outcome, reason, detail, error, repeated, milliseconds, version, sequencer, message_id
| sort @timestamp desc
| limit 1000""",
        asks_for="key",
    ),
    Query(
        name="Jobs of a message",
        text="""\
filter message_id = "{{message_id}}"
| fields @timestamp, message, key, version, outcome, reason, error, repeated, milliseconds
| sort @timestamp desc
| limit 1000""",
        asks_for="message_id",
    ),
)
