"""Finds adapters by name: a plug-in is a module in a package, and nothing else has to list it."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from service.errors import NotFound


def names(package: ModuleType) -> tuple[str, ...]:
    """Return the names of the public modules of a package, sorted, without importing them."""
    return tuple(sorted(_module_names(package)))


def load(package: ModuleType, name: str) -> ModuleType:
    """Import one module of a package by its name, or raise NotFound with the names there are."""
    if name not in names(package):
        raise NotFound(f"There is no {name!r}; there is {', '.join(names(package))}.")
    return import_module(f"{package.__name__}.{name}")


def _module_names(package: ModuleType) -> Iterator[str]:
    for module in iter_modules(package.__path__):
        if not module.name.startswith("_"):
            yield module.name
