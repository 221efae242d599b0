"""The made-up half of the bundled corpus: companies, people, and what agents and the bot say.

Knows nothing of the data sets; nothing in here is ever put into a customer's mouth.
"""

from typing import Final

ENTERPRISE: Final = (
    "Northwind Freight",
    "Calder Industrial",
    "Brightwater Hotels",
    "Marlowe Retail Group",
    "Stonebridge Logistics",
    "Aldercroft Energy",
    "Kestrel Airways Catering",
    "Pemberton Foods",
    "Halcyon Media Group",
    "Redwood Clinics",
    "Larkspur Pharma",
    "Ironvale Construction",
    "Silverline Telecom",
    "Oakhurst University Press",
    "Meridian Shipping",
    "Tallis & Crowe",
)
GROWTH: Final = (
    "Harbor & Finch",
    "Copperleaf Studio",
    "Bluebell Robotics",
    "Juniper Labs",
    "Quayside Coffee",
    "Fernhill Software",
    "Pinecrest Travel",
    "Saltmarsh Outdoor",
    "Wren Analytics",
    "Tidewater Foods",
    "Lanternworks",
    "Maple Street Dental",
    "Orchard Learning",
    "Cobalt Couriers",
    "Foxglove Cosmetics",
    "Granite Gym",
    "Hazelwood Furniture",
    "Ivy Lane Homes",
    "Kingfisher Events",
    "Lumen Lighting",
    "Mosaic Tiles",
    "Nettle & Thyme",
)
STARTER: Final = (
    "Amber Bakery",
    "Birchbark Crafts",
    "Clover Cleaning",
    "Dovetail Joinery",
    "Elm Row Books",
    "Fable Toys",
    "Gable Roofing",
    "Heron Yoga",
    "Inkwell Print",
    "Jasper Jewellery",
    "Kite Photography",
    "Lilac Florist",
    "Moss Gardening",
    "Nimbus Drones",
    "Otter Swim School",
    "Pepper Catering",
    "Quill Translations",
    "Russet Cider",
    "Sparrow Bikes",
    "Thistle Tea",
    "Umber Pottery",
    "Velvet Salon",
)
OWNERS: Final = ("dana.whitlock", "omar.reyes", "ingrid.solberg", "tom.akande", "mei.tanaka")
FIRST: Final = (
    "Ana",
    "Ben",
    "Chidi",
    "Dora",
    "Emil",
    "Farah",
    "Goran",
    "Hana",
    "Ivo",
    "Jaya",
    "Karl",
    "Lena",
    "Mateo",
    "Nadia",
    "Oskar",
    "Priya",
    "Quinn",
    "Rosa",
    "Stefan",
    "Tara",
    "Umut",
    "Vera",
    "Wen",
    "Ximena",
    "Yusuf",
    "Zoe",
    "Aoife",
    "Bruno",
    "Celia",
    "Dmitri",
    "Elif",
    "Femi",
    "Greta",
    "Hugo",
    "Isla",
    "Jonas",
    "Kofi",
    "Lucía",
    "Marek",
    "Noor",
)
LAST: Final = (
    "Abbott",
    "Berger",
    "Castillo",
    "Dufour",
    "Eriksen",
    "Fontaine",
    "Gupta",
    "Haddad",
    "Ivanova",
    "Jensen",
    "Kowalski",
    "Lindqvist",
    "Mbeki",
    "Novak",
    "Okafor",
    "Petrov",
    "Quist",
    "Romano",
    "Schäfer",
    "Tran",
    "Ueda",
    "Vargas",
    "Weber",
    "Yilmaz",
    "Zhang",
    "O'Neill",
    "Nakamura",
    "Osei",
    "Pham",
    "Rossi",
)
# MultiDoGO's customers call their agents by these names, so ours carry them.
AGENTS: Final = (
    ("Drew Calloway", "zendesk"),
    ("Riley Sandoval", "zendesk"),
    ("Sam Whitaker", "zendesk"),
    ("Priscilla Moreau", "zendesk"),
    ("Anders Holm", "zendesk"),
    ("Keiko Arai", "zendesk"),
    ("Leon Adeyemi", "zendesk"),
    ("Marta Silva", "zendesk"),
    ("Casey Lindholm", "intercom"),
    ("Charlie Dunmore", "intercom"),
    ("Rory Fairbanks", "intercom"),
    ("Tomas Vrba", "intercom"),
    ("Nia Bellamy", "intercom"),
    ("Jo Castellan", "intercom"),
)
BOT: Final = (
    "Hi, I am the Ledgerly assistant. A colleague will be with you shortly.",
    "Thanks for reaching out to Ledgerly! I am finding the right person for you now.",
)
HELLO: Final = (
    "Hi {name}, thanks for writing in.",
    "Hello {name}, thank you for getting in touch.",
    "Hi {name}, this is {agent} from Ledgerly support.",
    "Hey {name}, thanks for the message.",
    "Good day {name}, {agent} here.",
)
SORRY: Final = (
    "Hi {name}, I am sorry about this.",
    "Hello {name}, I understand this is frustrating and I am sorry for the trouble.",
    "Hi {name}, {agent} here. I apologise, this is not how it should go.",
    "Hi {name}, sorry that you had to write to us about this.",
)
MIDDLE: Final = {
    "Billing": (
        "I have opened your statement and am checking that line with our billing team.",
        "I can see the entry. Our billing team will confirm the amount and I will write again.",
        "Charges of this kind are listed under Billing, then Charges. I am looking at yours now.",
    ),
    "Account Access": (
        "You can do that under Settings, then Security. I have sent a fresh link to your address.",
        "I have checked the sign-in records and reset the session on our side, please try again.",
        "For your security I need to confirm a detail or two before I change anything.",
    ),
    "Transfers & Payments": (
        "I have looked up the transfer and asked the receiving bank for its status.",
        "Most transfers settle within two business days; I am checking where this one is.",
        "I can see the payment in the queue and have asked our payments team to look at it.",
    ),
    "Delivery & Orders": (
        "Cards usually take five to seven business days. I am checking the courier's record.",
        "I have looked up the order and will send the tracking details as soon as I have them.",
    ),
    "Product Bugs": (
        "Could you tell me which version you are on? I have passed the details to engineering.",
        "I could reproduce something similar here and have filed it with the product team.",
        "Please try signing out and in again while I look at the logs.",
    ),
    "Performance & Outages": (
        "I am checking our status page and the metrics for your region.",
        "All systems look normal at the moment; I am comparing with your time of report.",
    ),
    "Onboarding & Setup": (
        "The setup guide walks through this step by step, and I am happy to do it with you.",
        "That is part of the initial setup. I have listed the steps below for your plan.",
        "Yes, an administrator can do this from the Get started page.",
    ),
    "Integrations & API": (
        "You can connect it under Settings, then Integrations.",
        "The connection needs an administrator's consent once; I have sent the instructions.",
    ),
    "Reports & Data": (
        "The Reports page has this; filter by period and press Export.",
        "I am pulling the figures for you now and will attach them.",
    ),
    "Plans & Cancellation": (
        "I have looked at your plan and its limits and can talk you through the options.",
        "Let me check what your current plan includes.",
    ),
    "Security & Fraud": (
        "I have placed a precautionary hold and passed this to our security team.",
        "Please do not share any codes with anyone. I am reviewing the activity with security now.",
    ),
    "Support Experience": (
        "Thank you for telling us. I have shared your feedback with our team lead.",
        "I have read the earlier conversations and will own this from here.",
    ),
}
DONE: Final = (
    "Is there anything else I can help with?",
    "Please reply here if it does not work.",
    "I will keep you posted.",
    "Let me know if that helps.",
    "I will write again today.",
)
FURTHER: Final = (
    "Thank you for the details, I have added them to the case.",
    "Understood. I am following up with the team now.",
    "Thanks, that helps. Please give me a little time.",
)
GREETED: Final = ("Hello! How can I help you today?", "Hi there, what can I do for you?")
ASKED: Final = (
    "Sure, I can help with that. May I have your name and the details, please?",
    "Of course. Could you confirm your details so that I can look this up?",
    "Happy to help. Please share the details we have on file.",
)
NOTED: Final = (
    "Thank you, I have noted that. One moment, please.",
    "Thanks. I am updating the record now.",
    "Got it, please stay with me for a moment.",
    "Thank you for confirming. That is done on our side.",
)
CLOSED: Final = (
    "You are welcome. Is there anything else?",
    "Glad to help! Anything else today?",
    "My pleasure. Have a great day!",
)
NOTES: Final = (
    "Checked the account, nothing unusual in the log. Handing over to second line.",
    "Called the customer, no answer. Will try again tomorrow.",
    "Same pattern as an earlier case, linked for reference.",
    "Waiting for an answer from finance operations.",
    "Customer is polite but wants an update by end of day.",
)
