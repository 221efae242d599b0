"""What is read of a user, a name and a role, for a hundred thousand of them in a few megabytes."""

from typing import Any

from connectors.zendesk.packed import LARGEST, Packed

Json = dict[str, Any]

_ROLES = (None, "end-user", "agent", "admin")
_NOT_THERE = len(_ROLES)  # asked for, and the server does not know it
_MOST_UNPACKED = 5_000  # of those met last


class PackedUsers:
    """Users by id, as a dictionary of their records would hold them."""

    def __init__(self) -> None:
        self._names = bytearray()
        self._packed = Packed("QIB")  # where the name begins, how long it is; the role
        self._unpacked: dict[int, Json | None] = {}
        self._odd: dict[int, Json | None] = {}  # do not fit

    def __contains__(self, user_id: int) -> bool:
        if user_id in self._unpacked or user_id in self._odd:
            return True
        return _fits(user_id) and self._packed.get(user_id) is not None

    def get(self, user_id: int) -> Json | None:
        try:
            return self._unpacked[user_id]
        except KeyError:
            found = self._odd.get(user_id) or self._read(user_id)
            self._keep(user_id, found)
            return found

    def put(self, user_id: int, user: Json | None) -> None:
        name, role = ("", None) if user is None else (user.get("name") or "", user.get("role"))
        self._unpacked.pop(user_id, None)
        self._odd.pop(user_id, None)
        if not _fits(user_id) or not isinstance(name, str) or role not in _ROLES:
            self._odd[user_id] = user
            return
        kind = _NOT_THERE if user is None else _ROLES.index(role)
        if user is not None and self._read(user_id) == {"id": user_id, "name": name, "role": role}:
            return
        text = name.encode("utf-8", "surrogatepass")
        self._packed.put(user_id, len(self._names), len(text), kind)
        self._names += text

    def _read(self, user_id: int) -> Json | None:
        record = self._packed.get(user_id) if _fits(user_id) else None
        if record is None or record[2] == _NOT_THERE:
            return None
        start, length, kind = record
        name = self._names[start : start + length].decode("utf-8", "surrogatepass")
        return {"id": user_id, "name": name, "role": _ROLES[kind]}

    def _keep(self, user_id: int, user: Json | None) -> None:
        if user is None:
            return
        if len(self._unpacked) >= _MOST_UNPACKED:
            self._unpacked.clear()
        self._unpacked[user_id] = user


def _fits(user_id: int) -> bool:
    return 0 < user_id <= LARGEST
