"""Check the synthesized templates with checkov.

`python -m tools.check_template CHECKOV FOLDER`; `make checkov` knows both. checkov by itself ends with success when it
finds no template, and never tells of an explanation whose finding has gone: so its report is read here.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

# A rule, and the resource it is about.
Finding: TypeAlias = tuple[str, str]

_PROJECT = Path(__file__).resolve().parents[1]
_AS_IT_IS, _UNEXPLAINED = ".as-it-is.json", ".unexplained.json"

_ALARMS = {"alarm_email": "someone@example.com"}
_IN_VPC = {
    "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    "security_group": "sg-0123456789abcdef0",
}
_CREDENTIALS_ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:AmazonMSK_darkroom-AbCdEf"
_BY_SECRET = {
    "to": "kafka",
    "bootstrap_servers": "b-1.example.com:9096",
    "auth": "scram",
    "secret_arn": _CREDENTIALS_ARN,
    "vpc": _IN_VPC,
}
_BY_ROLE = {
    "to": "kafka",
    "bootstrap_servers": "b-1.example.com:9098",
    "auth": "iam",
    "cluster_arn": "arn:aws:kafka:eu-west-1:123456789012:cluster/outcomes/51af3dc0-da77-11e4-872e-1234567db123-s1",
    "vpc": _IN_VPC,
}

_BY_NAME = {
    "domain_names": ["images.example.com"],
    "certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/51af3dc0-da77-11e4-872e-1234567db123",
}

# Its private key is nobody's.
_PUBLIC_KEY = (
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAsYsA0QKSizl+GhnBy2QHzafEYgxfKqAGt0Z1+uKINOQbCs5sseet"
    "461nTdWjh3Lamgi0z14Dm038pKVwRnG4W1+uaTQ8epb+AEm25kYTHFJl6NsuKGtBWRVsB8YTEWnAmuWwmZKxoaGOseFOrgNj"
    "gJ6gVpR2vcWBeZyJ8mM5fi1pPCvsurXJY2wWs+CY7cP59wHaaitvMyse8UZYsMWZy+1V8y2cKzIfgBrRO0lWFX0EhloFerCF"
    "H+O2tXPekdvbHZFrJ4yhM59G06LoBRwvXWRj0Dc/NgtCzdok71vg0NjEvG4FrAiGV424rl4vdN6vgE4mJoO4+zu35dpZCR5b"
    "zwIDAQAB"
    "\n-----END PUBLIC KEY-----\n"
)

# Settings with which there is everything that a stack can have: without events, with each of their targets, with
# buckets that are there, and with a distribution.
SETTINGS: Mapping[str, Mapping[str, object]] = {
    "alone": _ALARMS,
    "eventbridge": _ALARMS | {"events": {"to": "eventbridge"}},
    "kafka-by-secret": _ALARMS | {"events": _BY_SECRET},
    "kafka-by-role": _ALARMS | {"events": _BY_ROLE},
    "notification": _ALARMS | {"uploads_bucket": {"name": "photos", "notified_by": "notification"}},
    "msk-serverless": _ALARMS | {"events": {"to": "msk-serverless"}},
    "delivery": _ALARMS | {"delivery": {}},
    "delivery-of-their-bucket": _ALARMS | {"delivery": {}, "derived_bucket": {"name": "photos", "prefix": "made/"}},
    "delivery-by-name": _ALARMS | {"delivery": _BY_NAME},
    "delivery-signed": _ALARMS | {"delivery": {"public_keys": [_PUBLIC_KEY]}},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What checkov says of a template.

    The rules that it keeps, that it breaks, and that it explains away.
    """

    passed: frozenset[Finding]
    failed: frozenset[Finding]
    skipped: frozenset[Finding]


def unexplained(template: dict[str, Any]) -> dict[str, Any]:
    """Take out of a template what it explains to checkov."""
    bare: dict[str, Any] = json.loads(json.dumps(template))
    for resource in bare["Resources"].values():
        resource.get("Metadata", {}).pop("checkov", None)
    return bare


def objections(as_it_is: Report, bare: Report) -> list[str]:
    """Say what is wrong with a template.

    Given are the reports of it as it is and of it without its explanations.
    """
    if not as_it_is.passed:
        return ["checkov looked at nothing"]
    broken = [f"{resource} breaks {rule}" for rule, resource in sorted(as_it_is.failed)]
    idle = [f"{resource} explains {rule}, which it keeps" for rule, resource in sorted(as_it_is.skipped - bare.failed)]
    return broken + idle


def synthesized(folder: Path) -> dict[str, dict[str, Any]]:
    """Have app.py write each stack for all settings, and read their templates.

    By settings and stack.
    """
    templates = {}
    for name, settings in SETTINGS.items():
        environment = os.environ | {"CDK_OUTDIR": str(folder / name), "CDK_CONTEXT_JSON": json.dumps(settings)}
        subprocess.run([sys.executable, "app.py"], cwd=_PROJECT, env=environment, check=True)
        for path in sorted((folder / name).glob("*.template.json")):
            templates[f"{name}.{path.name.partition('.')[0]}"] = json.loads(path.read_text(encoding="utf-8"))
    return templates


def reports_of(
    checkov: Path, templates: Mapping[str, dict[str, Any]], folder: Path
) -> dict[str, tuple[Report, Report]]:
    """Run checkov, offline, on a template as it is and without explanations."""
    folder.mkdir(parents=True)
    for name, template in templates.items():
        (folder / f"{name}{_AS_IT_IS}").write_text(json.dumps(template), encoding="utf-8")
        (folder / f"{name}{_UNEXPLAINED}").write_text(json.dumps(unexplained(template)), encoding="utf-8")
    command = [str(checkov), "--directory", str(folder), "--framework", "cloudformation", "--skip-download"]
    done = subprocess.run([*command, "--output", "json"], capture_output=True, text=True, check=False)
    try:
        results = json.loads(done.stdout)["results"]
    except (ValueError, KeyError, TypeError) as error:
        raise SystemExit(f"checkov ended with {done.returncode} and no report:\n{done.stdout}{done.stderr}") from error
    return {
        name: (_report(results, f"{name}{_AS_IT_IS}"), _report(results, f"{name}{_UNEXPLAINED}")) for name in templates
    }


def _report(results: dict[str, list[dict[str, str]]], name: str) -> Report:
    def found(kind: str) -> frozenset[Finding]:
        return frozenset(
            (check["check_id"], check["resource"]) for check in results[kind] if check["file_path"] == f"/{name}"
        )

    return Report(passed=found("passed_checks"), failed=found("failed_checks"), skipped=found("skipped_checks"))


def main() -> None:
    """Look at every template that the project can make."""
    checkov, folder = Path(sys.argv[1]), Path(sys.argv[2]).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    reports = reports_of(checkov, synthesized(folder / "assemblies"), folder / "templates")
    wrong = [f"{name}: {each}" for name, (as_it_is, bare) in reports.items() for each in objections(as_it_is, bare)]
    if wrong:
        sys.exit("\n".join(wrong))
    for name, (as_it_is, _) in reports.items():
        told = f"{len(as_it_is.passed)} checks passed, {len(as_it_is.skipped)} explained in the template"
        print(f"checkov: {name}: {told}")  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
