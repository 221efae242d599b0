"""Writes a text reader as an ONNX graph: in full precision, or with 8-bit numbers.

Knows operators: those of opset 17, and the runtime's own product of 8-bit numbers. The runtime's
fused attention and its fused addition with normalising were measured on a processor: they are
slower than the plain ones. How far states reach is told from outside.
"""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from bench.training.encoder import EPSILON, HEADS, WIDTH

Weights = Mapping[str, NDArray[np.float32]]
Ranges = Mapping[str, tuple[float, float]]  # of the states that are multiplied, by their names

OPSET = 17
RUNTIME = "com.microsoft"
PARTS = (("query", (0, 2, 1, 3)), ("key", (0, 2, 3, 1)), ("value", (0, 2, 1, 3)))
# Weights use seven of the eight bits: with all eight, processors without VNNI overflow.
WEIGHT_STEPS = 63
STATE_STEPS = 255


class _Graph:
    """Nodes and constants in the order in which they were asked for."""

    def __init__(self, ranges: Ranges) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self.multiplied: list[str] = []  # states that a product with weights starts from
        self.ranges = ranges
        self._rounded: dict[str, list[str]] = {}

    def constant(self, name: str, values: NDArray[np.generic]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, operator: str, inputs: list[str], output: str, **options: object) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **options))
        return output

    def rounded(self, states: str) -> list[str]:
        """Return the states in 8 bits, their step and their zero; made once however often used."""
        if states not in self._rounded:
            low, high = self.ranges[states]
            step = np.float32((high - low) / STATE_STEPS)
            places = [
                self.constant(f"{states}.step", np.array(step)),
                self.constant(f"{states}.zero", np.array(round(-low / step), dtype=np.uint8)),
            ]
            small = self.add("QuantizeLinear", [states, *places], f"{states}.small")
            self._rounded[states] = [small, *places]
        return self._rounded[states]


def write(weights: Weights, path: Path) -> None:
    """Write the graph in full precision."""
    onnx.save(model_of(weights), str(path))


def write_small(weights: Weights, ranges: Ranges, path: Path) -> None:
    """Write the same graph with 8-bit numbers.

    Each range is fixed, so a text's answer does not hang on what else is read with it.
    """
    onnx.save(model_of(weights, ranges), str(path))


def model_that_shows(weights: Weights) -> tuple[ModelProto, tuple[str, ...]]:
    """Return the graph in full precision with every state that is multiplied as an output."""
    model, multiplied = _drawn(weights, {})
    shown = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in multiplied]
    model.graph.output.extend(shown)
    return model, multiplied


def model_of(weights: Weights, ranges: Ranges | None = None) -> ModelProto:
    """Return the graph, in 8 bits where ranges are known."""
    return _drawn(weights, ranges or {})[0]


def _drawn(weights: Weights, ranges: Ranges) -> tuple[ModelProto, tuple[str, ...]]:
    graph = _Graph(ranges)
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
    classes = weights["head.bias"].size
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["texts", classes])]
    drawn = helper.make_graph(graph.nodes, "tone", inputs, outputs, graph.constants)
    imports = [helper.make_opsetid("", OPSET), helper.make_opsetid(RUNTIME, 1)]
    model = helper.make_model(drawn, opset_imports=imports, producer_name="verbatim")
    model.ir_version = 8
    return model, tuple(dict.fromkeys(graph.multiplied))


def _embedded(graph: _Graph, weights: Weights) -> str:
    own = _pieces(graph, weights["encoder.pieces.weight"])
    places = graph.constant("places", weights["encoder.positions.weight"])
    shape = graph.add("Shape", ["input_ids"], "shape")
    one = graph.constant("one", np.array([1], dtype=np.int64))
    zero = graph.constant("zero", np.array([0], dtype=np.int64))
    two = graph.constant("two", np.array([2], dtype=np.int64))
    length = graph.add("Slice", [shape, one, two, zero], "length")
    place = graph.add("Slice", [places, zero, length, zero], "place")
    both = graph.add("Add", [own, place], "both")
    return _normed(graph, weights, "encoder.after_embedding", both, "embedded")


def _pieces(graph: _Graph, table: NDArray[np.float32]) -> str:
    if not graph.ranges:
        return graph.add("Gather", [graph.constant("pieces", table), "input_ids"], "own")
    low, high = float(table.min()), float(table.max())
    step = np.float32((high - low) / STATE_STEPS)
    zero = round(-low / step)
    small = np.clip(np.rint(table / step) + zero, 0, STATE_STEPS).astype(np.uint8)
    chosen = graph.add("Gather", [graph.constant("pieces", small), "input_ids"], "own.small")
    places = [
        graph.constant("pieces.step", np.array(step)),
        graph.constant("pieces.zero", np.array(zero, dtype=np.uint8)),
    ]
    return graph.add("DequantizeLinear", [chosen, *places], "own")


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
    graph.multiplied.append(states)
    factor = weights[f"{name}.weight"].T
    bias = graph.constant(f"{name}.bias", weights[f"{name}.bias"])
    if graph.ranges:
        return _small_product(graph, name, states, factor, bias)
    whole = graph.constant(f"{name}.weight", factor)
    product = graph.add("MatMul", [states, whole], f"{name}.product")
    return graph.add("Add", [product, bias], f"{name}.out")


def _small_product(
    graph: _Graph, name: str, states: str, factor: NDArray[np.float32], bias: str
) -> str:
    """Multiply in 8 bits, each column of weights with a step of its own."""
    steps = np.maximum(np.abs(factor).max(axis=0), np.float32(1e-9)) / np.float32(WEIGHT_STEPS)
    small = graph.constant(f"{name}.weight", np.rint(factor / steps).astype(np.int8))
    its = graph.constant(f"{name}.step", steps.astype(np.float32))
    none = graph.constant(f"{name}.zero", np.zeros(steps.shape, dtype=np.int8))
    rounded, step, zero = graph.rounded(states)
    inputs = [rounded, small, step, its, zero, none, bias]
    return graph.add("MatMulIntegerToFloat", inputs, f"{name}.out", domain=RUNTIME)


def _added(graph: _Graph, weights: Weights, name: str, states: list[str]) -> str:
    """Add what came in, then normalise."""
    total = graph.add("Add", states, f"{name}.total")
    return _normed(graph, weights, name, total, f"{name}.out")


def _normed(graph: _Graph, weights: Weights, name: str, states: str, output: str) -> str:
    constants = [graph.constant(f"{name}.{k}", weights[f"{name}.{k}"]) for k in ("weight", "bias")]
    return graph.add("LayerNormalization", [states, *constants], output, epsilon=EPSILON)


def _mean(graph: _Graph, states: str) -> str:
    """A product for each text: a sum over all of them rounds otherwise when there is only one."""
    along = graph.constant("along", np.array([1], dtype=np.int64))
    row = graph.add("Unsqueeze", ["shares", along], "row")
    total = graph.add("MatMul", [row, states], "total")
    last = graph.constant("last", np.array([2], dtype=np.int64))
    count = graph.add("ReduceSum", [row, last], "count", keepdims=1)
    return graph.add("Div", [total, count], "mean")


def _head(graph: _Graph, weights: Weights, mean: str) -> None:
    """Multiply and add one text at a time: a product of matrices rounds by how many there are."""
    factor = graph.constant("head.weight", weights["head.weight"])
    bias = graph.constant("head.bias", weights["head.bias"])
    terms = graph.add("Mul", [mean, factor], "head.terms")
    product = graph.add("ReduceSum", [terms, "last"], "head.product", keepdims=0)
    graph.add("Add", [product, bias], "logits")
