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
# Read and left out: not a support matter, or about other people than the desk.
DROPPED: Final = frozenset(
    {
        "cfpb-3084708@544:600",
        "cfpb2-01108@58:143",
        "cfpb-3118048@418:489",
        "cfpb-3119907@3267:3338",
        "cfpb-3279963@1148:1335",
        "cfpb-3279963@1148:1422",
        "cfpb-3235192@503:553",
        "cfpb-3148481@649:768",
        "cfpb2-00985@1541:1658",
        "cfpb-3119907@4047:4200",
        "cfpb-3278843@2117:2248",
        "uci-amazon_cells-0374",
        "cfpb-3120035@2917:3119",
        "cfpb-3236655@248:342",
        "cfpb2-01092@2847:2996",
        "cfpb-2867463@347:445",
        "cfpb2-00906@64:161",
        "cfpb2-00616@202:355",
        "cfpb-3301162@470:773",
        "cfpb-3123176@935:1101",
        "cfpb2-00028@331:399",
        "cfpb-3101987@684:871",
        "cfpb2-00083@172:273",
        "cfpb2-00092@258:536",
        "cfpb-3126960@1039:1145",
        "cfpb2-00609@100:326",
        "cfpb2-00399@940:1105",
        "cfpb2-01025@914:1051",
        "cfpb2-00224@1222:1309",
        "cfpb-3120035@3264:3328",
        "cfpb-3137137@701:810",
        "uci-amazon_cells-0898",
        "uci-amazon_cells-0983",
        "mdg-software-7fb9b972",
        "mdg-software-2fee3b8e",
        "mdg-media-8048909f#16",
        "mdg-software-348832a6",
        "mdg-software-f86178e2#15",
    }
)
