"""The ladder of meaning: raw tag -> canonical tag -> driver."""

import hashlib
import re
from dataclasses import dataclass, field

UNMAPPED = "Unmapped"


@dataclass(frozen=True, slots=True, kw_only=True)
class CanonicalTag:
    """The name that leaders recognise; it belongs to one driver."""

    name: str
    description: str = ""
    examples: tuple[str, ...] = ()
    raw_tags: tuple[str, ...] = ()  # that people mapped here; the analyser does not overrule them


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """A reason for contact. Without tags it is matched by its own description and examples."""

    name: str
    description: str = ""
    examples: tuple[str, ...] = ()
    tags: tuple[CanonicalTag, ...] = ()
    raw_tags: tuple[str, ...] = ()  # of a driver without tags
    owner: str = field(default="", repr=False)  # who looks after it; no part of what it means


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxonomy:
    drivers: tuple[Driver, ...]

    @property
    def version(self) -> str:
        """A short hash of the content: two workspaces with the same file have the same version."""
        return _short_hash(repr(self.drivers))

    @property
    def edition(self) -> str:
        """Like the version, and another one for other owners: they change no measurement."""
        owners = tuple(driver.owner for driver in self.drivers)
        return _short_hash(f"{self.drivers!r}{owners!r}") if any(owners) else self.version

    @property
    def owners(self) -> dict[str, str]:
        """Who looks after which driver, where somebody does."""
        return {driver.name: driver.owner for driver in self.drivers if driver.owner}

    def choices(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return what the driver and the topic field of a helpdesk may say."""
        drivers = tuple(driver.name for driver in self.drivers)
        topics = tuple(tag.name for driver in self.drivers for tag in driver.tags)
        return (*drivers, UNMAPPED), topics

    def spelled(self, driver: str) -> str:
        """Return a driver's name as this taxonomy writes it: "billing" is "Billing" here."""
        wanted = slug(driver)
        return next((one.name for one in self.drivers if slug(one.name) == wanted), driver)

    def mapped(self) -> dict[str, tuple[str | None, str]]:
        """Return the canonical tag and the driver of each raw tag that a person mapped."""
        found: dict[str, tuple[str | None, str]] = {}
        for driver in self.drivers:
            found |= dict.fromkeys(driver.raw_tags, (None, driver.name))
            found |= {raw: (tag.name, driver.name) for tag in driver.tags for raw in tag.raw_tags}
        return found

    def driver_of(self, canonical: str) -> str | None:
        for driver in self.drivers:
            if any(tag.name == canonical for tag in driver.tags):
                return driver.name
        return None


def _short_hash(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()[:10]


def slug(name: str) -> str:
    """Return a name as helpdesk tags and URLs spell it: "Account Access" -> "account_access"."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
