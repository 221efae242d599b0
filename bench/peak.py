"""The most memory that this process ever held."""

import resource
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_kib() -> int:
    """Return the peak of resident memory, of this program alone.

    What getrusage says is inherited from the process that started this one, if that was larger.
    """
    if not _STATUS.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told = (line.split() for line in _STATUS.read_text().splitlines())
    return next(int(words[1]) for words in told if words[:1] == ["VmHWM:"])
