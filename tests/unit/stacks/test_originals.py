"""What becomes of originals afterwards: the settings that say it, held against each other."""

import pytest

from contract.errors import SettingsError
from stacks.config.parser import parse_config

EXISTING = {"name": "photos"}


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"archive_originals_days": 30, "expire_originals_days": 30}, "expire_originals_days: 30 .*more than .*30"),
        ({"archive_originals_days": 30, "expire_originals_days": 7}, "expire_originals_days: 7 "),
        ({"archive_originals_days": 0}, "archive_originals_days: 0 .*or null for never"),
        ({"expire_originals_days": "soon"}, "expire_originals_days: 'soon'"),
        (
            {"archive_originals_days": 7, "uploads_bucket": EXISTING},
            "archive_originals_days: 7 .*null with an uploads_b",
        ),
        ({"expire_originals_days": 7, "uploads_bucket": EXISTING}, "expire_originals_days: 7 .*null with an uploads_b"),
    ],
)
def test_what_cannot_be_is_answered_with_the_setting_and_its_value(settings: dict[str, object], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        parse_config(settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"archive_originals_days": 1},
        {"expire_originals_days": 1},
        {"archive_originals_days": 7, "expire_originals_days": 8},
    ],
)
def test_each_may_be_set_alone_and_both_in_order(settings: dict[str, object]) -> None:
    assert parse_config(settings)
