"""Which log an operator means."""

import pytest

from darkroom.errors import UsageError
from darkroom.event_log import client


def test_where_no_log_is_up_nobody_is_sent_to_install_its_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "find_spec", lambda _name: None)
    monkeypatch.setattr(client, "running_pipelines", list)

    with pytest.raises(UsageError, match="No event log is up here"):
        client.find_log(None, None)
