"""Tells a problem stated calmly from a complaint, by what the words mean.

A model of tone learns from reviews, where a fault is a verdict. In a ticket "the file is not in the
folder" is a fact, and "third time I am locked out" is a complaint without one angry word. Knows no
model: it only says which of the two a text is, or neither.
"""

import re

_QUOTE = "['\u2019]"
_ANY = re.IGNORECASE | re.VERBOSE

# What shouts, smiles or sulks; handles and hashtags are talk in public, where a fault is a verdict.
_LOUD = re.compile(r"[!\u2026@#*\u2600-\u27bf\U0001f300-\U0001faff]|\.\.|\?\?|[:;=]-?[(/\\|]")
_SHOUTED = re.compile(r"\b[A-Z]{6,}\b")

# Courtesies and harmless uses of words that count as felt elsewhere.
_HARMLESS = re.compile(
    r"""\bgood\s+(?:morning|afternoon|evening|day)\b
    |\bhope\s+(?:this\s+(?:mail|message|e-?mail)\s+finds\s+you|you\s+are|you['\u2019]re)
        (?:\s+(?:doing|all))*\s*(?:well|fine)?\b
    |\b(?:would|d)\s+like\b|\blike\s+to\b|\b(?:looks?|seems?)\s+like\b|\bas\s+well\b
    |\b(?:many\s+)?thanks?(?:\s+you)?(?:\s+(?:so|very)\s+much|\s+a\s+lot|\s+in\s+advance)?\b
    |\bbest\s+regards\b|\bkind\s+regards\b|\bsorry\s+(?:to|for)\s+(?:bother|the\s+trouble)\w*
    |\b(?:hours|days|weeks|months|years)\s+(?:ago|left)\b
    |\bstill\s+(?:pending|open|marked|shown|showing|shows|says|listed|active|valid|there)\b
    |\bwhy\s+(?:is|are|was|were|does|did|has)\b|\bthe\s+(?:first|second|third)\b
    |\b(?:first|last)\s+(?:name|page|row|column|line|item|one|two|step)\b""",
    _ANY,
)
# What a person feels, judges or has had to bear.
_FELT = re.compile(
    r"""\b(?:terribl\w*|awful\w*|horr\w*|worst|worse|bad|badly|poor\w*|hat(?:e|es|ed|ing)|useless\w*
    |pointless|worthless|disappoint\w*|annoy\w*|frustrat\w*|irritat\w*|ridiculous\w*|unaccept\w*
    |inexcus\w*|outrag\w*|furious\w*|angr\w*|mad|upset\w*|unhapp\w*|unfair\w*|unprofess\w*
    |incompet\w*|insult\w*|rude\w*|joke\w*|scam\w*|fraud\w*|lie|lies|liar\w*|lied|cheat\w*|ripp?ed
    |asham\w*|shame\w*|embarrass\w*|regret\w*|nightmare\w*|mess|messy|messed|disast\w*|garbage|trash
    |rubbish|junk|crap\w*|suck\w*|shit\w*|damn\w*|hell|wtf|omg|fuck\w*|bloody|stupid\w*|idiot\w*
    |dumb|pathetic\w*|wast(?:e|es|ed|ing)|disgust\w*|gross|ugly|cheap\w*|flims\w*|sloppy|lousy
    |mediocre|bor(?:ed|ing)|bland|dirty|filthy|sad\w*|sorry|worr\w*|afraid|scar(?:ed|y)|stress\w*
    |hurt\w*|pain\w*|cry|crying|suffer\w*|sick|tired|fed|enough|trust\w*|believe|expect\w*|deserv\w*
    |complain\w*|blam\w*|ignor\w*|cares?|cared|apolog\w*|excuse\w*|refus\w*|ruin\w*|destroy\w*
    |wreck\w*|fell|downhill|overpriced|expensive|money|avoid\w*|hopeless\w*|impossibl\w*|absurd\w*
    |insane|crazy|unbeliev\w*|unfortunat\w*|honest\w*|serious\w*|literal\w*|absolut\w*|total|totally
    |complete|completely|entire\w*|whole|really|very|extreme\w*|incredib\w*|too|so|such|even|barely
    |hardly|supposed\w*|so-called|joking|laugh\w*|silent|patience|impress\w*|fun|threw|deleted
    |again|still|already|once\s+more|any\s?more|keep|keeps|kept|always|never|ever|constant\w*
    |continu\w*|repeated\w*|every\s+(?:single|time|day|update|call)|each\s+time|nobody|no\s?one
    |no\s+(?:help|reply|answer|response)|told|promis\w*|explain\w*|waited|waiting|spent|blocked
    |stuck|forced|chas(?:e|ed|ing)|los(?:e|ing)|cost|hours|weeks|months|years|twice|times|fourth
    |fifth|how\s+(?:is|can|hard|come|many)|what\s+exactly|why|on\s+hold|hung\s+up|until\s+now
    |happy|glad|lov(?:e|es|ed|ing)|like[sd]?|great|good|nice|excell\w*|perfect\w*|well|best|better
    |enjoy\w*|recommend\w*|wish\w*|should\w*|at\s+all|manager|supervisor|stop|steal\w*|stole\w*
    |dies?|died|dead|kill\w*|slow\w*|lag\w*|unusabl\w*|unreliab\w*|nonsense|lol|lmao|lame|weak|evil
    |hack\w*|smell\w*|tastes?|tasted|food|acting|movie|film|plot|script|without\s+(?:a|an|any|one)
    )\b""",
    _ANY,
)
_YOU = re.compile(r"\b(?:you|your|yours)\b", re.IGNORECASE)
_ASKING_YOU = re.compile(
    r"""\b(?:could|can|would|will|do|did|are|may|let|send|thank|ask|show|give|tell)\s+you\b
    |\byou\s+(?:have|see|know|check|help|please|tell|look|send)\b
    |\byour?\s+(?:web)?(?:site|page|app|shop|store|portal|records?|system|team|help|api|form
        |confirmation|e-?mail|mail|message|letter|list|table)\b""",
    _ANY,
)
# What a service is about, so that a fault of it is a matter for support and no review.
_THING = re.compile(
    r"""\b(?:account|acct|(?:debit|credit|gift|sim)?\s?card|invoice|bill|billing|statement|payment
    |transfer|refund|charges?|charged|fee|receipt|standing\s+order|top-?up|balance|pin|interest
    |salary|password|passcode|code|log-?in|log(?:s|ged)|sign-?in|sso|link|app|page|site|website
    |portal|form|field|button|menu|option|setting|filter|screen|dashboard|report|export|import|file
    |folder|attachment|column|row|csv|pdf|api|webhook|endpoint|token|key|server|database|query
    |widget|editor|notification|reminder|e-?mail|message|sms|calendar|user|colleague
    |admin|administrator|workspace|project|plan|package|subscription|licen[cs]e|seat|order|ordered
    |parcel|delivery|shipment|item|tracking|cart|checkout|coupon|discount|voucher|return|exchange
    |table|address|router|modem|internet|signal|network|sim|phone|number|line|roaming|voicemail
    |coverage|flight|booking|booked|reservation|boarding|luggage|suitcase|baggage|shuttle|ticket
    |passport|train|rental|check-?in|appointment|lab|result|prescription|pharmacy|insurance|policy
    |claim|refill|doctor|sensor|meter|reading|contract|membership|certificate|document|upload
    |download|sync|integration|device|printer|projector|thermostat|scanner|terminal|kiosk|machine
    |heating|hearing\s+aid|door|zip|box|kettle|chair|sofa|shelf|drawer|mattress|lamp|bulb|oven|fridge
    |freezer|dryer|washer|dishwasher|boiler|heater|radiator|thermostat|fan|pump|valve|hose|filter
    |tap|lid|handle|hinge|screw|bolt|lock|wheel|tyre|tire|brake|bike|scooter|pedal|bus|gate|locker
    |unit|manual|label|subtitle|leaflet)s?\b""",
    _ANY,
)
_FAULT = re.compile(
    r"""\b(?:not|no|none|nothing|cannot|neither|un(?:able|available)|missing|wrong|incorrect
    |different\s+(?:from|than)|instead|invalid|expired|declined|rejected|returned|skipped|locked|closed|cancel+ed
    |broken|cracked|damaged|empty|blank|gr[ae]y|late|later|lower|higher|delayed|early|old|duplicate
    |pending|open|off|down|lost|cuts?|moved|changed|stops?|stopped|disappear\w*|vanish\w*|resets?
    |shows?|says?|lists?|reports?|prints?|error|fails?|failed|failure|missed|estimated|restarts?
    |scratch\w*|went|used\s+up|which\s+one|issue|problem|twice)\b
    |n['\u2019]t\b""",
    _ANY,
)
# A report has a subject: "my card", "the page", "we". A review's clipped verdict has none.
_SUBJECT = re.compile(
    r"\b(?:my|our|the|your|this|that|these|those|an?|i|we|it|there|one|two|some|\d+)\b",
    re.IGNORECASE,
)

_TIMES = r"(?:\d+|two|three|four|five|six|ten|several|many|countless)"
_DRY = re.compile(
    rf"""\b(?:(?:second|third|fourth|fifth|sixth|[2-9]nd|[3-9]rd|\d{{1,2}}th)
        \s+(?:time|ticket|request|attempt|replacement|e-?mail|message|call)\b(?!\s+zone)
    |still\s+(?:not|no\b|have\s?n{_QUOTE}?o?t|has\s?n{_QUOTE}?o?t|can{_QUOTE}t|cannot
        |does\s?n{_QUOTE}t|waiting|broken|locked|down|nothing|missing)
    |(?:nobody|no\s?one)\s+(?:\w+\s+)?(?:answer|repl|help|call|respond|care|gets?|told|tell|read
        |look|can|came)\w*
    |not\s+(?:one|a\s+single)\s+(?:person|reply|answer|word)
    |no\s+(?:reply|response|answer|apology|explanation)\b
    |been\s+(?:waiting|on\s+hold)
    |keeps?\s+(?:asking|crashing|failing|dropping|freezing|logging|copying|sending|closing|telling)
    |(?:charged|billed)\s+(?:me\s+|us\s+)?(?:twice|two\s+times|again)
    |(?:again\s+and\s+again|over\s+and\s+over|every\s+single\s+(?:time|day|evening|answer|month))
    |(?:i|we)(?:{_QUOTE}ve|\s+have|\s+had\s+to)?\s+(?:explain(?:ed)?|told|sent|asked|repeated|written|called|said)\b[^.?!]{{0,40}}
        \b(?:{_TIMES}\s+(?:different\s+)?(?:times|people|agents|persons|of\s+you)|twice|repeatedly)
    |after\s+{_TIMES}\s+(?:requests|tickets|calls|e-?mails|messages|attempts)
    |how\s+many\s+times|each\s+time\s+(?:i|we)\s+(?:call|write|ask)
    |(?:repeat|tell)\s+(?:my|our)(?:self|selves)?\s+(?:\w+\s+)?(?:story\s+)?(?:each|every|again)
    |passed\s+(?:from|around|on\s+from)
    |the\s+same\s+(?:\w+\s+)?(?:again|every\s+(?:day|week|month|time))
    |(?:was|were|been)\s+(?:told|promised)\b[^?]{{0,80}}\b(?:not|n{_QUOTE}t|never|still|no)\b
    |(?:you|was)\s+(?:said|promised)\b[^?]{{0,60}}\b(?:last\s+week|not|never|ago)\b
    |gone\s+on\s+long\s+enough|had\s+enough\b|at\s+an\s+end\b|hung\s+up\s+on
    |(?:speak|talk)\s+(?:to|with)\s+(?:a|the|your)\s+(?:manager|supervisor)
    |how\s+is\s+this\s+(?:acceptable|possible|ok|okay|right)
    |what\s+(?:exactly\s+)?(?:am\s+i|are\s+we)\s+paying
    |(?:cost|costs|costing)\s+us\b|we\s+are\s+losing\b|(?:sends?|going)\s+(?:me\s+)?in\s+circles
    |without\s+(?:asking|telling|warning|reading|a\s+(?:word|reason|single))
    |do\s+you\s+ever\b|(?:once\s+again|yet\s+again)
    |this\s+is\s+how\s+(?:i|we)\s+(?:get|am|are)\s+treated)""",
    _ANY,
)
# Said with a pleasant word that means its opposite, so that a model may read it as praise.
_BITTER = re.compile(
    r"""\b(?:not|n['\u2019]t|hardly|far\s+from)\s+(?:\w+\s+)?(?:happy|impressed|satisfied|amused
        |acceptable|good\s+enough)\b
    |^\W*(?:great|wonderful|fantastic|lovely|nice|brilliant|perfect|super)\W+
        (?:yet\s+)?(?:another|now|so\s+now)\b
    |\banother\s+(?:day|week|month|monday|year)\W+another\b
    |\bwhat\s+a\s+(?:waste|joke|mess|shame|disgrace)\b
    |\bexpected\s+(?:much\s+|far\s+)?(?:better|more)\b|\bwould\s+not\s+wish\b
    |\bpatience\s+is\b""",
    _ANY,
)


def states_calmly(text: str) -> bool:
    """Whether a text states a fault of a service, and nothing that is felt, borne or blamed."""
    if _LOUD.search(text) or _SHOUTED.search(text):
        return False
    rest = _HARMLESS.sub(" ", text)
    if _FELT.search(rest) or complains_dryly(text) or is_bitter(text):
        return False
    if _YOU.search(_ASKING_YOU.sub(" ", rest)):
        return False
    needed = (_THING, _FAULT, _SUBJECT)
    return all(pattern.search(text) is not None for pattern in needed)


def complains_dryly(text: str) -> bool:
    """Whether a text tells of waiting, repeating or being let down, however soberly."""
    return _DRY.search(text) is not None


def is_felt(text: str) -> bool:
    """Whether a text has a word of feeling or judgement, for better or worse."""
    return _FELT.search(text) is not None


def is_bitter(text: str) -> bool:
    return _BITTER.search(text) is not None
