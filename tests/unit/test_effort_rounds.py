"""Conversations that were written before the signs they show were looked for, scored, and kept.

The rules were fitted to the first ten; of the next ten, to which nothing was, they see eight.
"""

import pytest

from service.analysis import local
from service.ports import Analyser
from tests.unit.test_effort_cases import effort

FITTED = (
    (
        "c I need the invoice with our VAT number on it.|a Here you go.|c That one has no "
        "VAT number.|a Here is a new one.|c Again without the number.|a Third attempt "
        "attached.|c Finally."
    ),
    (
        "c My heating contract shows the wrong address.|a I'll hand you to the address "
        "team.|a Hello, this is the address team, what is it about?|c The address on my "
        "contract is wrong, like I told the first person.|a That belongs to contracts, "
        "passing you on.|c So I start from the top for a third time?"
    ),
    (
        "c Scanner doesn't connect.|a Update the driver please.|c Driver updated, no change "
        "at all.|a Use another cable.|c Bought a new cable this morning, exactly the same "
        "thing.|a I see."
    ),
    (
        "c Please unlock the admin user.|a Done, please sign in.|c It says locked.|a Please "
        "wait ten minutes.|c Waited twenty, locked all the same.|a I'll look.|c Please do."
    ),
    (
        "c My flight was moved, can I be rebooked?|+30h a Which flight?|c LH 12 on Friday, "
        "that's the only one on my booking.|+26h a We can offer Saturday.|c I asked two days "
        "ago, Saturday is too late by now."
    ),
    (
        "c The parcel was due on the 3rd.|+72h a Sorry for the delay in getting back to you, "
        "it is on its way.|c It is the 6th and nothing is here.|+80h a Let me check with the "
        "courier.|c A week gone by now, I only want to know where it is."
    ),
    (
        "c The app logs me out every hour.|a We released a fix today.|c Installed it, logged "
        "out twice since lunch."
    ),
    (
        "c I'd like my deposit back, the flat was handed over in May.|a Please upload the "
        "handover form.|c Uploaded.|a Please upload the handover form.|c I uploaded it five "
        "minutes ago, is it not there?|a We need the handover form, please."
    ),
    (
        "c The discount code was not applied.|a I have applied it now.|c Total is unchanged "
        "on my side.|a Please log out and in.|c Did that, unchanged. Should I describe the "
        "problem once more from the beginning?"
    ),
    (
        "c Our dashboard has been blank since the update.|a Please clear your cache.|c No "
        "difference.|a Please try a private window.|c Blank there too.|a Thanks, I'm "
        "forwarding this to the developers.|c Let me know."
    ),
)
UNSEEN = (
    (
        "c I can't get into my account since Monday.|a I have sent a reset link.|c The link "
        "opens a blank page.|a Sending another one.|c Blank as well.|a I'll ask our "
        "engineers.|c OK."
    ),
    (
        "c The water bill is three times what it should be.|a Please send a photo of the "
        "meter.|c Sent.|a The photo is too dark.|c Here's a brighter one.|a We cannot read "
        "it.|c It's the third photo and every digit can be read on it."
    ),
    (
        "c I wrote to you last month about the duplicate charge and here I am again, the "
        "duplicate is on this month's bill too.|a I can see it, I'll credit it.|c You "
        "credited it the last time, and it came back.|a Understood.|c Thanks for looking."
    ),
    (
        "c My gym card does not open the gate.|a I've reactivated it.|c Just stood there for "
        "ten minutes, gate stays shut.|a Reactivated again.|c Nope."
    ),
    (
        "c My coffee machine leaks from the bottom.|a Please descale it and use the small "
        "gasket.|c Did the descaling and swapped the gasket, water is still all over the "
        "counter.|a Then try the large gasket.|c Large one is in now, same puddle."
    ),
    (
        "c Where is my refund for order 88?|a Could you give me the order number?|c It's in "
        "my first line: 88.|a Thanks. And the e-mail you ordered with?|c You are writing to "
        "it."
    ),
    (
        "c Who can change the beneficiary on my policy?|a The claims team can.|c Claims just "
        "sent me back here.|a Then it is the service team.|c I'm talking to service. Please "
        "stop sending me around."
    ),
    (
        "c How do I add a second user?|a You can do that under Team.|c There is no Team "
        "entry in my menu.|a Please refresh.|c Refreshed, no Team. How do I add a second "
        "user?"
    ),
    (
        "c Can somebody call me about the leak?|a A plumber will call you today.|c Nobody "
        "rang.|a I've asked again, he will call this afternoon.|c It's six now and my phone "
        "has been silent."
    ),
    (
        "c I want to change the name on the ticket.|a What is the booking code?|c KX77P.|a "
        "What is the name on the ticket and the booking code?|c Name is Rossi, code as "
        "above.|a Could you confirm your booking code?"
    ),
)
EASY = (
    (
        "c What are your opening hours on Sunday?|a Ten to four.|c Lovely, thank you.|a "
        "You're welcome!"
    ),
    ("c Please change my e-mail address to the one I'm writing from.|a Changed.|c That was quick!"),
    (
        "c I paid twice by mistake.|a I've refunded the second payment, it takes three "
        "days.|c Great, thanks for sorting it so fast."
    ),
    (
        "c Which plan includes the API?|a Business and above.|c And is there a limit on "
        "calls?|a Ten thousand a day.|c That's plenty.|a Anything else?|c No, all clear."
    ),
    (
        "c My wifi was slow this morning.|a Please restart the router once.|c Restarted it "
        "and it's fast again.|a Great."
    ),
    (
        "c Could I get a copy of March's invoice?|a Attached.|c Got it, thanks a lot.|a "
        "Happy to help."
    ),
    (
        "c Do you ship to Norway?|a Yes, in about five days.|c And how much is it?|a Twelve "
        "euros.|c Perfect, I'll order then."
    ),
    (
        "c I'd like to add breakfast to my booking.|a Done, it's 14 a day.|c Wonderful. Is "
        "there parking as well?|a There is, free of charge.|c Super."
    ),
    "c I can't find the export button.|a It's under More, top right.|c Ah, there it is.",
    (
        "c Can I bring a dog into the room?|a Yes, for 20 a night.|c She's small, does that "
        "matter?|a No, the price is the same.|c Fine with me.|a I've added her."
    ),
)
FOUND_OF_UNSEEN = 8


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return local.build()


@pytest.mark.parametrize("told", FITTED)
def test_work_is_seen_and_said_in_words(analyser: Analyser, told: str) -> None:
    found = effort(analyser, told)
    assert (found.value, bool(found.detail)) == ("high", True)


def test_most_work_is_seen_where_nothing_was_fitted(analyser: Analyser) -> None:
    seen = [told for told in UNSEEN if effort(analyser, told).value == "high"]
    assert len(seen) >= FOUND_OF_UNSEEN


@pytest.mark.parametrize("told", EASY)
def test_who_is_helped_at_once_had_no_work(analyser: Analyser, told: str) -> None:
    assert effort(analyser, told).value == "low"
