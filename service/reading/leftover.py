"""The words of a question that nothing understood: an answer names them and does not guess.

Knows plain English, and no name and no pattern.
"""

import re
from collections.abc import Sequence

from service.names import stem
from service.reading.entities import ORDINARY
from service.reading.signals import BETTER, DOWN, UP, WORSE
from service.reading.words import Word, Words

IGNORED = "ignored: "  # how such a word stands among what was assumed
_LONGEST = 40
_MOST = 5  # words; a pasted letter is no question
_NOUNS = (
    r"(?:tickets?|tix|convos?|conversations?|cases|chats|emails|calls|messages|accounts?|customers?|"
    r"clients?|users?|companies|ones|~)"
)
# No conversation is filtered by these, though they are plain English.
_QUALIFIED = re.compile(
    r"\b(open|closed|solved|unsolved|resolved|unresolved|pending|new|urgent|returning|waiting)"
    rf"(?= {_NOUNS})|\b(average|median)\b|\b(?:are|is|were|was) (?:still )?"
    r"(open|closed|solved|unsolved|pending|urgent)$"
)
_SHORTEST = 2  # letters of a word that is worth naming
_PLAIN = frozenset(
    """
    able about above absolute absolutely according across actual actually add added affect
    affected affecting again against agenda agent ago agreed ah ahead aka all allow almost alone
    along alright also although altogether always am amid among amount amounts an and anger
    angrier angriest angry annoyed annual annually another any anybody anymore anyone anything
    anyway anywhere apart apparently appear appears arent around as asap aside ask asked asking
    asks at atm attention average away awful awfully back background bad badly ballpark based
    baseline basically be because become been before beginning being believe benchmark beside
    besides best better beyond big bigger bit blame blank board bot bother bothered bottom bout
    brand brands break breakdown brief briefing bring bringing brought btw busiest business
    businesses but by call caller callers came can cancel cancelled cancelling cannot cant care
    cares case catch catchup categories category caught cause caused causes causing certain
    chance change changes channel chart charted charting chase chats check checking cheers churn
    churned churner churners churning clear clearly cliff climb climbed climbing close closer
    colleague colleagues come comes coming comment commented commenting comments commonest
    company compared comparing comparison complained complains complaint complaints concerned
    consider considering consumers contact contacted contacting contacts context continue
    conversation conversion convert converted converting convo could couldn couldnt count
    counted counting countries country counts couple cover crazy creep creeping csm csms
    cumulative curious currently curve customer cut date dates day days deal dear decline
    declined decrease decreased deep deeper definitely delighted deploy deployed desk detail
    details deteriorate deteriorated develop developed development deviation did didn didnt
    differ difference differences different digging direct direction disappointed disappointment
    discuss discussed dissatisfied distinct distribution dm do does doesn doesnt don done dont
    double doubled doubling down downward dramatically drill drilled drive driver drives driving
    drop dropoff drove due dug dunno each earlier easier easiest ebr effect effective effort
    efforts eg eh eight either eleven else empty end ended ending ends enough entire entirely
    especially etc even ever every everybody everyone evolve evolved exact exactly example
    examples except excerpt exclude excluding exec execs exist expect expected explain explained
    explains extra face facing fact factor factors fairly far faster fastest favourite feedback
    feel feels felt few fifteen fifty figure figures final finally find fine firm firms first
    five fix flag flagged flagging fly flying folk folks following for force former fortnightly
    forty forward four frequent frequently fresh frustrated frustrating full fully funnel
    furious further fyi general generally generic get gets getting give given gives giving
    glance go goes gone gonna good got gotta gotten graph graphed great gripe grouped grumpier
    grumpy guess guy guys ha had half halved hand handle handles handling happen happened
    happens happiest happy hard harder hardest hardly has hasn hasnt have haven havent having he
    heading health healthy hear heard heavily heavy hello help helpdesk helpful helping helps
    her here heres hes hey hi him himself his hit hitting hm hmm hold hot hourly how however
    hows huge hundred hurt hurting idea identified identify ie if imagine immediately imo impact
    important improvement improvements in including incoming indeed individual info inside
    instance instead interaction interactions interested interesting into intro involve involved
    involving is isn isnt it itd its itself ive journey jump jumped jumping just keep keeps kept
    key kind kinda kinds knew know known knows kpi kpis label large largely largest last late
    lately latest lead leadership leading leads learn least leave leaving led left length less
    let lets level levels like likelier likeliest likely list listed listing little live lol
    long longer look looked looking looks lose losing lost lot loud love low lowdown mad made
    main mainly major make makes making man manage management manager managers marginally
    material matter matters max maximum may maybe me mean meant meanwhile measure measured
    median meet meeting mention metric midnight might min mind mine minimum minor miss mix moan
    moaning moans mom moment monitor mood morning mostly move movement movements movers moves
    moving mtd must my myself name named namely near nearly need needed needs negative
    negativity neutral never new newest news next nice nightly nights nine no nobody non none
    noon noone nor normal normally not note noted nothing notice noticed now nowadays numbers
    nuts obvious obviously occur occurred odd of off offered often oh ok okay old omg on once
    one ones ongoing only onto opened opening opposite option options or org organisation
    organization other others otherwise ought our ours ourselves out outlier outliers outside
    over overall overview own owner pain part particular particularly parts past patch pattern
    patterns peak peaked people per perform performing performs perhaps person personally picked
    picture piece place places plain plan plans please pleased pleases plotted pls plus plz pm
    point pointed points poor poorly popped popular positive positivity possible possibly prep
    prepare prepped present pretty previous previously prior probably proper properly proportion
    proportions provide pull pulled purely push pushed pushing put putting qbr qoq qtd quarterly
    queue quick quickest quickly quiet quite quote quotes raised raising ran random range rank
    ranked ranking rapid rapidly rates rather rating ratings ratio ratios raw re reach reached
    reaching react read reading ready real really reason reasonable reasons receive received
    receiving recent recover recovered reduce reduced reduction regarding regards region regions
    related relation relative relatively release released releases remain remains remarks
    remember remind renewal rep repeat report reporter reporting reports representative reps
    requester requesters resolved respective rest result results return review right risk risks
    risky rn roll rolled rolling rollout root rose rough roughly round run rundown running runs
    said sample samples satisfied saw say says scale scope score scored second secondly see
    seeing seem seemed seems seen segment send sense sent sentiment separate serious seriously
    set seven several shall share shared shares she shes shift shifted shifting shifts short
    shot should shouldn shouldnt shown shows side sides significant significantly similar
    similarly simple simply single sit sits situation six size skip skyrocket skyrocketed slack
    slice slide slight slightly small smaller smallest snapshot snippet snippets so soar soared
    solve solved somebody someone something sometimes somewhat somewhere soon sorry sort sorta
    sorted sorts source speak specific specifically split splits spots spread stack staff stage
    stages stand standing stands state stated status stay stayed steadily steady steep step
    steps still stood stop stopped story straight strange struggle struggled struggling such
    sudden suddenly sum summarise summarize summary super sure surge surged surging surprise
    surprised tag tagged tagging take taken takes taking talk talked talking talks tally tank
    tanked tanking target tbh team teams ten tend tends terms terrible testimonial testimonials
    than thank thanks thatd thats the thee theme themes themselves then thereby therefore
    thereof theres theyre think thinking thirty though thought three through throughout thus thx
    tier tiers till time timeframe times tix to together told tone too took top topic topics
    total totally touch touched toward towards track tracking trailing tried trigger triggered
    triggering true try trying turn turned twelve twenty twice two type types typical typically
    ultimately umm unclear under understand unexpected unhappier unhappiest unhappy unhealthy
    unique until up upon upset upward upwards us use used user using usual usually various vary
    verbatim verbatims verse version versions versus via view views visible visual visualise
    visualize voice vs wanna wanted wants was wasn wasnt watch way ways we wed weekday weekdays
    weekends weird well were weren werent weve whatever whats when whenever wheres whether who
    whoever whole whom whos whose why wide widely will window wise wish within woes won wonder
    wondering wont word wording worked working works workspace worried worries worry worsen
    worsened worsening worst worth would wouldn wouldnt wow write writes writing written wrong
    wrote wtd yall yeah yearly yep yes yet yo you youre yours yourself youve yoy ytd zero
    """.split()  # noqa: SIM905  # a list of quoted words would be unreadable
)


def ignored(words: Words, untimed: Sequence[str] = ()) -> tuple[str, ...]:
    """What is no name, no date and no plain English, and what qualifies and is no filter.

    `untimed` are times that no window of whole days is.
    """
    strange = [word.original for word in words.words if is_strange(word)]
    qualified = [one for found in _QUALIFIED.findall(words.free()) for one in found if one]
    left = [*strange, *qualified, *untimed]
    return tuple(dict.fromkeys(word[:_LONGEST] for word in left))[:_MOST]


def is_strange(word: Word) -> bool:
    """Whether a word is no name, no date and no plain English. A number may be a limit."""
    if word.used or len(word.text) < _SHORTEST or not word.text[:1].isalpha():
        return False
    bare = word.text.partition("'")[0]
    if re.fullmatch(rf"{UP}|{DOWN}|{BETTER}|{WORSE}", bare):
        return False
    forms = {word.text, bare, stem(bare)}
    return not any(form in _PLAIN or form in ORDINARY for form in forms)
