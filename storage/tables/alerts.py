"""Alert rules, and the alerts that they raised: counts and names, no words of customers."""

from sqlmodel import SQLModel

from storage.tables.columns import number, table_of, words


class AlertRuleRow(SQLModel, table=True):
    __tablename__ = "alert_rule"

    id: str = words(key=True)
    name: str = words()
    kind: str = words()
    query: str = words()  # JSON list of URL parameters
    over: str | None = words(empty=True)  # the dimension whose values are looked at one by one
    threshold: float
    channel: str | None = words(empty=True)
    playbook: str = words()
    by: str = words()
    created_at: int = number()
    ended_at: int | None = number(empty=True)


class AlertRow(SQLModel, table=True):
    __tablename__ = "alert"

    rule: str = words(key=True)
    value: str = words(key=True)  # of the rule's dimension; "" without one
    opened_on: int = number(key=True)  # ordinal of the day
    seen_on: int = number()  # the last day on which it fired
    state: str = words()
    n0: int = number()
    x0: int = number()
    n1: int = number()
    x1: int = number()
    z: float | None
    told_excess: float | None  # when people were last told; null while they were not
    receipt: str | None = words(empty=True)


alert_rule = table_of(AlertRuleRow)
alert = table_of(AlertRow)
