"""Focal points: what an uploader writes is read, or answered in a sentence that shows it safely."""

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.focal_point import FocalPoint, focus_in, parse_focal_point
from contract.object_version import identity_in_event, identity_of

SHARES = st.integers(0, 10**9).map(lambda share: share / 10**9)
POINTS = st.builds(FocalPoint, x=SHARES, y=SHARES)


@pytest.mark.parametrize(
    ("text", "x", "y"),
    [
        ("0.3,0.7", 0.3, 0.7),
        ("0,1", 0, 1),
        (" .25 , 1.0 ", 0.25, 1),
        ("1.,0.", 1, 0),
        ("0.123456789,0.5", 0.123456789, 0.5),
        ("0.30000000000000004,0.3333333333333333", 0.3, 0.333333333),
        ("0.9999999999,.00000000001", 1, 0),
    ],
)
def test_two_shares_are_read(text: str, x: float, y: float) -> None:
    assert parse_focal_point(text) == FocalPoint(x=x, y=y)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            ",",
            "0.5",
            "0.3;0.7",
            "0.3,0.7,0.1",
            "1.5,0.5",
            "-0.1,0.5",
            "nan,0.5",
            "inf,0",
            "1e-1,0",
            "0x1,0",
            "0_1,0",
        ),
        *(
            "30%,70%",
            "\u0660,\u0661",
            "0.5,0.5\n",
            "\n0.5,0.5",
            "<script>",
            "1.000000001,0",
            "left,top",
        ),
        "9" * 2000,
    ],
)
def test_anything_else_is_refused_with_its_value_cut_short_and_what_is_expected(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected two numbers from 0 to 1 such as 0\.3,0\.7") as refused:
        parse_focal_point(text)

    assert str(refused.value).isascii()
    assert str(refused.value).isprintable()
    assert ascii(text)[:20].rstrip("'") in str(refused.value)
    assert len(str(refused.value)) < 200


@given(st.text())
def test_whatever_metadata_says_is_a_point_or_an_error(text: str) -> None:
    focus, error = focus_in({"focus": text})

    assert (focus is None) != (error is None)


@given(st.floats(0, 1).filter(lambda share: share == 0 or share >= 1e-4))
def test_a_share_is_read_as_a_program_writes_it(share: float) -> None:
    point = parse_focal_point(f"{share!r},{share!r}")

    assert point.x == pytest.approx(share, abs=1e-9)
    assert parse_focal_point(str(point)) == point


@given(POINTS)
def test_a_point_reads_back_as_text_and_as_json(point: FocalPoint) -> None:
    assert parse_focal_point(str(point)) == point
    assert FocalPoint.of(json.loads(json.dumps(asdict(point)))) == point


@pytest.mark.parametrize(
    "members",
    [
        *(None, [0.3, 0.7], {}, {"x": 1}, {"x": "0.3", "y": 0.7}, {"x": 2, "y": 0}, {"x": True, "y": 0}),
        {"x": float("nan"), "y": 0},
    ],
)
def test_a_manifests_point_is_two_shares_and_nothing_else(members: object) -> None:
    with pytest.raises(TypeError, match="focal point"):
        FocalPoint.of(members)


def test_metadata_is_found_however_its_name_is_capitalized_and_other_members_do_not_matter() -> None:
    assert focus_in({"camera": "1,1", "Focus": "0.3,0.7"}) == (FocalPoint(x=0.3, y=0.7), None)
    assert focus_in({"camera": "1,1"}) == (None, None)


def test_where_a_bucket_keeps_no_versions_another_focal_point_is_another_upload() -> None:
    point = FocalPoint(x=0.3, y=0.7)

    assert identity_of(None, '"e1"', point) not in {
        identity_of(None, "e1"),
        identity_of(None, "e1", FocalPoint(x=0, y=0)),
    }
    assert identity_in_event(identity_of("null", "e1", point)) == identity_of(None, "e1")
    assert identity_of("v1", "e1", point) == "v1" == identity_in_event("v1")
