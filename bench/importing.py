"""Imports one file in a process of its own, and says what it took.

Run by the bench: `python -m bench.importing path format`, with the workspace in the environment.
"""

import json
import os
import resource
import sys
import time

from bench.peak import peak_kib
from service.commands.files import import_command
from service.settings import settings_from
from verbatim import Built


def main(path: str, name: str) -> None:
    environment = {key: text for key, text in os.environ.items() if key.startswith("VERBATIM_")}
    workspace = Built(lambda: settings_from(environment))
    begun, cpu = time.perf_counter(), time.process_time()
    import_command.main([path, "--format", name, "--json"], obj=workspace, standalone_mode=False)
    took = {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - cpu}
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    took["beside"] = ended.ru_utime + ended.ru_stime  # of the process that reads and masks
    print(json.dumps({**took, "peak_kib": peak_kib()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
