"""How the customer's side of a conversation feels. Knows the question, not how it is answered."""

from service.domain.measurements import Metric, Rate, Sentiment

METRIC = Metric(
    name="sentiment",
    title="Sentiment",
    question="Do the customer's own words in this conversation sound unhappy, neutral or happy?",
    values=tuple(Sentiment),
    rates=(
        Rate(name="negative_rate", title="negative share", value=Sentiment.NEGATIVE),
        Rate(name="positive_rate", title="positive share", value=Sentiment.POSITIVE),
    ),
    empty_when=(
        "there is no customer text, it has under four words, its language is not supported, "
        "or the confidence is under the floor"
    ),
)
