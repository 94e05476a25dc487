"""What a web page that a developer visits can do to `darkroom up`: nothing; and what who has its keys can: all."""

import base64
import io
import json
import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import boto3
import pytest
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError

from darkroom.local.emulator import session
from darkroom.local.registry import RunningPipeline
from darkroom.pipeline.client import Pipeline, find_pipeline
from darkroom.uploads.presigned_post import make_link
from support.command.program import darkroom, processes_started_in, running
from support.imaging.pictures import jpeg

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds processes through Linux's /proc"),
]

V4 = Config(signature_version="s3v4")

# What a browser says for a page, all of it and each part alone; the last is a browser, or a program, that says nothing.
PAGES: dict[str, dict[str, str]] = {
    "all of it": {
        "Host": "rebound.evil.example:{port}",
        "Origin": "https://evil.example",
        "Sec-Fetch-Site": "cross-site",
    },
    "an origin": {"Origin": "https://evil.example"},
    "an origin on another port": {"Origin": "http://127.0.0.1:3000"},
    "a sandboxed frame's origin": {"Origin": "null"},
    "another site": {"Sec-Fetch-Site": "cross-site"},
    "the same site": {"Sec-Fetch-Site": "same-site"},
    "a rebound name": {"Host": "rebound.evil.example:{port}"},
    "nothing": {},
}


@dataclass(frozen=True, kw_only=True)
class Up:
    """`darkroom up`: what it printed, and where its notes are."""

    folder: Path
    printed: str
    note: RunningPipeline

    @property
    def pipeline(self) -> Pipeline:
        return find_pipeline(self.note.stack_name, self.note.endpoint_url, session(self.note.keys))

    def ask(self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> int:
        """Send exactly these headers, and return the status."""
        address = urlsplit(self.note.endpoint_url)
        told = {name: value.format(port=address.port) for name, value in (headers or {}).items()}
        with closing(HTTPConnection(address.netloc, timeout=60)) as connection:
            connection.request(method, target, body, told)
            return connection.getresponse().status

    def shell(self, command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command as a person does who has pasted what `up` says to export, and has used AWS there before."""
        exports = next(line for line in self.printed.splitlines() if line.startswith("  export "))
        return subprocess.run(
            ["sh", "-c", f"{exports}\n{command}"],  # noqa: S607 - a person's own shell
            cwd=self.folder,
            env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(self.folder)}
            | {"AWS_SESSION_TOKEN": "left over", "AWS_REGION": "eu-west-1"},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    folder = tmp_path_factory.mktemp("up")
    with running(folder) as (_, lines):
        [note] = (folder / "darkroom").glob("*.json")
        yield Up(folder=folder, printed="".join(lines), note=RunningPipeline.from_json(note.read_text()))


def function_that_leaves(mark: Path) -> dict[str, Any]:
    """A function whose run can be seen."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as bundle:
        bundle.writestr("index.py", f"def run(event, context):\n    open({str(mark)!r}, 'w').close()\n")
    return {
        "FunctionName": "made-by-a-page",
        "Runtime": "python3.14",
        "Role": "arn:aws:iam::000000000000:role/any",
        "Handler": "index.run",
        "Code": {"ZipFile": base64.b64encode(archive.getvalue()).decode()},
    }


def attacks(up: Up, mark: Path) -> list[tuple[str, str, bytes, dict[str, str]]]:
    """What needs no preflight, and changes something or tells something."""
    uploads, queue = up.pipeline.uploads_bucket, up.pipeline.jobs_queue_url
    plain, form = {"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"}
    guessed = {"Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request"}
    multipart, content_type = urllib3.encode_multipart_formdata({"key": "evil.jpg", "file": ("a", jpeg())})
    unsigned_form = {"Content-Type": content_type}
    actions = {"Action": "CreateQueue", "QueueName": "evil"}, {"Action": "CreateUser", "UserName": "evil"}
    return [
        ("POST", "/2015-03-31/functions", json.dumps(function_that_leaves(mark)).encode(), plain),
        ("POST", "/2015-03-31/functions/made-by-a-page/invocations", b"{}", plain),
        ("POST", f"/2015-03-31/functions/{quote(up.pipeline.function_name)}/invocations", b"{}", plain),
        *[("POST", "/", urlencode(action).encode(), form) for action in actions],
        *[("GET", f"/?{urlencode(action)}", b"", {}) for action in actions],
        ("GET", f"{urlsplit(queue).path}?Action=PurgeQueue", b"", {}),
        ("GET", "/?Action=CreateQueue&QueueName=evil&AWSAccessKeyId=test", b"", {}),
        ("PUT", "/evil-bucket", b"", {}),
        ("PUT", f"/{uploads}/evil.jpg", jpeg(), guessed),
        ("POST", f"/{uploads}", multipart, unsigned_form),
        ("DELETE", f"/{uploads}", b"", {}),
        ("GET", f"/{uploads}", b"", {}),
        ("GET", "/", b"", {}),
        ("HEAD", f"/{uploads}", b"", {}),
        ("OPTIONS", f"/{uploads}", b"", {"Access-Control-Request-Method": "PUT"}),
        ("POST", "/_ministack/reset", b"", {}),
        ("POST", "/_ministack/config", b"{}", plain),
        ("GET", "/_ministack/health", b"", {}),
        ("GET", "/_localstack/health", b"", {}),
        ("GET", "/_aws/sqs/messages", b"", {}),
    ]


def state(up: Up) -> dict[str, Any]:
    """All that the attacks are after."""
    pipeline = up.pipeline
    return {
        "buckets": [each["Name"] for each in pipeline.client("s3").list_buckets()["Buckets"]],
        "keys": pipeline.client("s3").list_objects_v2(Bucket=pipeline.uploads_bucket)["KeyCount"],
        "queues": pipeline.client("sqs").list_queues()["QueueUrls"],
        "functions": [each["FunctionName"] for each in pipeline.client("lambda").list_functions()["Functions"]],
        "users": pipeline.client("iam").list_users()["Users"],
    }


@pytest.mark.parametrize("page", PAGES)
def test_a_page_can_neither_change_nor_run_nor_read_anything(up: Up, page: str, tmp_path: Path) -> None:
    before = state(up)

    answers = {
        (method, target): up.ask(method, target, body, headers | PAGES[page])
        for method, target, body, headers in attacks(up, tmp_path / "ran")
    }

    assert {asked: status for asked, status in answers.items() if status != 403} == {}
    assert list(tmp_path.iterdir()) == []
    assert state(up) == before


def test_who_has_the_keys_can_do_what_the_page_could_not(up: Up, tmp_path: Path) -> None:
    functions = up.pipeline.client("lambda")
    function = function_that_leaves(tmp_path / "ran")
    function["Code"]["ZipFile"] = base64.b64decode(function["Code"]["ZipFile"])

    functions.create_function(**function)
    answer = functions.invoke(FunctionName="made-by-a-page")
    functions.delete_function(FunctionName="made-by-a-page")

    assert "FunctionError" not in answer
    assert [path.name for path in tmp_path.iterdir()] == ["ran"]


@pytest.mark.parametrize("keys", [("test", "test"), ("000000000000", "test"), ("AKIAIOSFODNN7EXAMPLE", "secret")])
def test_no_keys_are_good_but_those_of_this_start(up: Up, keys: tuple[str, str]) -> None:
    stranger = boto3.Session(*keys, region_name="us-east-1")

    for service, call in {"s3": "list_buckets", "sqs": "list_queues", "lambda": "list_functions"}.items():
        client = stranger.client(service, endpoint_url=up.note.endpoint_url)
        with pytest.raises(client.exceptions.ClientError, match=r"InvalidAccessKeyId|SignatureDoesNotMatch"):
            getattr(client, call)()


def test_a_presigned_address_gets_and_puts_what_it_names_and_nothing_else(up: Up) -> None:
    s3, bucket = up.pipeline.client("s3", config=V4), up.pipeline.uploads_bucket
    name = {"Bucket": bucket, "Key": "presigned/a b+ü.jpg"}

    put = urllib3.request("PUT", s3.generate_presigned_url("put_object", name), body=jpeg())
    url = s3.generate_presigned_url("get_object", name)
    got = urllib3.request("GET", url)

    assert (put.status, got.status, got.data) == (200, 200, jpeg())
    assert urllib3.request("DELETE", url).status == 403
    assert urllib3.request("GET", url.replace("presigned/", "private/")).status == 403
    assert urllib3.request("GET", url, headers={"X-Amz-Target": "AmazonSQS.ListQueues"}).status == 403


@pytest.mark.parametrize("page", [page for page in PAGES if page != "nothing"])
def test_a_page_can_not_even_use_a_presigned_address(up: Up, page: str) -> None:
    name = {"Bucket": up.pipeline.derived_bucket, "Prefix": page}
    url = up.pipeline.client("s3", config=V4).generate_presigned_url("list_objects_v2", name)
    target = url.removeprefix(up.note.endpoint_url)

    assert (up.ask("GET", target), up.ask("GET", target, headers=PAGES[page])) == (200, 403)


def test_a_link_is_posted_by_any_page_and_holds_it_to_what_was_signed(up: Up) -> None:
    link = make_link(up.pipeline, "visitors/${filename}", max_bytes=5000, valid_for=timedelta(hours=1))
    old = make_link(up.pipeline, "visitors/${filename}", max_bytes=5000, valid_for=timedelta(seconds=-1))
    page = {"Origin": "null", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    forged = dict(link.fields) | {"policy": base64.b64encode(b'{"expiration": "2999-01-01T00:00:00Z"}').decode()}
    for_ever = policy_of(old.fields) | {"expiration": "2999-01-01T00:00:00Z"}

    def post(fields: Mapping[str, str], url: str = link.url, headers: Mapping[str, str] = page) -> int:
        body, content_type = urllib3.encode_multipart_formdata({**fields, "file": ("cat.jpg", jpeg())})
        return urllib3.request("POST", url, body=body, headers={**headers, "Content-Type": content_type}).status

    assert (post(link.fields), post(old.fields)) == (204, 403)
    assert post({**link.fields, "key": "private/cat.jpg"}) == 403
    assert post({**link.fields, "success_action_redirect": "https://evil.example"}) == 403
    assert post(forged) == 403
    assert post({**old.fields, "policy": base64.b64encode(json.dumps(for_ever).encode()).decode()}) == 403
    assert post(link.fields, url=f"{up.note.endpoint_url}/{up.pipeline.derived_bucket}") == 403
    assert post(link.fields, headers=page | {"X-Amz-Target": "AmazonSQS.ListQueues"}) == 403
    assert post({"key": "evil.jpg"}) == 403


def policy_of(fields: Mapping[str, str]) -> dict[str, Any]:
    policy: dict[str, Any] = json.loads(base64.b64decode(fields["policy"]))
    return policy


def test_what_it_says_to_export_works_for_any_tool(up: Up) -> None:
    (up.folder / "large.bin").write_bytes(bytes(9_000_000))  # the `aws` command line sends so much in parts
    uploads, derived = up.pipeline.uploads_bucket, up.pipeline.derived_bucket

    copied = up.shell(f"aws s3 cp large.bin s3://{uploads}/shell/large.bin && aws s3 ls s3://{derived}")
    functions = up.shell("aws lambda list-functions --query 'Functions[].FunctionName' --output text")
    stacks = up.shell("aws cloudformation describe-stacks --query 'Stacks[].StackName' --output text")

    assert (copied.returncode, copied.stderr) == (0, "")
    assert up.pipeline.function_name in functions.stdout
    assert up.note.stack_name in stacks.stdout


def test_keys_of_a_role_are_good_too_and_as_long_as_they_last(up: Up) -> None:
    role = up.pipeline.client("iam").list_roles()["Roles"][0]["Arn"]
    given = up.pipeline.client("sts").assume_role(RoleArn=role, RoleSessionName="someone")["Credentials"]

    def names(token: str, secret: str) -> list[str]:
        someone = boto3.Session(given["AccessKeyId"], secret, token, region_name="us-east-1")
        buckets = someone.client("s3", endpoint_url=up.note.endpoint_url).list_buckets()["Buckets"]
        return [bucket["Name"] for bucket in buckets]

    assert up.pipeline.uploads_bucket in names(given["SessionToken"], given["SecretAccessKey"])
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        names(given["SessionToken"], "another secret")
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        names("another token", given["SecretAccessKey"])


def test_run_finds_the_keys_by_the_address_or_in_the_environment(up: Up, tmp_path: Path) -> None:
    (up.folder / "photo.jpg").write_bytes(jpeg(64, 48))
    (tmp_path / "photo.jpg").write_bytes(jpeg(64, 48))
    by_name = up.note.endpoint_url.replace("127.0.0.1", "localhost")

    noted = darkroom("run", "photo.jpg", "--endpoint-url", by_name, folder=up.folder)
    unknown = darkroom("run", "photo.jpg", "--endpoint-url", up.note.endpoint_url, folder=tmp_path)
    told = up.shell(f"XDG_RUNTIME_DIR={tmp_path} darkroom run photo.jpg --endpoint-url {up.note.endpoint_url}")

    assert (noted.returncode, noted.stderr) == (0, "")
    assert (told.returncode, told.stderr) == (0, "")
    assert unknown.returncode == 2
    assert unknown.stderr.startswith(f"darkroom: No access keys are known for {up.note.endpoint_url}. Set AWS_ACCESS")


def test_the_keys_are_told_to_its_owner_alone(up: Up) -> None:
    keys = up.note.keys
    [note] = (up.folder / "darkroom").glob("*.json")
    commands = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in processes_started_in(up.folder)]
    logs = [path.read_text(errors="replace") for path in up.folder.rglob("*.log")]

    assert f"AWS_ACCESS_KEY_ID={keys.id} AWS_SECRET_ACCESS_KEY={keys.secret}" in up.printed
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert len(commands) > 1
    assert not [each for each in commands if keys.secret.encode() in each or keys.id.encode() in each]
    assert any("refused" in text for text in logs), "the emulator's log, with what the tests before were refused"
    assert not [text for text in logs if keys.secret in text or keys.id in text]
