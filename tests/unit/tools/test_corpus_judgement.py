"""What becomes of the files of a corpus: verdicts by Chromium's picture, known exceptions, report and page."""

import json
from pathlib import Path

import pytest
from PIL import Image

from support.imaging.images import encoded, quadrants
from tools.corpus.comparison import Kind
from tools.corpus.contact_sheet import contact_sheet, row_of
from tools.corpus.exceptions import Exceptions, ExceptionsError, read_exceptions
from tools.corpus.files import corpus_of, is_hdr, media_type
from tools.corpus.judgement import Evidence, Judgement, Verdict, judge
from tools.corpus.picture import Refused, Result, Shown
from tools.corpus.report import counts, kinds, to_json

CORRUPT = Refused(reason="corrupt", detail="it is cut off")
NOTHING = Refused(reason="unpainted", detail="EncodingError")


def gray(level: int) -> Shown:
    """A picture of one gray."""
    return Shown(size=(20, 20), still=Image.new("RGBA", (20, 20), (level, level, level, 255)))


def evidence(chromium: Result, pillow: Result, vips: Result, name: str = "a.png", kind: str = "image/png") -> Evidence:
    """What three programs show of a file."""
    engines = {"pillow": pillow, "vips": vips}
    return Evidence(name=name, media_type=kind, is_hdr=False, chromium=chromium, engines=engines)


def verdicts(judgement: Judgement) -> list[Verdict]:
    """The verdicts on Pillow and on vips."""
    return [opinion.verdict for opinion in judgement.opinions.values()]


def test_what_chromium_paints_is_right() -> None:
    judgement = judge(evidence(gray(100), gray(101), gray(100)))

    assert verdicts(judgement) == [Verdict.RIGHT, Verdict.RIGHT]
    assert not judgement.differs


def test_other_pixels_are_wrong_and_a_rejection_of_what_is_painted_is_a_mistake() -> None:
    judgement = judge(evidence(gray(100), gray(150), CORRUPT))

    assert verdicts(judgement) == [Verdict.WRONG, Verdict.REJECTED]
    assert [opinion.why for opinion in judgement.opinions.values()] == [Kind.PIXELS, "corrupt"]
    assert judgement.disagreement is not None
    assert judgement.differs


def test_where_chromium_paints_nothing_the_engines_agreement_alone_counts() -> None:
    assert not judge(evidence(NOTHING, gray(100), gray(101))).differs
    assert not judge(evidence(NOTHING, CORRUPT, CORRUPT)).differs
    assert judge(evidence(NOTHING, gray(100), gray(110))).differs
    assert judge(evidence(NOTHING, gray(100), CORRUPT)).differs


def test_engines_that_are_both_near_chromium_may_yet_disagree() -> None:
    judgement = judge(evidence(gray(100), gray(101), gray(97), kind="image/jpeg"))

    assert verdicts(judgement) == [Verdict.RIGHT, Verdict.RIGHT]
    assert judgement.disagreement is not None


def test_lossless_formats_are_held_to_a_closer_tolerance_than_lossy_ones() -> None:
    assert verdicts(judge(evidence(gray(100), gray(102), gray(102), kind="image/jpeg"))) == [Verdict.RIGHT] * 2
    assert verdicts(judge(evidence(gray(100), gray(102), gray(102), kind="image/png"))) == [Verdict.WRONG] * 2


def test_hdr_may_differ_by_twelve_levels_in_the_mean() -> None:
    near, far = evidence(gray(100), gray(112), gray(112)), evidence(gray(100), gray(113), gray(113))

    for each, expected in ((near, Verdict.RIGHT), (far, Verdict.WRONG)):
        hdr = Evidence(
            name=each.name, media_type="image/avif", is_hdr=True, chromium=each.chromium, engines=each.engines
        )
        assert verdicts(judge(hdr)) == [expected, expected]


def test_the_report_counts_chromiums_pictures_that_each_engine_has_wrong() -> None:
    judged = [
        judge(evidence(gray(9), gray(9), gray(9))),
        judge(evidence(gray(9), gray(90), CORRUPT, name="odd.png")),
        judge(evidence(NOTHING, CORRUPT, CORRUPT)),
        judge(evidence(gray(9), CORRUPT, CORRUPT), known="half of it is missing"),
    ]

    assert counts(judged, set_aside=7) == [
        "     4 files, 7 of fuzzers set aside",
        "     3 painted by Chromium",
        "     1 in which the engines disagree",
        "     1 that differ for a known reason",
        "     0 that Chromium does not paint, other than libtiff, libheif and libvips agree on",
        "     2 wrong in pillow: 1 of other pixels, size or time, 1 rejected; 66.7 % of Chromium's",
        "     2 wrong in vips: 0 of other pixels, size or time, 2 rejected; 66.7 % of Chromium's",
    ]
    assert kinds(judged) == [
        "     1 pillow: image/png wrong, pixels: odd.png",
        "     1 vips: image/png rejected, corrupt: odd.png",
    ]


def test_each_file_is_a_line_of_json() -> None:
    line = json.loads(to_json(judge(evidence(gray(100), gray(150), CORRUPT))))

    assert line["differs"]
    assert line["opinions"]["vips"] == {"verdict": "rejected", "why": "corrupt", "detail": "it is cut off"}


def test_the_contact_sheet_shows_pairs_and_hostile_names_as_text() -> None:
    odd = evidence(gray(100), gray(150), CORRUPT, name="<script>alert(1)</script>")

    page = contact_sheet(["1 file"], [row_of(odd, judge(odd))])

    assert page.count("data:image/png;base64,") == 2
    assert "<script>" not in page
    assert "corrupt: it is cut off" in page


def test_known_exceptions_are_patterns_with_a_reason(tmp_path: Path) -> None:
    file = tmp_path / "known.json"
    file.write_text('{"half/*.jpg": "no picture without all of its blocks"}')

    known = read_exceptions(file)

    assert known.reason("half/a.jpg") == "no picture without all of its blocks"
    assert known.reason("a.jpg") is None


@pytest.mark.parametrize("text", ["[]", "{", '{"a.png": ""}', '{"a.png": 7}'])
def test_known_exceptions_without_a_reason_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "known.json"
    file.write_text(text)

    with pytest.raises(ExceptionsError, match=r"known\.json"):
        read_exceptions(file)


def test_an_exception_that_is_needed_no_more_is_idle() -> None:
    known = Exceptions(reasons={"a.png": "was wrong", "b.png": "is wrong", "elsewhere.png": "not here"})

    right = judge(evidence(gray(9), gray(9), gray(9), name="a.png"))
    wrong = judge(evidence(gray(9), gray(90), gray(90), name="b.png"))

    assert known.idle([right, wrong]) == ["a.png"]


def test_inputs_of_fuzzers_are_set_aside(tmp_path: Path) -> None:
    for name in ("a.png", "no-extension", "oss-fuzz/b.png", "crash-1.tif", "sub/crashtest/c.gif", "sub/d.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")

    corpus = corpus_of(tmp_path)

    assert [corpus.name(file) for file in corpus.files] == ["a.png", "no-extension", "sub/d.jpg"]
    assert corpus.set_aside == 3


@pytest.mark.parametrize("kind", ["jpeg", "png", "gif", "bmp", "tiff", "webp", "avif"])
def test_media_types_are_told_by_the_first_bytes(kind: str) -> None:
    assert media_type(encoded(quadrants(), kind.upper())) == f"image/{kind}"


def test_hdr_is_told_by_the_transfer_characteristics() -> None:
    assert is_hdr(b"....cICP\x09\x10\0\1")
    assert is_hdr(b"....colrnclx\0\x09\0\x12\0\x09\x80")
    assert not is_hdr(b"....colrnclx\0\x01\0\x0d\0\x06\x80")
    assert not is_hdr(b"....tmap....colrnclx\0\x09\0\x10\0\x09\x80")


def test_what_the_libraries_agree_on_is_a_doubt_where_chromium_paints_nothing() -> None:
    def judged(pillow: Result, vips: Result, *references: Result) -> Judgement:
        libraries = dict(zip(("libtiff", "libvips"), references, strict=True))
        engines = {"pillow": pillow, "vips": vips}
        return judge(
            Evidence(
                name="a.tif",
                media_type="image/tiff",
                is_hdr=False,
                chromium=NOTHING,
                engines=engines,
                references=libraries,
            )
        )

    doubted = judged(gray(150), CORRUPT, gray(100), gray(101))
    assert verdicts(doubted) == [Verdict.DOUBTFUL, Verdict.DOUBTFUL]
    assert doubted.references == {"libtiff": "20 x 20", "libvips": "20 x 20"}
    assert kinds([doubted])[0] == "     1 pillow: image/tiff doubtful, pixels: a.tif"
    assert verdicts(judged(gray(100), gray(100), gray(100), gray(101))) == [Verdict.UNJUDGED, Verdict.UNJUDGED]
    assert verdicts(judged(gray(150), CORRUPT, gray(100), gray(200))) == [Verdict.UNJUDGED, Verdict.REFUSED]
    assert verdicts(judged(gray(150), CORRUPT, gray(100), CORRUPT)) == [Verdict.UNJUDGED, Verdict.REFUSED]


def test_both_engines_doubtful_alike_do_not_fail_a_run() -> None:
    alike = Evidence(
        name="a.tif",
        media_type="image/tiff",
        is_hdr=False,
        chromium=NOTHING,
        engines={"pillow": CORRUPT, "vips": CORRUPT},
        references={"libtiff": gray(9), "libvips": gray(9)},
    )

    judgement = judge(alike)

    assert (judgement.is_listed, judgement.differs) == (True, False)
