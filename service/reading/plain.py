"""Plain English, as far as questions about conversations use it. Word lists, and no rule."""

# Never a misspelt or partial name: ordinary English, dates and metrics.
ORDINARY = frozenset(
    """
    about account accounts affected after again agent agents alert all also and angry annoyed
    answer any anything april are asked asking august average before behind best better between
    biggest book bot brief call called case cases causing change changed channel channels chart
    chats churn client clients common companies company compare complain complaining complaint
    complaints conversation conversations convos count customer customers daily data december
    declining did does doing down driver drivers drop dropped during each early effort email
    emails error errors evening ever everything example examples explain fall fallen fast feedback
    feeling fell fewest first fixed flags friday from funnel going graph grew group growing grown
    growth handled happening happier happiest happy have having health help helped high higher
    highest hour hours impact improve improved increase increased issue issues january july june
    just lately later least less list lots lower lowest many march mean means mention mentioned
    mentioning mentions messages metric minutes monday month monthly months mood more morning most
    move moved much negative neutral never number october only open opened other over owner patch
    people percent percentage period phone plan plot portfolio positive problem problems quarter
    question questions queue quote quotes raise rate recent recently report reported request
    requests risen rising risk same saturday saying season segment segments sentiment september
    share show since some sons source spike staff start stats stuff summary sunday support tagged
    tags team tell than that their them there these they thing things this those thursday ticket
    tickets today tomorrow trend trends tuesday unhappy unusual users very volume want wednesday
    week weekend weekly weeks went were what where which while whole with without words work worse
    worst year yesterday your
    """.split()  # noqa: SIM905  # a list of hundreds of quoted words would be unreadable
)
# May stand in a question without changing what it asks.
PLAIN = frozenset(
    """
    able absolute absolutely according across actual actually add added affect affecting against
    agenda ago agreed ah ahead aka allow almost alone along alright although altogether always am
    amid among amount amounts an anger angrier angriest annual annually another anybody anymore
    anyone anyway anywhere apart apparently appear appears arent around as asap aside ask asks at
    atm attention away awful awfully back background bad badly ballpark based baseline basically
    be because become been beginning being believe benchmark beside besides big bigger bit blame
    blank board both bother bothered bottom bout break breakdown briefing bring bringing broken
    brought btw busiest business businesses but by caller callers came can cancel cancelled
    cancelling cannot cant care cares catch catchup caught cause caused causes certain chance
    changes charted charting chase check checking cheers churned churner churners churning clear
    clearly cliff climb climbed climbing close closer colleague colleagues come comes coming
    comment commented commenting comments commonest compared comparing comparison complained
    complains concerned consider considering consumers contain contained
    containing contains contact contacted contacting contacts
    context continue conversion convert converted converting convo could couldn couldnt counted
    counting counts couple cover crazy creep creeping csm csms curious currently curve cut date
    dates day days deal dear decline declined decrease decreased deep deeper definitely delighted
    deploy deployed desk detail details deteriorate deteriorated develop developed development
    didn didnt differ difference differences different digging direct direction disappointed
    disappointment discuss discussed dissatisfied distinct distribution dm do doesn doesnt doin
    don done dont doubled doubling downward dramatically drill drilled drive drives driving
    dropoff drove due dug dunno earlier easier easiest ebr effect effective efforts eg eh eight
    either eleven else empty end ended ending ends enough entire entirely especially etc even
    every everybody everyone evolve evolved exact exactly except excerpt exclude excluding exec
    execs exist expect explained explains face facing fact factor factors fairly far faster
    fastest favourite feel feels felt few fifteen figure figures final finally find fine firm
    firms five fix flag flagged flagging fly flying folk folks following for force fortnightly
    forward four frustrated frustrating full fully furious further fyi general generally generic
    get gets getting give given gives giving glance go goes gone gonna good got gotta gotten
    graphed graphing great gripe grouped grumpier grumpiest grumpy guess guy guys ha had
    difficult easy fed half halved hand painful
    handle handles handling happen happened happens hard harder hardest has hasn hasnt haven
    havent he heading healthy hear heard hello helpdesk helpful helping helps her here heres hes
    hey hi him himself his hit hitting hm hmm hold hot how however hows huge hurt hurting id idea
    identified identify ie if ignore ignored ignoring imagine immediately imo improvement
    improvements in including incoming indeed industry info inside instance instead interaction
    interactions interested interesting into intro involve involved involving is isn isnt it itd
    its itself ive journey jump jumped jumping keep keeps kept key kind kinda kinds knew know
    known knows kpi kpis label large largely largest last late latest lead leadership leading
    leads learn leave leaving led left let lets level levels like likelier likeliest likely listed
    listing little live lol long look looked looking looks lose losing lost lot loud love low
    lowdown mad made main mainly major make makes making man manage management manager managers
    marginally material matter matters may maybe me meant meanwhile measure measured meet meeting
    might mind mine miss mix moan moaning moans mom moment monitor mostly movement movements
    movers moves moving mtd must my myself name named namely near need needed needs negativity
    neither new newest news next nice nine no nobody non none noone nor normal normally not note
    noted nothing notice noticed now nowadays numbers nuts obvious obviously occur occurred odd of
    off offered
    often oh ok okay old omg on once one ones onto opening option options or org organisation
    organization others otherwise ought our ours ourselves out outside overall overview own owned
    owns pain part particular particularly parts past pattern patterns peak peaked per perform
    performing performs perhaps person personally phrase picked picture piece place places plain
    plans please pleased pleases plotted plotting pls plus plz pm point pointed points poor
    poorly popped
    positivity possible possibly prep prepare prepped present pretty previous previously prior
    probably proper properly proportion proportions provide pull pulled purely push pushed pushing
    put putting qbr qoq qtd quarterly quick quiet quietest quite raised raising ran range rank
    ranked ranking rapid rapidly rates rather re reach reached reaching react read reading ready
    real really reason reasonable reasons receive received receiving recover recovered reduce
    reduced reduction regarding regards region regions related relation relative relatively
    release released releases remain remains remarks remember remind renewal rep reporter
    reporting reports representative reps resolved rest result results return review right risks
    risky rn roll rolled rolling rollout root rose rough roughly round run rundown running runs
    said sample samples satisfied saw say says scope score second secondly see seeing seem seemed
    seems seen send sense sent seriously set seven several shall shared shares she shes shift
    shifted shifting shifts short shot should shouldn shouldnt shown shows side sides significant
    significantly similarly simple simply sit sits situation six size skip skyrocket skyrocketed
    slack slice slide slight slightly smallest snapshot snippet snippets so soar soared solve
    solved somebody someone something sometimes somewhat somewhere sorry sort sorta sorted sorts
    speak specific specifically split splits spots spread stack stage stages stand standing stands
    state stated status stay stayed steadily steady steep step steps still stood stop stopped
    story straight strange struggle struggled struggling such sudden suddenly sum summarise
    summarize super sure surge surged surging surprise surprised tag tagging take taken takes
    taking talk talked talking talks tally tank tanked tanking tbh teams ten tend tends terms
    terrible testimonial testimonials thank thanks thatd thats the thee theme themes themselves
    then thereby therefore thereof theres theyre think thinking thirty though thought three
    through throughout thus thx tier tiers till time timeframe times tix to together told tone too
    took top topic topics total totally touch touched toward towards track tracking trailing
    trended trending tried trigger triggered triggering try trying turn turned twelve twenty two
    type types typical typically ultimately umm under understand unhappier unhappiest unique until
    up upon upset upward upwards us use used user using usual usually vary verbatim verbatims
    verse version versions versus via view views visible visual visualise visualize voice vs wanna
    wanted wants was wasn wasnt watch way ways we wed weekends weird well weren werent weve
    whatever whats when whenever wheres whether who whoever whom whos whose why wide widely will
    window wise wish within woes won wonder wondering wont word wording worked working works
    workspace worried worries worry worsen worsened worsening worth would wouldn wouldnt wow write
    writes writing written wrong wrote wtd yall yeah yearly yep yes yet yo you youre yours
    yourself youve yoy ytd
    confirm draw drawn frequent frequently kindly telling tells timeline
    """.split()  # noqa: SIM905  # a list of hundreds of quoted words would be unreadable
)
