"""The words that say which number, which direction and which breakdown is meant."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from service.reading.words import Words

_NOUN_WORDS = (
    r"tickets?|tix|convos?|conversations?|cases?|chats?|emails?|calls?|messages?|contacts?|"
    r"customers?|accounts?|users?|people|clients?|ones|feedback"
)
_NOUNS = rf"(?:(?:\^ )*(?:{_NOUN_WORDS})|~)"
RATE = r"(?:rate|share|%|percent|percentage|proportion|ratio|pct)"
# How people feel, as those say who are asked about it.
_UNHAPPY = (
    r"(?:unhappy|angry|annoyed|grumpy|upset|frustrated|dissatisfied|disappointed|mad|furious|"
    r"pissed(?: off)?|livid|fed up|irritated|outraged)"
)
_HAPPY = r"(?:happy|satisfied|pleased|delighted|thrilled)"
UNHAPPY = rf"(?:{_UNHAPPY}|anger|unhappiness|(?:unhapp|angr|grump)(?:ier|iest))"
MOODY = rf"(?:{_UNHAPPY}|{_HAPPY})"
HAPPY = rf"(?:{_HAPPY}|happiness|happ(?:ier|iest))"
_MOOD = rf"(?:sentiment|mood|feelings?|feel|felt|tone|{UNHAPPY}|{HAPPY})"
_COMPLAINTS = (
    r"(?:complaints?|complain(?:s|ing|ed)?|gripes?|griping|pain points?|frustrations?|"
    r"moan(?:s|ing)?|"
    r"grumbles?|grievances?)"
)
CONVERSATION_NOUNS = (
    r"(?:tickets?|tix|convos?|conversations?|cases?|volumes?|contacts?|contact volume)"
)

EMPTY = frozenset({"blank", "no", "missing"})
_FELT = rf"(?:negative|positive|neutral|{UNHAPPY}|{HAPPY})"
RANKED = "accounts?|customers?|clients?|compan(?:y|ies)|segments?|channels?|drivers?|tags?|agents?"

_HARD = r"\b(?:how (?:hard|easy|difficult|painful)|hard(?:er|est)(?! hit)|eas(?:ier|iest))\b"

_SPLIT = r"(?:split|breakdown|break down|distribution|mix)\b(?! (?:by|per|into|across|between))"
_RANKING = r"\b(?:top|most|least|worst|best|rank\w*|highest|lowest|which)\b"
_PARTS_OF = "drivers?|causes?|sources?|reasons?|contributors?|tags?|issues?|topics?|themes?"
_COUNTED_ACCOUNTS = (
    r"\b(?:how many|number of|count of) (?:of )?"
    rf"(?:(?!(?:{_NOUN_WORDS}) |(?:from|by|in|with|at|across|for|do|did|have) )\S+ ){{0,3}}?"
    r"(?:accounts|customers|companies|clients)\b"
)

UP = (
    r"\b(up|rise|rises|rising|rose|risen|increas\w*|jump\w*|spik\w*|grow|grows|grew|grown|growing|"
    r"growth|higher|surg\w*|climb\w*|soar\w*|shot up|shoot up|went up|uptick|"
    r"doubl\w*|tripl\w*|quadrupl\w*|explod\w*|balloon\w*|skyrocket\w*|peak\w*|"
    r"through the roof|more)\b"
)
DOWN = (
    r"\b(down|drop|drops|dropped|dropping|fall|falls|fell|fallen|falling|declin\w*|decreas\w*|lower|"
    r"dip|dips|dipped|dipping|sank|sink\w*|plung\w*|fewer|shr[aiu]nk\w*|slump\w*|tank\w*|crashed|crashing|"
    r"nosediv\w*|less|slid\w*|reduc\w*|halv\w*)\b"
)
_NO_MOVEMENT = (
    r"\b(?:what'?s? (?:is )?up|up to|more about|up front|ups? and downs?|c[ao]mes? up"
    r"|more than \d+"
    r"|(?:add|br[eo]ak|broke|bring|call|catch|dig|drill|end|follow|giv|heads|keep|look"
    r"|narrow|open|pull|put|round|set|sign|speak|split|sum|turn|wind|wrap|writ)\w*"
    r" (?:it |that |them |this )?(?:up|down))\b"
)
WORSE = r"\b(worse|worsen\w*|deteriorat\w*|unhappier|angrier|grumpier|harder)\b"
BETTER = r"\b(better|improv\w*|happier|recover\w*|easier)\b"

DIMENSIONS: Mapping[str, str] = {
    "driver": r"drivers?",
    "tag": r"(?:canonical )?(?:tags?|topics?)",
    "account": r"(?:accounts?|customers?|compan(?:y|ies)|clients?)",
    "segment": r"(?:segments?|plans?|regions?|tiers?)",
    "channel": r"channels?",
    "agent": r"(?:agents?|reps?)",
    "owner": r"(?:owners?|csms?)",
    "source": r"(?:sources?|helpdesks?)",
    "sentiment": r"sentiment",
}
_TOPICS = (
    r"(?:issues?|problems?|reasons?|themes?|causes?|contact reasons?|pain points?|complaints?|"
    r"gripes?)"
)


# Agents are ranked by what they handled.
WHO_HANDLED = (
    r"\bwho(?:'s|s| has| have| is| are)?(?: been)? "
    r"(?:handl\w+|took|taken|taking|solv\w+|clos(?:ed|ing)|answer\w+|deal(?:t|ing))\b"
)
_WHO_HAS_MOST = (
    r"^(?:and |so |ok )*who(?:'s|s| has| had| have| got| sends?| sent| raises?| raised| opened)\b"
    r".*\b(?:most|least|fewest|highest|lowest|worst|best)\b"
)
# "What do customers complain about most" ranks what it is about, and not the customers.
_TOPIC_ASKED = (
    r"\bwhat (?:do|does|did|are|is|were|have|has) .*\b"
    r"(?:complain\w*|contact\w*|writ\w+|call\w*|ask\w*"
    r"|upset|unhapp\w+|angr\w+|frustrat\w+|moan\w*|struggl\w+)\b"
)


@dataclass(slots=True, kw_only=True)
class Number:
    """Which number is meant, and the filters that its noun brings along."""

    metric: str | None = None
    filters: dict[str, tuple[str, ...]] = field(default_factory=dict)


def find_number(words: Words, custom: tuple[str, ...]) -> Number:
    """Read the metric. A counted noun is no rate: "negative tickets" are conversations."""
    text = words.nouns()
    if custom:
        return _own_number(text, custom)
    found = _beside_sentiment(text) or _combined(text)
    if re.search(_COUNTED_ACCOUNTS, text):
        return Number(metric="accounts", filters=_felt(text) | (found.filters if found else {}))
    if found is not None:
        return found
    counted = r"\b(?:how many|(?:number|count) of)\b"
    if re.search(rf"(?<!\w){CONVERSATION_NOUNS}(?!\w)|{counted}", text):
        return Number(metric="conversations")
    return Number()


_SHARED = (
    rf"~ {RATE}(?!\w)|{RATE} of ~(?! (?:are|were|is|was|that|which|ha[ds]|have|contain\w*|with)\b)"
    rf"|{RATE} of (?:(?!are |were |is |was )\S+ )*?"
    r"(?:contain|ha[sd]|have|are|were|show|include|mention|with|ma[dk]e)\w* (?:(?:an?|any|the) )?~"
)


def _own_number(text: str, custom: tuple[str, ...]) -> Number:
    """A metric of the workspace's own: its share, or those that it marks, counted or measured."""
    other = _combined(text)
    filters = other.filters if other is not None else {}
    if re.search(_SHARED, text):
        bare = re.sub(rf"{RATE} of", " ", text)
        counted = _counted_sentiment(bare) or Number()
        return Number(metric=f"custom:{custom[0]}", filters=counted.filters)
    if other is not None and other.metric != "conversations":
        return Number(metric=other.metric, filters=filters | {"custom": custom})
    if re.search(rf"(?<!\w){RATE}(?!\w)", text):
        return Number(metric=f"custom:{custom[0]}", filters=filters)
    counts = "accounts" if re.search(_COUNTED_ACCOUNTS, text) else "conversations"
    return Number(metric=counts, filters=filters | {"custom": custom})


def _beside_sentiment(text: str) -> Number | None:
    """What is split by sentiment: "tickets by channel and sentiment", but no ranking by it."""
    split = rf"\b(?:by|per|across|each)(?: \w+ (?:and|by))? sentiment\b|\bsentiment {_SPLIT}"
    if not re.search(split, text) or re.search(_RANKING, text):
        return None
    rest = re.sub(split, " ", text)
    ranked = named_dimension(rest, within_driver=False) is not None
    counted = not ranked or re.search(rf"\b(?:{CONVERSATION_NOUNS}|how many|number)\b", rest)
    return _combined(rest) or (Number(metric="conversations") if counted else None)


def _all_numbers(text: str) -> list[Number]:
    other = re.sub(rf"\b(efforts?|churn|risk) {RATE}(?!\w)", r"\1", text)
    felt = _rated_sentiment(other) or _counted_sentiment(other) or _mood(other)
    found = (_churn(text), _effort(text), felt, _at_risk(text))
    return [number for number in found if number is not None]


_SAID = {"churn_risk_rate": "churn risk", "high_effort_rate": "effort", "sentiment": "sentiment"}


def other_rates(text: str, metric: str | None) -> tuple[str, ...]:
    """The rates that a message names beside the one that is answered."""
    rates = [one.metric or "" for one in _all_numbers(text) if one.metric in _SAID]
    if metric not in rates:
        return ()
    others = [_SAID[one] for one in dict.fromkeys(rates) if one != metric]
    counted = re.search(r"\b(?:volumes?|how many|(?:number|count) of)\b", text)
    joined = re.search(
        rf"\b({CONVERSATION_NOUNS}) (?:and|plus) (?:the |their )?(?:{_MOOD}|effort|churn)\b"
        rf"|\b(?:{_MOOD}|effort|risk) (?:and|plus) (?:the )?({CONVERSATION_NOUNS})\b",
        text,
    )
    said = counted.group() if counted else joined and (joined.group(1) or joined.group(2))
    return (*others, *([said] if said else []))


def _combined(text: str) -> Number | None:
    """The first rate that is named, or a count; with the filters of all nouns that are counted."""
    named = _all_numbers(text)
    if not named:
        return None
    rate = next((one.metric for one in named if one.metric != "conversations"), None)
    filters: dict[str, tuple[str, ...]] = {}
    for one in reversed(named):
        filters |= one.filters
    if rate == "churn_risk_rate":
        filters.pop("churn_risk", None)
    return Number(metric=rate or "conversations", filters=filters)


def _felt(text: str) -> dict[str, tuple[str, ...]]:
    """How those who are counted feel: "how many accounts are unhappy"."""
    felt = mood_of(text)
    return {"sentiment": (felt,)} if felt else {}


def _churn(text: str) -> Number | None:
    if re.search(r"\bflag(?:ged)? rate\b", text):
        return Number(metric="churn_risk_rate")
    if not re.search(r"\bchurn\w*", text):
        return None
    shared = re.search(
        rf"\b{RATE} of (?:(?:the|our|all|{_NOUNS}|that|are|were|with|as) )*(?:flagged )?churn",
        text,
    )
    if shared is None and re.search(
        rf"\bchurn(?: |-)?risk (?:flag(?:ged)? )?{_NOUNS}|\bflagged (?:as |for |with )?churn"
        r"|\bchurn(?: |-)?(?:risk )?(?:flags|signals|alerts)\b",
        text,
    ):
        return Number(metric="conversations", filters={"churn_risk": ("yes",)})
    if re.search(r"\bchurn(?: risk|ing)?\b", text) or shared:
        return Number(metric="churn_risk_rate")
    return None


def _at_risk(text: str) -> Number | None:
    """ "How many accounts are at risk" counts those with a signal, and no other."""
    if not re.search(r"\b(?:at[ -]risk|flagged)\b", text):
        return None
    return Number(metric="conversations", filters={"churn_risk": ("yes",)})


def _effort(text: str) -> Number | None:
    if not re.search(r"\befforts?\b", text):
        return Number(metric="high_effort_rate") if re.search(_HARD, text) else None
    counted = re.search(rf"\b(high|low|empty|blank|no) effort (?:{_FELT} )?{_NOUNS}", text)
    if counted is not None and not re.search(rf"\b{RATE}\b", text):
        value = "empty" if counted.group(1) in EMPTY else counted.group(1)
        return Number(metric="conversations", filters={"effort": (value,)})
    return Number(metric="high_effort_rate")


def _rated_sentiment(text: str) -> Number | None:
    found = re.search(r"\b(negative|positive)\b", text)
    if found is None:
        return None
    rated = re.search(
        rf"\b(?:negative|positive) {RATE}|{RATE}(?: \S+){{0,6}} (?:negative|positive)|"
        rf"\bhow (?:negative|positive)|\bmost (?:negative|positive) (?:{RANKED})\b|"
        rf"\b(?:is|are|was|were) (?:the )?(?:most|least) (?:negative|positive)\b(?! {_NOUNS})|"
        rf"{RATE} (?:negative|positive)",
        text,
    )
    if rated is not None:
        return Number(metric=f"{found.group(1)}_rate")
    if re.search(
        rf"\b(?:{_PARTS_OF}) (?:of|for|behind) (?:negative|bad|poor) (?:sentiment|mood)", text
    ):
        return Number(metric="conversations", filters={"sentiment": ("negative",)})
    if re.search(r"\bnegative (?:sentiment|mood|tone)\b", text):
        return Number(metric="sentiment")
    if re.search(r"\bpositive (?:sentiment|mood|tone)\b", text):
        return Number(metric="positive_rate")
    return None


def _counted_sentiment(text: str) -> Number | None:
    ranked = re.search(
        rf"(\b(?:ha[sd]|have|gets?|got|sees?|sends?|with) (?:the )?)?"
        rf"\b(?:least|most) {_MOOD} (?:{RANKED})\b",
        text,
    )
    if ranked is not None and not ranked.group(1):
        return Number(metric="sentiment")  # and "has the most unhappy customers" counts
    named = re.findall(r"\b(negative|neutral|positive)s?\b", text)
    if named:
        values = tuple(dict.fromkeys(named))
        return Number(metric="conversations", filters={"sentiment": values})
    moody = re.search(rf"\b{MOODY} {_NOUNS}", text)
    if moody is not None:
        return Number(metric="conversations", filters=_felt(moody.group()))
    if re.search(rf"\b{_COMPLAINTS}\b", text):
        return Number(metric="conversations", filters={"sentiment": ("negative",)})
    return None


def _mood(text: str) -> Number | None:
    return Number(metric="sentiment") if re.search(rf"\b{_MOOD}\b", text) else None


def same_rate(metric: str | None, felt: tuple[str, ...]) -> str | None:
    """ "And negative?" after a positive rate is the other rate, and no count."""
    if metric in {"negative_rate", "positive_rate"} and felt in {("negative",), ("positive",)}:
        return f"{felt[0]}_rate"
    return None


def find_direction(text: str, metric: str | None) -> str | None:
    """The way the metric's value is said to move; "so high" is no movement."""
    good_is_up = metric in {"sentiment", "positive_rate"}
    text = re.sub(_NO_MOVEMENT, " ", text)
    if re.search(WORSE, text):
        return "down" if good_is_up else "up"
    if re.search(BETTER, text):
        return "up" if good_is_up else "down"
    down, up = re.search(DOWN, text), re.search(UP, text)
    falls = down is not None and (up is None or down.start() < up.start())
    if not falls and up is None:
        return None
    if metric == "sentiment" and re.search(rf"\bnegative {_MOOD}\b", text):
        falls = not falls  # less of what is negative is better
    return "down" if falls else "up"


def moves(text: str) -> str | None:
    """The word that says how a number moved, and not which of two is more."""
    text = re.sub(rf"{_NO_MOVEMENT}|\b(?:more|less|fewer|higher|lower|growth)\b", " ", text)
    found = re.search(rf"{UP}|{DOWN}|\b(?:improv\w+|worsen\w*|deteriorat\w*)\b", text)
    return found.group() if found else None


def find_breakdown(text: str, *, within_driver: bool) -> tuple[str, ...]:
    """The dimensions named after "by", "per", "for each": at most two."""
    found: list[str] = []
    grained = False  # "per day and channel"
    text = re.sub(r"^(?:and|ok|so|now|but) ", "", text)
    opening = r"\b(?:by|per|for each|across|between|among|broken down by|split by|each|and|every)"
    text = re.sub(rf"\b(\w+) {_SPLIT}", r"by \1", text)
    if not re.search(r"\b(?:by|per|for each|across|between|among|each|every)\b", text):
        return ()
    for match in re.finditer(rf"{opening} (?:which )?(?:each )?(\w+)(?=(?: (\w+))?)", text):
        if match.group(0).startswith("and") and not found and not grained:
            continue
        grained = match.group(1) in {"day", "week", "month"}
        first, second = match.group(1), match.group(2) or ""
        if first in {"complaint", "complaints", "gripes"}:
            continue  # what is ranked by, and no breakdown
        named = (f"{first} {second}", first, *([second] if second else []))
        dimension = next(
            (
                found_one
                for one in named
                if (found_one := dimension_of(one, within_driver=within_driver)) is not None
            ),
            None,
        )
        if dimension is not None and dimension not in found:
            found.append(dimension)
    return tuple(found[:2])


def dimension_of(word: str, *, within_driver: bool) -> str | None:
    for dimension, pattern in DIMENSIONS.items():
        if re.fullmatch(pattern, word):
            return dimension
    if re.fullmatch(_TOPICS, word):
        return "tag" if within_driver else "driver"
    return None


def named_dimension(text: str, *, within_driver: bool) -> str | None:
    """The first dimension a ranking asks for: "top issues", "which accounts", "what tags"."""
    if re.search(WHO_HANDLED, text):
        return "agent"
    if re.search(_WHO_HAS_MOST, text):
        return "account"
    if re.search(r"^(?:and |so |ok )*whose (?:accounts|customers|book|portfolio)\b", text):
        return "owner"
    topic = "tag" if within_driver else "driver"
    if is_topic_asked(text) or re.search(r"\bwhat (?:drives?|causes?)\b", text):
        return topic
    for asked in re.finditer(r"\b(?:which|what) (\w+)", text):  # "fewest complaints: which channel"
        dimension = dimension_of(asked.group(1), within_driver=within_driver)
        if dimension not in {None, "sentiment"}:
            return dimension
    grain = re.search(
        r"\b(?:which|what|busiest|quietest|worst|best|top(?: \d+)?|slowest|highest|lowest|biggest)"
        r"(?: \S+)? (day|week|month)s?\b",
        text,
    )
    if grain is not None:
        return grain.group(1)
    places = [
        (match.start(), dimension)
        for dimension, pattern in ((topic, _TOPICS), *DIMENSIONS.items())
        if dimension != "sentiment" and (match := re.search(rf"\b{pattern}\b", text)) is not None
    ]
    if places:
        return min(places)[1]
    if re.search(r"^(?:and |so |ok )*who\b", text):
        return "account"
    return topic if re.search(r"\bcomplain", text) else None


def without_slices(text: str) -> str:
    """Leave out "for my accounts" and "for enterprise customers": a slice, and nothing to rank."""
    return re.sub(_OF_SOME, " ", text)


_OF_SOME = r"\b(?:for|in|of|from|with|among|across|at|only|just) (?:my|~|our|the) (?:~ )*\w+"


def is_topic_asked(text: str) -> bool:
    """Whether a message asks what customers complain or write about."""
    return re.search(_TOPIC_ASKED, text) is not None


def mood_of(text: str) -> str | None:
    """How those feel who are spoken of: "quotes of unhappy enterprise customers"."""
    if re.search(rf"\b{UNHAPPY}\b", text):
        return "negative"
    return "positive" if re.search(rf"\b{HAPPY}\b", text) else None


def compared_dimension(text: str) -> str | None:
    """Read "compare all channels", "compare effort by channel": every side is a breakdown."""
    each = r"(?:all |the |our |my |between |across )*(\w+)"
    named = [
        *re.findall(rf"\bcompar\w+ {each}", text),
        *re.findall(rf"\bcompar\w+ .*?\b(?:across|between|by|per) {each}", text),
    ]
    sides = (dimension_of(one, within_driver=False) for one in named if one != "sentiment")
    return next(filter(None, sides), None)


def find_grain(text: str) -> str | None:
    for grain, pattern in (
        ("day", r"\b(?:per day|by day|daily|day by day|each day|every day|a day|days)\b"),
        (
            "week",
            r"\b(?:per week|by week|weekly|week by week|week over week|each week|a week|wow)\b",
        ),
        ("month", r"\b(?:per month|by month|monthly|month by month|month over month|each month)\b"),
    ):
        if re.search(pattern, text):
            return grain
    return None
