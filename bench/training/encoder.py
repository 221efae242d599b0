"""The MiniLM encoder in torch: word pieces in, one vector a text out.

Knows layers and their names in the published weights. It knows no labels and no files of ours.
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 384
HEADS = 12
INNER = 1_536
POSITIONS = 128  # of 512: we read at most 96 word pieces
EPSILON = 1e-12
ALL_LAYERS = (0, 1, 2, 3, 4, 5)
DROPOUT = 0.1


class Layer(nn.Module):
    """Attention and a two-step map, each added to what came in."""

    def __init__(self) -> None:
        super().__init__()
        self.attend = nn.Linear(WIDTH, 3 * WIDTH)  # query, key and value in one product
        self.gather = nn.Linear(WIDTH, WIDTH)
        self.after_attention = nn.LayerNorm(WIDTH, eps=EPSILON)
        self.widen = nn.Linear(WIDTH, INNER)
        self.narrow = nn.Linear(INNER, WIDTH)
        self.after_map = nn.LayerNorm(WIDTH, eps=EPSILON)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, states: Tensor, penalty: Tensor) -> Tensor:
        gathered = self.gather(self._attention(states, penalty))
        states = self.after_attention(states + self.dropout(gathered))
        mapped = self.narrow(functional.gelu(self.widen(states)))
        return self.after_map(states + self.dropout(mapped))

    def _attention(self, states: Tensor, penalty: Tensor) -> Tensor:
        texts, length, _ = states.shape
        split = self.attend(states).view(texts, length, 3, HEADS, WIDTH // HEADS)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(-1, -2) / math.sqrt(WIDTH // HEADS) + penalty
        mixed = self.dropout(scores.softmax(dim=-1)) @ value
        return mixed.transpose(1, 2).reshape(texts, length, WIDTH)


class Encoder(nn.Module):
    """Some layers of MiniLM and the mean over a text's word pieces."""

    def __init__(self, *, pieces: int, layers: int) -> None:
        super().__init__()
        self.pieces = nn.Embedding(pieces, WIDTH)
        self.positions = nn.Embedding(POSITIONS, WIDTH)
        self.after_embedding = nn.LayerNorm(WIDTH, eps=EPSILON)
        self.layers = nn.ModuleList(Layer() for _ in range(layers))
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        places = torch.arange(input_ids.shape[1])
        states = self.pieces(input_ids) + self.positions(places)
        states = self.dropout(self.after_embedding(states))
        penalty = (attention_mask[:, None, None, :].to(states.dtype) - 1) * 10_000
        for layer in self.layers:
            states = layer(states, penalty)
        shares = attention_mask[:, :, None].to(states.dtype)
        return (states * shares).sum(dim=1) / shares.sum(dim=1)


class TextReader(nn.Module):
    """An encoder with a head for some classes."""

    def __init__(self, encoder: Encoder, *, classes: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(DROPOUT)
        self.head = nn.Linear(WIDTH, classes)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return self.head(self.dropout(self.encoder(input_ids, attention_mask)))


def from_weights(
    weights: Mapping[str, Tensor], *, layers: Sequence[int], pieces: Sequence[int] | None = None
) -> Encoder:
    """Build an encoder from the published weights: these layers, and these word pieces only."""
    table = weights["embeddings.word_embeddings.weight"]
    kept = table if pieces is None else table[list(pieces)]
    encoder = Encoder(pieces=len(kept), layers=len(layers))
    kinds = weights["embeddings.token_type_embeddings.weight"][0]  # we have one kind of text
    own = {
        "pieces.weight": kept,
        "positions.weight": weights["embeddings.position_embeddings.weight"][:POSITIONS] + kinds,
        "after_embedding.weight": weights["embeddings.LayerNorm.weight"],
        "after_embedding.bias": weights["embeddings.LayerNorm.bias"],
    }
    for place, number in enumerate(layers):
        own |= _layer(weights, f"encoder.layer.{number}.", f"layers.{place}.")
    encoder.load_state_dict(own)
    return encoder


def _layer(weights: Mapping[str, Tensor], theirs: str, ours: str) -> dict[str, Tensor]:
    names = {
        "gather": "attention.output.dense",
        "after_attention": "attention.output.LayerNorm",
        "widen": "intermediate.dense",
        "narrow": "output.dense",
        "after_map": "output.LayerNorm",
    }
    found = {
        f"{ours}{own}.{kind}": weights[f"{theirs}{name}.{kind}"]
        for own, name in names.items()
        for kind in ("weight", "bias")
    }
    for kind in ("weight", "bias"):
        parts = [weights[f"{theirs}attention.self.{p}.{kind}"] for p in ("query", "key", "value")]
        found[f"{ours}attend.{kind}"] = torch.cat(parts)
    return found
