"""What a person chose by reading: which intents go under which driver, and single rows in or out.

Knows identifiers of the raw data sets only; the texts stay in the sets.
"""

from typing import Final


def _by_intent(groups: dict[str, str]) -> dict[str, str]:
    return {intent: driver for driver, intents in groups.items() for intent in intents.split()}


CHURN_INTENTS: Final = frozenset({"terminate_account", "closeaccount"})

DRIVERS_BANKING77: Final = _by_intent(
    {
        "Billing": "transaction_charged_twice Refund_not_showing_up request_refund"
        " reverted_card_payment? transfer_fee_charged card_payment_fee_charged"
        " cash_withdrawal_charge extra_charge_on_statement exchange_charge"
        " top_up_by_card_charge top_up_by_bank_transfer_charge"
        " card_payment_wrong_exchange_rate wrong_exchange_rate_for_cash_withdrawal",
        "Account Access": "pin_blocked passcode_forgotten change_pin edit_personal_details"
        " unable_to_verify_identity",
        "Transfers & Payments": "transfer_not_received_by_recipient failed_transfer"
        " declined_transfer pending_transfer cancel_transfer beneficiary_not_allowed"
        " transfer_timing transfer_into_account balance_not_updated_after_bank_transfer"
        " balance_not_updated_after_cheque_or_cash_deposit top_up_failed top_up_reverted"
        " pending_top_up pending_card_payment declined_card_payment declined_cash_withdrawal"
        " pending_cash_withdrawal wrong_amount_of_cash_received",
        "Delivery & Orders": "card_arrival card_delivery_estimate order_physical_card"
        " get_physical_card",
        "Product Bugs": "card_not_working virtual_card_not_working contactless_not_working",
        "Onboarding & Setup": "activate_my_card getting_virtual_card verify_my_identity"
        " why_verify_identity verify_source_of_funds country_support"
        " supported_cards_and_currencies getting_spare_card",
        "Integrations & API": "card_linking apple_pay_or_google_pay automatic_top_up",
        "Plans & Cancellation": "terminate_account top_up_limits disposable_card_limits",
        "Security & Fraud": "compromised_card lost_or_stolen_card card_payment_not_recognised"
        " cash_withdrawal_not_recognised direct_debit_payment_not_recognised",
    }
)
CLINC_DRIVERS: Final = _by_intent(
    {
        "Billing": "bill_balance bill_due pay_bill min_payment international_fees",
        "Account Access": "account_blocked",
        "Transfers & Payments": "transfer routing",
        "Delivery & Orders": "order_checks replacement_card_duration",
        "Reports & Data": "transactions spending_history",
        "Plans & Cancellation": "credit_limit_change interest_rate",
        "Security & Fraud": "report_fraud freeze_account",
    }
)
MULTIDOGO_DRIVERS: Final = _by_intent(
    {
        "Billing": "disputecharge viewbillsintent",
        "Account Access": "updateaddress",
        "Transfers & Payments": "transfermoney",
        "Delivery & Orders": "orderchecks replacecard",
        "Product Bugs": "reportbrokensoftware softwareupdate",
        "Performance & Outages": "checkserverstatus",
        "Reports & Data": "expensereport checkbalance",
        "Plans & Cancellation": "closeaccount",
        "Security & Fraud": "reportlostcard",
    }
)

# Plain, angry complaints about charges, fees, refunds and bills; two spans are two messages.
LAST_WEEK: Final = (
    "cfpb-3307446@1447:1695,2040:2371",
    "cfpb-3129678@356:580",
    "cfpb-3302666@732:1004",
    "cfpb-3233747@505:757",
    "cfpb-3408107@255:453",
    "cfpb-3119318@1538:1790",
    "cfpb-3155378@1136:1437,2337:2635",
    "cfpb-3187861@948:1106",
    "cfpb2-00002@545:684",
    "cfpb2-00100@1102:1283",
    "cfpb2-00262@291:615",
    "cfpb2-00290@70:267",
    "cfpb2-00363@541:837",
    "cfpb2-00683@940:1127",
    "cfpb2-01007@0:308",
    "cfpb2-01091@460:675",
    "cfpb2-00185@2320:2443",
    "cfpb-3335092@2366:2518",
    "cfpb-3146018@699:979",
    "cfpb-3124390@845:965",
    "cfpb-3160519@459:647",
    "b77-train-06392",
    "b77-train-06464",
    "b77-train-05732",
    "b77-train-06439",
    "b77-train-05769",
    "b77-train-00694",
    "b77-train-07327",
    "b77-train-07262",
    "b77-train-08334",
    "b77-train-02571",
)
# The account that talks of leaving, in this order.
CHURN_STORY: Final = (
    "b77-train-06144",
    "mdg-finance-0b30b241",
    "b77-train-06225",
)
DROPPED: Final[frozenset[str]] = frozenset()
