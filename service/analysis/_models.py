"""Loads the artefacts that ship with the local analyser and runs them on prepared text.

Knows arrays, tokenizers and the session; refuses to load a file whose hash is not in the manifest.
It does not know what a conversation is.
"""

import hashlib
import html
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
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
VECTORS_REMEMBERED = 4_096  # of a kilobyte each, and their texts
LONGEST_REMEMBERED = 1_000  # characters of such a text
PADDED_TO = 4  # word pieces: texts of 9 to 12 are read together
PIECES_AT_ONCE = 384  # more of them leave the processor's cache

_NOT_READ: Floats = np.zeros(0, dtype=np.float32)
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


class TextModel:
    """Log-odds of some classes for each text: of three tones, or of staying and leaving."""

    def __init__(self, artefacts: Artefacts, name: str, *, threads: int = 1) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(
            artefacts.path(f"{name}.onnx"),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=[*SLOWER_FUSIONS],
        )
        self._classes = int(self._session.get_outputs()[0].shape[1])
        self._tokenizer = Tokenizer.from_file(artefacts.path(f"{name}_tokenizer.json"))
        self._tokenizer.enable_truncation(LONGEST)
        self._tokenizer.no_padding()
        self._known: dict[str, Floats] = {}
        self._last: dict[str, Floats] = {}

    def logits(self, texts: Sequence[str]) -> Floats:
        """Return a row for each text; equal texts are read once."""
        prepared = [prepare(text) for text in texts]
        known = {t: row for t in prepared if (row := self._read_before(t)) is not None}
        fresh = [text for text in dict.fromkeys(prepared) if text not in known]
        scored = known | dict(zip(fresh, self._score(fresh), strict=True))
        rows = [scored[text] for text in prepared]
        self._remember(scored)
        return np.stack(rows) if rows else np.zeros((0, self._classes), dtype=np.float32)

    def _read_before(self, text: str) -> Floats | None:
        """A turn of one sentence is read as a turn and, right after it, as a sentence."""
        return self._last.get(text) if text in self._last else self._known.get(text)

    def _remember(self, scored: dict[str, Floats]) -> None:
        self._last = scored
        if len(self._known) < REMEMBERED:
            self._known.update((text, row) for text, row in scored.items() if len(text) <= 40)

    def _score(self, texts: Sequence[str]) -> list[Floats]:
        """Read texts of like length together.

        How far a text is padded follows from its own length alone, and the model's 8-bit steps are
        fixed, so its answer is the same to the bit whatever else is read with it.
        """
        ids = [self._tokenizer.encode(text).ids for text in texts]
        alike: dict[int, list[int]] = {}
        for place, own in enumerate(ids):
            alike.setdefault(-(-len(own) // PADDED_TO) * PADDED_TO, []).append(place)
        rows: list[Floats] = [_NOT_READ] * len(texts)
        for length, places in alike.items():
            most = max(1, PIECES_AT_ONCE // length)
            for start in range(0, len(places), most):
                chosen = places[start : start + most]
                found = self._run([ids[place] for place in chosen], length)
                for place, row in zip(chosen, found, strict=True):
                    rows[place] = row
        return rows

    def _run(self, texts: Sequence[Sequence[int]], length: int) -> Floats:
        input_ids = np.zeros((len(texts), length), dtype=np.int64)
        mask = np.zeros_like(input_ids)
        for row, ids in enumerate(texts):
            input_ids[row, : len(ids)] = ids
            mask[row, : len(ids)] = 1
        feed = {"input_ids": input_ids, "attention_mask": mask}
        logits: Floats = self._session.run(["logits"], feed)[0]
        return logits


class ThemeTable:
    """One unit vector a text: the mean of its word pieces' vectors."""

    def __init__(self, artefacts: Artefacts) -> None:
        from tokenizers import Tokenizer

        with np.load(artefacts.path("themes_table.npz"), allow_pickle=False) as table:
            self._quantised: NDArray[np.int8] = table["q"]
            self._scale: Floats = table["sc"].astype(np.float32).ravel()
        self._tokenizer = Tokenizer.from_file(artefacts.path("themes_tokenizer.json"))
        self._tokenizer.no_truncation()
        # Drivers, tags, effort and churn ask for the same sentences, and greetings come all day.
        self._remembered = lru_cache(maxsize=VECTORS_REMEMBERED)(self._vector)
        self._tokenizer.no_padding()

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Return len(texts) x 256; a text without a known word is all zeros."""
        if not texts:
            return np.zeros((0, self._quantised.shape[1]), dtype=np.float32)
        return np.stack(
            [
                self._remembered(text) if len(text) <= LONGEST_REMEMBERED else self._vector(text)
                for text in texts
            ]
        )

    def _vector(self, text: str) -> Floats:
        ids = self._tokenizer.encode(prepare(text), add_special_tokens=False).ids
        if not ids:
            return np.zeros(self._quantised.shape[1], dtype=np.float32)
        total: Floats = self._scale[ids] @ self._quantised[ids].astype(np.float32)
        length = max(math.sqrt(float(total @ total)), 1e-9)
        return total / np.float32(length)
