"""Messages as people send them, in many languages, with the words that are new in each.

Written for these tests. Right means that no customer word is lost and no old text kept.
"""

# ruff: noqa: RUF001  Other alphabets are not look-alikes here.

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    new: str  # what is left of the text, trimmed line by line
    old: str = ""  # what stands below it, labelled otherwise
    below: str = ""  # new words that stand below the old ones


REPLIES = (
    Case(
        "English, Gmail",
        "The export still fails.\n\nCan you look again?",
        "On Mon, Nov 2, 2026 at 9:14 AM Ana from Support <support@example.com> wrote:\n"
        "> Please try again.\n>\n> Ana",
    ),
    Case(
        "English, attribution wrapped in two",
        "Still broken.",
        "On Mon, 2 Nov 2026 at 09:14, Ana of the Support Team at Example\n"
        "<support@example.com> wrote:\n\n> Please try again.",
    ),
    Case(
        "English, only the attribution is left",
        "Thanks, that works now.",
        "On 2 Nov 2026, at 09:14, Ana <[email]> wrote:",
    ),
    Case(
        "English, answers between the lines",
        "Firefox 128, on two machines.",
        "On 2 Nov 2026 Ana wrote:\n> Which browser do you use?",
        below="Yes, since Tuesday.",
    ),
    Case(
        "English, Outlook",
        "We were charged twice again.",
        "________________________________\nFrom: Ana <support@example.com>\n"
        "Sent: Monday, November 2, 2026 9:14 AM\nTo: Rosa Diaz <rosa@example.com>\n"
        "Subject: RE: Invoice\n\nHello Rosa, we refunded one.",
    ),
    Case(
        "English, original message",
        "No, it does not help.",
        "-----Original Message-----\nFrom: Ana\nSent: Monday\nTo: Rosa\n\nDid this help?",
    ),
    Case(
        "English, helpdesk delimiter",
        "Please close my ticket.",
        "##- Please type your reply above this line -##\n\nYour request (4711) was updated.",
    ),
    Case(
        "English, forwarded",
        "Is this mail really from you?",
        "---------- Forwarded message ---------\nFrom: Billing <billing@example.net>\n"
        "Date: Mon, Nov 2, 2026\nSubject: Pay now\nTo: <rosa@example.com>\n\nPay or lose all.",
    ),
    Case(
        "German, Thunderbird",
        "Leider geht es immer noch nicht.",
        "Am 02.11.26 um 09:14 schrieb Ana vom Support:\n> Bitte versuchen Sie es noch einmal.",
    ),
    Case(
        "German, Outlook",
        "Wann kommt die Gutschrift?",
        "Von: Ana <support@example.com>\nGesendet: Montag, 2. November 2026 09:14\n"
        "An: Rosa Diaz\nBetreff: AW: Rechnung\n\nGuten Tag, wir prüfen das.",
    ),
    Case(
        "French, Gmail",
        "Ça ne marche toujours pas.",
        "Le lun. 2 nov. 2026 à 09:14, Ana <support@example.com> a écrit :\n> Bonjour, réessayez.",
    ),
    Case(
        "French, Outlook",
        "Où est mon remboursement ?",
        "De : Ana <support@example.com>\nEnvoyé : lundi 2 novembre 2026 09:14\nÀ : Rosa\n"
        "Objet : RE: Facture\n\nBonjour Rosa,",
    ),
    Case(
        "Spanish, Gmail",
        "Sigue sin funcionar.",
        "El lun, 2 nov 2026 a las 9:14, Ana (<support@example.com>) escribió:\n> Hola Rosa",
    ),
    Case(
        "Spanish, Outlook",
        "Quiero cancelar.",
        "De: Ana <support@example.com>\nEnviado el: lunes, 2 de noviembre de 2026 9:14\n"
        "Para: Rosa\nAsunto: RE: Factura\n\nHola",
    ),
    Case(
        "Italian, Gmail",
        "Non riesco ancora ad accedere.",
        "Il giorno lun 2 nov 2026 alle ore 09:14 Ana <support@example.com> ha scritto:\n\n> Ciao",
    ),
    Case(
        "Portuguese, Gmail",
        "Ainda não recebi.",
        "Em seg., 2 de nov. de 2026 às 09:14, Ana <support@example.com> escreveu:\n> Olá",
    ),
    Case(
        "Dutch, Gmail",
        "Het werkt nog steeds niet.",
        "Op ma 2 nov 2026 om 09:14 schreef Ana <support@example.com>:\n> Probeer het opnieuw.",
    ),
    Case(
        "Dutch, Outlook",
        "Graag mijn geld terug.",
        "Van: Ana\nVerzonden: maandag 2 november 2026 09:14\nAan: Rosa\n"
        "Onderwerp: Re: Factuur\n\nHoi",
    ),
    Case(
        "Swedish, Gmail",
        "Det fungerar fortfarande inte.",
        "Den mån 2 nov. 2026 kl 09:14 skrev Ana <support@example.com>:\n> Hej",
    ),
    Case(
        "Danish, Gmail",
        "Det virker stadig ikke.",
        "Den man. 2. nov. 2026 kl. 09.14 skrev Ana <support@example.com>:\n\n> Hej Rosa",
    ),
    Case(
        "Norwegian, Outlook",
        "Hvor er pakken?",
        "Fra: Ana <support@example.com>\nSendt: mandag 2. november 2026 09:14\nTil: Rosa\n"
        "Emne: SV: Pakke\n\nHei",
    ),
    Case(
        "Finnish, Gmail",
        "Ei toimi vieläkään.",
        "ma 2. marrask. 2026 klo 9.14 Ana (support@example.com) kirjoitti:\n> Hei",
    ),
    Case(
        "Polish, Gmail",
        "Nadal nie działa.",
        "pon., 2 lis 2026 o 09:14 Ana <support@example.com> napisał(a):\n> Dzień dobry",
    ),
    Case(
        "Czech, Seznam",
        "Pořád to nejde.",
        "Dne 2. 11. 2026 v 9:14 Ana napsal(a):\n> Dobrý den",
    ),
    Case(
        "Russian, Gmail",
        "Всё ещё не работает.",
        "пн, 2 нояб. 2026 г. в 09:14, Ana <support@example.com>:\n> Здравствуйте",
    ),
    Case(
        "Russian, Outlook",
        "Верните деньги.",
        "От: Ana\nОтправлено: 2 ноября 2026 г. 9:14\nКому: Rosa\nТема: Re: Счёт\n\nДобрый день",
    ),
    Case(
        "Turkish, Gmail",
        "Hâlâ çalışmıyor.",
        "Ana <support@example.com>, 2 Kas 2026 Pzt, 09:14 tarihinde şunu yazdı:\n> Merhaba",
    ),
    Case(
        "Japanese, Gmail",
        "まだ動きません。",
        "2026年11月2日(月) 9:14 Ana <support@example.com>:\n> もう一度お試しください。",
    ),
    Case(
        "Japanese, Outlook",
        "返金はいつですか。",
        "差出人: Ana\n送信日時: 2026年11月2日 9:14\n宛先: Rosa\n件名: RE: 請求\n\nこんにちは",
    ),
    Case(
        "Chinese, Gmail",
        "还是不行。",
        "Ana <support@example.com> 于2026年11月2日周一 09:14写道：\n\n> 您好",
    ),
    Case(
        "Chinese, Outlook",
        "什么时候退款？",
        "发件人: Ana\n发送时间: 2026年11月2日 9:14\n收件人: Rosa\n主题: 答复: 发票\n\n您好",
    ),
    Case(
        "Korean, Gmail",
        "아직도 안 됩니다.",
        "2026년 11월 2일 (월) 오전 9:14, Ana <support@example.com>님이 작성:\n> 안녕하세요",
    ),
    Case("No attribution, several lines", "I did all of that.", "> Please restart\n> and log in."),
)

SIGNED = (
    Case("Standard signature", "It fails.", "-- \nRosa Diaz\nExample Ltd, +44 20 7946 0000"),
    Case("Two dashes", "It fails.", "--\nRosa Diaz\nHead of things"),
    Case("Phone, English", "It fails.", "Sent from my iPhone"),
    Case("Phone, German", "Es geht nicht.", "Von meinem iPhone gesendet"),
    Case("Phone, French", "En panne.", "Envoyé de mon iPhone"),
    Case("Phone, Spanish", "No va.", "Enviado desde mi Samsung Galaxy"),
    Case("Phone, Japanese", "動きません。", "iPhoneから送信"),
    Case("Phone, Turkish", "Olmuyor.", "iPhone'umdan gönderildi"),
    Case("Outlook for a phone", "It fails.", "Get Outlook for iOS<https://example.com/o0ukef>"),
    Case(
        "Disclaimer, English",
        "It fails.",
        "This e-mail and any attachments are confidential and intended solely for the addressee. "
        "If you are not the intended recipient, please notify the sender and delete it.",
    ),
    Case(
        "Disclaimer, German",
        "Es geht nicht.",
        "Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Empfänger "
        "sind, informieren Sie bitte den Absender und löschen Sie diese E-Mail.",
    ),
    Case(
        "Signature above old mail",
        "It fails.",
        "-- \nRosa\n\nOn 2 Nov 2026 Ana <[email]> wrote:\n> Hello",
    ),
)

KEPT = (  # every word is the customer's
    Case(
        "A sentence that starts like a header",
        "From: the beginning it never worked.\nTo: be fair, once.",
    ),
    Case("A rule between two thoughts", "First problem: login.\n\n---\n\nSecond problem: export."),
    Case("Two dashes and a question", "The login fails.\n--\nAnd why is the export empty?"),
    Case(
        "A pasted log",
        "It prints this:\n"
        "2026-11-02 09:14 ERROR > cannot open\n2026-11-02 09:15 INFO -- retry\nWhy?",
    ),
    Case(
        "Headers in a bug report",
        "Your mails carry the wrong sender. These are the headers:\n\n"
        "From: noreply@example.net\nTo: rosa@example.com\nSubject: Invoice\n"
        "Date: Mon, 2 Nov 2026\n\n"
        "Please use our domain.",
    ),
    Case(
        "The raw source of a mail",
        "See below\n\nReceived: from mx1\nMessage-ID: <1@example.com>\nFrom: a@example.com\n"
        "Date: today\nSubject: x\n\nIt took six hours to arrive.",
    ),
    Case("An arrow", "I press Save\n> nothing happens\nPlease fix it."),
    Case("A build's output", "The build stops:\n\n> shop@1.0.0 build\n> tsc -p .\n\nerror TS2304"),
    Case("Python's prompt", "I typed\n>>> import shop\n>>> shop.open()\nand it hung."),
    Case("Somebody wrote", "On Monday at 9:14 your colleague wrote: do this. I did, and it broke."),
    Case(
        "An attribution that the customer answers",
        "On 2 Nov 2026 Ana wrote:\nthat it is fixed. It is not.",
    ),
    Case("Sent from my account", "Sent from my account were three mails that I never wrote."),
    Case("A confidential matter", "This message is confidential.\n\nMy manager reads our tickets."),
    Case("A form", "From: Rosa\nTo: Support\nSubject: Broken\n\nThe lamp does not light."),
    Case(
        "Code between fences",
        "This breaks the import:\n```\n-----Original Message-----\n> a\n> b\n```\nPlease allow it.",
    ),
    Case("A list with dashes", "- login\n- export\n-- and the worst: billing\n- mail"),
    Case("A decision mail", "Subject: to approval we renew. Sent: nothing yet."),
)
