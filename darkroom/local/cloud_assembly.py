"""Parse a cloud assembly, the CDK's output folder."""

import graphlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from darkroom.errors import DarkroomError


class AssemblyError(DarkroomError):
    """The folder is no cloud assembly, or asks for more than files and stacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAsset:
    """A file or folder that must be in a bucket before its stack is deployed.

    A folder travels as a zip archive.
    """

    source: Path
    zipped: bool
    bucket: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StackArtifact:
    """A stack to deploy: its template is one of its assets."""

    name: str
    template: FileAsset
    assets: tuple[FileAsset, ...]
    tags: Mapping[str, str]
    # The parameter that `cdk bootstrap` keeps its version in, and the lowest version that will do.
    bootstrap_parameter: str
    bootstrap_version: int


def read_assembly(folder: Path, *, account: str, region: str, partition: str = "aws") -> tuple[StackArtifact, ...]:
    """Read the stacks of an assembly for one account and region.

    Each comes after those that it depends on. The format is that of the CDK's cloud-assembly-schema
    (aws-cdk-lib/cloud-assembly-schema).

    Raises:
        AssemblyError: there is no assembly, or it has container images.
    """
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        raise AssemblyError(f"{folder} is no cloud assembly: it has no manifest.json")
    artifacts = _read(manifest)["artifacts"]
    place = {"${AWS::AccountId}": account, "${AWS::Region}": region, "${AWS::Partition}": partition}
    order = graphlib.TopologicalSorter({name: set(artifacts[name].get("dependencies", ())) for name in artifacts})
    return tuple(
        _stack(folder, name, artifacts, place)
        for name in order.static_order()
        if artifacts[name]["type"] == "aws:cloudformation:stack"
    )


def _stack(folder: Path, name: str, artifacts: Mapping[str, Any], place: Mapping[str, str]) -> StackArtifact:
    properties = artifacts[name]["properties"]
    depends_on = (artifacts[dependency] for dependency in artifacts[name].get("dependencies", ()))
    manifests = [folder / item["properties"]["file"] for item in depends_on if item["type"] == "cdk:asset-manifest"]
    assets = tuple(asset for manifest in manifests for asset in _file_assets(manifest, place))
    template_at = urlsplit(_placed(properties["stackTemplateAssetObjectUrl"], place))
    return StackArtifact(
        name=properties.get("stackName", name),
        template=next(asset for asset in assets if (asset.bucket, f"/{asset.key}") == template_at[1:3]),
        assets=assets,
        tags=properties.get("tags", {}),
        bootstrap_parameter=properties["bootstrapStackVersionSsmParameter"],
        bootstrap_version=properties["requiresBootstrapStackVersion"],
    )


def _file_assets(manifest: Path, place: Mapping[str, str]) -> Iterator[FileAsset]:
    content = _read(manifest)
    if content.get("dockerImages"):
        raise AssemblyError(f"{manifest} asks for container images; only files can be deployed here")
    for asset in content["files"].values():
        for destination in asset["destinations"].values():
            yield FileAsset(
                source=manifest.parent / asset["source"]["path"],
                zipped=asset["source"]["packaging"] == "zip",
                bucket=_placed(destination["bucketName"], place),
                key=_placed(destination["objectKey"], place),
            )


def _placed(text: str, place: Mapping[str, str]) -> str:
    for placeholder, value in place.items():
        text = text.replace(placeholder, value)
    return text


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
