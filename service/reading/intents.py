"""Which kind of question a message is, in one fixed order, from its words alone."""
# ruff: noqa: E501 -- a rule is one pattern; its alternatives stay together

import re
from dataclasses import dataclass

from service.domain.answers import Intent
from service.reading import signals
from service.reading.entities import Entities

_HELP = (
    r"^(?:great|ok|okay|cool|nice|perfect|awesome|lovely|good|got it|brilliant)*(?: |^)(?:thanks|thank you|thx|ty|cheers)"
    r"(?: (?:so|very|much|a|lot|all|again|verbatim|bot))*$|"
    r"^(?:hi+|hi?ya|he+y+a*|hell?o+|help|yo+|good (?:morning|afternoon|evening)|thanks|thank you|thx|ty|cheers|howdy|sup)"
    r"(?: (?:there|all|team|bot|verbatim|please|pls|me|again|you|everyone))*$"
    r"|^(?:so |and |ok |hi |hey |hello |good |morning |afternoon |verbatim )*what (?:can|could|should|do) (?:i|we|you) (?:ask|do|help|know|answer)(?! ?about\b)(?: you| me| with| for me| for us)?$|\bhow (?:do|does|can) (?:i|we|you|this|it) (?:use|work|ask)\b(?! out\b)"
    r"|^(?:who|what) are you\b|\b(?:what|which)(?: (?:kind|kinds|sort|sorts|type|types) of)? questions (?:can|could|do|should)\b|\bwhat kind of questions|\bexample questions|\bhow to use\b|\bwhat are you able\b"
)
# "The tickets behind the drop" are shown; what is behind it is explained.
_SHOWN_BEHIND = r"\b(?:words|quotes?|verbatims?|examples?|snippets?|tickets?|tix|conversations?|convos?|cases|messages) behind\b"
_QUOTES = (
    r"\b(?:quotes?|verbatims?|examples?|exact words|own words|snippets?|excerpts?|testimonials?)\b"
    rf"|{_SHOWN_BEHIND}"
    r"|\bwhat (?!(?:we|you|i|is|was)\b)(?:[a-z]+|~)(?: [a-z]+)? (?:say|said|are saying|tell us|told us|think|are telling us)\b"
    r"|\bwhat (?:exactly |actually |precisely )?(?:are|do|did|have|were) (?!(?:we|you|i)\b)(?:\S+ ){1,4}?(?:been )?(?:say|saying|said|tell us|telling us|told|writing|think|thinking)\b"
    r"|\bwhat (?:are|is|do|did|have|were)? ?(?:the )?(?:\S+ ){0,2}?(?:people|customers?|users?|they|folks|clients?|everyone|~)(?: \S+){0,5}? "
    r"(?:been )?(?:say|saying|said|writing|write|wrote|telling|think|thinking|thought)\b|\bwhat people (?:say|said|are saying|write)\b"
    r"|\b(?:show|give|read|see|find|pull|get)(?: me| us)?(?: up)? (?:the |some |a few |a couple of |all |any |~ |\d+ |those |these |that |"
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten) )*"
    r"(?:actual |recent |latest |negative |positive |angry |happy |unhappy |annoyed |upset |frustrated |(?:high|low) effort |= )*"
    r"(?:tickets?|tix|conversations?|convos?|messages?|chats|calls|emails|feedback)\b(?! (?:volumes?|counts?|numbers?))|\bwhat (?:did|do|are) ~ (?:say|saying)\b|\bhear from\b"
)
# "Show me negative calls": the channel is what is shown.
_SHOWN_BY_CHANNEL = (
    r"\b(?:show|give|read|see|find|pull|get)(?: me| us)?(?: up)? (?:the |some |any |a few |all |\d+ |two |three |four |five |six |ten |those |recent "
    r"|latest |negative |positive |angry |happy |unhappy |annoyed |upset )*~"
)
# "For my weekly review": a meeting, and no grain.
REGULAR = (
    r"\b(?:daily|weekly|monthly|quarterly) (?:reports?|reviews?|meetings?|sync|updates?|digest"
    r"|decks?|stand-?up|check-?in|catch-?up|one on one|1 1)\b"
    r"|\b(?:daily|weekly|monthly|quarterly) (?:numbers|figures|stats|kpis|metrics)\b"
    r"(?= (?:volumes?|tickets|conversations|sentiment|effort|churn|negative|positive|high|how|what"
    r"|which|why|top|who)\b)"  # a heading
)
_TREND = (
    r"\b(?:trend\w*|over time|(?<!about )(?<!about the )(?<!about our )(?:(?:chart|graph)(?:s|ed|ing)?|plot(?:s|ted|ting)?)|per day|per week|per month|daily|weekly|monthly|timeline|"
    r"day by day|week by week|month by month|history of|curve)\b"
    r"|\bhow (?:has|have|did|is|are) .*\b(?:moved?|changed?|develop(?:ed)?|evolved?|progress|moving|evolving|developing|progressed)\b"
    r"|\bby (?:day|week|month)\b|\beach (?:day|week|month)\b"
)
# How one unit moved against the one before: a trend, unless asked whether it is up.
_OVER_THE_LAST = r"\b(?:week over week|month over month|week on week|month on month|wow|mom)\b"
_TRENDING = r"\b(?:which|what) \w+(?: reasons?)? (?:are|is|were|was|have been) (?:\w+ )?trending\b"
_TOP = (
    r"\b(?:top|most|least|biggest|largest|smallest|best|worst|highest|lowest|fewest|main|leading|commonest|"
    r"happiest|unhappiest|angriest|grumpiest|ranking?|rank(?:ed)?|sort(?:ed)?|fastest|number one|bottom|slowest|hardest|easiest|busiest|quietest|noisiest|loudest)\b"
)
# "Which customers complained about refunds", "who wrote in": those with most of it.
_WHICH_ONES = (
    r"^(?:and |so |ok )*(?:which|what) (?:of )?(?:\S+ ){0,3}?(?:accounts|customers|companies|clients|segments|channels|drivers|agents|tags)\b(?! (?:are|is|were|do|does|did|have|has) (?:we|there|you|it)\b)(?: \S+)+"
    r"|^(?:show |me |give |list )*(?:all|every) (?:the |our )?(?:accounts|customers|segments|channels|drivers|agents|tags) by\b"
    rf"|\b(?:accounts|customers|clients) (?:which|who) (?:are|were) (?:\w+ )?(?:{signals.UNHAPPY}|{signals.HAPPY})"
    r"|^(?:and |so |ok )*who(?:'s|s| has| is| are| was| were)?(?: been)? (?:(?:so |most |very )?(?:un)?happy|angry|annoyed|upset|frustrated|grumpy|complain\w*|wrote|writ\w+|contact\w*|moan\w*)\b"
)
_CHANGE_RANK = (
    r"\b(?:gr[eo]w\w*|growth|increas\w*|rose|ris(?:en|ing|es?)|improv\w*|jump(?:ed|s)?|gains?|swings?|dips?|spik\w*|fell|fall\w*|dropp\w*|drops?|declin\w*|"
    r"chang\w*|trending|deteriorat\w*|worsen\w*|surg\w*|climb\w*|shrank|decreas\w*|movers?|(?:got|gotten|getting|became|become|becoming) (?:\w+ )?(?:(?:un)?happier|worse|better|angrier|grumpier|harder|easier)|gone up|gone down|went up|went down)\b"
)
_CAUSE = (
    r"\b(?:why|what'?s? (?:is |was |are )?(?:behind|driving|causing|drove|caused|pushing)|"
    r"what (?:drove|caused|pushed|sent|brought|dragged|pulled|made|explains|is (?:driving|causing|pushing|dragging)|led to)|reasons? (?:for|behind|of)|explain|root causes?|"
    r"behind (?:the|all)|driver of the|due to what)\b"
)
# Of one account these ask for a brief.
_HAPPENED = (
    r"\b(?:what'?s? (?:is |was |are )?(?:going (?:on|wrong|well|badly)|happening|(?:up |the (?:deal|story|matter) )?with)|(?:some|any)thing happen\w*|"
    r"what (?:has |have )?(?:changed|happened|(?:went|gone) (?:wrong|well|right))|anything (?:unusual|odd|new|strange|weird|interesting|different|wrong|off)|"
    r"how (?:are|were|did) (?:we|things) (?:doing|do|going|look\w*)|how is (?:things|it going))\b"
)
_OPEN = (
    r"\b(?:what(?:'s| is| has| have|s)? (?:changed|happened|new|different|going (?:on|wrong|well|badly)|happening|up with)|anything \w+|"
    r"what(?:'s| is|s| went| has gone) (?:wrong|well|right)|how (?:are|were|did) (?:we|things)|how is (?:things|it going)|"
    r"how(?:'s| is| are|s) (?:the |our |my )*(?:~[ ~]*|accounts |customers |clients |book |portfolio )(?:\w+ )?(?:doing|going|looking))\b"
    r"|^(?:a |the |quick |give me (?:a |the )?)*(?:summary|recap|overview|rundown|round-?up)(?: of| for)?(?: @)+$"
    r"|^(?:so |and )*how(?:'s|s| (?:was|were|is|did|has))(?: been)?(?: @)+(?: (?:go|went|look|been|going|looking|been going))?$"
)
# "Hey team, quick one - are refunds up?"
_LEAD_IN = r"^(?:(?:so|and|ok|okay|hey|hi|hello|team|all|folks|guys|quick|one|q|qq|question|sorry|just|wondering|curious|btw|also|morning|please|pls) )*"
_YES_NO = rf"{_LEAD_IN}(?:any|has|have|had|did|does|do|is|are|was|were)\b"
_HOW_MUCH = (
    r"\bhow much (?:did|has|have|is|are|was|were|does|do)\b|\bby how much\b"
    r"|(?:percent\w*|%) (?:change|increase|decrease|growth|drop|rise)\b"
)
YEAR_OVER_YEAR = r"\b(?:yoy|year (?:over|on) year)\b"
_COMPARE = r"\b(?:qoq|yoy|(?:year|quarter) (?:over|on) (?:year|quarter)|vs|versus|compare[ds]?|comparing|comparison|difference between|against|than|or|compared)\b"
_COUNT = r"\b(?:how many|how much|number of|count|what share|what percentage|what percent|what proportion|share of|percentage of|total|how often|what %|what is the|what was the)\b|%"
_FIX = r"\b(?:help(?:ed|ful|s)?|useful|effective|successful|worth it|any good|impact|effect|affect(?:ed)?|work(?:ed|ing)?|do to|done to|did to|ma(?:ke|de|king) (?:a |any |much )?(?:\w+ )?difference|pay off|paid off|before and after|since|fixed|reduce[ds]?|improve[ds]?|judge|result of|was it|is it|because of|due to|blame|hurt\w*|harm\w*|damage\w*|broke|break|bring|after)\b"
_ABOUT_THEM = (
    r"\b(?:tell (?:me|us) (?:more )?about|brief (?:me|us) on|how(?:'s| are| is)|what(?:'s| is) going on (?:with|at)) "
    r"(?:them|they|it|that account|this account)(?: doing| going)?"
    r"(?: (?:in general|generally|overall|otherwise|all in all|as a whole))?$"
)
_ANY_FIX = frozenset("last latest new newest recent current big next old first".split())  # noqa: SIM905  # shorter so
# A fix or a release that is spoken of as one, whatever its name.
UNNAMED_FIX = (
    r"\b(?:the|a|that|our|this) (?:(?P<name>(?!(?:the|of|for|to|in|on|and|why|did|do|does)\b)[\w.-]+(?: [\w.-]+)?) )??(?:fix|release|rollout|hotfix|patch)\b"
    r"|\b(?:release|version) (?P<number>v?\d[\w.]*)|\b(?P<version>v\d[\w.]*)"
)
_FUNNEL = r"\b(?:funnels?|conversion|convert\w*|drop[ -]?offs?|dropping off|journey)\b"
_CHURN = (
    r"\b(?:at risk|at-risk|risk of (?:churn\w*|leaving|cancel\w*)|about to (?:churn|leave|cancel)|(?:may|might|could|likely to|going to|gonna|want to|wants to|threatening to|threatened to|ready to|thinking of|considering) "
    r"(?:churn\w*|leav\w*|cancel\w*|quit\w*|switch\w*)|churn(?: risk)? (?:flags?|list)|who\b.*\bchurn risk|churn risk\b.* who|(?:open|new|raised|active|current) flags?|flags? (?:raised|open|opened|active|on|for|at)|flag(?:ged)? (?:(?:for|as|with) )?(?:churn|at risk)|(?:tickets?|conversations?|convos?|cases) (?:that |which )?(?:show|have|has|with|are) (?:a |any )?churn risk|churning|churn risk accounts?|risky accounts?|churn risks)\b"
    r"|^(?:list|show|show me|give me|any|new|which|what) (?:the |all |me |open |new )*churn risk\b"
)
_LISTED = rf"\b(?:{signals.RANKED}|who|which|whose|lists?|show|give|any|tickets?|convos?|conversations?|flags?)\b"
_BRIEF = (
    r"\b(?:tell (?:me|us) (?:about|more about)|prep (?:me|us)?|brief(?:ing)? (?:me |us )?(?:on|for|about)?|brief|catch (?:me|us) up|fill me in|get me ready|"
    r"anything (?:new|going on|happening|changed|happened|up)|what(?:'s| is|s| has| have)? (?:been )?(?:going on|happening|new|up|the (?:story|deal|latest|state))|what(?:'s| has)? (?:changed|happened)|how(?:'s| is| are|s| have| has) .*(?:doing|been|going|getting on|looking)|"
    r"how(?:'s| are| is|s) ~|status (?:of|on)|summary (?:of|on|for)|summari[sz]e|overview|update on|know about|health of|check in on|background on|meeting with|call with|qbr|lowdown|rundown)\b"
)

_OF_A_NAME = (
    r"\b(?:status|summary|overview|background|update|lowdown|rundown|health) (?:of|on|for|at|about) "
    r"(?!(?:the|our|my|this|last|all|your|sentiment|effort|churn)\b)[a-z]"
    r"|^how(?:'s|s| is| are) (?!(?:we|you|things|it|they|my|our|the|this|every\w+|~|@)(?: |$))[a-z]\S*(?: [a-z]\S*){0,2} (?:doing|looking|getting on)\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the deciding rules look at."""

    text: str  # all words but quoted ones
    free: str  # words that no name and no period used up
    entities: Entities
    number: signals.Number
    has_period: bool
    sides: bool  # two values of one dimension stand beside each other
    two_periods: bool


def is_help(text: str) -> bool:
    return re.search(_HELP, text) is not None


def is_about_them(text: str) -> bool:
    """Whether a follow-up asks in general about what a thread is about."""
    return re.search(_ABOUT_THEM, text) is not None


def is_ranking(text: str) -> bool:
    return re.search(_TOP, text) is not None


def unnamed_fix(text: str) -> str | None:
    """The words that should name a fix or a release and are no name that we know."""
    match = re.search(UNNAMED_FIX, text)
    found = match and (match["name"] or match["number"] or match["version"])
    return found if found and not set(found.split()) <= _ANY_FIX else None


def is_open(text: str) -> bool:
    """Whether a message asks what happened, and not about one number."""
    return re.search(_OPEN, text) is not None


def explicit_intent(asked: Asked) -> Intent | None:
    """The intent that the words themselves name, or None when only slots are there."""
    for intent, rule in (
        (Intent.FIX_IMPACT, _is_fix),
        (Intent.FUNNEL, _is_funnel),
        (Intent.WHY_CHANGE, _is_why),
        (Intent.COMPARE, _is_two_periods),
        (Intent.COUNT, _is_how_many),
        (Intent.QUOTES, _is_quotes),
        (Intent.TREND, _is_trend),
        (Intent.COMPARE, _is_compare),
        (Intent.CHURN_LIST, _is_churn_list),
        (Intent.TOP, _is_top),
        (Intent.WHY_CHANGE, _is_yes_no_change),
        (Intent.COUNT, _is_count),
        (Intent.ACCOUNT_BRIEF, _is_brief),
        (Intent.WHY_CHANGE, _is_open_question),
    ):
        if rule(asked):
            return intent
    return None


def _has(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None


def _is_fix(asked: Asked) -> bool:
    if _has(r"\bwhy\b", asked.free) or _is_dated_by_fix(asked):
        return False
    named = asked.entities.first("fix") is not None or _has(UNNAMED_FIX, asked.text)
    since = r"\b(?:ever )?since (?:the |our |that )?(?:(?:last|latest) )?(?:~ ?(?:fix|release)?|fix|release)"
    judged = _has(_FIX, re.sub(since, " ", asked.free))
    asks = named and _has(_YES_NO, asked.free)
    return named and bool(judged or asks) and not _has(since, asked.free)


def _is_dated_by_fix(asked: Asked) -> bool:
    """ "Which tags spiked after release 30": the release only says from when on."""
    dated = _has(
        r"\b(?:since|after|following) (?:the |our |that )?(?:(?:last|latest) )?~", asked.free
    )
    return dated and (_is_ranked_change(asked) or _is_how_many(asked) or _is_quotes(asked))


def _is_funnel(asked: Asked) -> bool:
    return asked.entities.first("funnel") is not None or _has(_FUNNEL, asked.free)


def _is_why(asked: Asked) -> bool:
    if _one_account(asked) and asked.number.metric is None and is_open(asked.text):
        return False
    ranks_reasons = _has(_TOP, asked.free) and _has(r"\breasons? for\b", asked.free)
    if asked.sides and _has(r"\bthan\b", asked.free):
        return False  # "why is chat worse than email" weighs one against the other
    if _has(r"\band why$", asked.free) and (
        _is_top(asked) or _is_how_many(asked) or _is_churn_list(asked)
    ):
        return False
    if _has(r"\bwhy\b", asked.free):
        return True
    if _has(r"(?<!top )\breasons?$", asked.free) and signals.moves(asked.free):
        return True  # "volume fell on chat. reasons?"
    if _has(_SHOWN_BEHIND, asked.free):
        return False
    happened = _has(_HAPPENED, asked.free) and not _is_brief_only(asked)
    return not ranks_reasons and (_has(_CAUSE, asked.free) or happened)


def _is_brief_only(asked: Asked) -> bool:
    return _one_account(asked) and asked.number.metric is None


def _one_account(asked: Asked) -> bool:
    return len(asked.entities.of("account")) == 1 or asked.entities.unsure_account


def _is_how_many(asked: Asked) -> bool:
    if _is_yes_no_change(asked):
        return False
    if asked.sides and _has(r"^(?:please |pls |can you )*compare\b|\b(?:vs|versus)\b", asked.free):
        return False
    return _has(
        r"(?<!by )(?<!by the )\b(?:how many|number of|how often)\b", asked.free
    ) and not _has(_TREND, asked.free)


def _is_two_periods(asked: Asked) -> bool:
    return asked.two_periods and _has(_COMPARE, asked.free) and not _is_ranked_change(asked)


def _is_ranked_change(asked: Asked) -> bool:
    """ "Which drivers grew most, november vs october": ranked, and not weighed."""
    return _is_top(asked) and _has(_CHANGE_RANK, asked.free)


_AT_RISK = r"\b(?:tickets?|tix|conversations?|convos?|cases) (?:(?:that|which) (?:are|were) )?at(?: |-)risk\b"


def _is_quotes(asked: Asked) -> bool:
    if _has(_AT_RISK, asked.text):
        return False
    rated = _has(rf"\b{signals.RATE}(?!\w)|%", asked.free)
    if asked.entities.of("channel") and not rated and _has(_SHOWN_BY_CHANNEL, asked.free):
        return True
    return _has(_QUOTES, asked.free)


def _is_trend(asked: Asked) -> bool:
    if _has(r"^when (?:was|is) the (?:last|first|latest)\b", asked.free):
        return False
    if _has(r"^when (?:did|has|have|was|were|is|are)\b", asked.free) and asked.number.metric:
        return True
    if _has(_OVER_THE_LAST, asked.free) and not _is_yes_no_change(asked):
        return True
    if _has(r"\btrending (?:up|down|higher|lower)", asked.free) and _has(_YES_NO, asked.free):
        return False
    return _has(_TREND, asked.free) and not _has(_TRENDING, asked.free)


def _is_compare(asked: Asked) -> bool:
    if asked.sides and _has(_COMPARE, asked.free):
        return True
    if asked.two_periods and _is_ranked_change(asked):
        return False
    if not asked.two_periods and _is_yes_no_change(asked):
        return False
    return not _is_ranked_change(asked) and _has(
        r"\b(?:compare|compared (?:to|with)|versus|vs|difference between)\b|^(?:and )?against\b",
        asked.free,
    )


def _is_churn_list(asked: Asked) -> bool:
    if _has(
        r"\b(?:most|share|percentage|percent|proportion|rate|volumes?|count of)\b|%", asked.free
    ):
        return False
    if signals.find_breakdown(asked.free, within_driver=False):
        return False
    flagged = _has(_CHURN, asked.free) or _has(_LISTED, asked.text)
    return flagged and _has(_CHURN, asked.text)


def _is_top(asked: Asked) -> bool:
    if _has(_WHICH_ONES, asked.free) and not _has(_CHANGE_RANK, asked.free):
        return True
    if _has(_TOP, asked.free):
        return not _has(r"\bat (?:most|least)\b", asked.free)
    return (
        _has(r"\b(?:which|what) \w+", asked.free)
        and _has(_CHANGE_RANK, asked.free)
        and (signals.named_dimension(asked.free, within_driver=False) is not None)
    ) or (
        _has(signals.WHO_HANDLED, asked.free)
        or (signals.is_topic_asked(asked.free) and _has(r"\babout\b", asked.free))
    )


def _is_yes_no_change(asked: Asked) -> bool:
    if not _has(_YES_NO, asked.free) and not _has(_HOW_MUCH, asked.free):
        return False
    return signals.find_direction(asked.free, asked.number.metric) is not None or _has(
        r"\bchanged?\b", asked.free
    )


def _is_count(asked: Asked) -> bool:
    return _has(_COUNT, asked.free) and asked.number.metric is not None


def _is_brief(asked: Asked) -> bool:
    return (
        asked.number.metric is None
        and _has(_BRIEF, asked.text)
        and not _has(r"\bhow (?:are|were|did) (?:we|things)\b", asked.text)
        and (
            _one_account(asked)
            or _has(r"\b(?:brief|prep|tell (?:me|us) about|catch (?:me|us) up)", asked.text)
            or _has(_OF_A_NAME, asked.free)
        )
    )


def _is_open_question(asked: Asked) -> bool:
    return is_open(asked.free)


_BAD_MOOD = rf"(?:negative|{signals.UNHAPPY})\b"


def rank_of(text: str, metric: str | None) -> tuple[str, str]:
    """Return (rank_by, order) of a ranking."""
    by = "change" if re.search(_CHANGE_RANK, text) else "value"
    good_is_high = metric in {"sentiment", "positive_rate"}
    if re.search(rf"\bleast {_BAD_MOOD}", text):
        order = "desc" if good_is_high else "asc"
    elif re.search(
        r"\b(?:least|lowest|fewest|smallest|bottom|slowest|quietest|asc|ascending)\b", text
    ):
        order = "asc"
    elif re.search(rf"\bmost {_BAD_MOOD}", text) or re.search(
        r"\b(?:worst|angriest|unhappiest|grumpiest|hardest)\b", text
    ):
        order = "asc" if good_is_high else "desc"
    elif re.search(r"\b(?:best|happiest|easiest)\b", text):
        order = "desc" if good_is_high or metric in {None, "conversations"} else "asc"
    elif metric == "sentiment" and signals.mood_of(text) == "negative":
        order = "asc"  # "which accounts are unhappy"
    else:
        order = "desc"
    return by, order


def rank_named(text: str, metric: str | None) -> tuple[str | None, str | None]:
    """What a message itself says of (rank_by, order), for one that changes a ranking."""
    by, order = rank_of(text, metric)
    ordered = re.search(
        r"\b(?:asc|ascending|desc|descending|least|lowest|fewest|smallest|bottom|slowest|quietest|worst|angriest|unhappiest|grumpiest"
        r"|hardest|best|happiest|easiest|most|highest|biggest|largest)\b",
        text,
    ) or (metric not in {"sentiment", "positive_rate"} and re.search(r"\btop\b", text))
    return by if by == "change" else None, order if ordered else None


def limit_of(text: str) -> int | None:
    """The number of rows asked for; "all" is the most that fits."""
    numbers = {
        "one": 1,
        "two": 2,
        "three": 3,
        "four": 4,
        "five": 5,
        "six": 6,
        "seven": 7,
        "eight": 8,
        "nine": 9,
        "ten": 10,
        "twelve": 12,
        "fifteen": 15,
        "twenty": 20,
        "a couple of": 2,
        "a few": 3,
    }
    if re.search(r"\b(?:all|every)\b", text):
        return 25
    words = "|".join(numbers)
    found = re.search(
        rf"(?<![\w.])(?<!second )(?<!third )(?<!last )(?<!other )(?<!that )(?<!this )(?<!which (?=one))"
        rf"(\d{{1,3}}|{words})(?![\w.%])",
        text,
    )
    if found is None:
        return None
    value = int(found.group(1)) if found.group(1).isdigit() else numbers[found.group(1)]
    return max(1, min(25, value))
