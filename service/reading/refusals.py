"""What must not or cannot be answered, checked before anything else. Quoted words are data."""
# ruff: noqa: E501 -- a rule is one pattern; its alternatives stay together

import re
from collections.abc import Collection

from service.reading.leftover import is_strange
from service.reading.words import Word, Words

_NO_PERSON = (
    r"(?:what|how|who|it|that|where|there|here|let|today|yesterday|week|month|year|quarter|company|"
    r"team|(?:mon|tues|wednes|thurs|fri|satur|sun)day)'s"
)
_OF_OURS = (
    r"(?:tickets?|tix|volumes?|sentiment|effort|trend|conversations?|complaints?|rate|churn|queue)"
)
_POLITE = (
    r"^(?:(?:hey|hi|ok|pls|please|kindly|can you|could you|would you|will you|go ahead and|just|now|then"
    r"|and|also|let's|you should|i(?:'d| would)? (?:like|want|need) you to) )*"
)
# "Reset emails not received": a noun, and no order.
# "Tag with the most tickets", "tag trends": a dimension, and no order.
_RANKED = (
    r" (?:with (?:the )?(?:most|least|fewest|highest|lowest|biggest|largest|worst|best|more|less)"
    r"|that (?:grew|gr[eo]w\w*|fell|rose|dropped|has|had|got|went|is|was|gets|changed|improved)"
    r"|which|growing|falling|rising|breakdown|trends?|volumes?|counts?|ranking|mix|share)\b"
)
_ASKED_ABOUT = r"(?:e-?mails?|links?|requests?|complaints?|volumes?|issues?|problems?|questions?|codes?|rate)\b"
_RULES: tuple[tuple[str, str], ...] = (
    (
        "instructions",
        r"\b(?:ignore|forget|disregard|override|bypass|drop)\b.{0,30}\b(?:rules?|instructions?|"
        r"prompts?|guidelines|restrictions|guardrails|above)\b"
        r"|\b(?:ignore|forget|disregard|override)\b.{0,20}\b(?:previous|prior|above|earlier|everything|all)\b(?! (?:weeks?|months?|quarters?|years?|days?|questions?|tickets?|~))"
        r"|\b(?:repeat|print|show|output|reveal|display|quote)\b.{0,20}\b(?:above|instructions?|prompts?)\b|\binstructions you\b"
        r"|\b(?:system|hidden|initial|secret) (?:prompt|instructions?|message)\b|\byour (?:prompt|instructions)\b"
        r"|\b(?:api|secret|access|signing) (?:keys?|tokens?)\b|\bcredentials\b"
        r"|\b(?:your|my|his|her|their|the|a|an|admin|root|database|db|login|user) passwords?\b|\bpasswords?(?: (?:of|for|to))?$"
        r"|\b(?:run|execute|eval) (?:\S+ ){0,2}?(?:sql|code|commands?|scripts?|shell)\b|\bselect (?:\S+ )?from\b|\bprint env\b"
        r"|\b(?:export|download|extract) (?:the |all |your |me |every )*(?:tickets?|conversations?|convos?|data|messages|customers?|accounts?)\b"
        r"|\b(?:dump|export|print|download|extract) (?:\S+ ){0,4}?(?:database|raw|tables?|everything|transcripts|records)\b"
        r"|\b(?:dump|print|output) (?:the |all |your |me |every )+(?:whole |entire |full )?(?:tickets?|conversations?|data)\b"
        r"|\b(?:raw|database|full|data) dump\b|\bjailbreak|\bdeveloper mode\b|\bpretend (?:to be|you)\b|\bact as\b"
        r"|\byou are (?:now|an? (?:\S+ )?(?:assistant|ai|bot|model|admin\w*))\b|\bunrestricted\b|\bunfiltered\b"
        r"|\b(?:slack|bot|bearer|auth|oauth|session|bot's|verbatim|your) (?:\S+ )?(?:tokens?|secrets?|keys?|config\w*|credentials?|source code)\b"
        r"|\b(?:unmask\w*|unredact\w*)\b|\b(?:without|disable|switch off|turn off|stop) (?:the |your |all )?(?:masking|redact\w+|filters?|safety)\b"
        r"|\b(?:ignore|bypass|circumvent|skip|get around)\b.{0,20}\b(?:masking|redact\w*|rights|permissions?|access)\b|\breal names?\b"
        r"|\bbypass (?:the |your |all |my )*~|\b(?:debug|admin|god|root) mode\b|\bpasswd\b|\bdrop table\b"
        r"|\bfrom now on (?:you|only|always|answer|reply|respond|speak|talk|act)\b|\bi(?:'m| am) not (?:allowed|supposed)\b"
        r"|\bnew instructions\b|\benv(?:ironment)? (?:var(?:iable)?s?|files?)\b",
    ),
    (
        "personal_data",
        r"[\w.+-]+@[\w-]+\.\w{2,}|\b\d{3}[ -]?\d{3,4}[ -]?\d{3,4}\b"
        r"|\b(?:e-?mail|home|street|postal|mailing|billing|ip) address(?:es)?\b"
        r"|\b(?:phone|mobile|cell|telephone|contact|card|credit card|passport|bank|account) (?:numbers?|no|details|info)\b"
        r"|\b(?:iban|ssn|social security|sort code|national insurance|tax id|passport)\b"
        r"|\b(?:date of birth|dob|birthday|personal (?:data|details|info\w*)|contact (?:details|info))\b"
        r"|\b(?:names?|surname|e-?mails?|phone|address|mobile)\b of (?:the |that |this |a |each |our )*"
        r"(?:\S+ ){0,3}?(?:customers?|persons?|requesters?|users?|people|contacts?|guy|woman|man|lady|caller|who|ones?|them|him|her|whoever|someone)\b"
        r"|\b(?:customers?|persons?|users?|requesters?|guy|woman|man|lady|people) (?:named(?! (?:an?|the|our|any|some)\b)|by the name)\b"
        r"|\bindividual (?:customers?|people|persons?|users?)\b|\bnames? (?:please|pls)$"
        r"|\b(?:list|give me|show me|get|share|find|print|send|what are)\b.{0,20}\b(?:customer|user|requester|contact)(?:s|'s)? "
        r"(?:e-?mails|names|phones|addresses|contacts)\b(?! (?:about|that|which|saying|on|with))"
        r"|\bwho (?:exactly )?(?:wrote|said|sent|opened|filed) (?:that|this|it|them)\b"
        r"|\bwho (?:exactly )?(?:is|was) the (?:customer|person|requester|user|caller|guy|lady)\b"
        rf"|\b(?!{_NO_PERSON})[a-z]+'s (?:e-?mail|phone|mobile|cell|address|number)\b(?! {_OF_OURS})"
        rf"|\b(?:his|her|their) (?:(?:full|first|last) )?(?:names?|e-?mails?|phone|number|address(?:es)?)\b(?! {_OF_OURS})"
        r"|\bcontact (?:e-?mails?|phones?|names?|address(?:es)?)\b(?! (?:tickets|tix|volumes?|complaints|rate))"
        r"|\b(?:what's|what is|give me|get|need|have|know) ~ (?:e-?mail|phone|mobile|number)$"
        r"|\b(?:need|want|get|have|give me) (?:an?|the|their|his|her) names?$"
        r"|\bwhere does .{1,40} live\b|\b(?:customer|person|requester|user|caller)(?:'s)? (?:full )?(?:name|e-?mail|phone|mobile|address)\b"
        r"|\b(?:customer|person|requester|user|caller)'s (?:card|bank|passport|number|account number)\b",
    ),
    (
        "out_of_scope",
        r"\b(?:weather|joke|poem|recipe|haiku|song|lottery|football|stock price|share price|capital of|translate|"
        r"horoscope|bitcoin|lunch|dinner|restaurant|movie|politic\w*|election)\b"
        r"|\b(?:(?<!on )fire|sack|promot(?:e|ed|ion)|bonus|pay rise|salary|pip|lay off|let go|let \S+ go|underperform\w*|hire|dismiss(?! (?:the|that|this|those) (?:\S+ )?flags?))\b"
        r"|\b(?:a|pay|get a|deserves? a) (?:raise|rise|bonus|promotion)\b"
        r"|\bwrite (?:me )?(?:a |an |some )?(?:\w+ )?(?:code|script|sql|python|essay|blog|tweet|story|poem)\b"
        r"|\b(?:flights?|hotels?) (?:to|in)\b|^(?:what(?:'s| is) |solve |calculate )\d+ ?%? (?:of )?\d+|\bwhat (?:time|day) is it\b"
        r"|\b(?:who|what) (?:won|is the president)\b|\bshould (?:i|we) (?:buy|invest|eat|wear|watch)\b",
    ),
    (
        "no_write",
        rf"{_POLITE}"
        r"(?:close|reopen|tag|untag|retag|refund|assign|reassign|merge|delete|remove|reply|respond|escalate|"
        r"mark|update|change|set(?! aside)|create|add(?! up)|cancel|archive|dismiss|un(?:snooze|flag|assign|block|merge|link|pin|mute)|mute|disable|enable|snooze|block|ban|rename|edit|resolve|solve|approve|unlock|reset|"
        r"apologi[sz]e|offer|schedule|book|drop(?! ?off)|(?:turn|switch) (?:on|off)|write back|follow up with|reach out to|get back to)\b"
        rf"(?!'| (?:of|in|on|about|over|by|did|does)\b|(?<=reset|pdate|ancel|hange|nlock) {_ASKED_ABOUT}|(?<=\btag){_RANKED})"
        rf"|{_POLITE}(?:move|transfer|shift|reroute|upgrade|downgrade) ~ (?:\S+ )?(?:to|into|under|out)\b|{_POLITE}flag (?:~|this|that|it|them) as\b"
        rf"|{_POLITE}(?:give|issue|grant|offer|send) ~ (?:an?|their|some|\d+|more) (?!look\b|think\b)"
        rf"|{_POLITE}(?:have|get|ask|make) \S+ (?:to )?(?:call|e-?mail|reply|respond|write|contact|reach|message|close|refund|tell)"
        r"(?: (?:to|out))?(?: ~|(?: the customer| them| him| her| back)\b)"
        rf"|{_POLITE}(?:e-?mail|message|call|text|ping|dm|write|send|tell|notify|contact)"
        r" (?:to |an? |the |all |every |them|him|her|their|our|this |that |customers?)+"
        r"(?!about\b)"
        rf"|{_POLITE}(?:(?:open|raise|log|file|make|put|move|route) "
        r"(?:a|an|the|this|that|these|those|every|all) (?:\S+ )?(?:tickets?|bugs?|macros?|case)|(?:give|issue|grant|send) "
        r"(?:a|an|the|this|that|these|those|him|her|them|every|all|~) (?:\S+ ){0,3}?(?:refunds?|credits?|discounts?|vouchers?))\b"
        rf"|{_POLITE}(?:remind|notify|inform|ping|dm|tell|ask) (?!me\b|us\b|you\b)\S+ (?:to|that)\b"
        rf"|{_POLITE}(?:remind|notify|inform|ping|dm) (?!me\b|us\b)\S+ (?:about|of)\b"
        rf"|{_POLITE}(?:tell|let|ask|remind|inform|thank) "
        r"(?:~|them|him|her|the customers?)(?= |$)(?! \S+ (?:about|did|said))"
        rf"|{_POLITE}(?:(?:e-?mail|dm|text|call|message|remind|ping|notify|alert) me\b(?! (?:what|how|which|who|why|of)\b)"
        r"|(?:post|share|forward|publish|send) (?:this|it|that|these|them|the)\b)"
        rf"|{_POLITE}(?:e-?mail|message|call|text|ping|dm|notify) ~ (?:and (?:apologi|tell|say|ask|let|offer)|that\b|saying\b|to (?:say|tell|let|ask|apologi)"
        r"|about (?:the|our|their|this|that|it)\b)"
        r"|^(?:(?:hey|hi|ok|and|also) )*(?:(?:can|could|would|will) you(?: (?:please|pls|just))?|please|pls|kindly) "
        r"(?:e-?mail|message|call|text|ping|dm|notify|contact) ~(?! (?:tickets?|volumes?|sentiment|effort|tix))",
    ),
    (
        "not_measured",
        r"\b(?:csat|nps|ces|net promoter|aht|handle time|handling time|response times?|reply times?|resolution times?|"
        r"(?:average|median|mean) (?:\w+ )?times?|"
        r"how (?:long|fast|quick|quickly|soon|slow|slowly) (?:do|does|did|are|is|until|before|till|will|would|can|we|they)|"
        r"wait(?:ing)? times?|first (?:response|reply|contact resolution)|time to (?:resolve|resolution|reply|first)|"
        r"fcr|sla|slas|revenue|arr|mrr|ltv|lifetime value|cost|costs|how much money|spend|forecast\w*|predict\w*|"
        r"projection|backlog|satisfaction scores?|star ratings?|headcount|utili[sz]ation|deflection|duration|website traffic|page ?views?|visitors|retention|margins?|profits?|bounce rate|on shift)\b"
        r"|\bhow many (?:minutes|hours|seconds)\b"
        r"|\b(?:likely|going|gonna|expected|set|bound|about) (?:to )?(?:rise|fall|increase|decrease|drop|grow|go (?:up|down)|spike|improve|worsen|get (?:better|worse))\b"
        r"|^(?:so |and )*will (?:~|the|our|we|they|it|there|more|churn|sentiment|effort|volumes?|complaints?|tickets)(?= |$)(?! (?:took|handl|solv|clos|answer))"
        r"|\bwill (?:we|it|they|there|sentiment|churn|volume|effort|tickets)\b.*\b(?:next|tomorrow)\b"
        r"|^(?:so |and )*(?:when|what|how|where) (?:will|would)\b|\bwhat (?:happens|would happen|will happen) (?:if|when)\b"
        r"|\b(?:you|we|should|can|to) expect\b|\bhow much (?:do|does|did|have|has|will|would) .{1,40}\b(?:pay|paid|spend|spent|owe|cost)\b"
        r"|\bhow (?:many|much)\b.* tomorrow\b"
        r"|^(?!.*\b(?:call|meeting|meet|qbr|ebr|renewal|review|prep|brief|visit|kick-?off|catch-?up|demo|onsite)\b)"
        r".*\bnext (?:week|month|quarter|year)\b",
    ),
)
_NAMED = {"quoted", "tag", "driver", "account", "fix", "custom"}
_ORDERS = {"refund", "cancel", "close", "reset", "unlock", "update", "delete"}
_POINTING = {"the", "this", "that", "these", "those", "them", "him", "her", "all", "every", "my"}


def _is_data(word: Word, after: Word | None) -> bool:
    return word.used in _NAMED and not word.part and not _orders(word, after)


def _orders(word: Word, after: Word | None) -> bool:
    """Whether a word that is also a name stands as a command: "refund the customer"."""
    if word.text not in _ORDERS or after is None:
        return False
    return after.text in _POINTING or after.used == "account"


def unnamed(words: Words, data: Collection[Word] = ()) -> str:
    """The message with the names of the catalogue left out: "address errors" asks for no address.

    Words used up by periods stay, as do imperatives and parts of names: "ignore" is no Ignore Labs.
    Those of `data` are only looked for: "tickets that mention NPS" asks for no NPS.
    """
    following = [*words.words[1:], None]
    shown = [
        "~" if _is_data(word, after) or any(word is one for one in data) else word.shown
        for word, after in zip(words.words, following, strict=False)
    ]
    kept = [one for at, one in enumerate(shown) if one != "~" or shown[at - 1 : at] != ["~"]]
    return " ".join(kept + re.findall(r"[\w.+-]+@[\w-]+\.\w+", words.plain))


_FOREIGN = frozenset(
    """
    warum wieso wie viele wieviele kunden letzte letzten woche gestern und ist der die das nicht
    pourquoi combien clients semaine derniere dernière hier est les des une quel quels quelle sont le la
    porque cuantos cuántos clientes semana pasada ayer los las una que qué por el está fue
    perche perché quanti clienti settimana scorsa ieri sono il gli waarom hoeveel klanten vorige
    läuft bei mit für auf wir sind haben gibt von eine kein auch nous vous avec pour dans sur pas
    qui estan están cómo como muchas muchos para con della nel sui een het voor met van zijn não
    plaintes plainte réclamations beschwerden quejas reclami klachten klagomål stimmung zeig zeige mir
    zitate rechnungen muestra ejemplos montre hur många mange ärenden förra veckan forrige uke uge
    ile dlaczego jak klientow hvorfor varfor varför quantos ontem qual quais quanto reclamações
    volgende gisteren welke welche welcher welches hatten gestiegen zuletzt heute quelle lequel
    """.split()  # noqa: SIM905  # a list of eighty quoted words would be unreadable
)


_UNMISTAKABLE = frozenset(
    """
    warum wieso weshalb wieviele pourquoi combien quelles porque cuantos cuántos cuántas perche perché
    plaintes beschwerden quejas klachten reclami klagomål zeig zeige muéstrame många ärenden
    gestern ontem ayer gisteren letzte letzten semana semaine settimana woche heute quais
    quanti quante waarom hoeveel dlaczego hvorfor varför quantos quantas miksi proč neden kaç
    """.split()  # noqa: SIM905  # shorter so
)


_STRANGE, _MOSTLY = 3, 0.7  # words, and their share, beside one that is known to be foreign


def refusal(words: Words) -> str | None:
    """Return why a message is refused, or None; names and what stood in quotes are only data."""
    text = unnamed(words)
    if _holds_phone(words.plain) or _names_a_person(words):
        return "personal_data"
    if _foreign(text) or _mostly_strange(words):
        return "language"
    found = [word for word in words.words if word.used == "text"]
    sought = [word for word in found if not re.match(_SEEKING, word.text)]
    harmless = unnamed(words, sought)
    only_word = harmless if len(sought) == 1 else text
    asked = dict.fromkeys(_HARMLESS, harmless)
    return next(
        (reason for reason, rule in _RULES if re.search(rule, asked.get(reason, only_word))), None
    )


# What a text to look for may name, however long it is; of the rest it may be a single word.
_SEEKING = r"(?:mention|contain)|(?:of|with|using|words?|phrase|term|is|are|was|were|do|did|does|get|being)$"
_HARMLESS = ("not_measured", "out_of_scope")


_DIGITS_OF_PHONE = 9  # or more; a date has eight


def _holds_phone(plain: str) -> bool:
    """Whether a message holds a number to call, as people write it: "+44 7700 900123"."""
    undated = re.sub(r"\b\d{4}-\d{2}-\d{2}\b", " . ", plain)
    runs = re.findall(r"(?<![\w/.-])\+?\(?\d[\d ()-]{7,}\d(?![\w/])", undated)
    return any(sum(map(str.isdigit, run)) >= _DIGITS_OF_PHONE for run in runs)


_PERSON = frozenset({"customer", "user", "person", "requester", "caller", "mr", "mrs", "ms"})
_COMPANY = frozenset({"corp", "inc", "ltd", "group", "labs", "company", "bank", "gmbh", "llc"})


def _names_a_person(words: Words) -> bool:
    """Whether one customer is looked for by first and last name: "customer Maria Lopez"."""
    return any(
        title.text in _PERSON
        and last.text not in _COMPANY
        and all(is_strange(one) and one.original[:1].isupper() for one in (first, last))
        for title, first, last in zip(words.words, words.words[1:], words.words[2:], strict=False)
    )


_SHORTEST_QUESTION = 4  # words; of fewer, one that we do not know may be a name


def outside(words: Words) -> str | None:
    """Why a question of which nothing was understood is refused, if it says enough to tell."""
    strange = sum(is_strange(word) for word in words.words)
    if not strange or len(words.words) < _SHORTEST_QUESTION:
        return None
    return "language" if strange >= _MOSTLY * len(words.words) else "out_of_scope"


def _mostly_strange(words: Words) -> bool:
    """Whether hardly a word beside names and dates is one that questions are made of."""
    free = [word for word in words.words if not word.used and word.text[:1].isalpha()]
    strange = sum(is_strange(word) for word in free)
    known = any(word.text in _FOREIGN for word in free)
    return known and strange >= _STRANGE and strange > _MOSTLY * len(free)


def _foreign(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    if letters and sum(ord(letter) > 0x24F for letter in letters) > len(letters) / 2:
        return True
    words = re.findall(r"[^\W\d_]+", text.lower())
    if any(word in _UNMISTAKABLE for word in words):
        return True
    foreign = sum(word in _FOREIGN for word in words)
    return foreign >= 2 and foreign * 3 >= len(words)
