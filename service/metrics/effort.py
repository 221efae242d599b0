"""How hard the customer had to work. Knows the question, not how it is answered."""

from service.domain.measurements import Effort, Metric, Rate

METRIC = Metric(
    name="effort",
    title="Effort",
    question="Did the customer have to repeat, re-explain, wait or try failed fixes?",
    values=tuple(Effort),
    rates=(Rate(name="high_effort_rate", title="high-effort share", value=Effort.HIGH),),
    empty_when="there are not two customer messages with an agent's reply between them",
)
