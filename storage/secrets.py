"""Keeps the connectors' own small secrets, encrypted under a key made of the workspace's secret."""

import base64
from functools import cached_property

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import select

from service.errors import TellPerson
from storage.bulk import upsert
from storage.engine import Engine
from storage.tables.work import kept_secret

_PURPOSE = b"verbatim: kept secrets of connectors, 1"  # the same secret also keys other things


class SqlKeeper:
    """Implements Keeper. A name is only looked up within its namespace."""

    def __init__(self, engine: Engine, secret: bytes, namespace: str = "") -> None:
        self._engine = engine
        self._secret = secret
        self._namespace = namespace

    def within(self, namespace: str) -> "SqlKeeper":
        return SqlKeeper(self._engine, self._secret, f"{self._namespace}{namespace}/")

    def load(self, name: str) -> str | None:
        full = self._namespace + name
        with self._engine.reading() as connection:
            query = select(kept_secret.c.value).where(kept_secret.c.name == full)
            stored = connection.execute(query).scalar_one_or_none()
        if stored is None:
            return None
        try:
            return self._fernet.decrypt(stored).decode()
        except InvalidToken as error:
            raise TellPerson(
                f"The kept secret {full!r} was encrypted under another VERBATIM_SECRET_KEY; "
                "set that key again, or connect the helpdesk anew."
            ) from error

    def save(self, name: str, value: str) -> None:
        """Replace it for good: a single-use token must outlive a power cut."""
        encrypted = self._fernet.encrypt(value.encode()).decode()
        row = {"name": self._namespace + name, "value": encrypted}
        with self._engine.writing_for_good() as connection:
            upsert(connection, kept_secret, ["name"], [row])

    @cached_property
    def _fernet(self) -> Fernet:
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE)
        return Fernet(base64.urlsafe_b64encode(derived.derive(self._secret)))
