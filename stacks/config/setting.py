"""A field of a configuration: its default, its rule and its documentation."""

from dataclasses import Field, dataclass, field
from typing import Any, TypeVar

from resize.imaging.variants import Rule

T = TypeVar("T")

_KEY = "setting"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    rule: Rule
    doc: str
    written: object


def setting(default: T, rule: Rule, doc: str, *, written: object = None) -> T:
    """Declare a dataclass field.

    `written` is the default as JSON, where that is not the default itself.
    """
    declared: Any = field(
        default=default,
        metadata={_KEY: _Setting(rule=rule, doc=doc, written=default if written is None else written)},
    )
    return declared  # type: ignore[no-any-return]  # a field, for which a dataclass puts the default


def rule_of(declared: "Field[Any]") -> Rule:
    """Get what a setting may be."""
    return _of(declared).rule


def doc_of(declared: "Field[Any]") -> str:
    """Get a setting's one line of documentation, in Markdown."""
    return _of(declared).doc


def default_of(declared: "Field[Any]") -> object:
    """Get a setting's default, as JSON has it."""
    return _of(declared).written


def _of(declared: "Field[Any]") -> _Setting:
    found: _Setting = declared.metadata[_KEY]
    return found
