"""The settings in force as an administrator may read them: of a secret only whether it is set.

What is not known to be harmless is treated as a secret.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, SecretStr

from service.settings import Settings

SET, NOT_SET = "set", "not set"
MADE = "made here and kept beside the database"  # the key, where nobody gave one
# Settings of helpdesks belong to connectors and arrive as plain words: these hold no secret.
_HARMLESS = frozenset(
    {
        "subdomain",
        "base_url",
        "region",
        "admin_id",
        "account_id",
        "calls_per_minute",
        "settle_seconds",
        "quiet_minutes",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSetting:
    name: str  # as in the environment
    value: str
    is_default: bool


def in_force(settings: Settings) -> list[ShownSetting]:
    """Return every setting with its value, in the order of its declaration."""
    return [
        ShownSetting(name=f"VERBATIM_{name.upper()}", value=value, is_default=not_given)
        for name, value, not_given in _of(settings, "")
    ]


def _of(part: BaseModel, prefix: str) -> Iterator[tuple[str, str, bool]]:
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, BaseModel):
            yield from _of(value, f"{prefix}{name}__")
        elif name == "helpdesks":
            yield from _of_helpdesks(value)
        else:
            yield f"{prefix}{name}", _shown(name, value), name not in part.model_fields_set


def _of_helpdesks(given: dict[str, dict[str, str]]) -> Iterator[tuple[str, str, bool]]:
    for desk, settings in sorted(given.items()):
        for name, value in sorted(settings.items()):
            shown = _shown(name, value) if name.lower() in _HARMLESS else SET
            yield f"helpdesks__{desk}__{name}", shown, False


def _shown(name: str, value: object) -> str:
    if isinstance(value, SecretStr):
        return SET
    if value is None or value == "":
        return MADE if name == "secret_key" else NOT_SET
    return _without_sign_in(str(value)) if name.endswith("url") else str(value)


def _without_sign_in(url: str) -> str:
    """Take user, password and parameters out of an address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return SET
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
