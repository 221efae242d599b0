"""What Claude's tokens cost, by the table of one date. Knows no call and no budget."""

from dataclasses import dataclass
from datetime import date

from service.domain.costs import Usage

PRICES_OF = date(2026, 10, 7)  # of the vendor's model pages
LONG_PROMPT = 100_000  # tokens; from here on some models cost more
EXPECTED_OUT = 350  # tokens of a filled form without thinking
_FEWEST_BYTES_A_TOKEN = 2.5  # of a prompt; English has about four, other scripts three


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """1e-9 USD a token. A long prompt has prices of its own where the vendor says so."""

    tokens_in: int
    tokens_out: int
    long_in: int | None = None
    long_out: int | None = None

    def of(self, usage: Usage, *, batch: bool = False) -> int:
        """Cached tokens cost a tenth to read, a quarter more to write, twice for an hour."""
        is_long = usage.prompt > LONG_PROMPT
        price_in = (self.long_in if is_long else None) or self.tokens_in
        price_out = (self.long_out if is_long else None) or self.tokens_out
        prompt = usage.tokens_in * 20 + usage.cache_read * 2
        prompt += usage.cache_written * 25 + usage.cache_written_long * 40
        cost = prompt * price_in + usage.tokens_out * price_out * 20
        return -(-cost // (40 if batch else 20))


_PRICES = {
    "haiku": Price(tokens_in=100, tokens_out=500, long_in=500, long_out=2_500),
    "sonnet": Price(tokens_in=2_000, tokens_out=10_000),
    "opus": Price(tokens_in=4_000, tokens_out=20_000),
}
_DEAREST = Price(tokens_in=10_000, tokens_out=50_000)


def price_of(model: str) -> Price:
    """An unknown model counts as the dearest, so that a budget is never overrun unseen."""
    return next((price for name, price in _PRICES.items() if name in model), _DEAREST)


def usage_at_most(prompt: str, *, room: int) -> Usage:
    """What a call is noted with before it is made: every byte new, and all the room used."""
    tokens = round(len(prompt.encode("utf-8", "replace")) / _FEWEST_BYTES_A_TOKEN)
    return Usage(cache_written_long=tokens, tokens_out=room)
