"""The steps from data to shipped files. Each leaves its result in the work folder and is not
repeated while that result is there; remove a file to make its step run again.
"""

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from bench.training import (
    churn_reading,
    export,
    ranges,
    reference,
    sets,
    themes,
    vocabulary,
    weights,
)
from bench.training.encoder import ALL_LAYERS, TextReader, from_weights
from bench.training.manifest import FILES
from bench.training.sentiment import encoded, train
from service.analysis._models import prepare

KEPT_LAYERS = (0, 2, 4)
EPOCHS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Where things are, and what this run learns from."""

    data: Path
    work: Path
    sources: tuple[sets.Source, ...]
    seed: int = sets.SEED

    @property
    def published(self) -> Path:
        return self.work / "published"

    @property
    def finished(self) -> Path:
        return self.work / "finished"

    def recipe(self) -> str:
        """What the tone model depends on, in short: another recipe does not reuse its weights."""
        parts = [f"{s.name}-{s.weight}-{s.at_most}" for s in self.sources]
        return hashlib.sha256(f"{parts} {self.seed} {EPOCHS}".encode()).hexdigest()[:8]


def all_stages(run: Run) -> None:
    run.finished.mkdir(parents=True, exist_ok=True)
    steps = (
        ("the published weights", bring_weights),
        ("the vocabulary", cut_vocabulary),
        ("the tone model", train_tone),
        ("the tone model in 8 bits", export_tone),
        ("the themes table", train_themes),
        ("the reader of leaving", train_churn),
        ("the reader of leaving in 8 bits", export_churn),
    )
    for number, (title, step) in enumerate(steps, start=1):
        print(f"{number} of {len(steps)}: {title}", flush=True)
        step(run)


def bring_weights(run: Run) -> None:
    weights.fetch(run.published)


def cut_vocabulary(run: Run) -> None:
    """Write both tokenizers, and which of the published word pieces each keeps."""
    published = (run.published / weights.TOKENIZER).read_text(encoding="utf-8")
    seen = vocabulary.counted(_pieces(published, sets.unlabelled(run.data)))
    for name, kept in (
        ("sentiment", set(seen)),
        ("themes", vocabulary.written_in_ascii(published)),
    ):
        cut = vocabulary.pruned(published, kept)
        (run.finished / f"{name}_tokenizer.json").write_text(cut.tokenizer, encoding="utf-8")
        (run.work / f"{name}_kept.json").write_text(json.dumps(cut.kept))
        print(f"  {name}: {len(cut.kept):,} word pieces")


def train_tone(run: Run) -> None:
    path = _tone_weights(run)
    if path.is_file():
        print("  done before")
        return
    save_file(_trained(run).state_dict(), str(path))


def export_tone(run: Run) -> None:
    _export(run, _arrays(_tone_weights(run)), run.finished)


def export_reference(run: Run, theirs: Path) -> Path:
    """Write a folder's reference artefact again, with ranges that are fixed; return where it is."""
    ours = run.work / "reference"
    ours.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        if name != "sentiment.onnx" and (theirs / name).is_file():
            shutil.copyfile(theirs / name, ours / name)
    _export(run, reference.weights_of(theirs / "sentiment.onnx"), ours)
    return ours


def _export(run: Run, arrays: export.Weights, folder: Path) -> None:
    tokenizer = Tokenizer.from_file(str(folder / "sentiment_tokenizer.json"))
    reach = ranges.measured(arrays, tokenizer, ranges.texts(run.data))
    export.write_small(arrays, reach, folder / "sentiment.onnx")


def _trained(run: Run) -> TextReader:
    epochs = [
        sets.epoch(run.data, run.sources, number=number, seed=run.seed) for number in range(EPOCHS)
    ]
    return _fine_tuned(run, epochs, classes=len(sets.LABELS))


def train_churn(run: Run) -> None:
    path = run.work / "churn.safetensors"
    if path.is_file():
        print("  done before")
        return
    epochs = [
        churn_reading.epoch(run.data, number=number, seed=run.seed) for number in range(EPOCHS)
    ]
    save_file(_fine_tuned(run, epochs, classes=2).state_dict(), str(path))


def export_churn(run: Run) -> None:
    """It reads the same word pieces as our own tone model, but has a file of its own for them."""
    arrays = _arrays(run.work / "churn.safetensors")
    ours = run.finished / "churn_tokenizer.json"
    shutil.copyfile(run.finished / "sentiment_tokenizer.json", ours)
    tokenizer = Tokenizer.from_file(str(ours))
    reach = ranges.measured(arrays, tokenizer, churn_reading.texts(run.data))
    export.write_small(arrays, reach, run.finished / "churn.onnx")


def _fine_tuned(run: Run, epochs: Sequence[Sequence[sets.Labelled]], *, classes: int) -> TextReader:
    torch.manual_seed(run.seed)
    tokenizer = Tokenizer.from_file(str(run.finished / "sentiment_tokenizer.json"))
    encoder = from_weights(_published(run), layers=KEPT_LAYERS, pieces=_kept(run, "sentiment"))
    model = TextReader(encoder, classes=classes)
    train(model, [encoded(tokenizer, rows, classes=classes) for rows in epochs], seed=run.seed)
    return model


def _arrays(path: Path) -> export.Weights:
    return {name: np.asarray(values) for name, values in load_file(path).items()}


def train_themes(run: Run) -> None:
    path = run.finished / "themes_table.npz"
    if path.is_file():
        print("  done before")
        return
    texts = sets.unlabelled(run.data)
    tokenizer = Tokenizer.from_file(str(run.finished / "themes_tokenizer.json"))
    taught = run.work / "teacher.safetensors"
    if not taught.is_file():
        save_file(_teach(run, tokenizer, texts), str(taught))
    vectors = load_file(taught)
    rows = themes.trained_table(
        vectors["pieces"], vectors["texts"], tokenizer, texts, seed=run.seed
    )
    themes.save(rows, path)


def _teach(run: Run, tokenizer: Tokenizer, texts: Sequence[str]) -> dict[str, Tensor]:
    teacher = from_weights(_published(run), layers=ALL_LAYERS, pieces=_kept(run, "themes"))
    return {
        "pieces": themes.piece_vectors(teacher, tokenizer),
        "texts": themes.sentence_vectors(teacher, tokenizer, texts),
    }


def _pieces(published: str, texts: Sequence[str]) -> list[list[str]]:
    tokenizer = Tokenizer.from_str(published)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    encodings = tokenizer.encode_batch([prepare(text) for text in texts])
    return [encoding.tokens for encoding in encodings]


def _published(run: Run) -> dict[str, Tensor]:
    found: dict[str, Tensor] = load_file(run.published / weights.MODEL)
    return found


def _kept(run: Run, name: str) -> list[int]:
    kept: list[int] = json.loads((run.work / f"{name}_kept.json").read_text())
    return kept


def _tone_weights(run: Run) -> Path:
    return run.work / f"tone_{run.recipe()}.safetensors"
