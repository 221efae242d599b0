"""What mail programs and helpdesks write around old mail, in about twenty languages.

Knows single lines and says what each could be; whether it is one is decided by its neighbours.
"""

# ruff: noqa: E501, RUF001  Word lists in other alphabets; a word a line would hide their order.

import re
from enum import IntEnum

LONGEST_LINE = 300  # characters of a line that are looked at; no mark is longer


class Mark(IntEnum):
    NONE = 0
    QUOTE = 1  # "> old words"
    ORIGINAL = 2  # "-----Original Message-----"
    ABOVE = 3  # "##- Please type your reply above this line -##"
    HEADER = 4  # "From: ..."
    DASHES = 5  # "-- "
    MOBILE = 6  # "Sent from my iPhone"
    RULE = 7  # "________________"
    FENCE = 8  # "```"
    ATTRIBUTION = 9  # "On ... wrote:"


class Header(IntEnum):
    FROM = 1
    DATE = 2
    TO = 3
    SUBJECT = 4
    TECHNICAL = 5  # stands in no reply, only in a message's raw source


_ORIGINAL_WORDS = "|".join((
    "original message", "forwarded message", "original appointment", "reply message",
    "ursprüngliche nachricht", "original-?nachricht", "weitergeleitete nachricht",
    "message d['\u2019]origine", "message original", "message transféré(?: par .{0,60})?",
    "mensaje original", "mensaje reenviado", "messaggio originale", "messaggio inoltrato",
    "mensagem original", "mensagem encaminhada", "mensagem reencaminhada",
    "oorspronkelijk bericht", "doorgestuurd bericht",
    "ursprungligt meddelande", "vidarebefordrat (?:meddelande|mejl)",
    "oprindelig meddelelse", "videresendt (?:meddelelse|mail|besked|melding)",
    "opprinnelig melding", "alkuperäinen viesti", "välitetty viesti",
    "(?:oryginalna|pierwotna) wiadomość", "wiadomość (?:oryginalna|przekazana)",
    "původní (?:zpráva|e-?mail)", "přeposlaná zpráva",
    "(?:исходное|оригинальное|пересылаемое|пересланное) "
    "сообщение",
    "(?:özgün|orijinal|iletilen) (?:ileti|mesaj|i̇leti)", "eredeti üzenet", "mesaj original",
    "元のメッセージ", "転送(?:された)?メッセージ",
    "原始(?:邮件|郵件|信息)", "转发(?:的)?邮件", "轉寄的郵件",
    "원본 ?(?:메시지|메일)", "전달된 ?메시지",
))  # fmt: skip
_FORWARDED = "|".join((
    "begin forwarded message", "anfang der weitergeleiteten (?:nachricht|e-?mail)",
    "début du message (?:réexpédié|transféré)", "inicio del mensaje reenviado",
    "inizio messaggio inoltrato", "início da mensagem (?:re)?encaminhada", "begin doorgestuurd bericht",
    "vidarebefordrat brev", "start på videresendt besked", "videresendt e-post",
    "начало пересылаемого сообщения",
))  # fmt: skip
_DEVICE = (
    r"(?:i-?phone|i-?pad|ipod|android|galaxy|samsung|blackberry|huawei|honor|pixel|nokia|xiaomi|redmi"
    r"|oneplus|motorola|windows|outlook|yahoo|gmail|proton ?mail|mail\b|mobile|phone|smartphone"
    r"|tablet|device|handy|telefon|téléphone|móvil|celular|telemóvel)"
)
_SENT_FROM = "|".join((
    "sent from(?: my)?", "sent via", "von meinem", "gesendet (?:von|mit|über)(?: meinem| der)?",
    "envoyé (?:de|depuis|à partir de)(?: mon| ma)?", "enviado (?:desde|do|de|a partir do)(?: mi| meu)?",
    "inviato (?:da|dal|tramite)(?: mio)?", "(?:verstuurd|verzonden) (?:vanaf|met|via)(?: mijn)?",
    "skickat från(?: min)?", "sendt fra(?: min| mit)?", "lähetetty", "wysłan[eoy] z(?: mojego)?",
    "odesláno z(?: mého)?", "отправлено (?:с|из)(?: моего)?", "küldve az?",
    "发自我的", "發自我的", "從我的", "傳送自我的", "나의",
))  # fmt: skip
# What may follow the device: a case ending, the rest of its name, a link, one verb.
_AFTER_DEVICE = (
    r"['\u2019\w-]{0,8}(?: (?:for|on|für|pour|para|per|voor|til|för|auf|på|do|na|dla|app|mini|max|pro"
    r"|plus|ultra|mobile|mail|phone|smartphone|tablet|galaxy|android|ios|windows|iphone|ipad|device"
    r"|\w?\d{1,2}\w?)){0,5}(?: ?<[^<>\s]{0,120}>)?(?: ?(?:gesendet|gönderildi|から送信|보냄))?"
)
_MOBILE_ALONE = r"(?:['\u2019]?\w{0,8} gönderildi| ?から送信|\w{0,6} ?에서 보냄)"
_DECORATION = "-=#*_"
_TO_ANSWER = re.compile(
    r"\b(?:reply|respond|write|type|antwort|répon|respond|scriv|rispond|escrev|skriv|svar|antwoord|odpow)",
    re.IGNORECASE,
)
_ABOVE_IT = re.compile(
    r"\b(?:above|über|oberhalb|au-?dessus|encima|arriba|acima|sopra|boven|ovanför|over|powyżej)\b",
    re.IGNORECASE,
)

_KIND = re.compile(
    r"[^\S\n]{0,8}(?:(?P<QUOTE>>)|(?P<FENCE>```|~~~)|(?P<ABOVE>##-.{0,160}-##\s*$)"
    rf"|(?P<ORIGINAL>-{{2,20}} ?(?:{_ORIGINAL_WORDS}) ?:?-{{2,20}}\s*$|(?:{_FORWARDED}) ?[::]\s*$)"
    r"|(?P<DASHES>-- ?$)|(?P<RULE>_{10,}\s*$|-{10,}\s*$)"
    rf"|(?P<MOBILE>(?:(?:{_SENT_FROM}) ?(?:\w{{1,12}} ){{0,2}}{_DEVICE}{_AFTER_DEVICE}"
    rf"|get outlook for \w{{2,12}}(?: ?<[^<>\s]{{0,120}}>)?|{_DEVICE}{_MOBILE_ALONE})[.。]?\s*$))",
    re.IGNORECASE,
)

_HEADER_WORDS = {
    Header.FROM: (
        "from von de da van från fra lähettäjä od от отправитель kimden gönderen 差出人 发件人 "
        "寄件者 보낸 보낸사람 보낸\u00a0사람 feladó de\u00a0la від expediteur expéditeur remitente mittente"
    ),
    Header.DATE: (
        "sent date gesendet datum envoyé enviado enviada enviado\u00a0el fecha inviato data verzonden "
        "skickat sendt dato lähetetty päivämäärä wysłano odesláno отправлено дата gönderildi "
        "gönderilme tarih 送信日時 日時 日付 发送时间 时间 日期 寄件日期 보낸\u00a0날짜 날짜 elküldve trimis "
        "надіслано data\u00a0wysłania"
    ),
    Header.TO: (
        "to an à a para per aan till til vastaanottaja do komu кому kime alıcı 宛先 收件人 收件者 "
        "받는 받는\u00a0사람 받는사람 címzett către cc kopie copie kopio kopia bilgi копия 抄送 참조 "
        "kopi reply-to"
    ),
    Header.SUBJECT: (
        "subject betreff objet asunto oggetto assunto onderwerp ämne emne aihe temat předmět тема "
        "konu 件名 主题 主旨 제목 tárgy subiect"
    ),
    Header.TECHNICAL: (
        "received message-id return-path mime-version content-type dkim-signature delivered-to "
        "authentication-results content-transfer-encoding list-unsubscribe references in-reply-to"
    ),
}  # fmt: skip
_HEADERS = {
    word.replace("\u00a0", " "): header
    for header, words in _HEADER_WORDS.items()
    for word in words.split(" ")
}
_HEADER = re.compile(
    r"[^\S\n]{0,3}\*{0,2}([^\W\d_][\w\- \u00a0]{0,28}?)\*{0,2}[ \u00a0]?[:：]\*{0,2}"
)
_TECHNICAL = re.compile(r"x-[a-z-]{2,40}$")

_VERB = re.compile(
    r"(?:\bwrote|\bwrites|\bschrieb\b|\ba écrit|\bescribió|\bha scritto|\bescreveu|\bschreef\b"
    r"|\bgeschreven|\bskrev\b|\bkirjoitti|\bnapisał|\bpisze|\bnapsal|\bнаписал|\bпишет|\bписал"
    r"|\bпише|\byazdı|写道|寫道|写到|のメール|書きました|作成|작성|쓰기|\ba scris|\bírta"
    r"|\bέγραψε|\bmenulis|đã viết|כתב|كتب)",
    re.IGNORECASE,
)
_VERB_REACH = 160  # a name and an address may follow the verb
_ADDRESSED = re.compile(r"(?:<[^<>]{3,120}>|\[email\])\s*[:：]\s*$")
_EVIDENCE = re.compile(
    r"\d{1,2}[:.h時시]\s?\d{2}|(?:19|20)\d\d|\d{1,2}[./-]\d{1,2}|@|\[email\]|<[^<>]{3,120}>"
)
_OPENING = re.compile(
    r"\s{0,8}(?:on|am|le|el|il|em|no dia|op|den|på|w dniu|dnia|dne|\d{1,4}[.年년 /-]"
    r"|(?:ma|ti|ke|to|pe|la|su|pon|wt|śr|czw|pt|sob|niedz|po|út|st|čt|pá|so|ne)\b)",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")


def mark_of(line: str) -> Mark:
    """Say what a line looks like; ATTRIBUTION only when it can stand alone or end one."""
    found = _KIND.match(line)
    if found is not None:
        return Mark[found.lastgroup or "NONE"]
    if header_of(line) is not None:
        return Mark.HEADER
    if line[:2].strip(_DECORATION) == "" and _asks_to_answer_above(line):
        return Mark.ABOVE
    return Mark.ATTRIBUTION if ends_attribution(line) else Mark.NONE


def header_of(line: str) -> Header | None:
    if ":" not in line and "：" not in line:
        return None
    found = _HEADER.match(line)
    if found is None:
        return None
    name = found.group(1).strip().lower().replace("\u00a0", " ")
    return Header.TECHNICAL if _TECHNICAL.match(name) else _HEADERS.get(name)


def ends_attribution(line: str) -> bool:
    """Whether a line could be the last of "On Monday at 9:14 somebody wrote:"."""
    if line.rstrip()[-1:] not in (":", "："):
        return False
    tail = line[-_VERB_REACH:]
    return _VERB.search(tail) is not None or _ADDRESSED.search(tail) is not None


def is_attribution(text: str) -> bool:
    """Whether the lines together name a moment or an address, as a mail program's do."""
    return _EVIDENCE.search(text) is not None


def opens_attribution(line: str) -> bool:
    """Whether a line begins like an attribution that a mail program wrapped."""
    return _OPENING.match(line) is not None and _DIGIT.search(line) is not None


def _asks_to_answer_above(line: str) -> bool:
    """Whether it is "--- Please reply above this line ---" in some language."""
    words = line.strip()
    decorated = len(words) <= 160 and words[-2:].strip(_DECORATION) == ""
    return decorated and bool(_TO_ANSWER.search(words) and _ABOVE_IT.search(words))


_DISCLAIMER_OPENS = re.compile(
    r"\W{0,6}(?:(?:confidentiality|legal|privacy) (?:notice|note|disclaimer|warning)|disclaimer\b"
    r"|notice of confidentiality|vertraulichkeitshinweis|haftungsausschluss|avis de confidentialité"
    r"|aviso (?:legal|de confidencialidad|de confidencialidade)|avviso di riservatezza"
    r"|(?:the (?:information|content|contents)|this|diese|der inhalt|die in dieser|ce|les informations"
    r"|este|esta|la información|questo|questa|il presente|le informazioni|esta|este|a informação"
    r"|as informações|dit|deze|de informatie|detta|informationen i|denne|dette|tämä|ta|ten|niniejsz"
    r"|treść|tato|tento|это|данное|настоящее|информация|bu|本メール|本邮件|此邮件|本郵件|이 메일|본 메일)"
    r".{0,60}?(?:e-?mail|message|communication|transmission|nachricht|courriel|mensaje|correo"
    r"|messaggio|comunicazione|mensagem|bericht|meddelande|meddelelse|melding|besked|viesti|sähköposti"
    r"|wiadomość|wiadomości|zpráva|сообщени|письмо|ileti|posta|本メール|邮件|郵件|메일))",
    re.IGNORECASE,
)
_DISCLAIMER_CUES = tuple(
    re.compile(cue, re.IGNORECASE)
    for cue in (
        r"confiden[tc]|privileged|vertraulich|riservat|vertrouwelijk|konfidenti|fortrolig|luottamuksel"
        r"|poufn|důvěrn|конфиденциальн|gizli|機密|保密|기밀",
        r"intended|recipient|addressee|bestimmt|empfänger|adressat|destinat|bestemd|geadresseerde"
        r"|avsedd|mottagar|modtager|mottaker|beregnet|tarkoitettu|vastaanottaj|adresat|určen|příjemc"
        r"|предназначен|адресат|получател|alıcı|受信者|宛先|收件人|수신인|수신자",
        r"prohibit|unauthori[sz]ed|disclos|delete|destroy|notify|liab|untersagt|löschen|vernichten"
        r"|unbefugt|interdit|supprim|détrui|prohibid|elimin|borr|vietat|cancell|distru|proibid|apag"
        r"|verwijder|verboden|radera|förbjud|slet|forbudt|poista|kielletty|usun|zabronion|smaž|zakázán"
        r"|удалит|запрещен|silin|yasak|削除|禁|删除|刪除|삭제|금지",
    )
)
_DISCLAIMER_READ = 1500


def is_disclaimer(paragraph: str) -> bool:
    """Whether a paragraph opens like a notice on confidentiality and says two of its three things."""
    if _DISCLAIMER_OPENS.match(paragraph) is None:
        return False
    read = paragraph[:_DISCLAIMER_READ]
    return sum(cue.search(read) is not None for cue in _DISCLAIMER_CUES) >= 2
