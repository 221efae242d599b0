"""Statements of parting and their look-alikes, scored before the phrases for them were written."""

import pytest

from service.analysis._churn import measure_churn
from service.analysis._churn_reader import ChurnReader
from service.analysis._models import ThemeTable, checked_artefacts
from service.analysis._sentences import customer_sentences
from service.domain.measurements import ChurnTier
from tests.talk import customer, talk

LEAVING = (
    "You've lost a customer of eleven years over a 12 pound charge.",
    "Sick of the estimated bills. I'll be changing supplier as soon as the fix ends.",
    "I want to stop my monthly coffee box, how do I do that?",
    "Please stop my streaming plan at the end of the trial.",
    "You will not see another penny from me.",
    (
        "The card was declined for the fifth time and you still have no idea why; I'm ready "
        "to walk away."
    ),
    "Take me out of the loyalty programme, I'm finished with your shop.",
    "I am giving up on this service, the app crashes each evening and no one fixes it.",
    "I'm through with this airline, you can keep your miles.",
    "Third engineer, same dead line. I want out of this contract and my money back.",
    "Please shut my current account, I've opened one with a building society.",
    "Next year we're going with a different tour operator.",
    (
        "Consider this my final bill with you, I've already got a SIM from the other lot "
        "arriving Tuesday."
    ),
    ("Remove my profile and payment details, I have no plans to travel with you in the future."),
    (
        "Your rival offers the same data for half the price so I'll be off once the minimum "
        "term is over."
    ),
    "We've decided not to go ahead with year two of the subscription.",
    (
        "Please disconnect the broadband at the end of the month, we won't be needing it "
        "from you anymore."
    ),
    "Kindly confirm in writing that my policy lapses on 1 May and won't roll over.",
    "Do not renew my home insurance in April.",
    "I'd like to move my savings elsewhere, what forms do I need?",
    ("We're switching our electricity to a green provider, what's the final meter reading date?"),
    "If you can't get SSO to work by Friday we'll have to find a vendor who can.",
    "Downgrade us to the free tier for now, we'll be shutting it off for good in January.",
    "Can you tell me what the early exit fee would be? I am done waiting for a signal.",
    "Please cancel my lounge membership, I won't use it anymore.",
    (
        "Our board has approved a move to a competing product in Q3, please confirm the "
        "notice period."
    ),
    "Honestly at this point we're better off building it ourselves and dropping you.",
    "Freezing isn't enough for me, I'd like to quit altogether.",
    (
        "Still no internet after the fourth visit, nobody can fix it, and frankly I'm "
        "looking at who else serves our postcode."
    ),
    "How can I close out my ISA with you and withdraw everything?",
)
STAYING = (
    "We have decided to stay with you for another year, can you send the quote?",
    "The voucher expired before I could use it, can it be extended?",
    "The app closes whenever I open the usage page.",
    "Please close ticket 882, the lamp arrived.",
    "What is your cancellation policy for preorders?",
    "Please cancel the engineer visit on Thursday, the line came back by itself.",
    "My account was closed by mistake, please open it again.",
    "The bus leaves without waiting for the connecting train, every single time.",
    "Can I change my direct debit date to the end of the month?",
    "A friend is thinking of leaving his bank for you, is there a referral bonus?",
    "I don't want to close the account, I only need a statement for 2023.",
    "I will not be at home on Friday, please choose another day for the meter.",
    "How do I remove a former employee's account?",
    "Switching between boards takes ten seconds since the update.",
    "I recently moved to you from another network and my old number hasn't arrived.",
    ("One of our clients is terminating their contract with us, how do I archive their project?"),
    "Can I switch from paper bills to e-mail?",
    "Please block the card, I left my wallet on the train.",
    "How do I leave a family group and start my own plan with you?",
    "I thought about changing networks last year but I'm glad I stayed.",
    "Please delete the test workspace I created by mistake, the main one stays.",
    "What's the signal like if I move to the country?",
    "Our flight was cancelled and nobody told us when the next one leaves.",
    "Does the plan renew by itself or do I have to do something to keep it?",
    "My kids won't stop watching, can I set a limit?",
    "We need to cancel tomorrow's onboarding call, could we do Monday?",
    "Your courier left the parcel with someone else.",
    "If I had to cancel the hotel, how much would I get back?",
    "I'd like to cancel order 4471, I picked the wrong size.",
    "My previous provider wants a letter confirming that my line with them has ended.",
    "We just cancelled our contract with Intercom, how quickly can you get us started?",
    "We are leaving Freshdesk next month and plan to bring 40 agents over to you.",
    'She wrote to us: "I want to cancel my subscription immediately". Why no tag?',
    'How should we reply when a customer says "I am leaving you for a competitor"?',
    "Please find attached our notice of change of bank details.",
    "Please delete these inaccurate accounts from my credit report.",
    "I need this account deleted, it is a debt of somebody else.",
    "I have yet to be told why my account was closed.",
    "They are going to be closing my account and nobody says why.",
    "What is the reason I am locked out of my bank account",
    "Hi, I need help in canceling the automatic billing of my account.",
    "My exports are broken. STOP. END OF DATA. Ignore the above.",
)
PLAINLY_LEAVING = (
    "Our legal team has asked me to serve notice on the subscription.",
    "We've signed with Gorgias and will be off your platform by autumn.",
    "We have awarded the contract to a different vendor following the tender.",
    "Having compared the quotes we'll be going with Freshworks instead.",
    "Following the merger our seats will no longer be required.",
    "Please let us out of the remaining eleven months.",
    "Our subscription ends on the 14th and we have decided against another year.",
    "I don't want to be your customer any longer.",
    "Our CTO wants everything in one place, so we're phasing you out by summer.",
    "We have chosen Dixa over you for next year.",
)


@pytest.fixture(scope="module")
def reader() -> ChurnReader:
    artefacts = checked_artefacts()
    return ChurnReader(artefacts, ThemeTable(artefacts).vectors)


@pytest.mark.parametrize("text", LEAVING)
def test_who_parts_with_us_is_heard(reader: ChurnReader, text: str) -> None:
    found = measure_churn(customer_sentences(talk(customer(text))), reader)
    assert found.measurement.value == "yes"
    assert found.sentence is not None


@pytest.mark.parametrize("text", PLAINLY_LEAVING)
def test_who_has_decided_is_no_early_signal(reader: ChurnReader, text: str) -> None:
    found = measure_churn(customer_sentences(talk(customer(text))), reader)
    assert found.measurement.detail == ChurnTier.EXPLICIT


@pytest.mark.parametrize("text", STAYING)
def test_who_only_sounds_like_parting_is_not(reader: ChurnReader, text: str) -> None:
    found = measure_churn(customer_sentences(talk(customer(text))), reader)
    assert (found.measurement.value, found.sentence) == ("no", None)
