"""Alert rules, and what they raised."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from service.domain.alerts import Alert, Rule


class AlertStore(Protocol):
    def rules(self) -> Sequence[Rule]:
        """Every rule that somebody made, ended ones too, oldest first."""
        ...

    def save_rule(self, rule: Rule) -> None:
        """Make a rule, or change the one with its id."""
        ...

    def alerts(self, since: date) -> Sequence[Alert]:
        """Alerts that fired since, newest first."""
        ...

    def save(self, alert: Alert) -> None:
        """Keep an alert in the state that it is in; the newest state wins."""
        ...
