"""Writes a tone reader as an ONNX graph, and the same with 8-bit numbers.

Knows operators, all of them of opset 17. The runtime's fused attention and its fused addition with
normalising were measured on a processor: they are slower than the plain ones.
"""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from bench.training.encoder import EPSILON, HEADS, WIDTH

Weights = Mapping[str, NDArray[np.float32]]

OPSET = 17
PARTS = (("query", (0, 2, 1, 3)), ("key", (0, 2, 3, 1)), ("value", (0, 2, 1, 3)))


class _Graph:
    """Nodes and constants in the order in which they were asked for."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def constant(self, name: str, values: NDArray[np.generic]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, operator: str, inputs: list[str], output: str, **options: object) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **options))
        return output


def write(weights: Weights, path: Path) -> None:
    """Write the graph in full precision."""
    onnx.save(model_of(weights), str(path))


def write_small(full: Path, path: Path) -> None:
    """Write the same graph with 8-bit numbers.

    Weights use seven of the eight bits: with all eight, processors without VNNI overflow.
    """
    quantize_dynamic(
        str(full),
        str(path),
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
    )


def model_of(weights: Weights) -> ModelProto:
    graph = _Graph()
    states = _embedded(graph, weights)
    penalty = _penalty(graph)
    layers = 1 + max(int(n.split(".")[2]) for n in weights if n.startswith("encoder.layers."))
    for number in range(layers):
        states = _layer(graph, weights, number, states, penalty)
    _head(graph, weights, _mean(graph, states))
    shape = ["texts", "pieces"]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, shape)
        for name in ("input_ids", "attention_mask")
    ]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["texts", 3])]
    drawn = helper.make_graph(graph.nodes, "tone", inputs, outputs, graph.constants)
    imports = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(drawn, opset_imports=imports, producer_name="verbatim")
    model.ir_version = 8
    return model


def _embedded(graph: _Graph, weights: Weights) -> str:
    pieces = graph.constant("pieces", weights["encoder.pieces.weight"])
    places = graph.constant("places", weights["encoder.positions.weight"])
    shape = graph.add("Shape", ["input_ids"], "shape")
    one = graph.constant("one", np.array([1], dtype=np.int64))
    zero = graph.constant("zero", np.array([0], dtype=np.int64))
    two = graph.constant("two", np.array([2], dtype=np.int64))
    length = graph.add("Slice", [shape, one, two, zero], "length")
    own = graph.add("Gather", [pieces, "input_ids"], "own")
    place = graph.add("Slice", [places, zero, length, zero], "place")
    both = graph.add("Add", [own, place], "both")
    return _normed(graph, weights, "encoder.after_embedding", both, "embedded")


def _layer(graph: _Graph, weights: Weights, number: int, states: str, penalty: str) -> str:
    ours = f"encoder.layers.{number}"
    mixed = _attention(graph, weights, ours, states, penalty)
    gathered = _linear(graph, weights, f"{ours}.gather", mixed)
    attended = _added(graph, weights, f"{ours}.after_attention", [gathered, states])
    wide = _linear(graph, weights, f"{ours}.widen", attended)
    narrow = _linear(graph, weights, f"{ours}.narrow", _bent(graph, f"{ours}.bent", wide))
    return _added(graph, weights, f"{ours}.after_map", [narrow, attended])


def _attention(graph: _Graph, weights: Weights, ours: str, states: str, penalty: str) -> str:
    """Three products of the same states, which are quantised once; none has to be cut apart."""
    query, key, value = (
        _heads(graph, weights, ours, number, states) for number in range(len(PARTS))
    )
    scores = graph.add("MatMul", [query, key], f"{ours}.scores")
    allowed = graph.add("Add", [scores, penalty], f"{ours}.allowed")
    shares = graph.add("Softmax", [allowed], f"{ours}.shares", axis=-1)
    mixed = graph.add("MatMul", [shares, value], f"{ours}.mixed")
    turned = graph.add("Transpose", [mixed], f"{ours}.turned", perm=(0, 2, 1, 3))
    return graph.add("Reshape", [turned, "heads_joined"], f"{ours}.joined")


def _heads(graph: _Graph, weights: Weights, ours: str, number: int, states: str) -> str:
    """One of query, key and value, head by head; the query already carries the scale."""
    part, perm = PARTS[number]
    scale = np.float32(1 / math.sqrt(WIDTH // HEADS) if part == "query" else 1)
    rows = slice(number * WIDTH, (number + 1) * WIDTH)
    own = {
        f"{ours}.{part}.{kind}": weights[f"{ours}.attend.{kind}"][rows] * scale
        for kind in ("weight", "bias")
    }
    flat = _linear(graph, own, f"{ours}.{part}", states)
    apart = graph.add("Reshape", [flat, "heads_apart"], f"{ours}.{part}.apart")
    return graph.add("Transpose", [apart], f"{ours}.{part}.turned", perm=perm)


def _penalty(graph: _Graph) -> str:
    """Zero for a word piece, far below zero for padding."""
    graph.constant("heads_apart", np.array([0, 0, HEADS, WIDTH // HEADS], dtype=np.int64))
    graph.constant("heads_joined", np.array([0, 0, WIDTH], dtype=np.int64))
    middle = graph.constant("middle", np.array([1, 2], dtype=np.int64))
    shares = graph.add("Cast", ["attention_mask"], "shares", to=TensorProto.FLOAT)
    wide = graph.add("Unsqueeze", [shares, middle], "wide")
    missing = graph.add("Sub", [wide, _number(graph, "present", 1)], "missing")
    return graph.add("Mul", [missing, _number(graph, "far", 10_000)], "penalty")


def _bent(graph: _Graph, name: str, states: str) -> str:
    """GELU in its exact form, spelt as the runtime recognises it."""
    inner = graph.add("Div", [states, _number(graph, f"{name}.root", math.sqrt(2))], f"{name}.in")
    error = graph.add("Erf", [inner], f"{name}.error")
    more = graph.add("Add", [error, _number(graph, f"{name}.one", 1)], f"{name}.more")
    product = graph.add("Mul", [states, more], f"{name}.product")
    return graph.add("Mul", [product, _number(graph, f"{name}.half", 0.5)], f"{name}.out")


def _number(graph: _Graph, name: str, value: float) -> str:
    return graph.constant(name, np.array(value, dtype=np.float32))


def _linear(graph: _Graph, weights: Weights, name: str, states: str) -> str:
    factor = graph.constant(f"{name}.weight", weights[f"{name}.weight"].T)
    bias = graph.constant(f"{name}.bias", weights[f"{name}.bias"])
    product = graph.add("MatMul", [states, factor], f"{name}.product")
    return graph.add("Add", [product, bias], f"{name}.out")


def _added(graph: _Graph, weights: Weights, name: str, states: list[str]) -> str:
    """Add what came in, then normalise."""
    total = graph.add("Add", states, f"{name}.total")
    return _normed(graph, weights, name, total, f"{name}.out")


def _normed(graph: _Graph, weights: Weights, name: str, states: str, output: str) -> str:
    constants = [graph.constant(f"{name}.{k}", weights[f"{name}.{k}"]) for k in ("weight", "bias")]
    return graph.add("LayerNormalization", [states, *constants], output, epsilon=EPSILON)


def _mean(graph: _Graph, states: str) -> str:
    last = graph.constant("last", np.array([2], dtype=np.int64))
    column = graph.add("Unsqueeze", ["shares", last], "column")
    counted = graph.add("Mul", [states, column], "counted")
    along = graph.constant("along", np.array([1], dtype=np.int64))
    total = graph.add("ReduceSum", [counted, along], "total", keepdims=0)
    count = graph.add("ReduceSum", [column, along], "count", keepdims=0)
    return graph.add("Div", [total, count], "mean")


def _head(graph: _Graph, weights: Weights, mean: str) -> None:
    factor = graph.constant("head.weight", weights["head.weight"].T)
    bias = graph.constant("head.bias", weights["head.bias"])
    product = graph.add("MatMul", [mean, factor], "head.product")
    graph.add("Add", [product, bias], "logits")
