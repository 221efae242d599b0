"""Loads the artefacts that ship with the local analyser and runs them on prepared text.

Knows arrays, tokenizers and the session; refuses to load a file whose hash is not in the manifest.
It does not know what a conversation is.
"""

import hashlib
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.errors import TellPerson

Floats = NDArray[np.float32]

FOLDER = Path(__file__).parent / "models"
MANIFEST = "SHA256SUMS"
LONGEST = 96  # tokens of one text; the model was made with 64 and measured with 96
# The runtime joins each addition with the normalising after it; on a processor that costs a third.
SLOWER_FUSIONS = ("SkipLayerNormFusion",)
REMEMBERED = 20_000  # short texts such as "ok thank you" come back all day

_URL = re.compile(r"https?://\S+|www\.\S+")
_HANDLE = re.compile(r"(?<![\w.])@\w+")
_DIGITS = re.compile(r"\d+")
_REPEATED = re.compile(r"(.)\1{3,}")
_QUOTES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"'})


def prepare(text: str) -> str:
    """Write a text the way both models have read theirs."""
    plain = html.unescape(text).translate(_QUOTES)
    plain = _URL.sub(" url ", plain)
    plain = _HANDLE.sub(" @user ", plain)
    plain = _DIGITS.sub("0", plain)
    return " ".join(_REPEATED.sub(r"\1\1\1", plain).split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefacts:
    """Files that were checked against the manifest, and one hash for all of them."""

    folder: Path
    digest: str

    def path(self, name: str) -> str:
        return str(self.folder / name)


def digest_of(folder: Path = FOLDER) -> str:
    """The hash of the manifest, and so of every file that it names; it reads none of them."""
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise TellPerson(f"The local analyser's files are missing: {MANIFEST} was not installed.")
    return hashlib.sha256(manifest.read_bytes()).hexdigest()


def checked_artefacts(folder: Path = FOLDER) -> Artefacts:
    """Check every file of the manifest, or say which one is missing or changed."""
    digest = digest_of(folder)
    lines = (folder / MANIFEST).read_text(encoding="ascii").split("\n")
    for expected, name in (line.split() for line in lines if line.strip()):
        _check(folder / name, expected)
    return Artefacts(folder=folder, digest=digest)


def _check(path: Path, expected: str) -> None:
    if not path.is_file():
        raise TellPerson(f"The local analyser's file {path.name} is missing: install it again.")
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != expected:
        raise TellPerson(
            f"The local analyser's file {path.name} is not the one it was built with: "
            "install it again."
        )


class SentimentModel:
    """Three log-odds a text: negative, neutral, positive."""

    def __init__(self, artefacts: Artefacts, *, threads: int = 1) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(
            artefacts.path("sentiment.onnx"),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=[*SLOWER_FUSIONS],
        )
        self._tokenizer = Tokenizer.from_file(artefacts.path("sentiment_tokenizer.json"))
        self._tokenizer.enable_truncation(LONGEST)
        self._tokenizer.no_padding()
        self._known: dict[str, Floats] = {}

    def logits(self, texts: Sequence[str]) -> Floats:
        """Return an array of len(texts) x 3; equal texts are read once."""
        prepared = [prepare(text) for text in texts]
        fresh = [text for text in dict.fromkeys(prepared) if text not in self._known]
        scored = dict(zip(fresh, self._score(fresh), strict=True))
        rows = [scored[t] if t in scored else self._known[t] for t in prepared]
        self._remember(scored)
        return np.stack(rows) if rows else np.zeros((0, 3), dtype=np.float32)

    def _remember(self, scored: dict[str, Floats]) -> None:
        if len(self._known) < REMEMBERED:
            self._known.update((text, row) for text, row in scored.items() if len(text) <= 40)

    def _score(self, texts: Sequence[str]) -> list[Floats]:
        """Read each text by itself.

        The model measures how far its activations reach over everything it is given at once, so in
        a batch a text's answer would hang on its neighbours: near a border the same words would be
        negative today and neutral tomorrow. A sixth of the speed is what that costs.
        """
        return [self._run(encoding.ids) for encoding in self._tokenizer.encode_batch(list(texts))]

    def _run(self, ids: Sequence[int]) -> Floats:
        input_ids = np.array([ids], dtype=np.int64)
        feed = {"input_ids": input_ids, "attention_mask": np.ones_like(input_ids)}
        logits: Floats = self._session.run(["logits"], feed)[0][0]
        return logits


class ThemeTable:
    """One unit vector a text: the mean of its word pieces' vectors."""

    def __init__(self, artefacts: Artefacts) -> None:
        from tokenizers import Tokenizer

        with np.load(artefacts.path("themes_table.npz"), allow_pickle=False) as table:
            self._quantised: NDArray[np.int8] = table["q"]
            self._scale: Floats = table["sc"].astype(np.float32)
        self._tokenizer = Tokenizer.from_file(artefacts.path("themes_tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Return len(texts) x 256; a text without a known word is all zeros."""
        encodings = self._tokenizer.encode_batch(
            [prepare(text) for text in texts], add_special_tokens=False
        )
        vectors = np.zeros((len(texts), self._quantised.shape[1]), dtype=np.float32)
        for row, encoding in enumerate(encodings):
            if encoding.ids:
                vectors[row] = self._mean(encoding.ids)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Floats = vectors / np.maximum(norms, np.float32(1e-9))
        return unit

    def _mean(self, ids: Sequence[int]) -> Floats:
        mean: Floats = (self._quantised[ids] * self._scale[ids]).mean(axis=0)
        return mean
