"""What a person wants to hear of an account, beyond owning it."""

from enum import StrEnum


class Wish(StrEnum):
    FOLLOW = "follow"  # told of its flags though somebody else owns it
    MUTE = "mute"  # told nothing, though it is theirs
