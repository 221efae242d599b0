"""The folder of a workspace and the key that is made in it once. It reads no setting."""

import os
import secrets
from pathlib import Path

from service.errors import Misused


def make_folder(folder: Path) -> None:
    """Make the folder where it is not there; raises Misused where it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Misused(
            f"{folder} cannot be made ({error.strerror}): set VERBATIM_HOME to another folder."
        ) from error


def kept_key(folder: Path) -> bytes:
    """Return the workspace's key: made by whoever comes first, and kept beside the database."""
    make_folder(folder)
    path = folder / "secret_key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes().strip()
    with os.fdopen(descriptor, "wb") as file:
        key = secrets.token_hex(32).encode()
        file.write(key)
    return key
