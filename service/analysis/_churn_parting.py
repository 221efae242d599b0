"""Phrases of parting that name no contract: money taken away, walking out, looking around.

They are joined to the phrases of churn; which of them count, the rules of churn decide.
"""

import re

_AWAY = (
    r"(?:elsewhere|somewhere\s+(?:else|that|where)|(?:to|with|at)\s+(?:some(?:one|body)\s+(?:else|who|"
    r"that)|an?other\s+(?:\w+\s+)?(?:bank|broker|lender|insurer|network|carrier|provider|supplier|vendor|"
    r"company|shop|store|airline|operator|platform)|a\s+(?:different|new|rival)\s+(?:\w+\s+)?(?:bank|"
    r"broker|lender|insurer|network|carrier|provider|supplier|vendor|company|shop|store|airline|"
    r"operator|platform)|(?:one\s+of\s+)?(?:a|your)\s+competitors?|the\s+competition))"
)
_MONEY = (
    r"(?:money|funds?|savings?|deposits?|investments?|pension|mortgage|loan|portfolio|assets|isa|"
    r"balance|business|custom|spend(?:ing)?|budget|accounts?|policies|lines?|numbers?|insurance)"
)
_RECURRING = r"(?:monthly|weekly|fortnightly|quarterly|yearly|annual|recurring|regular)"
_NOT_A_SERVICE = (
    r"(?:payments?|transfers?|e-?mails?|newsletters?|reports?|statements?|reminders?|calls?|letters?|"
    r"backups?|exports?|digests?|summar\w+|invoices?|orders?|deliver\w+|charges?|meetings?)"
)
_PRODUCT = (
    r"(?:account|isa|savings|policy|insurance|cover|pension|mortgage|portfolio|membership|contract|plan|"
    r"line|tariff|box|pass)"
)
_HELPER = (
    r"(?:vendors?|providers?|suppliers?|compan(?:y|ies)|banks?|carriers?|partners?|tools?|products?|"
    r"platforms?|insurers?|operators?|some(?:one|body)|people|others?|a\s+team)"
)


def _rule(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


STATED = (
    _rule(
        r"(?:^|[.!?,;:]\s*|\b(?:and|kindly|please|so)\s+)(?:do\s+not|don['\u2019]?t)\s+(?:auto-?\s*)?renew\s+"
        r"(?:my|our|the|this|it)\b"
    ),
    _rule(
        rf"\b(?:mov|tak|transferr?|withdraw|pull|switch|shift|bring)(?:e|ing|s)?\s+(?:all\s+(?:of\s+)?|both\s+)?"
        rf"(?:my|our|the)\s+(?:[\w'\u2019-]+\s+){{0,3}}?{_MONEY}\s+(?:\w+\s+)?{_AWAY}"
    ),
    _rule(
        r"\b(?:pull|withdraw|tak)(?:e|ing)?\s+(?:out\s+)?(?:all\s+(?:of\s+)?)(?:my|our)\s+(?:\w+\s+)?"
        r"(?:money|funds|savings|deposits|investments|assets|business)\b"
    ),
    _rule(
        r"\b(?:bank|shop|buy|book|order|insure|fly|train)(?:ing)?\s+(?:\w+\s+)?(?:elsewhere|"
        r"somewhere\s+else|with\s+(?:some(?:one|body)\s+else|(?:one\s+of\s+)?your\s+competitors?))\b"
    ),
    _rule(
        rf"\bclos(?:e|ing)\s+(?:out|down)\s+(?:of\s+)?(?:my|our)\s+(?:\w+\s+)?{_PRODUCT}\b"
        r"|\bwithdraw\s+everything\b"
    ),
    _rule(
        r"\b(?:want|like|going|ready|about|decided|prefer|prepared|have|had|rather|will|['\u2019]ll)\s+(?:to\s+)?"
        r"(?:just\s+)?(?:quit|leave|stop|cancel|end\s+(?:it|this))\s+(?:altogether|entirely|completely|"
        r"for\s+good|permanently|outright)\b"
    ),
    _rule(
        r"\b(?:giv(?:e|ing)|gave|given)\s+up\s+on\s+(?:you\b|(?:this|your)\s+(?:\w+\s+)?(?:service|company|"
        r"product|app|platform|tool|software|bank|provider|network|airline|shop|store|subscription)\b)"
    ),
    _rule(
        r"\b(?:finished|through)\s+with\s+(?:you\b|your\b|this\s+(?:\w+\s+)?(?:company|service|app|product|"
        r"bank|platform|airline|shop|store|network|provider|place)\b)"
    ),
    _rule(
        rf"\b(?:my|our|the|this)\s+(?:\w+\s+)?(?:{_PRODUCT}|subscription|agreement|cover(?:age)?)\s+(?:\w+\s+)?"
        r"(?:(?:lapses?|expires?|ends?)\b.{0,40}\b(?:and\s+)?(?:won['\u2019]?t|will\s+not|(?:should|must)\s+not|"
        r"not)\s+(?:be\s+)?(?:roll|renew|extend|continu)\w*)"
        r"|\b(?:won['\u2019]?t|will\s+not|must\s+not|should\s+not|(?:do\s+not|don['\u2019]?t)\s+(?:want\s+it\s+to|let\s+it))"
        r"\s+roll\s+over\b"
    ),
    _rule(
        rf"\b(?:stop|end|quit|drop)(?:ping|ting|ing)?\s+(?:my|our|the|this)\s+{_RECURRING}\s+"
        rf"(?!(?:\w+\s+)?{_NOT_A_SERVICE}\b)\w+"
    ),
    _rule(
        r"\b(?:not|never|n['\u2019]t)\s+(?:\w+\s+){0,2}?(?:see|get|have|receiv\w+|tak\w+|earn|spend\w*|giv\w+|pay\w*)\s+"
        r"(?:you\s+|us\s+)?(?:an?other|one\s+more|a\s+single|any\s+more)\s+(?:penny|pence|cent|dime|dollar|"
        r"euro|pound|money|order|business)\b(?=.{0,20}\b(?:from|of|out|with|on|here)\s+(?:me|us|my|our|you|"
        r"your|here)\b|\s*[.!]|$|\s+here\b)"
    ),
    _rule(
        r"\b(?:dropp|ditch|dump|replac|abandon)ing\s+(?:you|yours)\b(?!\w|\s+a\b|['\u2019]|\s+(?:message|line|note))"
    ),
    _rule(
        r"\b(?:we|i)(?:['\u2019]re|['\u2019]m|\s+are|\s+am)\s+(?:\w+\s+)?better\s+off\s+(?:without\s+you|with\s+an?other)"
    ),
    _rule(
        r"\b(?:no\s+(?:plans?|intention|wish|desire|reason)\s+(?:to|of)|not\s+(?:planning|intending)\s+to)\s+"
        r"(?:ever\s+)?(?:stay|continu\w+|renew\w*|remain\w*|keep|travel\w*|fly\w*|shop\w*|bank\w*|order\w*|"
        r"book\w*|buy\w*|deal\w*|sign\w*)\b(?=.{0,15}\b(?:with\s+(?:you|your)|from\s+you|another|again|here|"
        r"any\s*more|on)\b|\s*[.!]|$)"
    ),
    _rule(
        r"\b(?:remov|eras|delet|wip|clos)(?:e|ing)\s+(?:my|our)\s+(?:whole\s+|entire\s+|customer\s+|user\s+|"
        r"personal\s+)?(?:profile|registration|membership)\b(?!\s+(?:picture|photo|image|pic))"
    ),
    _rule(
        r"\b(?:i|we)(?:['\u2019]m|['\u2019]re|\s+am|\s+are|['\u2019]ll\s+be|\s+will\s+be)\s+(?:\w+\s+)?(?:ready|about|going|prepared|"
        r"forced)\s+to\s+walk(?:\s+away)?\b(?!\s+(?:you|through|to|the|my|our|a)\b)"
        r"|\b(?:will|['\u2019]ll|shall)\s+(?:\w+\s+)?walk\s+away\b|\bwalking\s+away\s+from\s+(?:you\b|your\b|this\s+"
        r"(?:contract|service|company|deal|product))"
    ),
    _rule(
        r"\b(?:tak|get|remov|keep)(?:e|ing)?\s+(?:us|me|(?:my|our)\s+\w+)\s+(?:off|out\s+of)\s+(?:the\s+)?"
        r"auto(?:matic)?[- ]?\s*renew\w*"
    ),
    _rule(
        r"\b(?:team|company|staff|office|everybody|everyone|colleagues)\s+(?:has|have)\s+(?:\w+\s+)?stopped\s+using\b"
        r"|\b(?:nobody|no\s+one)\s+(?:here\s+)?(?:\w+\s+)?uses\s+(?:it|this|your)\b"
    ),
    _rule(
        r"\b(?:get|need|want|request|send\s+me|have|text\s+me)\s+(?:my|a|the|our)\s+pac\b"
        r"|\btak(?:e|ing)\s+(?:my|our)\s+(?:phone\s+|mobile\s+)?numbers?\s+(?:with\s+(?:me|us)|to\s+an?other|"
        r"elsewhere)\b|\bport(?:ing)?\s+(?:my|our)\s+(?:\w+\s+){1,3}(?:over\s+)?to\s+(?:an?other|the\s+(?:new|other)|my\s+new)\b"
    ),
    _rule(
        r"\b(?:never|not|n['\u2019]t)\s+(?:\w+\s+)?set(?:ting)?\s+foot\b"
        r"|(?:^|[.!?,;]\s*|\b(?:i|we)\b[^.?!]{0,20})\b(?:never|not|n['\u2019]t)\s+(?:\w+\s+)?coming\s+back\b"
    ),
    _rule(
        r"\b(?:shan['\u2019]t|won['\u2019]?t|will\s+not|not)\s+(?:be\s+)?stay(?:ing)?\b(?=\s*(?:[.!,;]|$)|\s+(?:with\s+"
        r"(?:you|your)|any\s*more|any\s+longer))"
    ),
    _rule(
        r"\bdo(?:ing)?\s+(?:all\s+)?(?:my|our)\s+(?:\w+\s+)?(?:shopping|banking|business|booking|ordering)\s+(?:at|with|"
        r"elsewhere|somewhere|in)\b(?!\s+(?:you\b|your\b))"
    ),
    _rule(
        r"\bunsubscribe\s+from\s+(?:the|your|this)\s+(?:\w+\s+)?(?:paper|newspaper|magazine|service|box|platform|app|"
        r"programme?)\b"
    ),
)
PARTED = (
    _rule(
        rf"\bnotice\s+(?:on|for|of|under)\s+(?:my|our|the|this)\s+(?:\w+\s+)?(?:{_PRODUCT}|subscription|"
        r"licen[cs]e|agreement)\b|\bnotice\s+to\s+(?:end|leave|cancel|terminate|quit)\b"
    ),
    _rule(
        r"\b(?:not|n['\u2019]?t|no\s+longer|never)\s+(?:be\s+|ever\s+)?us(?:e|ing)\s+(?:this|it|you|"
        r"your\s+\w+)\s+(?:again|any\s?more|any\s+longer)\b"
    ),
    _rule(
        r"\b(?:seats?|licen[cs]es?|subscriptions?|services?|workspace|contract)\s+(?:will|are|is|['\u2019]ll)\s+"
        r"no\s+longer\s+(?:be\s+)?(?:required|needed|necessary)\b"
    ),
    _rule(
        r"\b(?:awarded|gave|given)\s+(?:the|our)\s+(?:\w+\s+)?(?:contract|tender|business|work)\s+to\s+"
        r"(?:an?other|a\s+different|some(?:one|body))\b"
        r"|\b(?:opted|chosen|decided|elected|voted)\s+(?:to\s+go|to\s+work|for)\s+(?:with\s+)?(?:an?other|a\s+"
        r"different)\s+(?:\w+\s+)?(?:vendor|supplier|provider|tool|platform|company|partner)\b"
    ),
    _rule(
        r"\blet\s+(?:me|us)\s+out\s+of\s+(?:the|our|my|this)\s+(?:\w+\s+){0,2}(?:contract|agreement|deal|term"
        r"|months|year)\b"
    ),
    _rule(
        r"\b(?:decided|voted)\s+against\s+(?:another|an?\s+(?:further|second|new))\s+(?:year|term|month)\b"
        r"|\brenew\w*\b.{0,60}\b(?:not|n['\u2019]t)\s+go(?:ing)?\s+(?:ahead|through)\s+with\b"
        r"|\b(?:not|n['\u2019]t)\s+(?:to\s+)?(?:proceed|go\s+ahead|continue)(?:ing)?\s+(?:with|for|into)\s+"
        r"(?:another|an?\s+(?:second|further|new)|(?:the|our)\s+renewal)\b"
        r"|\bnot\s+(?:be\s+|to\s+)?tak(?:e|ing)\s+up\s+the\s+(?:option|renewal|extension)\b"
    ),
    _rule(
        r"\b(?:will|['\u2019]ll|shall)\s+be\s+off\s+(?:of\s+)?your\s+(?:\w+\s+)?(?:platform|service|system|"
        r"software|tool|product)\b|\boffboard(?:ing)?\s+from\s+your\b"
    ),
    _rule(
        r"\b(?:years?|months?|you\s+guys|u\s+guys)\b.{0,20}\bi['\u2019]?m\s+(?:out|off|gone)\b"
        r"|\b(?:cease|stop)\s+providing\s+(?:the|your|us|me)\b|\b(?:hereby|formally)\s+(?:rescind|withdraw"
        r"\s+from)\b|\b(?:don['\u2019]t|not|no\s+longer)\s+want\s+to\s+be\s+(?:your|a)\s+(?:\w+\s+)?(?:customer|client"
        r"|member|subscriber)\b|\bphas(?:e|ing)\s+(?:you|your\s+\w+)\s+out\b"
    ),
)
# The name of a rival follows: only its capital tells it from "going with care".
CHOSE_NAME = re.compile(
    r"\b(?:[Ww]e|I)(?:['\u2019](?:ve|re|ll|m))?\b[^.!?]{0,25}?\b(?:(?:signed|go(?:ing|ne)?)\s+with|chosen?|chose|picked"
    r"|gone\s+over\s+to)\s+(?!(?:Google|Apple|Facebook|Microsoft|Plan|Option|The)\b)[A-Z][\w&-]+\b"
    r"(?=\s*(?:[.!,;]|$)|\s+(?:instead|and\s+(?:will|are)|over\s+you|for\s+next|now|so)\b)"
)
# What is said is another's: "a client wrote: ...".
REPORTED = _rule(
    r"\b(?:customers?|clients?|users?|guests?|members?|tenants?|s?he|they|some(?:one|body)|people|docs?|"
    r"article|page)\b[^.!?]{0,30}?\b(?:wrote|writes?|said|says?|told|tells?|asked|asks?|e?-?mail(?:s|ed)|"
    r"state[sd]?|claims?|claimed|complains?)\b[^.!?]{0,20}[\"\u201c\u2018:]"
)
# Whoever ended it with somebody else and comes to us leaves them, not us.
ENDED_ELSEWHERE = re.compile(
    r"\b(?:contract|subscription|plan|account|agreement|deal|licen[cs]e)\s+with\s+(?!(?:you|your|u|us|our"
    r"|the|an?|my|immediate)\b)\w+|\b(?:leav|quitt?|dropp?|ditch)(?:e|ing)\s+[A-Z]\w+"
)
COMES_TO_US = _rule(
    r"\b(?:get|have|set)\s+(?:us|me)\s+(?:started|set\s+up|up\s+and|going|on\s?board)|\bto\s+you\b|\bonboarding\b"
    r"|\b(?:start|sign\s+up|join|begin|work)(?:ing)?\s+with\s+(?:you|your)\b|\bhow\s+(?:quickly|soon|fast)\s+can\b"
)
# A wrong entry in somebody's file is deleted, not what the customer has here.
CREDIT_FILE = _rule(
    r"\bcredit\s+(?:report|file|bureau|score|histor)|\b(?:my|the|consumer)\s+reports?\b|\bfcra\b|\bdebts?\b"
    r"|\bcollections?\b|\b(?:unverified|inaccurate|fraudulent|disput\w+)\b|\bidentity\s+theft\b"
)
LOOKING = (
    _rule(
        r"\b(?:for|been)\s+(?:\w+\s+){0,2}(?:weeks|months)\b.{0,60}\b(?:broken|failing|fails|wrong|crashing|down|worse)\b"
    ),
    _rule(r"\bthrow(?:ing)?\s+in\s+the\s+towel\b|\brevisit\s+(?:our|the)\s+relationship\b"),
    _rule(
        r"\bearliest\s+(?:date|day|point|time)\b.{0,40}\b(?:get\s+out|leave|cancel|terminate|give\s+notice)\b"
        r"|\bobject\s+to\s+(?:the|an|our)\s+(?:extension|renewal)\b"
    ),
    _rule(
        r"\b(?:probably|rather|then)\s+(?:\w+\s+)?go\s+with\s+(?:them|the\s+others?|your\s+competitors?)\b"
    ),
    _rule(
        rf"\b(?:find|look(?:ing)?\s+for|need|want|get|hire|try|search(?:ing)?\s+for)\s+(?:an?\s+|an?other\s+|some\s+|"
        rf"other\s+)?{_HELPER}\s+(?:who|that|which)\s+(?:\w+\s+)?(?:can|could|does|do|will|actually|answers?|"
        r"delivers?|cares?|knows?|works?|understands?)\b(?!\s+(?:help|tell|explain|assist|call|show|look|"
        r"speak|talk)\b)"
    ),
    _rule(r"\bearly\s+(?:exit|termination|cancell?ation|closure|repayment\s+and\s+exit)\b"),
    _rule(
        r"\bexit\s+(?:fee|charge|penalt(?:y|ies)|cost)s?\b(?!.{0,40}\bfund\b)"
        r"|\bwhat\s+(?:would|does|will|do)\s+(?:it\s+)?(?:cost|(?:i|we)\s+(?:owe|pay))\b.{0,25}\b(?:to\s+leave|to\s+"
        r"get\s+out|if\s+(?:i|we)\s+le(?:ave|ft))\b"
    ),
    _rule(
        r"\b(?:look|check|see|find)(?:s|ing)?\s+(?:\w+\s+)?(?:at\s+|into\s+|out\s+)?(?:who|what)\s+else\s+"
        r"(?:is\s+(?:out\s+there|available|on\s+the\s+market)|(?:serv|offer|provid|cover|deliver|suppl)\w*)"
    ),
    _rule(
        r"\b(?:look|shop|see|ask|read)(?:ing)?\s+(?:\w+\s+)?(?:at|into|around\s+for)\s+(?:your\s+competit\w+|the\s+"
        r"competition|what\s+others?\s+(?:offer|charge|have)|other\s+(?:options|offers|networks|banks|"
        r"insurers|shops|airlines|gyms|suppliers|companies))\b"
    ),
    _rule(
        r"\b(?:i|we)(?:['\u2019]m|['\u2019]re|\s+am|\s+are)\s+(?:\w+\s+)?(?:ready|tempted|inclined|close|about|"
        r"prepared)\s+to\s+(?:leav|quitt?)(?:e|ing)?\b(?=\s*(?:[.!;]|$)|\s+(?:you\b|your\b))"
    ),
    _rule(
        r"\bbetter\s+off\s+(?:with\s+some(?:one|body)\s+else|elsewhere|building|doing|leaving|switching)\b"
    ),
    _rule(
        r"\bwhat\s+(?:happens|becomes|would\s+happen|will\s+happen)\s+(?:to|of|with)\s+(?:my|our|the)\b[^.?!]{0,40}"
        r"\b(?:if|when|once|after)\s+(?:i|we)\s+(?:\w+\s+)?(?:leave|cancel|quit|switch|end\s+(?:it|my|our|the)|"
        r"clos\w+\s+(?:my|our)\s+account|move\s+(?:away|to\s+another))\b"
    ),
    _rule(
        r"\b(?:evaluat|compar|consider|explor|research|trial|test|review)(?:e|ing)\s+(?:\w+\s+){0,2}?replacements?\b"
        r"|\breplacements?\s+for\s+(?:you\b|your\s+(?:tool|product|service|platform|software|app|system)\b)"
    ),
    _rule(
        r"\b(?:switch|mov|chang|go)(?:e|ing)?\s+(?:over\s+)?to\s+(?:some(?:one|body)|a\s+(?:\w+\s+)?"
        r"(?:company|provider|bank|shop|network|vendor|supplier|place))\s+(?:who|that|which|where)\b"
    ),
)
