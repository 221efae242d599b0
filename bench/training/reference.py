"""Reads the weights out of the reference artefact, whose full-precision weights nobody has.

Knows the names in that one file, and refuses any other. Its weights are 8-bit numbers of one step
for each array; what is returned is exactly what they stand for.
"""

import hashlib
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from bench.training.encoder import POSITIONS
from bench.training.export import Weights
from service.errors import TellPerson

EXPECTED = "231dadbf26504e107d001ec048b1cba4970e0df8f1f25f7e01d3238e5d18c3fc"
LAYERS = 3
PARTS = ("query", "key", "value", "gather", "widen", "narrow")
_EMBEDDINGS = "n.m.embeddings"
_BIASES = {
    "gather": "attention.output.dense.bias",
    "widen": "intermediate.dense.bias",
    "narrow": "output.dense.bias",
}
_NORMS = {"after_attention": "attention.output.LayerNorm", "after_map": "output.LayerNorm"}


def weights_of(path: Path) -> Weights:
    """Return the artefact's weights under the names of our encoder."""
    if hashlib.sha256(path.read_bytes()).hexdigest() != EXPECTED:
        raise TellPerson(f"{path} is not the reference artefact (sha256 {EXPECTED[:12]}).")
    model = onnx.load(str(path))
    arrays = _Arrays({one.name: numpy_helper.to_array(one) for one in model.graph.initializer})
    products = [
        node.input[1].removesuffix("_quantized")
        for node in model.graph.node
        if node.op_type == "MatMulInteger"
    ]
    found = _embedding(arrays)
    for number in range(LAYERS):
        own = products[len(PARTS) * number : len(PARTS) * (number + 1)]
        found |= _layer(arrays, number, dict(zip(PARTS, own, strict=True)))
    found["head.weight"] = arrays.whole("n.c.weight").T
    found["head.bias"] = arrays.plain("n.c.bias")
    return found


class _Arrays:
    """The arrays of the file, by name."""

    def __init__(self, arrays: dict[str, NDArray[np.generic]]) -> None:
        self._arrays = arrays

    def plain(self, name: str) -> NDArray[np.float32]:
        return self._arrays[name].astype(np.float32)

    def whole(self, name: str) -> NDArray[np.float32]:
        """Return what 8-bit numbers stand for."""
        steps = self.plain(f"{name}_quantized") - self.plain(f"{name}_zero_point")
        whole: NDArray[np.float32] = steps * self.plain(f"{name}_scale")
        return whole


def _embedding(arrays: _Arrays) -> dict[str, NDArray[np.float32]]:
    places = arrays.whole(f"{_EMBEDDINGS}.position_embeddings.weight")[:POSITIONS]
    kinds = arrays.whole(f"{_EMBEDDINGS}.token_type_embeddings.weight")
    return {
        "encoder.pieces.weight": arrays.whole(f"{_EMBEDDINGS}.word_embeddings.weight"),
        "encoder.positions.weight": places + kinds[0],  # we have one kind of text
        "encoder.after_embedding.weight": arrays.plain(f"{_EMBEDDINGS}.LayerNorm.weight"),
        "encoder.after_embedding.bias": arrays.plain(f"{_EMBEDDINGS}.LayerNorm.bias"),
    }


def _layer(
    arrays: _Arrays, number: int, products: dict[str, str]
) -> dict[str, NDArray[np.float32]]:
    theirs, ours = f"n.m.encoder.layer.{number}", f"encoder.layers.{number}"
    attended = ("query", "key", "value")
    found = {
        f"{ours}.attend.weight": np.concatenate([arrays.whole(products[p]).T for p in attended]),
        f"{ours}.attend.bias": np.concatenate(
            [arrays.plain(f"{theirs}.attention.self.{part}.bias") for part in attended]
        ),
    }
    for part, name in _BIASES.items():
        found[f"{ours}.{part}.weight"] = arrays.whole(products[part]).T
        found[f"{ours}.{part}.bias"] = arrays.plain(f"{theirs}.{name}")
    for part, name in _NORMS.items():
        for kind in ("weight", "bias"):
            found[f"{ours}.{part}.{kind}"] = arrays.plain(f"{theirs}.{name}.{kind}")
    return found
