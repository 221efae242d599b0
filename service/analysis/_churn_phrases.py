"""The words with which customers say that they leave: phrases and nothing but phrases.

Which of them count, and when they are taken back, is decided by the rules of churn.
"""

import re

from service.analysis._churn_parting import LOOKING, PARTED, STATED

_NOT_OURS = (
    r"order|orders|meeting|meetings|flight|flights|card|cards|booking|bookings|appointment|"
    r"reservation|payment|payments|transfer|transaction|top-?up|ticket|tickets|trip|invite|"
    r"invitation|shipment|delivery|call|demo|webinar|event|newsletter|request|purchase|item|items|"
    r"hotel|seat|ride|package|parcel|alarm|reminder|upload|download|export|import|job|e-?mails?|list|"
    r"notifications?|reservations|appointments|alerts?"
)
_GAP = (
    rf"(?:one\s+of\s+)?(?:(?!(?:{_NOT_OURS}|of|that|which|because|who|for|to|from|on|in|at|with|"
    r"someone|access|using|their|his|her|whose|test|demo|sandbox|duplicate|dummy)\b)[\w'\u2019&-]+\s+){0,4}?"
)
_OURS = (
    r"(?:(?<!payment )(?<!flight )(?<!bank )(?:accounts?|subscriptions?|subscribtions?|plans?|"
    r"insurance|coverage|contracts?|memberships?|agreements?|licen[cs]es?|workspace|policy|policies|"
    r"tenant|trial|renewals?|profile|subs?|"
    r"services?(?!\s+(?:call|visit|request|ticket|appointment|desk|worker|level)))\b)"
)
_LEAVE = (
    r"(?:cancel|cancell?ing|close|closing|terminate|terminating|deactivate|deactivating|inactivate|"
    r"delete|deleting|discontinue|discontinuing|invalidate|shut(?:ting)?\s+down|get\s+rid\s+of|"
    r"unsubscrib(?:e|ing)\s+from|wind(?:ing)?\s+(?:down|up)|(?:get|getting|want|opt|opting)\s+out\s+of)"
)
# Verbs with other uses: nothing but "my" and one word may stand before what is left.
_OUR_ONE = r"(?:my|our|the|this|your|an?)\s+(?:\w+\s+)?"
_NO_COMPETITOR = (
    r"(?:chrome|firefox|safari|edge|windows|mac|macos|android|iphone|ios|linux|monday|tuesday|"
    r"wednesday|thursday|friday|saturday|sunday|english|german|french|spanish|python|java|excel|"
    r"paypal|visa|mastercard|annual|monthly|premium|pro|basic|enterprise|team|business)"
)
_PLACE = (
    r"(?:competitors?|(?:service\s+)?providers?|vendors?|suppliers?|compan(?:y|ies)|carriers?|banks?|"
    r"platforms?|tools?|solutions?|alternatives?|products?|software|system|network)"
)
_NOW = (
    r"(?:it|this|everything|immediately|now|asap|today|please|with\s+you|because|due|since|effective|"
    r"unless|if|and|before|at\s+the\s+end)"
)


def _rule(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


EXPLICIT = (
    _rule(rf"\b{_LEAVE}\s+{_GAP}{_OURS}"),
    _rule(rf"\b(?:end|ending|stop|stopping|drop|dropping)\s+{_OUR_ONE}(?!accounts?\s+\w){_OURS}"),
    _rule(r"\b(?:remove|removing)\s+(?:my|our|this)\s+(?:whole\s+|entire\s+)?accounts?\b"),
    _rule(
        r"\b(?:no\s+longer|(?:do\s+not|don['\u2019]?t))\s+(?:want|wish|need)\s+(?:to\s+(?:keep|have|"
        rf"continue|use)\s+)?(?:with\s+)?(?:my|our|the|this|your|an)\s+(?:\w+\s+)?{_OURS}"
    ),
    _rule(
        rf"\b(?:i|we)(?:['\u2019]ve|\s+have)?\s+(?:just\s+|already\s+)?cancell?ed\s+{_GAP}{_OURS}"
    ),
    _rule(
        rf"\b(?:want|like|need|have|get|please|wish|request|ask|demand)\b(?:(?!\bwhy\b).){{0,40}}?\b{_OURS}.{{0,20}}?"
        r"\b(?:cancell?ed|closed|terminated|deleted|deactivated)\b"
    ),
    _rule(
        r"\b(?:(?:won['\u2019]?t|will\s+not|not\s+(?:going|planning)\s+to|(?:do\s+not|don['\u2019]?t)\s+"
        r"(?:want|plan|intend)\s+to|decided\s+not\s+to|decided\s+against|please\s+(?:do\s+not|"
        r"don['\u2019]?t)|(?:are|am|['\u2019]re|['\u2019]m)\s+not|not\s+be|rather\s+not|no\s+intention\s+(?:of|to)|"
        r"without)\s+(?:be\s+)?(?:\w+\s+)?renew(?:ing)?\b|\bnon-?renewal\b)"
    ),
    _rule(r"\blet(?:ting)?\s+(?:\w+\s+){1,3}(?:lapse|expire|run\s+out)\b"),
    _rule(
        r"\b(?:switch(?:ing)?|mov(?:e|ing)|migrat(?:e|ing)|go(?:ing)?|chang(?:e|ing)|transferr?ing)\s+"
        r"(?:\w+\s+){0,3}?to\s+(?:(?:an?\s+|some\s+|your\s+)?(?:other|different|another|new|better|"
        rf"cheaper|rival|competing)\s+(?:\w+\s+)?{_PLACE}|(?:an?\s+|the\s+|one\s+of\s+|your\s+)*"
        r"competit(?:ors?|ion))\b"
    ),
    _rule(rf"\bswitch(?:ing)?\s+(?:over\s+)?to\s+an?\s+(?:\w+\s+)?{_PLACE}\s+(?:that|which|who)\b"),
    _rule(
        rf"\b(?:switch|chang)(?:e|ing)?\s+{_PLACE}\b(?!\s+(?:settings?|names?|details?|profiles?))"
    ),
    # Going somewhere else, with or without its name.
    _rule(
        r"\b(?:go(?:ing)?|gone)\s+with\s+(?:(?:an?other|a\s+different|a\s+new)\s+(?:\w+\s+)?"
        rf"{_PLACE}|some(?:one|body)\s+else|(?:a|your)\s+competitor)\b"
    ),
    _rule(
        r"\b(?:mov|migrat|switch|transition)(?:e|ing)\s+(?:away|off)\s+(?:from\s+|of\s+)?"
        r"(?:you\b|your\b|this\b|@\w)"
    ),
    _rule(r"\b(?:jump(?:ing)?\s+ship|pull(?:ing)?\s+the\s+plug|cut(?:ting)?\s+(?:all\s+)?ties)\b"),
    _rule(r"\bport(?:ing)?\s+(?:\w+\s+){0,3}?(?:out|away)\b|\b(?:my|a|our|the)\s+pac\s+code\b"),
    _rule(
        r"\b(?:leav(?:e|ing)|ditch(?:ing)?|dump(?:ing)?|quit(?:ting)?|done\s+with|goodbye|"
        r"good\s+bye|switch(?:ing)?\s+(?:over\s+)?(?:from|to))\s+@\w+"
    ),
    _rule(r"\b(?:ditch|dump|quit)(?:ing|ting)?\s+(?:you\b|your\b|this\s+(?:company|service|bank))"),
    _rule(
        r"\b(?:soon\s+to\s+be|now\s+an?|become\s+an?|be\s+an?)\s+(?:ex|former)[- ]?"
        r"(?:customer|client|user|subscriber)s?\b"
    ),
    _rule(r"\blos(?:e|t|ing)\s+(?:my|our)\b.{0,25}?\b(?:business|custom)\b"),
    _rule(r"\boff-?board(?:ing|ed)?\s+(?:from|your|our\s+(?:account|team|company))"),
    _rule(
        r"\b(?:stop(?:ping)?\s+being|remove\s+(?:me|us)\s+as)\s+an?\s+(?:\w+\s+)?(?:customer|client|member|"
        r"subscriber)s?\b"
    ),
    _rule(r"(?:^|[.!?,;]\s*)(?:switching|migrating|moving)\s+to\s+@\w"),
    # Renewal and extension.
    _rule(
        r"\b(?:opt(?:ing)?\s+out\s+of|turn(?:ing)?\s+off|switch(?:ing)?\s+off|disabl(?:e|ing)|"
        r"stop(?:ping)?|cancel(?:l?ing)?|remov(?:e|ing))\s+(?:the\s+|my\s+|our\s+)?"
        r"auto(?:matic(?:ally)?)?[- ]?\s*renew(?:al|als|ing)?\b"
    ),
    _rule(
        rf"\b(?:not|won['\u2019]?t|don['\u2019]?t\s+want\s+to)\s+(?:be\s+|going\s+to\s+)?(?:extend(?:ing)?|"
        rf"prolong(?:ing)?|continu(?:e|ing))\s+(?:with\s+)?{_OUR_ONE}{_OURS}"
    ),
    _rule(
        r"\bnot\s+(?:be\s+|going\s+to\s+)?continu(?:e|ing)\s+(?:with\s+(?:you|your)|next\s+year|"
        r"(?:after|past|beyond)\s+(?:the|this|our|my))\b"
    ),
    _rule(r"(?:^|[.!;,]\s*)not\s+renewing\b"),
    _rule(
        r"\b(?:won['\u2019]?t|will\s+not|not\s+going\s+to)\s+(?:be\s+)?(?:us(?:e|ing)|fly(?:ing)?|buy(?:ing)?|"
        r"shop(?:ping)?|order(?:ing)?|book(?:ing)?|com(?:e|ing)\s+back|stay(?:ing)?|deal(?:ing)?)\s+"
        r"(?:(?:with|from|at|to)\s+)?(?:you\b|your\s+(?:company|service|store|shop|airline|bank|"
        r"platform|product|app|tool|software|site|website|system)s?\b|@\w|(?:it|this)\s+(?:any\s?more|going\s+forward))"
    ),
    _rule(
        r"\b(?:leav(?:e|ing)\s+(?:you\b|your\s+(?:company|service|platform|product|bank|app)"
        r"|for\s+(?:a|another|your|one\s+of)\s+(?:\w+\s+)?(?:competitor|provider|company|tool|vendor)"
        r"|this\s+(?:company|service|provider|platform|bank|carrier))"
        r"|tak(?:e|ing)\s+(?:my|our)\s+(?:business|money|custom)\s+(?:elsewhere|to|somewhere)"
        r"|go(?:ing)?\s+(?:elsewhere|somewhere\s+else)|lost\s+(?:me|us|a\s+(?:\w+\s+)?(?:customer|client)(?!['\u2019]s))"
        r"|los(?:e|ing)\s+(?:me|us|a\s+(?:\w+\s+)?(?:customer|client))"
        r"|no\s+longer\s+(?:(?:want|wish)\s+to\s+)?(?:be\s+)?(?:a\s+|your\s+)?(?:customer|client)s?)\b"
    ),
    _rule(
        r"\b(?:never|not)\s+(?:be\s+)?(?:us(?:e|ing)|fly(?:ing)?|buy(?:ing)?|shop(?:ping)?|"
        r"order(?:ing)?|book(?:ing)?|do(?:ing)?\s+business|stay(?:ing)?|com(?:e|ing)\s+back|"
        r"deal(?:ing)?)\b(?!\s+(?:my|our|the|their)\s+(?:old|previous|former|last)\b).{0,40}\b(?:again|ever)\b"
    ),
    _rule(r"\b(?:(?:time|decided|going|want)\s+to\s+(?:move\s+on\b|part\s+ways)|parting\s+ways)"),
    _rule(
        r"\b(?:done\s+with\s+(?:you\b|your\b|this\s+(?:company|service|app|product|bank|platform))"
        r"|stop(?:ping)?\s+using\s+(?:you\b|your\b|this\s+(?:service|product|tool|app|platform))"
        r"|end\s+(?:our|my|the)\s+(?:relationship|partnership|cooperation))"
    ),
    _rule(
        r"\b(?:refund|money\s+back)\b.{0,60}\b(?:cancel|leav(?:e|ing)|close|be\s+done|stop\s+using)\b"
        rf"(?!\s+(?:[\w'\u2019]+\s+){{0,3}}(?:{_NOT_OURS})\b)"
    ),
    _rule(
        r"\bwant\s+(?:to\s+(?:get|be)\s+)?(?:off|out\s+of)\s+(?:your|this)\s+"
        r"(?:platform|service|network|system|app|programme?)\b"
    ),
    _rule(
        r"\b(?:close|shut|end|cancel|terminate)\s+(?:down\s+)?(?:everything|it\s+all|all\s+our\s+accounts)"
        r"(?:\s+down)?\b(?=\s*(?:[.!,;]|$)|\s+(?:and|please|now|today|at|as)\b)"
    ),
    _rule(rf"\bshut(?:ting)?\s+(?:down\s+)?{_OUR_ONE}{_OURS}"),
    _rule(
        r"(?:\bnot|n['\u2019]t)\s+(?:be\s+)?(?:continu|carry|stay)(?:e|ing)\s+(?:on\s+)?with\s+(?:you|your)\b"
    ),
    _rule(
        r"\b(?:port|transfer|move|take)(?:r?ing|ed)?\s+(?:my|our)\s+(?:\w+\s+){1,4}?to\s+(?:an?other|"
        rf"a\s+(?:different|new)|my\s+new)\s+(?:\w+\s+)?(?:network|{_PLACE})\b"
    ),
    _rule(
        r"\b(?:switch|mov|migrat|chang)(?:e|ing)\b[^.!?,;]{0,50}?\bto\s+(?:an?other|an?\s+(?:different|"
        rf"new|cheaper|rival))\s+(?:\w+\s+){{0,2}}{_PLACE}\b"
    ),
    _rule(
        r"\bno\s+longer\s+(?:(?:want|wish)\s+to\s+)?be\s+(?:an?|your)\s+(?:\w+\s+)?(?:member|subscriber|"
        r"user|client|customer)\b"
    ),
    _rule(
        r"\b(?:drop|dropping|replace|replacing|abandon|abandoning|mov(?:e|ing)\s+off)\s+your\s+(?:\w+\s+)?"
        r"(?:product|platform|software|tool|service|app|system|solution)s?\b"
    ),
    _rule(
        r"\b(?:i|we)\b[^.!?]{0,20}\bstopped\s+using\s+(?:your|the|this)\s+(?:service|product|tool|app|"
        r"platform|software|system)\b"
    ),
    _rule(
        r"\b(?:i|we)(?:['\u2019]ve|\s+have)?\s+(?:now\s+|already\s+|just\s+)?(?:signed|gone)\s+(?:up\s+)?with\s+"
        rf"(?:an?other|an?\s+(?:different|new)\s+{_PLACE}|some(?:one|body)\s+else)\b"
    ),
    _rule(
        r"\b(?:give|giving)\s+up\s+(?:my|our)\s+(?:\w+\s+)?(?:membership|subscription|account|contract|plan)\b"
    ),
    _rule(
        rf"\b(?:cancell?ation|termination|closure|ending)\s+of\s+(?:my|our|this|the)\s+(?:\w+\s+){{0,2}}{_OURS}"
    ),
    _rule(
        r"(?:\bnot|n['\u2019]t|\bno\s+longer)\s+(?:\w+\s+){0,2}?(?:pay|sign)(?:ing)?\s+(?:up\s+)?(?:for\s+)?"
        r"(?:another|one\s+more|a\s+further)\s+(?:year|month|term|quarter)\b"
    ),
    _rule(
        r"(?:\bnot|n['\u2019]t|\bno\s+longer)\s+(?:\w+\s+)?(?:need|use|want|require)(?:ing)?\s+your\s+(?:\w+\s+)?"
        r"(?:tool|service|product|platform|software|app|help|system)s?\s+(?:any\s?more|any\s+longer|after|"
        r"from|next|because|beyond)\b"
    ),
    _rule(r"(?:^|[.!;]\s*)(?:i['\u2019]m|we['\u2019]re)\s+out\s*[.!;]"),
    _rule(
        rf"\b{_OURS}\s+(?:will|is|should|must)\s+not\s+(?:to\s+)?be\s+(?:extended|prolonged|continued|renewed)\b"
        r"|\b(?:hand|handing|put|putting)\s+in\s+(?:my|our)\s+notice\b"
        rf"|\b(?:put|putting)\s+an\s+end\s+to\s+{_OUR_ONE}{_OURS}|\bdecided\s+against\s+(?:your|you)\b"
        r"|\b(?:refund|money\s+back)\b.{0,40}\bout\s+of\s+(?:the|my|our|this)\s+contract\b"
    ),
    _rule(
        r"\bgo(?:ing)?\s+back\s+to\s+(?:my|our)\s+(?:old|previous|former)\s+(?:\w+\s+)?(?:bank|insurer|"
        rf"{_PLACE})\b"
    ),
    _rule(
        r"\b(?:exit|departure|migration|move)\s+(?:away\s+)?(?:from|off)\s+your\s+(?:\w+\s+)?(?:platform|service|"
        r"product|tool|software|system)\b"
    ),
    *STATED,
    *PARTED,
)
# "I am leaving" without saying what: only where nothing else in the message can be left.
BARE_LEAVE = _rule(
    r"(?<!before )(?<!when )(?<!until )(?<!after )(?<!once )(?<!while )(?<!as )(?<!so )"
    r"\b(?:i|we)\b(?:['\u2019]?\w+)?(?:\s+(?!leave|can|cannot|did|do|to\b)\w+){0,4}?\s+(?:to\s+|of\s+|about\s+)?"
    r"leav(?:e|ing)(?:\s+for\s+good)?\b(?=\s*(?:[.!;]|$)|\s+(?:you\b|if|unless|because|permanently|"
    r"at\s+the\s+end\s+of\s+(?:the|this)|after\s+\w+\s+years?|next\s+(?:month|quarter|year)))"
)
HOW_TO_CANCEL = _rule(
    r"(?:\bhow\s+(?:do|can|could|would|should|to)\s*(?:i|we)?\s+(?:go\s+about\s+)?cancel(?:l?ing)?\b"
    r"(?=\s*(?:[.!?,;]|$))|(?:^|[.!?,;]\s*)(?:please\s+|just\s+)?cancel\s+(?:everything|it\s+all|me|us)\b)"
)
BARE_CANCEL = _rule(
    rf"(?:\b(?:want|like|need|wish|going|decided|plan|planning|ready|about|have|forced)\s+to\s+"
    rf"|\b(?:will|['\u2019]ll|please|must|can|let['\u2019]?s)\s+)(?:cancel|discontinue|quit)\b(?=\s*(?:[.!?,;]|$)|\s+{_NOW}\b)"
)
# The rest are plain only where nothing else in the message can be cancelled.
BARE = (
    _rule(
        r"\b(?:i|we)\b(?:['\u2019]?(?:m|re|ll|ve|am|are|will|have|be|just|already|now|\s))*\s+cancell?(?:ing|ed)\b"
        r"(?=\s*(?:[.!,;]|$)|\s+(?:it|everything|immediately|now|asap|today|tomorrow|because|due|since|"
        r"effective|unless|if|and|before|over|so|after)\b)"
    ),
    _rule(
        r"\b(?:thinking|think|considering|planning|thought|decided)\s+(?:of\s+|about\s+|on\s+)?"
        r"(?:just\s+)?(?:cancell?ing|leaving|quitting|switching)\b(?=\s*(?:[.!?,;]|$))"
    ),
    _rule(
        r"\b(?:cancell?ation|termination)\s+(?:request|notice|letter)\b|\bnotice\s+of\s+(?:cancell?ation|termination)"
        r"|\brequest(?:ed|ing)?\s+(?:a\s+|the\s+)?(?:cancell?ation|termination)\b"
        r"|\b(?:\d{1,2}|thirty|sixty|ninety)[\s-]+days?['\u2019]?s?['\u2019]?\s+notice\b|\bgiv(?:e|ing)\s+notice\b"
    ),
    _rule(
        r"\b(?:i|we)\b[^.!?]{0,30}?(?:\b(?:could|might|may|will)|['\u2019]ll|\b(?:going|ready|about|want|plan|have)\s+to)\s+"
        r"(?:just\s+|as\s+well\s+)?(?:switch|quit|leave)\b"
        r"(?=\s*(?:[.!;]|$)|\s+(?:tomorrow|today|soon|now|if|because|unless)\b)"
    ),
    _rule(r"\b(?:i|we)\s+(?:just\s+)?want\s+out\b"),
)
SWITCH_TO_NAME = re.compile(
    r"\b(?:[Ww]e|I|[Tt]hinking|[Cc]onsidering|[Ww]e['\u2019]re|I['\u2019]m|[Ww]e['\u2019]ll|I['\u2019]ll"
    r"|[Ww]e['\u2019]ve"
    r"|I['\u2019]ve)\b[^.!?]{0,40}?\b(?:switch(?:ing|ed)?(?:\s+(?:over|back|away))?|migrat(?:ing|ed)"
    r"|(?<=of )moving|(?<=about )moving|(?<=onsidering )moving"
    r"|mov(?:e|ing|ed)\s+(?:everything|everyone|(?:all\s+(?:of\s+)?)?our\s+\w+|all|the\s+(?:team|company)))\s+to\s+"
    rf"(?!(?i:{_NO_COMPETITOR})\b)[A-Z][\w&-]+\b(?!\s+(?:plan|tier|view|mode))"
    r"|(?:^|[.!?,;]\s*)(?:[Ss]witching|[Mm]igrating)\s+(?:over\s+|back\s+)?to\s+"
    rf"(?!(?i:{_NO_COMPETITOR})\b)[A-Z][\w&-]+\b(?!\s+(?:plan|tier|view|mode))"
)
UNSURE = _rule(
    r"(?:\bnot\s+sure|n['\u2019]?t\s+(?:think|know|believe)|\bdoubt|\bunless|\bif)\b[^.!?]{0,20}$"
)
EARLY = (
    _rule(
        r"\b(?:look|search|shop|hunt)(?:ing)?\s+(?:around\s+)?(?:for|at|into)\s+(?:an?\s+|other\s+|another\s+|"
        r"some\s+|different\s+|possible\s+|new\s+)*(?:competitors?|(?:service\s+)?providers?|vendors?|"
        r"suppliers?|carriers?|alternatives?(?!\s+(?!to\b|for\b|and\b|or\b|now\b|because\b|if\b|since\b)\w))\b"
    ),
    _rule(
        r"\b(?:look|search|shop|find|get|hunt)(?:ing|ting)?\s+(?:around\s+)?(?:(?:for|at|into)\s+)?(?:an?\s+|"
        rf"some\s+)?(?:other|another|different|new|better|cheaper)\s+(?:\w+\s+)?{_PLACE}\b"
    ),
    _rule(r"\b(?:look(?:ing)?\s+elsewhere|shop(?:ping)?\s+(?:elsewhere|around))\b"),
    _rule(
        r"\bcompetitors?\b.{0,40}\b(?:offers?|offering|cheaper|half|less|lower|better)\b"
        r"|\b(?:found|got|have)\s+an?\s+(?:much\s+|far\s+)?(?:better|cheaper)\s+(?:deal|offer|price|quote|"
        r"provider|option)\s+(?:elsewhere|somewhere|from|with|at)\b"
        r"|\b(?:found|got)\s+an?\s+(?:much\s+|far\s+)?(?:better|cheaper|new|different)\s+(?:(?:service\s+)?provider|"
        r"vendor|company|carrier|bank|deal)\b"
    ),
    _rule(
        r"\b(?:thinking\s+(?:of|about)|considering|tempted\s+(?:to|by)|might|may)\s+(?:be\s+)?(?:go|going|"
        r"switch|switching|mov|moving)\s+(?:back|away)\b"
    ),
    _rule(
        r"(?:\bnot\s+sure|n['\u2019]?t\s+(?:think|know|believe|see)|\bdoubt|\bunlikely)\b(?!\s+(?:how|where|what|which|when))"
        r"(?:(?!\b(?:how|where|what|which|when)\b).){0,25}\b(?:renew|stay|stick\s+around|keep\s+(?:our|my)\s+"
        r"(?:account|plan|subscription|contract))\b"
    ),
    _rule(
        r"\b(?:break|exit|leave|get\s+out\s+of)(?:ing)?\s+(?:my|our|the|this)\s+(?:\w+\s+)?contract\b"
    ),
    _rule(
        rf"\b(?:sign|signing)\s+(?:up\s+)?with\s+(?:an?other|a\s+(?:different|new))\s+(?:\w+\s+)?{_PLACE}\b"
        rf"|\banother\s+{_PLACE}\s+(?:has\s+)?offer(?:s|ed)\s+(?:me|us)\b"
        r"|\b(?:pay|use|choose|join)\s+(?:your|a)\s+competitor\b|\bif\s+(?:i|we)\s+(?:do\s+not|don['\u2019]?t)\s+renew\b"
    ),
    _rule(r"\btime\s+to\s+(?:switch|leave|change)\b(?=\s*(?:[.!?,]|$)|\s+(?:to|from|provider))"),
    _rule(r"(?:^|[.!?,;]\s*)never\s+again\b(?=[\s.!]*$|\s+(?:with|will|am|from|@))"),
    _rule(r"\b(?:stop(?:ping)?\s+paying|downgrad(?:e|ing)\s+to\s+(?:the\s+)?free)\b"),
    _rule(
        r"\b(?:evaluat|compar|consider|explor|research|trial)(?:e|ing)\s+(?:\w+\s+){0,2}?"
        r"(?:competitors?|alternatives?|other\s+(?:tools|vendors|providers|options|solutions))\b"
    ),
    _rule(
        r"\b(?:when|what|how|is|does|can|until)\b.{0,60}\b(?:contract|notice\s+period|agreement|"
        r"commitment|renewal\s+date|subscription\s+term)\b.{0,30}?\b(?:ends?|expires?|run\s+out|over|"
        r"up|terminat\w+|notice)\b"
    ),
    _rule(r"\b(?:notice\s+period|early\s+termination|termination\s+fee|exit\s+clause)\b"),
    _rule(
        r"\bcancell?ation\s+(?:fees?|charges?|penalt(?:y|ies)|costs?)\b.{0,40}\b(?:leave|contract|plan)\b"
    ),
    _rule(r"\b(?:last\s+straw|final\s+straw|had\s+enough\s+of\s+(?:you|this|your))\b"),
    _rule(
        r"\b(?:third|fourth|fifth|sixth|3rd|[4-9]th|10th)\s+time\b.{0,80}\b(?:lock|down|broke|fail|"
        r"error|issue|problem|crash|happen|contact|ask|report|writ|call|outage|charg|lost|wrong|"
        r"explain|complain)"
    ),
    _rule(
        r"\b(?:same|this)\s+(?:issue|problem|bug|error|outage)\b.{0,60}\b(?:for\s+(?:\w+\s+){0,2}"
        r"(?:weeks|months)|(?:third|fourth|fifth)\s+time|(?:still|again).{0,40}(?:weeks|months))"
    ),
    _rule(
        r"\b(?:reported|raised|contacted|asked|complained|called|written|emailed)\b.{0,40}\b(?:three|"
        r"four|five|six|[3-9]|\d\d|several|multiple|many|countless)\s+times\b.{0,80}\b(?:still|no\b|"
        r"not|nothing|nobody|never)"
    ),
    _rule(
        r"\b(?:do\s+not|don['\u2019]?t|cannot|can['\u2019]?t)\s+(?:see|imagine|picture)\s+(?:us|me|our\w+|my\w+)\s+"
        r"(?:renew|stay|continu|sign|us|pay)ing\b"
    ),
    _rule(
        r"\b(?:triall?|test|pilot|compar|evaluat|try|talk|meet|speak)(?:ing)?\s+(?:to\s+|with\s+|out\s+|you\s+"
        r"(?:to|with|against)\s+)*(?:an?other|other|two|three|several|some|a\s+(?:different|competing|"
        rf"rival|new))\s+(?:other\s+)?{_PLACE}\b"
    ),
    _rule(
        r"\bhow\s+much\s+notice\b|\bnotice\s+(?:do|must|should|have)\s+(?:i|we)\s+(?:have\s+to\s+|need\s+to\s+)?"
        r"give\b|\bbefore\s+(?:the|our|my)\s+(?:contract|agreement|term|subscription)\s+(?:rolls?\s+over|"
        r"(?:auto-?)?renews?|laps)"
    ),
    _rule(
        r"\b(?:when|what|does|is|until)\b.{0,50}\b(?:(?:my|our|the)\s+(?:current\s+)?(?:term|agreement|"
        r"subscription|membership))\b.{0,15}?\b(?:ends?|expires?|laps\w+|runs?\s+out|roll)\b"
    ),
    _rule(
        r"\b(?:evaluat|consider|question|review|discuss|debat|decid|ask)(?:e|es|ing|ed)?\s+(?:ourselves\s+)?"
        r"(?:whether|if)\b.{0,50}\b(?:stay|renew|continue|keep|carry\s+on)\b"
    ),
    _rule(
        r"\b(?:cost|fee|penalty|charge|price)\s+(?:for|of)\s+(?:leaving|ending|exiting|breaking|terminating)\b"
    ),
    # The same failure again and again, and nobody ends it.
    _rule(
        r"\b(?:third|fourth|fifth|sixth|3rd|[4-9]th)\s+(?:ticket|request|e-?mail|call|complaint|report|outage|"
        r"replacement|attempt|week|month)\b.{0,80}\b(?:same|still|nothing|not|never|no\s?one|nobody|"
        r"again|broken)\b"
    ),
    _rule(
        r"\bsame\s+(?:\w+\s+)?(?:issue|problem|bug|error|outage|fault|failure)\b.{0,60}\b(?:three|four|five|"
        r"six|several|many|[3-9]|\d\d)\s+(?:days|weeks|months|times)\b"
    ),
    _rule(
        r"\b(?:reported|raised|opened|filed)\b.{0,60}\b(?:again|(?:three|four|five|six|several|[3-9])\s+"
        r"(?:tickets|reports|cases|times))\b.{0,60}\b(?:still|never)\b"
    ),
    _rule(
        r"(?:\bnot|n['\u2019]t|\bno\s+longer)\s+(?:\w+\s+){0,3}(?:staying|to\s+stay|continuing)\s+with\s+(?:you|your)\b"
    ),
    _rule(
        r"\b(?:find|choose|look\s+for|go\s+for)\s+some(?:one|body|thing)\s+(?:else|cheaper|better|more\s+reliable)\b"
    ),
    _rule(
        r"\b(?:doubt|not\s+sure|unlikely|n['\u2019]t\s+think|won['\u2019]t|will\s+not)\b.{0,30}\b(?:be|remain|stay)\s+"
        r"(?:an?\s+|your\s+)(?:\w+\s+)?(?:customer|client|member|subscriber)s?\b"
    ),
    _rule(
        r"\b(?:do\s+not|don['\u2019]?t|stop)\s+(?:tak|charg|bill|collect)(?:e|ing)?\s+(?:\w+\s+){0,3}?"
        r"(?:next|future|further|more|any\s?more)\b"
    ),
    *LOOKING,
)
MAYBE = _rule(
    r"\b(?:considering|thinking\s+(?:of|about)|might|may\s+(?:have|need|be|want)|tempted|wondering|"
    r"what\s+happens\s+(?:if|when)|if\s+(?:i|we)\s+(?:were\s+to\s+|decide\s+to\s+|want\s+to\s+)?"
    r"(?:cancel|close|leave|switch|end|terminate|delete))\b"
)
# "do not cancel" and "instead of cancelling" are no threats; "cannot cancel" and "do not know how
# to cancel" still are.
NEGATED = _rule(
    r"(?:(?<!can )\bnot|\b(?:do|does|did|is|are|was|would|wo|should)n['\u2019]?t|\bnever|\bwithout|"
    r"\binstead\s+of|\brather\s+than|\bavoid(?:ing)?|\bno\s+need\s+to|\bno\s+longer)\s+"
    # Another subject starts another clause: "if it is not fixed I will" negates nothing.
    r"(?:(?!sure|know|able|see|find|possible|let|work|understand|how|where|why|going\s+to\s+pay"
    r"|(?:i|we)(?:['\u2019]\w+)?\s)"
    r"[\w'\u2019]+\s+){0,3}$"
)
ALREADY_NEGATIVE = _rule(
    r"^(?:never|not|no\s+longer|won|will|do|don|decided|please|are|am|without)"
)
BY_THE_OTHER_SIDE = _rule(
    r"(?:\b(?:why\s+(?:did|would|do|are|have|will|is|was)\s+(?:you|they|my|it)"
    r"|(?:did|have|are|will|were)\s+(?:they|the\s+bank)|(?:did|are|have|were)\s+you(?!\s+able)"
    r"|(?:they|s?he)(?:['\u2019]s|['\u2019]re|['\u2019]ll|\s+are|\s+will|\s+want\s+to)?|threaten(?:ed|ing|s)?\s+to)\s+"
    r"(?:(?:going\s+to\s+be|\w+)\s+){0,2}"
    r"|(?<!can )(?<!could )(?<!would )(?<!will )"
    r"\byou(?:['\u2019]re|\s+are|\s+were)?\s+(?:just\s+)?)$"
)
LOST_US = _rule(r"los")  # "you lost a customer" is said of us by the one who leaves
TOWARDS_US = _rule(
    r"\b(?:from\s+[\w ]{2,30}\s+to\s+(?:you|your|yours)\b|(?:switch(?:ed|ing)?|mov(?:ed?|ing)|"
    r"com(?:e|ing)|came|join(?:ed|ing)?|sign(?:ed|ing)?\s+up)\s+(?:over\s+)?(?:to|with|for)?\s*"
    r"(?:you|yours|your\s+(?:service|company|product|platform|bank|network))\b)"
)
WITHDRAWN = _rule(
    r"\b(?:decided\s+to\s+(?:stay|keep|remain|continue|renew)|(?:we|i)(?:['\u2019]ll|\s+will|\s+am\s+going"
    r"\s+to|\s+are\s+going\s+to)\s+(?:stay|keep\s+(?:it|the|our|my|using)|remain|continue|renew)"
    r"|(?:let['\u2019]?s\s+|then\s+|just\s+|please\s+|^|[.!?,;]\s*)keep\s+it\s+(?:running|going|active|open|then)\b"
    r"|\bno\s+need\s+to\s+(?:cancel|close|end|stop)\b|(?:deal|great|perfect|fine|ok(?:ay)?)\b[^.?!]{0,20}"
    r"\bi['\u2019]?ll\s+stay\b|\b(?:won|talked|brought)\s+me\s+(?:back|round|over)\b"
    r"|chang(?:ed|ing)\s+(?:my|our)\s+minds?|(?:ignore|disregard|forget)\s+(?:my|our|the|that|about)"
    r"(?:\s+\w+){0,2}\s*(?:cancel\w*|request|message)|keep\s+(?:my|our|the)\s+(?:account|subscription|"
    r"plan|contract|membership)|(?:happy|glad)\s+to\s+(?:stay|renew|continue)"
    r"|(?:no\s+longer|not)\s+(?:\w+\s+){0,3}?(?:cancell?ing|cancel|leaving|leave|switching|switch|"
    r"closing|close)\b(?!\s+(?:you\s+will|until)))"
)
STAYS = _rule(
    r"\b(?:we|i)(?:['\u2019]ve|\s+have)?\s+(?:(?!not\b)\w+\s+)?decided\s+(?:to\s+(?:stay|remain|renew|"
    r"keep\s+(?:our|my|the)\s+(?:account|subscription|plan|contract|membership))"
    r"|against\s+(?:leaving|cancell?ing|switching|closing\s+(?:our|my|the)\s+account)|not\s+to\s+"
    r"(?:leave|switch|cancel(?!\s+(?:the|that|this|my|our)\s+(?!account|subscription|plan|contract|membership))"
    r"|close\s+(?:our|my|the)\s+account))\b"
    r"|\b(?:we|i)(?:['\u2019]ll|\s+will|\s+are|['\u2019]re|\s+am|['\u2019]m)\s+(?:stay(?:ing)?\s+(?:with\s+you|on\s+board|"
    r"as\s+(?:an?\s+)?customers?|after\s+all)|renew(?:ing)?\s+(?:with\s+you|after\s+all|(?:our|my|the)\s+"
    r"(?:account|subscription|plan|contract|membership)))\b"
    r"|\b(?:ignore|disregard|withdraw|forget)(?:ing)?\s+(?:my|our|the)\s+(?:\w+\s+)?cancell?ation\b"
    r"(?!\s+(?:fee|policy|charge))"
    r"|\b(?:no\s+longer|not)\s+(?:going\s+to\s+)?(?:leav(?:e|ing)\s+you|(?:cancel(?:l?ing)?|switch(?:ing)?)\s+"
    r"(?:after\s+all|any\s?more|(?:our|my|the)\s+(?:account|subscription|plan|contract|membership)))\b"
    r"|\b(?:happy|glad)\s+to\s+(?:stay|renew|continue)\s+(?:with\s+you|our|my|the|as)\b"
)
ON_CONDITION = _rule(
    r"\b(?:if|unless|until|once|only|provided|assuming|would|might|could|may|not\s+sure|why|n['\u2019]t)\b"
)
# Read as a whole it may still sound like leaving, so what is ended is looked at first.
ENDS_SOMETHING_ELSE = _rule(
    r"\b(?:cancel(?:l?(?:ing|ed|ation\s+of))?|clos(?:e|ing)|end(?:ing)?|terminat(?:e|ing)|call(?:ing)?\s+off|"
    r"reschedul(?:e|ing))\s+(?:my|our|the|this|that|an?|your|his|her|one|both|all)?\s*(?:[\w'\u2019-]+\s+){0,2}?"
    rf"(?:{_NOT_OURS}|billing|auto-?\s?pay)\b|\block(?:ed|ing|s)?\s+(?:me\s+|us\s+)?out\b"
    r"|\b(?:days?|time)\s+off\b|\b(?:days?|time)\s[^.!?]{0,20}?\b(?:taken?|took)\s+off\b"
    # Who never was a customer leaves nobody.
    r"|\b(?:never|not|n['\u2019]?t)\s+(?:done|do|had|have)\s+(?:any\s+)?(?:business|dealings|an?\s+(?:account|"
    r"contract))\s+with\b|\bno\s+(?:contract|(?:business\s+)?dealings|agreement)\s+with\b"
)
ABOUT_SOMETHING_ELSE = _rule(rf"\b(?:{_NOT_OURS})\b")
