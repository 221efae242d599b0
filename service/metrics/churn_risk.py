"""Whether a customer says that they may leave. Knows the question, not how it is answered."""

from service.domain.measurements import Metric, Rate, YesNo

METRIC = Metric(
    name="churn_risk",
    title="Churn risk",
    question=(
        "Does the customer state cancelling, not renewing, switching, refund-and-leave, a "
        "contract-end question or a repeated unresolved failure?"
    ),
    values=tuple(YesNo),
    rates=(Rate(name="churn_risk_rate", title="churn-risk share", value=YesNo.YES),),
    empty_when="there is no customer text or no quote that shows it",
)
