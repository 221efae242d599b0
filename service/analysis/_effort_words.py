"""The words in which work shows: told before, tried in vain, waited for, sent from one to the next.

Patterns and nothing but patterns; what they add up to, the rules of effort decide.
"""

import re

EXPLAINED = re.compile(
    r"\b(?:as|like)\s+(?:i|we)\s+(?:already\s+|have\s+)?(?:said|mentioned|explained|wrote|told)"
    r"|\b(?:i|we)(?:['\u2019]ve|\s+have)?\s+already\s+(?:\w+\s+)?(?:told|said|explained|sent"
    r"|given|gave|"
    r"provided|tried|did|done|asked|answered|shared|mentioned)"
    r"|\b(?:repeat(?:ing)?\s+myself|explain(?:ing)?\s+(?:this\s+|it\s+|everything\s+)?again"
    r"|told\s+you(?:\s+\w+){0,3}\s+(?:already|before|twice|times)"
    r"|(?<!thanks )(?<!thank you )once\s+again|yet\s+again"
    r"|asking\s+(?:\w+\s+){0,2}again|(?:second|third|fourth|fifth)\s+time\s+(?:i|we|that\s+i))\b"
    # Told before: how often, to how many, when, or where it can be read.
    r"|\b(?:i|we)\b[^.?!]{0,30}\b(?:told|said|explained|described|gave|given|sent|wrote|answered)\b"
    r"[^.?!]{0,50}\b(?:twice|(?:two|three|four|five|several|many|\d+)\s+(?:\w+\s+)?(?:times"
    r"|people|agents)"
    r"|on\s+the\s+phone|yesterday|last\s+week|in\s+my\s+(?:first|last|earlier|previous)|before)\b"
    r"|\b(?:tell|repeat|explain|go\s+through)\s+(?:my\s+|the\s+|this\s+|it\s+"
    r"|everything\s+)?(?:whole\s+)?(?:story\s+)?"
    r"(?:all\s+over\s+)?again\b"
    r"|\b(?:it\s+is|it['\u2019]s|that\s+is|that['\u2019]s|see|read)\s+(?:all\s+)?(?:in\s+)?my\s+"
    r"(?:first|last|earlier|previous|original)\s+(?:e-?mail|message|ticket|mail|letter)"
    r"|\b(?:it\s+is|it['\u2019]s|that['\u2019]s|everything\s+is|all)\s+(?:all\s+|already\s+|written\s+){0,2}in\s+(?:the|this|our)"
    r"\s+(?:thread|ticket|conversation|chat|history)\b"
    r"|\b(?:scroll\s+up|read\s+(?:it|the\s+thread|what\s+i\s+wrote)|wrote\s+it\s+all\s+down)\b"
    # Told or sent a while ago, or standing above.
    r"|\b(?:i|we)(?:['\u2019]ve|\s+have)?\s+(?:already\s+)?(?:asked|wrote|written|uploaded|sent|reported|told"
    r"|gave|given|attached|filled|mailed|submitted|answered|replied|shared|provided)\b[^.?!]{0,40}?"
    r"\b(?:(?:minutes?|hours?|days?|weeks?|months?)\s+(?:ago|earlier)|above|in\s+(?:my|the)\s+(?:first"
    r"|last|previous|earlier|original))\b"
    r"|\b(?:as|see|read|like|same|stands|written|stated|mentioned)\s+(?:\w+\s+)?above\b"
    r"|\bin\s+(?:my|the)\s+(?:very\s+)?(?:first|original|previous|earlier|opening)\s+(?:line|sentence"
    r"|message|mail|e-?mail|post|note|question)\b"
    r"|\b(?:start|begin|explain|describe|tell|go|repeat|say|write)\w*\b[^.?!]{0,40}\b(?:from\s+the\s+"
    r"(?:top|start|beginning)|from\s+scratch|once\s+more|all\s+over|over\s+again|yet\s+again"
    r"|(?:a|for\s+the)\s+(?:second|third|fourth|fifth)\s+time)\b"
    r"|\byou(?:['\u2019]ve|\s+have|\s+got)?\s+(?:\w+\s+)?(?:have\s+"
    r"|got\s+)?(?:all\s+)?(?:these|those|this|that|it|my)\b"
    r"[^.?!]{0,25}\balready\b",
    re.IGNORECASE,
)
FAILED = re.compile(
    r"\b(?:(?:did|does|do|is|has|was)\s?n['\u2019]?o?t\s+(?:\w+\s+)?(?:work|help|fix|solve|resolve|"
    r"change)\w*|still\s+(?:(?:is\s+|does\s+|am\s+|can\s+)?not|doesn['\u2019]?t|isn['\u2019]?t|"
    r"can['\u2019]?t|cannot|broken|happening|(?:get|getting|seeing|shows?|says?|fails?|failing)\b"
    r"|ha(?:ve|s|ving)\s+(?:the|this|that|an?)\s+(?:same\s+)?(?:issue|problem|error))"
    r"|same\s+(?:error|issue|problem|result)|no\s+luck|not\s+(?:fixed|resolved|solved)"
    r"|tried\s+(?:that|this|it|everything|all)\b(?!.{0,80}\bwork(?:s|ed|ing)\b)"
    r"|(?:happening|broken|down|back|empty|blank|gone|stuck|locked|dead|offline|wrong)\s+again"
    r"|\bstill\s+(?:crash|freez|drop|stop|break|hang|leak|restart|there|empty|blank|gone"
    r"|missing|wrong|the\s+same"
    r"|locked|dead|offline|down|loud|cold|not\b|no\b)\w*"
    r"|nothing\s+(?:has\s+)?(?:chang|happen|help|work)ed|\bno\s+(?:change|effect|difference"
    r"|improvement)\b"
    r"|\bwithout\s+(?:success|result|effect|luck)|\bnot\s+\w+\s+either\b"
    r"|n['\u2019]t\s+\w+\s+either\b"
    r"|\bkeeps?\s+(?:on\s+)?\w+ing\b|\b(?:made|makes|got|gets|is|even)\s+(?:it\s+)?worse\b"
    r"|\bback\s+to\s+the\s+same\b|\bto\s+no\s+avail)",
    re.IGNORECASE,
)
# A fault told after an agent said what to do, or that it was done, is a fix that failed.
REMEDY = re.compile(
    r"\b(?:i|we)(?:['\u2019]ve|\s+have)?\s+(?:now\s+|just\s+|already\s+)?(?:re-?)?(?:applied|sent|reset|activated"
    r"|released|credited|updated|changed|refunded|set|added|removed|adjusted|deployed|rolled\s+out"
    r"|uploaded|corrected|issued|booked|unlocked|enabled|shipped|restarted|cleared)\b"
    r"|\b(?:sending|here(?:\s+(?:is|are|you\s+(?:go|are))|['\u2019]s)|attached|sent\s+(?:again|you|it))\b"
    r"|\bre-?(?:activated|sent|issued|set)\b|"
    r"(?:^|[.!:;,]\s*|\b(?:please|then|to|and|could\s+you|can\s+you|should)\s+)(?:try|restart|reset|reboot"
    r"|clear|use|press|change|turn|update|reinstall|install|call|click|open|unplug|plug|pair|log|sign"
    r"|delete|switch|enter|replace|remove|ask|charge|hold|refresh|reload|disable|enable|bleed)\b"
    r"|\b(?:done|fixed|resolved|solved|repaired|unlocked|corrected|replaced)\b|\btechnician\b"
    r"|\bshould\s+(?:now\s+)?(?:be|work)\b",
    re.IGNORECASE,
)
FAULT = re.compile(
    r"\b(?:not|no|nothing|none|cannot|never|same|error|stuck|fails?|failed|still|(?:like|as)\s+before"
    r"|dead|empty|blank|unchanged|without|nope|nah|missing|twice|as\s+well|lost|loses?|drop(?:s|ped)"
    r"|crash(?:es|ed)|freezes|froze|just\s+as\s+before)\b"
    r"|n['\u2019]t\b",
    re.IGNORECASE,
)
CONTENT = re.compile(
    r"\b(?:thank\w*|thx|work(?:s|ed)|solved|perfect|great|good|fine|no\s+(?:problem|worries|rush|need)"
    r"|not\s+(?:a\s+problem|needed|necessary|yet))\b",
    re.IGNORECASE,
)
WAITED = re.compile(
    r"\b(?:(?:have\s+|['\u2019]ve\s+)?been\s+waiting|still\s+waiting|waited|on\s+hold"
    r"|any\s+(?:update|news|progress)s?\b|following\s+up|(?:no|without)\s+(?:a\s+)?(?:reply|response|answer|word|sign)"
    r"|(?:not|n['\u2019]t|never)\s+(?:yet\s+)?heard\s+(?:back|anything|a\s+thing|from)"
    r"|no\s?(?:body|\s?one)\s+(?:has\s+|ever\s+)?(?:got|gotten|came|come|been|get)\s+(?:back\s+to|in\s+touch)"
    r"|(?:hours|days|weeks|months)\s+(?:(?:have\s+)?(?:gone\s+by|passed)|(?:later|on)\b[^.?!]{0,20}\b(?:no|not|nothing|still))"
    r"|no\s?(?:body|\s?one)\s+(?:has\s+)?(?:\w+\s+)?(?:answered|replied|responded|called|came)"
    r"|(?:it|that)(?:\s+has|['\u2019]s)\s+been\s+(?:(?:over|almost|nearly|about)\s+|more\s+than\s+)?(?:an?|two|three"
    r"|four|five|six|ten|\d+)\s+"
    r"(?:hours|days?|weeks?|months?)|nothing\s+(?:has\s+)?(?:came|come|arrived)"
    r"|(?:you|they)\s+(?:had\s+|have\s+)?promised|how\s+(?:much|many)\s+(?:longer"
    r"|more\s+(?:days|weeks))"
    r"|is\s+any(?:body|one)\s+(?:there|here|reading))\b",
    re.IGNORECASE,
)
PASSED_ON = re.compile(
    r"\b(?:(?:pass|hand|send|forward)(?:ing)?\s+(?:you|this|it)\s+(?:on|over|to|along|back)"
    r"|(?:belongs|goes|is\s+(?:one|a\s+matter|something|a\s+question))\s+(?:to|for)\s+(?:the\s+|our\s+)?\w+"
    r"|(?:(?:you\s+(?:need|have)\s+to|you['\u2019]ll\s+(?:need|have)\s+to|please)\s+(?:contact|ask|call"
    r"|write\s+to|speak\s+(?:to|with)))\s+(?:the\s+|our\s+)?\w+\s+(?:team|department|desk)"
    r"|(?:it|this|that)\s+is\s+(?:handled|dealt\s+with|done)\s+by|transferr?(?:ing|ed)?\s+(?:you|this|your)|hand(?:ing|ed)?\s+(?:you|this|it)\s+over"
    r"|escalat(?:e|ed|ing)|another\s+(?:team|department|colleague|specialist)"
    r"|(?:pass|forward)(?:ed|ing)?\s+(?:this|you|your|it)\b|passed\s+(?:me\s+)?(?:a)?round"
    r"|connect(?:ing)?\s+you\b|different\s+(?:agent|person|department))",
    re.IGNORECASE,
)
# Every agent asks these twice, and no customer minds.
OFFER = re.compile(r"\b(?:anything\s+else|(?:help|assist)\s+you|how\s+are\s+you)\b", re.IGNORECASE)
ASKS_AGAIN = re.compile(
    r"\b(?:(?:re-?send|re-?confirm|send|share|provide|explain|describe"
    r"|confirm)\b.{0,40}\b(?:again|once"
    r"\s+more|one\s+more\s+time)|(?:could|can|would)\s+you\s+(?:please\s+)?repeat)",
    re.IGNORECASE,
)
# The customer's own words for being sent from one to the next.
SENT_AROUND = re.compile(
    r"\b(?:(?:send|sent|sending|pass|passed|passing|push|pushed|bounc|bounced|shov|shoved|mov|moved)(?:ing|ed)?\s+"
    r"(?:me|us)\s+(?:a?round|back|on|from|between|to\s+(?:you|another|somebody|the\s+next))"
    r"|(?:passed|sent|pushed|bounced|handed)\s+(?:around|from\s+(?:one|pillar|\w+\s+to))"
    r"|(?:different|another|third|fourth|next)\s+(?:person|agent|colleague|department)\b.{0,30}\b(?:now|today|"
    r"already|again|asks?|told|tells)"
    r"|(?:(?:they|he|she|\w+\s+(?:team|department|desk)|the\s+\w+)\s+)(?:just\s+)?(?:sent|told|referred|"
    r"pointed|directed)\s+(?:me|us)\s+(?:back\s+)?(?:here|to\s+you|back)"
    r"|like\s+i\s+told\s+the\s+(?:first|last|other|previous))\b",
    re.IGNORECASE,
)
# Written before about the same, in another conversation.
CAME_BACK = re.compile(
    r"\b(?:here\s+(?:i|we)\s+(?:am|are)\s+again|(?:writing|contacting|messaging|calling|asking|reporting)"
    r"\s+(?:you\s+|in\s+|this\s+|it\s+)*(?:yet\s+)?(?:again|once\s+more)"
    r"|(?:second|third|fourth|fifth|2nd|3rd|[4-9]th)\s+(?:ticket|request|e-?mail|mail|message|letter|complaint|chat|attempt|"
    r"call|time\s+(?:i|we)\s+(?:write|wrote|contact|ask|call|report|raise|open|had\s+to|have\s+to))"
    r"|(?:i|we)(?:['\u2019]ve|\s+have)?\s+(?:already\s+)?(?:wrote|written|contacted|called|reported|raised|opened|"
    r"asked|chatted|complained|e-?mailed|spoke|spoken|phoned|rang|texted|been\s+in\s+touch)\b[^.?!]{0,60}"
    r"\b(?:(?:last|on)\s+(?:week|month|year|"
    r"monday|tuesday|wednesday|thursday|friday)|(?:days|weeks|months)\s+ago|twice|in\s+(?:january|"
    r"february|march|april|may|june|july|august|september|october|november|december)|before|yesterday)\b"
    r"|(?:follow(?:ing)?[- ]?up|com(?:e|ing)\s+back)\s+(?:on|to)\s+(?:my|our|the)\s+"
    r"(?:\w+\s+)?(?:previous|earlier|last|old|closed|first)\b)",
    re.IGNORECASE,
)
# What an agent wants to be given.
WANTS = re.compile(
    r"\?|\b(?:please|could\s+you|can\s+you|kindly|(?:we|i)\s+(?:\w+\s+)?need|let\s+me\s+know|send\s+(?:me|us)|"
    r"provide|confirm)\b",
    re.IGNORECASE,
)
