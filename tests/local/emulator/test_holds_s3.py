"""What the pipeline relies on in S3, and the emulator gives: a newer emulator that breaks it is noticed here."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote_plus

import pytest
from botocore.exceptions import ClientError

from support.aws.resources import Aws, refusal

WRITERS = 24

ODD_KEYS = {
    "a leading slash": "/photo.jpg",
    "a parent folder": "a/../b.jpg",
    "starts with a parent folder": "../b.jpg",
    "an empty folder": "a//b.jpg",
    "this folder": "./a/./b.jpg",
    "an encoded slash": "a%2Fb.jpg",
    "a percent sign": "100%.jpg",
    "an encoded percent sign": "100%25.jpg",
    "plus and space": "a+b c.jpg",
    "unicode": "Zürich/日本 😀.jpg",
    "a combining accent": "n\u0301.jpg",
    "quotes": "'single' \"double\" `back`.jpg",
    "markup": "<a>&amp;.jpg",
    "a backslash": "a\\b.jpg",
    "a newline": "a\nb.jpg",
    "a control character": "a\x01b.jpg",
    "a question": "a?b=c#d.jpg",
    "a folder": "folder/",
    "1,024 bytes": "é" * 512,
}


@pytest.mark.parametrize("key", ODD_KEYS.values(), ids=ODD_KEYS.keys())
def test_any_key_comes_back_from_storage_list_and_event(aws: Aws, key: str) -> None:
    queue = aws.queue()
    bucket = aws.bucket_that_tells(queue)

    aws.s3.put_object(Bucket=bucket, Key=key, Body=b"image")

    assert aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"image"
    assert [entry["Key"] for entry in aws.s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    assert unquote_plus(aws.event(queue)["s3"]["object"]["key"]) == key


def test_metadata_tags_and_headers_come_back(aws: Aws) -> None:
    bucket = aws.bucket()
    headers = {"Metadata": {"stamp": "1a2b"}, "ContentType": "image/webp", "CacheControl": "max-age=60"}

    written = aws.s3.put_object(Bucket=bucket, Key="key", Body=b"image", Tagging="outcome=removed", **headers)  # type: ignore[arg-type]

    read = aws.s3.get_object(Bucket=bucket, Key="key")
    assert {name: read[name] for name in headers} == headers  # type: ignore[literal-required]
    assert read["ETag"] == written["ETag"]
    tags = aws.s3.get_object_tagging(Bucket=bucket, Key="key")["TagSet"]
    assert tags == [{"Key": "outcome", "Value": "removed"}]


def test_a_write_if_none_match_creates_and_never_replaces(aws: Aws) -> None:
    bucket = aws.bucket()
    aws.s3.put_object(Bucket=bucket, Key="key", Body=b"first", IfNoneMatch="*")

    refused = refusal(aws.s3.put_object, Bucket=bucket, Key="key", Body=b"second", IfNoneMatch="*")

    assert refused == (412, "PreconditionFailed")
    assert aws.s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"first"


def test_a_write_if_match_replaces_what_was_read_and_nothing_else(aws: Aws) -> None:
    bucket = aws.bucket()
    read = aws.s3.put_object(Bucket=bucket, Key="key", Body=b"first")["ETag"]

    aws.s3.put_object(Bucket=bucket, Key="key", Body=b"second", IfMatch=read)

    stale = refusal(aws.s3.put_object, Bucket=bucket, Key="key", Body=b"third", IfMatch=read)
    missing = refusal(aws.s3.put_object, Bucket=bucket, Key="no key", Body=b"third", IfMatch=read)
    assert stale == (412, "PreconditionFailed")
    assert missing == (404, "NoSuchKey")
    assert aws.s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"second"


def test_a_delete_if_match_deletes_what_was_read_and_nothing_else(aws: Aws) -> None:
    bucket = aws.bucket()
    read = aws.s3.put_object(Bucket=bucket, Key="key", Body=b"first")["ETag"]
    now = aws.s3.put_object(Bucket=bucket, Key="key", Body=b"second")["ETag"]

    stale = refusal(aws.s3.delete_object, Bucket=bucket, Key="key", IfMatch=read)
    aws.s3.delete_object(Bucket=bucket, Key="key", IfMatch=now)
    missing = refusal(aws.s3.delete_object, Bucket=bucket, Key="key", IfMatch=now)

    assert stale == (412, "PreconditionFailed")
    assert missing == (404, "NoSuchKey")


def test_one_of_many_creators_wins(aws: Aws) -> None:
    bucket = aws.bucket()

    def create(number: int) -> bool:
        return _accepted(aws, bucket, number, {"IfNoneMatch": "*"})

    with ThreadPoolExecutor(WRITERS) as threads:
        won = list(threads.map(create, range(WRITERS)))

    assert won.count(True) == 1
    assert aws.s3.get_object(Bucket=bucket, Key="key")["Body"].read() == _body(won.index(True))


def test_one_of_many_replacers_wins(aws: Aws) -> None:
    bucket = aws.bucket()
    read = aws.s3.put_object(Bucket=bucket, Key="key", Body=b"first")["ETag"]

    def replace(number: int) -> bool:
        return _accepted(aws, bucket, number, {"IfMatch": read})

    with ThreadPoolExecutor(WRITERS) as threads:
        won = list(threads.map(replace, range(WRITERS)))

    assert won.count(True) == 1
    assert aws.s3.get_object(Bucket=bucket, Key="key")["Body"].read() == _body(won.index(True))


def test_what_is_not_there_is_told_apart(aws: Aws) -> None:
    bucket = aws.bucket(versioned=True)
    version = aws.s3.put_object(Bucket=bucket, Key="key", Body=b"")["VersionId"]
    marker = aws.s3.delete_object(Bucket=bucket, Key="key")["VersionId"]
    aws.s3.delete_object(Bucket=bucket, Key="key", VersionId=version)

    def read(**what: str) -> tuple[int, str]:
        return refusal(aws.s3.get_object, Bucket=bucket, **what)

    assert read(Key="no key") == (404, "NoSuchKey")
    assert read(Key="key") == (404, "NoSuchKey")
    assert read(Key="key", VersionId=version) == (404, "NoSuchVersion")
    assert read(Key="key", VersionId=marker) == (405, "MethodNotAllowed")


def test_a_version_stays_readable_under_a_newer_one(aws: Aws) -> None:
    bucket = aws.bucket(versioned=True)
    version = aws.s3.put_object(Bucket=bucket, Key="key", Body=b"first")["VersionId"]
    aws.s3.put_object(Bucket=bucket, Key="key", Body=b"second")

    assert aws.s3.get_object(Bucket=bucket, Key="key", VersionId=version)["Body"].read() == b"first"


def test_an_event_tells_the_version_its_etag_and_its_size(aws: Aws) -> None:
    queue = aws.queue()
    bucket = aws.bucket_that_tells(queue)

    written = aws.s3.put_object(Bucket=bucket, Key="key", Body=b"image")

    event = aws.event(queue)
    described = event["s3"]["object"]
    assert (event["eventName"], event["s3"]["bucket"]["name"]) == ("ObjectCreated:Put", bucket)
    assert described["versionId"] == written["VersionId"]
    assert described["eTag"] == written["ETag"].strip('"')
    assert described["size"] == len(b"image")


def test_an_upload_in_parts_is_one_event(aws: Aws) -> None:
    queue = aws.queue()
    bucket = aws.bucket_that_tells(queue)
    upload = {"Bucket": bucket, "Key": "in parts"}
    upload["UploadId"] = aws.s3.create_multipart_upload(**upload)["UploadId"]  # type: ignore[arg-type]
    etag = aws.s3.upload_part(**upload, PartNumber=1, Body=b"image")["ETag"]  # type: ignore[arg-type]
    parts = {"Parts": [{"ETag": etag, "PartNumber": 1}]}

    aws.s3.complete_multipart_upload(**upload, MultipartUpload=parts)  # type: ignore[arg-type]
    aws.s3.put_object(Bucket=bucket, Key="what comes next", Body=b"")

    names = [aws.event(queue)["eventName"] for _ in range(2)]
    assert names == ["ObjectCreated:CompleteMultipartUpload", "ObjectCreated:Put"]


def test_the_sequencers_of_a_key_grow_as_text_of_one_length(aws: Aws) -> None:
    queue = aws.queue()
    bucket = aws.bucket_that_tells(queue)
    for _ in range(5):
        aws.s3.put_object(Bucket=bucket, Key="key", Body=b"")
        aws.s3.delete_object(Bucket=bucket, Key="key")

    events = [aws.event(queue)["s3"]["object"] for _ in range(10)]

    by_version = {event["versionId"]: event["sequencer"] for event in events}
    listed = aws.s3.list_object_versions(Bucket=bucket)
    newest_first = sorted(by_version, key=by_version.__getitem__, reverse=True)
    assert len({len(sequencer) for sequencer in by_version.values()}) == 1
    assert newest_first[0] == listed["DeleteMarkers"][0]["VersionId"]
    assert newest_first[1::2] == [version["VersionId"] for version in listed["Versions"]]


def test_a_deletion_tells_its_marker_and_bringing_back_tells_of_the_markers_removal(aws: Aws) -> None:
    queue = aws.queue()
    bucket = aws.bucket_that_tells(queue)
    aws.s3.put_object(Bucket=bucket, Key="key", Body=b"image")
    aws.event(queue)

    marker = aws.s3.delete_object(Bucket=bucket, Key="key")["VersionId"]
    deleted = aws.event(queue)
    aws.s3.delete_object(Bucket=bucket, Key="key", VersionId=marker)
    brought_back = aws.event(queue)

    assert (deleted["eventName"], deleted["s3"]["object"]["versionId"]) == ("ObjectRemoved:DeleteMarkerCreated", marker)
    assert (brought_back["eventName"], brought_back["s3"]["object"]["versionId"]) == ("ObjectRemoved:Delete", marker)
    assert aws.s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"image"


def test_the_permanent_deletion_of_an_older_version_tells_that_version(aws: Aws) -> None:
    queue = aws.queue()
    bucket = aws.bucket_that_tells(queue)
    older = aws.s3.put_object(Bucket=bucket, Key="key", Body=b"older")["VersionId"]
    aws.s3.put_object(Bucket=bucket, Key="key", Body=b"newer")
    for _ in range(2):
        aws.event(queue)

    aws.s3.delete_object(Bucket=bucket, Key="key", VersionId=older)

    event = aws.event(queue)
    assert (event["eventName"], event["s3"]["object"]["versionId"]) == ("ObjectRemoved:Delete", older)
    assert aws.s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"newer"


def test_a_bucket_that_is_told_where_to_tell_sends_a_test_event_first(aws: Aws) -> None:
    queue = aws.queue()
    bucket = aws.bucket()

    aws.s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": aws.arn(queue), "Events": ["s3:ObjectCreated:*"]}]
        },
    )

    assert aws.receive(queue)["Event"] == "s3:TestEvent"


def _accepted(aws: Aws, bucket: str, number: int, condition: dict[str, str]) -> bool:
    try:
        aws.s3.put_object(Bucket=bucket, Key="key", Body=_body(number), **condition)  # type: ignore[arg-type]
    except ClientError as error:
        assert error.response["Error"]["Code"] == "PreconditionFailed"  # noqa: PT017 - any other refusal is an error
        return False
    return True


def _body(number: int) -> bytes:
    return b"%02d" % number * 5_000
