"""Writes the list of hashes that the analyser checks its files against."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from service.analysis._models import MANIFEST

FILES = (
    "sentiment.onnx",
    "sentiment_tokenizer.json",
    "themes_table.npz",
    "themes_tokenizer.json",
    "churn_words.npz",
    "churn.onnx",
    "churn_tokenizer.json",
)


def write(folder: Path, names: Sequence[str] = FILES) -> None:
    lines = [f"{digest}  {name}\n" for name, digest in hashes(folder, names).items()]
    (folder / MANIFEST).write_text("".join(lines), encoding="ascii")


def hashes(folder: Path, names: Sequence[str] = FILES) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
