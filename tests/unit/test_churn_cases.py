"""How customers say that they leave, and what only sounds like it: own sentences, in many words."""

import pytest

from service.analysis._churn import measure_churn
from service.analysis._sentences import customer_sentences
from tests.talk import customer, talk

LEAVING = (
    "I'd like to cancel my subscription effective today.",
    "How do I close my account permanently?",
    "We won't be renewing when the term is up in March.",
    "We have decided to go with another vendor.",
    "I want my money back and I'm done with you people.",
    "Please deactivate my profile, I don't need it anymore.",
    "I am thinking of leaving if this isn't fixed by Friday.",
    "If this happens again we will take our business elsewhere.",
    "What is the notice period on our contract?",
    "When does our agreement expire?",
    "This is the fourth time I've contacted you about the same outage and nobody has fixed it.",
    "Can you tell me how to terminate the contract early?",
    "I no longer wish to use your service.",
    "Please stop my membership and refund the last payment.",
    "We are evaluating other vendors at the moment.",
    "Our board asked us to look at alternatives.",
    "I'll be switching banks over this.",
    "You just lost a customer.",
    "I will never shop with you again.",
    "Last straw. I'm out.",
    "I've had it with this company, cancel everything.",
    "Delete my account and all of my data.",
    "I want to unsubscribe from the paid plan completely.",
    "We'd like to opt out of the auto renewal.",
    "Turn off auto-renew, we are not continuing next year.",
    "Please do not charge me again, I am ending my subscription.",
    "My team wants to migrate away from your product.",
    "I'm seriously considering switching to a competitor.",
    "Your competitor offers the same for half, why should I stay?",
    "Can I get out of my contract before the end date?",
    "What are the cancellation fees if I leave now?",
    "How much does it cost to end my plan early?",
    "I'm leaving for good after ten years as a customer.",
    "We are not going to extend the contract.",
    "I'd rather go somewhere else.",
    "I want to close out my account and withdraw the balance.",
    "Please cancel it, I don't want the service anymore.",
    "How can I cancel?",
    "I need help cancelling my plan",
    "cancel my sub asap",
    "I wish to discontinue my service with you",
    "we are planning to leave at the end of the quarter",
    "I would like to terminate my policy",
    "Getting ready to jump ship to Verizon.",
    "Thinking about going back to Comcast.",
    "Reported this bug five times, still nothing. We can't go on like this.",
    "For weeks the same problem, three agents, no fix; we will look elsewhere.",
    "If you can't match their price I'm leaving.",
    "I will cancel unless someone calls me back today.",
    "Not renewing. Too expensive.",
    "We want to downgrade to free and stop paying.",
    "I am closing all my accounts with you.",
    "Time to find a new provider.",
    "Ready to change carriers.",
    "I've cancelled my subscription because of this.",
    "Can you transfer my number? I'm porting out to another carrier.",
    "Please send me the PAC code, I'm leaving.",
    "I do not want to continue with your service.",
    "we're pulling the plug on this tool",
    "I'm going to dispute the charge and cancel my account.",
)
STAYING = (
    "Please cancel my order 4411, I picked the wrong size.",
    "Can you cancel tomorrow's meeting?",
    "I need to cancel my flight to Boston.",
    "We are switching to you from Zendesk.",
    "I left my old provider and joined you last week.",
    "I'm not cancelling, I just want to understand the invoice.",
    "Don't cancel my subscription please.",
    "How do I change my plan to annual?",
    "We moved from Salesforce to your product and love it.",
    "How do I leave a group chat?",
    "I want to switch to the annual plan.",
    "Can I switch my account to another email address?",
    "The cancel button on the order page does not work.",
    "How do I close a ticket?",
    "My transfer was cancelled, why?",
    "Please stop the notifications.",
    "How do I delete a project?",
    "I would like to delete a comment from my account.",
    "The app closes whenever I open it.",
    "I want to drop off the car at another branch.",
    "Is there a fee for cancelling a reservation?",
    "My order was cancelled by you without notice.",
    "Why did you close my account?",
    "My subscription was cancelled by mistake, please restore it.",
    "I will never forget how helpful you were.",
    "We decided to stay with you, thanks for the discount.",
    "I was going to cancel but your agent changed my mind.",
    "I changed my mind about cancelling, please keep my plan.",
    "How do I switch languages?",
    "I'd like to move to a bigger plan.",
    "Can I move my data to another workspace?",
    "My contract says I get two free seats, where are they?",
    "Please terminate the running job.",
    "Can you end the call recording?",
    "How can I stop a payment?",
    "I want to return an item and get a refund.",
    "I need a refund for the double charge.",
    "The delivery is late again.",
    "I am looking for an alternative delivery address.",
    "I am looking at your other products.",
    "Is there an alternative to SMS codes?",
    "We are looking for a solution to this error.",
    "When does my trial of the add-on end?",
    "I don't want to lose my account.",
    "I can't leave a review.",
    "Please remove a user from our account.",
    "Please cancel the extra seat, the rest stays.",
    "I'd like to cancel my appointment.",
    "What happens to the card when it expires?",
    "My password expires today, what do I do?",
    "We want to renew early, who do I talk to?",
    "When is my renewal date? We want to add seats.",
    "Where do I change my bank details?",
    "I want to change provider settings in the dashboard.",
    "Do you ever close on Sundays?",
    "I love this, never going back to Excel.",
    "I'll never use my old bank again, you are great.",
    "Competitor X is worse, glad we left them.",
    "My colleague left the company, please give me her login.",
    "I stopped using the old version after the update.",
    "I need to leave early today, can we reschedule the call?",
    "I'd like to leave this open before I leave.",
    "Please leave the parcel at the door when I leave.",
    "We are looking around the new dashboard and like it.",
)
THREADS = (
    (("I want to cancel my subscription.", "Never mind, keep my plan, it works now."), "no"),
    (("Thinking of switching to a competitor.", "OK, we decided to stay."), "no"),
    (("We decided to stay.", "It broke again, cancel my subscription."), "yes"),
    (("Please close my account.", "Please ignore my cancellation request."), "no"),
    (("I want to cancel my plan.", "Can you also send the last invoice?"), "yes"),
)


def value(*turns: str) -> str | None:
    said = talk(*(customer(turn) for turn in turns))
    return measure_churn(customer_sentences(said)).measurement.value


@pytest.mark.parametrize("text", LEAVING)
def test_who_leaves_in_any_words_is_a_churn_risk(text: str) -> None:
    assert value(text) == "yes"


@pytest.mark.parametrize("text", STAYING)
def test_what_only_sounds_like_leaving_is_none(text: str) -> None:
    assert value(text) == "no"


@pytest.mark.parametrize(("turns", "expected"), THREADS)
def test_the_last_word_counts(turns: tuple[str, ...], expected: str) -> None:
    assert value(*turns) == expected
