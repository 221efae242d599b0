"""`make train DATA=folder`: trains, scores, compares with what ships, and installs what is as good.

Every step can be repeated; a finished one is skipped. No tone model and no table is installed that
scores worse; the reader of leaving and its gate are made for each other and go together.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path

import torch

from bench.training import churn, figures, manifest, sets
from bench.training.stages import Run, all_stages, export_reference
from service.analysis._models import FOLDER
from service.errors import TellPerson

TONE_FILES, THEME_FILES = manifest.FILES[:2], manifest.FILES[2:4]
CHURN_FILES = manifest.FILES[5:]


def main() -> int:
    chosen = _arguments()
    torch.set_num_threads(chosen.threads)
    try:
        sets.check_folder(chosen.data)
        run = Run(data=chosen.data, work=chosen.work, sources=_sources(chosen))
        all_stages(run)
        compare = chosen.compare
        if chosen.reference is not None:
            compare = export_reference(run, chosen.reference)
            shutil.copyfile(compare / TONE_FILES[0], FOLDER / TONE_FILES[0])
        install(run, compare=compare)
    except TellPerson as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def install(run: Run, *, compare: Path) -> None:
    """Replace tone and table when the new one is as good on the dev sets, and what reads churn."""
    ours, theirs = (figures.tone_figures(folder, run.data) for folder in (run.finished, compare))
    table, old_table = (figures.theme_figures(f, run.data) for f in (run.finished, compare))
    yardsticks = {
        "word list (VADER)": figures.word_list_figures(run.data),
        "counted words (TF-IDF)": figures.counted_words_figures(run.data, run.sources),
    }
    for name, of in {"new tone model": ours, "compared": theirs, **yardsticks}.items():
        print(figures.told(name, of))
    print(f"new table: {table}\ncompared: {old_table}")
    for files, better in (
        (TONE_FILES, figures.as_good(ours, theirs)),
        (THEME_FILES, figures.as_good(table, old_table)),
    ):
        print(f"{files[0]}: {'installed' if better else 'kept as it was: the new one is worse'}")
        for name in files if better else ():
            shutil.copyfile(run.finished / name, FOLDER / name)
    for name in CHURN_FILES:
        shutil.copyfile(run.finished / name, FOLDER / name)
    print(f"churn words, for the table that stays: {churn.train(FOLDER, run.data)}")
    found = figures.churn_figures(FOLDER)
    print(f"churn, on the half of the bank that was looked at: {found}")
    manifest.write(FOLDER)
    tone = figures.tone_figures(FOLDER, run.data)
    table = figures.theme_figures(FOLDER, run.data)
    kept = figures.written(FOLDER, tone, table, found)
    figures.KEPT.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def _sources(chosen: argparse.Namespace) -> tuple[sets.Source, ...]:
    more = () if chosen.without_senti4sd else (sets.SENTI4SD,)
    return (*sets.GOLD, *more, sets.WEAK)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the data sets")
    parser.add_argument(
        "--work", type=Path, default=Path(".training"), help="where the steps leave their results"
    )
    parser.add_argument(
        "--compare", type=Path, default=FOLDER, help="the files to beat (default: what ships)"
    )
    parser.add_argument(
        "--reference",
        type=Path,
        help="a folder with the reference artefact: write it with fixed ranges, and beat that",
    )
    parser.add_argument("--threads", type=int, default=1, help="of the computer's cores")
    parser.add_argument(
        "--without-senti4sd", action="store_true", help="leave the CC BY-SA texts out"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
