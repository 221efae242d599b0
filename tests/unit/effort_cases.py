# ruff: noqa: E501  (a conversation stands in one line)
"""Conversations by how hard the customer had to work: c says, a answers, b is a bot.

"+30h a" comes thirty hours later; else five minutes pass. Written by hand, over many trades.
"""

EXPLAIN, FAILED, WAITED = "had to explain again", "a fix did not work", "says that they waited"
AGAIN, ASKED = "asked the same thing again", "the agent asked for the same again"
BACK = "came back with the same"
PASSED, DAY, LONG = "was passed on", "waited over a day for a reply", "took over three days"

HIGH = (
    (
        EXPLAIN,
        "c My invoice is wrong.|a What is wrong with it?|c As I said in the form, the name is wrong.",
    ),
    (
        EXPLAIN,
        "c My card is blocked.|a Which card is it?|c I already told your colleague which card it is.",
    ),
    (
        EXPLAIN,
        "c The door lock fails.|a Please describe it.|c I described all of this on the phone yesterday.",
    ),
    (EXPLAIN, "c Roaming is off.|a Which country?|c I have now explained this to three people."),
    (EXPLAIN, "c I need a refund.|a For which order?|c Do I have to tell my story again?"),
    (EXPLAIN, "c The app asks for a code.|a Which phone is it?|c It is in my first message."),
    (EXPLAIN, "c Parcel is lost.|a Your address please?|c I gave you my address twice now."),
    (
        EXPLAIN,
        "c Claim 11 is open.|a Which claim?|c This is the third time I am writing about claim 11.",
    ),
    (EXPLAIN, "c Please fix my name.|a To what?|c See my earlier e-mail, it is all in there."),
    (EXPLAIN, "c My seat is wrong.|a Which flight?|c You have all these details already."),
    (FAILED, "c The app crashes.|a Please reinstall it.|c I did that, it still crashes."),
    (FAILED, "c No internet.|a Restart the router.|c I restarted it and nothing changed."),
    (FAILED, "c The login fails.|a Reset your password.|c Same result after the reset."),
    (FAILED, "c The heating is cold.|a Press the red button.|c That did not help."),
    (FAILED, "c The export is empty.|a It is fixed now.|c It is empty again this morning."),
    (
        FAILED,
        "c The sensor drops out.|a Pair it anew.|c I paired it anew and the problem is still there.",
    ),
    (FAILED, "c The code is invalid.|a Try this one.|c This one is not accepted either."),
    (FAILED, "c My voicemail is gone.|a Call 123.|c I called 123 without success."),
    (
        FAILED,
        "c The import stops.|a Use a smaller file.|c The import keeps stopping with the smaller file.",
    ),
    (FAILED, "c The page is blank.|a Clear the cache.|c I cleared it, no change."),
    (FAILED, "c The pump is loud.|a Bleed it.|c We did, but it is back to the same noise."),
    (FAILED, "c The card reader fails.|a Update it.|c The update made it worse."),
    (WAITED, "c Where is my order?|a I will check.|c Any news on this?"),
    (WAITED, "c My claim?|a We look into it.|c I am still waiting for an answer."),
    (WAITED, "c My refund?|a It is on its way.|c It has been two weeks now and nothing came."),
    (WAITED, "c Call me please.|a We will call today.|c Nobody called me."),
    (WAITED, "c The lift is stuck.|a Help is coming.|c I have been on hold for an hour."),
    (WAITED, "c My visa letter?|a Tomorrow.|c You promised it for last Friday."),
    (WAITED, "c My report?|a Soon.|c How much longer will this take?"),
    (WAITED, "c My password?|a One moment.|c Hello? Is anybody there?"),
    (
        AGAIN,
        "c How do I change my delivery address?|a Our opening hours are 9 to 5.|c How can I change my delivery address?",
    ),
    (
        AGAIN,
        "c When will my parcel arrive in Berlin?|a Thank you for writing.|c When does my parcel arrive in Berlin?",
    ),
    (ASKED, "c It fails.|a Could you send the log file again?|c Here it is."),
    (ASKED, "c It fails.|a Can you repeat your order number?|c It is 4411, from May."),
    (
        ASKED,
        "c The bill is wrong.|a What is your customer number, please?|c It is 77812.|a What is your customer number, please?|c 77812.",
    ),
    (
        DAY,
        "c The line is dead.|+30h a Sorry for the delay.|c OK, go on.|a I will transfer you to the line team.",
    ),
    (LONG, "c My order is lost.|+26h a We look.|+50h c And now?|a We found it.|+2h c OK."),
    (
        LONG,
        "c My bag is lost.|a We look.|+48h c It is not in Rome.|a We pass this to another team.|+48h c Thanks.",
    ),
    (
        PASSED,
        "c I want to talk to sales.|a I am transferring you.|c I was passed around all day, as I said.",
    ),
    (PASSED, "c My loan?|+26h a I am connecting you with another department.|c Fine by me."),
    (EXPLAIN, "c Parcel is lost.|a What is this about?|c It's all in the thread above."),
    (WAITED, "c My modem?|a We will tell you.|c Four days have gone by without a word from you."),
    (WAITED, "c The letter?|a Tomorrow.|c Three days later and there is no letter."),
    (FAILED, "c The lock loses wifi.|a Reset it please.|c Done the reset, lost wifi again later."),
    (ASKED, "c Login fails.|a What browser?|c Firefox 140.|a Which browser is it?|c Firefox 140."),
    (BACK, "c I've phoned twice, my contract has the wrong name.|a Could you send an ID?|c Sure."),
    (
        PASSED,
        "c A form?|a I'll forward you.|c Okay.|a Customs, connecting you.|c Hm.|a Which?|c B1.",
    ),
)
LOW = (
    "c Is the manual there in Dutch?|a It is, here.|c Thanks once again.",
    "c Please ship order 5510.|a Done. And 5511?|c Leave 5511 as it is.|a All right.|c Thanks.",
    "c How do I add a user?|a Under Settings, Team.|c Perfect, thank you!",
    "c Do you deliver on Sundays?|a Yes, we do.|c Great, thanks.",
    "c I need a copy of my invoice.|a Here it is.|c Thanks a lot.",
    "c Hi|a Hello!|c I want a room for two.|a For which day?|c The 4th.|a Done.|c Thanks.",
    "c The page was blank.|a Please reload it.|c That worked, thank you.",
    "c My card?|a It was sent today.|c Nice, thank you for the quick answer.",
    "c Which size fits me?|a What is your height?|c 1.80|a And your weight?|c 75|a Size L.|c OK.",
    "c Please change my address.|a To which one?|c Elm Street 4.|a Done.|c Thank you.",
    "c Is the pool open?|a Until 9.|c And the sauna?|a Until 10.|c And the bar?|a Until 1.|c Lovely.",
    "c The update failed at first.|a Is it running now?|c Yes, it works now.",
    "c Can I pay by card?|a Yes.|c Can I pay in two parts?|a Yes, that too.|c Very good.",
    "c My meter reading is 4411.|a Noted.|c Thanks, have a nice day.",
    "c I would like to book a table.|a For how many?|c For four people at eight.",
    "c I cannot find the button.|a It is at the top right.|c Found it!",
    "c How do I export my data?|+3h a Under Settings, Export.|c Thank you, got it.",
    "c Could you check my balance?|a It is 40 euros.|c I see, that is right.",
)
EMPTY = (
    "c My order is late.",
    "c My order is late.|a We look into it.",
    "c My order is late.|c It is still not here.",
    "c My order is late.|b Please wait for an agent.|c It is still not here.",
    "a We would like to hear from you.",
    "a Hello, this is a survey.|c I am happy with it.",
    "b Hello, how can I help?|c I want my money back.|b An agent will answer.",
    "c Meine Bestellung ist immer noch nicht angekommen.|a Wir prüfen das.|c Ich warte seit drei Wochen auf das Paket und niemand antwortet mir.",
)
