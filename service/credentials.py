"""The secret parts of links, and passwords and keys that no sign sets apart from their label.

Keeps a link's host, its path and the names of its parameters: they say what the customer did.
"""

import re
from collections.abc import Sequence

from service.glance import Glance

_LINK = re.compile(r"(?:\b[A-Za-z][A-Za-z0-9+.-]{1,15}://|\bwww\.)[^\s<>\"']{4,4000}")
_PARAMETER = re.compile(r"(?P<name>[\w.%\[\]-]{1,60})=(?P<value>[^\s&#;\[\]()<>\"']{1,4000})")
# Also without a scheme, as in "shop.example/reset?token=...".
_SECRET_PARAMETER = re.compile(
    r"(?P<before>[?&;#](?:amp;)?[\w.%-]{0,40}?(?:token|secret|signature|password|passwd|pwd|apikey"
    r"|api[_-]key|accesskey|access[_-]key|credential|jwt|otp|session_?-?id|phpsessid|samlresponse)=)"
    r"[^\s&#;\[\]()<>\"']{1,4000}",
    re.IGNORECASE,
)
_WEAK_NAME = re.compile(
    r"(?:.*[_.-])?(?:key|code|sig|sid|hash|auth|ticket|nonce|invite|reset|confirm|verify|magic"
    r"|session|pass|state|t|k|s)\Z",
    re.IGNORECASE,
)
_NESTED = re.compile(r"(?:token|secret|key|sig|signature|password|auth|code)%3d", re.IGNORECASE)
_OPENS = frozenset(
    (
        *("reset", "verify", "confirm", "invite", "invitation", "activate", "magic", "token"),
        *("auth", "password", "unsubscribe", "signin", "login", "hooks", "services", "share"),
    )
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)
_PIECE = re.compile(r"[A-Za-z0-9]+")
_CHANGES = re.compile(r"[a-z][A-Z0-9]|[A-Z][0-9]|[0-9][A-Za-z]")

_STARTS = (
    *("pypi-", "glsa_", "glc_", "figd_", "lin_api_", "dckr_pat_", "shpss_", "shpca_"),
    *("shppa_", "sq0atp-", "sq0csp-", "nvapi-", "ATATT", "GOCSPX-", "secret_", "phc_", "sbp_"),
    *("dp.pt.", "ya29.", "key-", "dapi", "AGE-SECRET-KEY-", "vercel_", "tfp_", "pat_"),
)
# By the sign that is in them: of a text's signs most are full stops.
_STARTS_WITH = tuple((sign, tuple(each for each in _STARTS if sign in each)) for sign in "_-.")
_BARE_STARTS = tuple(start for start in _STARTS if start.isalpha())
_TOKEN = re.compile(
    rf"(?<![A-Za-z0-9_-])(?:{'|'.join(map(re.escape, _STARTS))})"
    r"(?=[\w-]{0,30}\d)[\w-]{20,300}(?![A-Za-z0-9_-])"
)
# "password Hunter22 does not work": a word with letters and digits where a value stands.
_BARE = re.compile(
    r"(?i:\b(?:pass(?:word|code|phrase)|passwd|pwd|api[ _-]?key|access[ _-]?(?:key|token)"
    r"|auth(?:entication)?[ _-]?token|client[ _-]?secret|license[ _-]?key|passwort|kennwort"
    r"|mot de passe|contrase\u00f1a|senha|wachtwoord|parola|has\u0142o|l\u00f6senord|token"
    r"|(?<=[/,;] )pass)"
    # "password for the demo: x1": what it is for may stand between.
    r"(?:(?:[ \t](?:for|to|of|on|in))(?:[ \t][\w-]{1,20}){1,3}(?=[:=]))?)"
    r"(?:[ \t]{0,2}(?:[:=-]|['\u2019]s\b|(?i:\b(?:is|was|ist|lautet|est|es|\u00e9|to)\b)))?"
    r"(?:[ \t\"'`]{1,3}|(?<=[:=]))"
    r"(?P<value>(?=[^\s\[\]]{0,60}\d)(?=[^\s\[\]]{0,60}[A-Za-z])[^\s\"'`,;<>\[\]]{6,200})"
)
# "name ann and password 4352": digits alone, where no unit follows that would count something.
_DIGITS = re.compile(
    r"(?i:\b(?:(?:pass(?:word|code|phrase)|passwd|pwd|pin(?:[ \t]code)?|otp)(?=[ \t]{1,3}[0-9]{4})"
    r"|(?:cv[vc]2?|security[ ]code)(?:[ \t](?:is|was|no|number|code)){0,2}))[ \t]{1,3}"
    r"(?P<value>[0-9]{3,12})(?![\w@])(?![ \t]{1,3}(?i:(?:second|minute|hour|day|week|month|year"
    r"|time|character|attempt|tr(?:y|ie))s?)\b)"
)
# What follows one of these is a secret whatever it looks like: a phrase in quotation marks, a code
# of digits in groups, what stands behind a user.
_SAID = (
    re.compile(
        r"(?i:\bpass-?phrase\b[^\n\"\u201c]{0,20}[\"\u201c])(?P<value>[^\"\u201d\n\[\]]{3,200})(?=[\"\u201d])"
    ),
    re.compile(
        r"(?i:\b(?:verification|security|login|sign-in|authentication|2fa|sms|one-time)[ ]code"
        r"(?:[ ](?:is|was))?[ :]{1,3})(?P<value>\d(?:[ -]?\d){3,7})(?![\w@-])"
    ),
    re.compile(
        r"(?i:\bcredentials\b[^\n/]{0,60}?[ ]/[ ]?)(?P<value>(?=\S{0,60}\d)[^\s\[\]]{5,100})"
    ),
    re.compile(
        r"(?i:\bcurl\b[^\n]{0,200}?[ ](?:-u|--user)[ ][\"']?[^\s:]{1,64}:)"
        r"(?P<value>[^\s\"'\[\]]{3,200})"
    ),
)
TELLING_ALONE = frozenset(("passphrase", "curl"))  # what follows may be letters alone
_SAYING = TELLING_ALONE | {"phrase", "code", "credentials"}
# One of these stands in a text with such a password: its label, or the last word of it.
LABELLING = (
    frozenset(
        (
            *("password", "passcode", "passphrase", "passwd", "pwd", "pin", "otp", "cvv", "cvc"),
            *("key", "apikey", "accesskey"),
            *("token", "accesstoken", "authtoken", "authenticationtoken", "secret", "clientsecret"),
            *(
                "licensekey",
                "passwort",
                "kennwort",
                "passe",
                "contrase\u00f1a",
                "senha",
                "wachtwoord",
            ),
            *("parola", "has\u0142o", "l\u00f6senord", "pass"),
        )
    )
    | _SAYING
)


def mask_links(text: str, signs: str) -> str:
    """Return the text with `[secret]` for what in its links would open a door."""
    masked = text
    if "=" in signs and ("?" in signs or "&" in signs or "#" in signs):
        masked = _SECRET_PARAMETER.sub(r"\g<before>[secret]", text)
    return _LINK.sub(_mask_link, masked) if "://" in text or "www." in text else masked


def mask_tokens(text: str, seen: Glance) -> str:
    """Return the text with `[secret]` for keys and for passwords that only their label tells.

    Both hold a digit, or the text says one of the words that tell them alone.
    """
    masked = _TOKEN.sub("[secret]", text) if _may_start_token(text, seen.signs) else text
    if LABELLING.isdisjoint(seen.words):
        return masked
    for pattern in () if _SAYING.isdisjoint(seen.words) else _SAID:
        masked = pattern.sub(_mask_bare, masked)
    return _DIGITS.sub(_mask_bare, _BARE.sub(_mask_bare, masked))


def _may_start_token(text: str, signs: str) -> bool:
    return _holds_any(text, _BARE_STARTS) or any(
        sign in signs and _holds_any(text, starts) for sign, starts in _STARTS_WITH
    )


def _mask_link(match: re.Match[str]) -> str:
    link = match.group()
    cut = min((at for at in (link.find("?"), link.find("#")) if at >= 0), default=len(link))
    return _mask_path(link[:cut]) + _PARAMETER.sub(_mask_parameter, link[cut:])


def _mask_path(path: str) -> str:
    scheme, separator, rest = path.rpartition("://")
    host, *parts = rest.split("/")
    if host == "hooks.slack.com" and len(parts) > 1:
        return f"{scheme}{separator}{host}/{parts[0]}/[secret]"  # all of it opens the channel
    shown = [host]
    for place, part in enumerate(parts):
        opens = place > 0 and parts[place - 1].lower() in _OPENS
        bare = part.rstrip(".,;:!?)]")
        secret = _is_random(bare) or (opens and _is_mixed(bare) and len(bare) >= 8)
        shown.append(f"[secret]{part[len(bare) :]}" if secret else part)
    return scheme + separator + "/".join(shown)


def _mask_parameter(match: re.Match[str]) -> str:
    name, value = match.group("name", "value")
    if "%40" in value:
        return f"{name}=[email]"
    weak = _WEAK_NAME.match(name) and len(value) >= 6 and any(map(str.isdigit, value))
    return f"{name}=[secret]" if weak or _is_random(value) or _NESTED.search(value) else match[0]


def _is_random(part: str) -> bool:
    """Whether a part of a link reads like chance: words and dates of an address do not."""
    if len(part) < 16 or "[" in part:
        return False
    if _UUID.match(part):
        return True
    longest = max(_PIECE.findall(part), key=len, default="")
    if len(longest) >= 16 and _is_mixed(longest) and len(_CHANGES.findall(longest)) > 3:
        return True
    return len(part) >= 24 and len(_CHANGES.findall(part)) >= 8


def _is_mixed(part: str) -> bool:
    return any(map(str.isdigit, part)) and any(map(str.isalpha, part)) and "[" not in part


def _mask_bare(match: re.Match[str]) -> str:
    return match.group().removesuffix(match.group("value")) + "[secret]"


def _holds_any(text: str, words: Sequence[str]) -> bool:
    return any(map(text.__contains__, words))
