"""Runs the loop over one helpdesk in a process of its own, and says what each step took.

Run by the bench: `python -m bench.syncing zendesk folder sync [analyse write sync ...]`, with the
settings in the environment. Prints one line of JSON for each step.
"""

import json
import os
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence

from bench.peak import peak_kib
from service.masking import Masks
from service.pipeline import Pipeline
from service.progress import Silent
from service.settings import settings_from
from verbatim import Built

_WATCHED = 17  # one text of so many: looking at the watch twice for each would cost what it tells


class Timed:
    """The workspace's masks, with a watch on some of what they do."""

    def __init__(self, masks: Masks) -> None:
        self._masks = masks
        self.version = masks.version
        self.seconds = 0.0
        self._texts = 0

    def mask(self, text: str, known_names: Sequence[str] = ()) -> str:
        self._texts += 1
        if self._texts % _WATCHED:
            return self._masks.mask(text, known_names)
        begun = time.thread_time()
        masked = self._masks.mask(text, known_names)
        self.seconds += _WATCHED * (time.thread_time() - begun)
        return masked


class Measured(Built):
    def masks(self) -> Timed:
        return self._once("timed masks", lambda: Timed(super(Measured, self).masks()))


def main(name: str, folder: str, *steps: str) -> None:
    environment = {key: text for key, text in os.environ.items() if key.startswith("VERBATIM_")}
    workspace = Measured(lambda: settings_from({**environment, "VERBATIM_HOME": folder}))
    pipeline = workspace.pipeline()
    stand = environment[f"VERBATIM_HELPDESKS__{name.upper()}__BASE_URL"]
    for step in steps:
        before, masked = _calls(stand), workspace.masks().seconds
        begun, cpu = time.perf_counter(), time.process_time()
        counted = STEPS[step](pipeline, name)
        told = {
            "cpu": time.process_time() - cpu,
            "masking": workspace.masks().seconds - masked,
            "seconds": time.perf_counter() - begun,
            "peak_kib": peak_kib(),
            "calls": {
                route: count - before.get(route, 0)
                for route, count in _calls(stand).items()
                if count > before.get(route, 0)
            },
            **counted,
        }
        print(json.dumps(told), flush=True)


def _sync(pipeline: Pipeline, name: str) -> Mapping[str, int]:
    report = pipeline.sync(name, Silent())
    return {"conversations": report.conversations, "messages": report.messages}


def _analyse(pipeline: Pipeline, _name: str) -> Mapping[str, int]:
    report = pipeline.analyse(Silent())
    return {"analysed": report.analysed, "failed": report.failed}


def _write(pipeline: Pipeline, name: str) -> Mapping[str, int]:
    report = pipeline.write_back(name, Silent())
    return {"written": report.written, "not_written": sum(report.not_written.values())}


STEPS: Mapping[str, Callable[[Pipeline, str], Mapping[str, int]]] = {
    "sync": _sync,
    "analyse": _analyse,
    "write": _write,
}


def _calls(stand: str) -> dict[str, int]:
    """What the stand-in counted: its own words, not ours."""
    with urllib.request.urlopen(f"{stand}/_sandbox/calls") as answer:  # noqa: S310 - loopback
        counted: dict[str, int] = json.loads(answer.read())
        return counted


if __name__ == "__main__":
    main(*sys.argv[1:])
