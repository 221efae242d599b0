"""Writes a tone reader as an ONNX graph, and the same with 8-bit numbers.

Knows operators. The attention and the joined additions are the runtime's own fused ones, which is
most of the speed; the rest is opset 17.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from bench.training.encoder import EPSILON, HEADS

Weights = Mapping[str, NDArray[np.float32]]

OPSET = 17
FUSED = "com.microsoft"


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

    def split(self, states: str, parts: list[str], name: str) -> None:
        """Cut the last axis into equal parts."""
        self.nodes.append(helper.make_node("Split", [states], parts, name=name, axis=2))

    def fused(self, operator: str, inputs: list[str], output: str, **options: object) -> str:
        return self.add(operator, inputs, output, domain=FUSED, **options)


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
        extra_options={"DefaultTensorType": TensorProto.FLOAT},  # fused operators hide theirs
    )


def model_of(weights: Weights) -> ModelProto:
    graph = _Graph()
    states = _embedded(graph, weights)
    mask = graph.add("Cast", ["attention_mask"], "mask", to=TensorProto.INT32)
    layers = 1 + max(int(n.split(".")[2]) for n in weights if n.startswith("encoder.layers."))
    for number in range(layers):
        states = _layer(graph, weights, number, states, mask)
    _head(graph, weights, _mean(graph, states))
    shape = ["texts", "pieces"]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, shape)
        for name in ("input_ids", "attention_mask")
    ]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["texts", 3])]
    drawn = helper.make_graph(graph.nodes, "tone", inputs, outputs, graph.constants)
    imports = [helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, 1)]
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


def _layer(graph: _Graph, weights: Weights, number: int, states: str, mask: str) -> str:
    ours = f"encoder.layers.{number}"
    joined = _linear(graph, weights, f"{ours}.attend", states)
    parts = [f"{ours}.{part}" for part in ("query", "key", "value")]
    graph.split(joined, parts, f"{ours}.split")
    mixed = graph.fused("MultiHeadAttention", [*parts, "", mask], f"{ours}.mixed", num_heads=HEADS)
    gathered = _linear(graph, weights, f"{ours}.gather", mixed)
    attended = _added(graph, weights, f"{ours}.after_attention", [gathered, states])
    wide = _linear(graph, weights, f"{ours}.widen", attended)
    bent = graph.fused("Gelu", [wide], f"{ours}.bent")
    narrow = _linear(graph, weights, f"{ours}.narrow", bent)
    return _added(graph, weights, f"{ours}.after_map", [narrow, attended])


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
    shares = graph.add("Cast", ["attention_mask"], "shares", to=TensorProto.FLOAT)
    last = graph.constant("last", np.array([2], dtype=np.int64))
    column = graph.add("Unsqueeze", [shares, last], "column")
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
