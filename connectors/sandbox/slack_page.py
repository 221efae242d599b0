"""Draws the stand-in's channels as Slack would, for a person who has no Slack.

Everything is escaped; nothing is loaded from elsewhere. It draws the blocks that messages here use
and names any other kind instead of leaving it out.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup, escape

from connectors.sandbox.slack_state import Posted, SlackChannel, SlackState

_STYLE = Markup("""
body{margin:0;font:15px/1.47 Lato,"Helvetica Neue",Arial,sans-serif;color:#1d1c1d;background:#fff}
nav{position:fixed;inset:0 auto 0 0;width:200px;background:#3f0e40;color:#cfc3cf;padding:16px 0}
nav b{display:block;padding:0 16px 12px;color:#fff}
nav a{display:block;padding:4px 16px;color:inherit;text-decoration:none}
nav a:hover,nav a:focus{background:#350d36;color:#fff}
main{margin-left:200px;padding:8px 24px;max-width:760px}
h2{font-size:18px;border-bottom:1px solid #ddd;padding:8px 0;margin:16px 0 0}
article{display:flex;gap:8px;padding:10px 0}
article.reply{margin-left:44px}
.face{flex:none;width:36px;height:36px;border-radius:4px;background:#1264a3;color:#fff;
font-weight:900;display:grid;place-items:center}
.body{min-width:0;flex:1;overflow-wrap:anywhere}
.who{font-weight:900}.app{font-size:10px;font-weight:700;background:#e8e8e8;padding:1px 3px;
border-radius:2px;margin:0 4px;color:#616061}
.when,.note,.context{font-size:12.5px;color:#616061}
.block{margin:4px 0 8px;white-space:pre-wrap}.context{margin:4px 0}.context div+div{margin-top:2px}
header{font-size:18px;font-weight:900;margin:4px 0 8px}
blockquote{margin:4px 0;padding:0 0 0 12px;border-left:4px solid #ddd}
ul{margin:2px 0;padding-left:26px}li{margin:1px 0}
hr{border:0;border-top:1px solid #ddd;margin:12px 0}
a{color:#1264a3}
.picture{max-width:480px;width:100%;border:1px solid #ddd;border-radius:8px}
.chart{margin:4px 0 8px;padding:10px 14px;border:1px solid #ddd;border-radius:8px;max-width:480px}
.chart figcaption{font-weight:700;margin-bottom:8px}
.chart>div{display:flex;align-items:flex-end;gap:8px}
.chart>.many{gap:3px}
.bar{flex:1;text-align:center;font-size:11px;color:#616061}.bar b{display:block;color:#1d1c1d}
.bar i{display:block;background:#1264a3;border-radius:2px 2px 0 0}
.bar span{display:block;white-space:nowrap}
.many .bar span,.many .bar b{writing-mode:vertical-rl;transform:rotate(180deg);margin:2px auto}
.many .bar span{height:5em;text-align:right}
.with{display:flex;justify-content:space-between;gap:8px;align-items:center;margin:2px 0}
.actions{display:flex;flex-wrap:wrap;gap:8px;margin:8px 0}
.button{display:inline-block;border:1px solid #bbb;border-radius:4px;padding:3px 12px;
font-family:inherit;font-size:13px;font-weight:700;line-height:1.5;color:#1d1c1d;background:#fff;text-decoration:none}
""")


_SIDE_BY_SIDE = 9  # bars whose names fit beside each other
_STYLES: Mapping[str, Markup] = {
    "bold": Markup("<b>{0}</b>"),
    "italic": Markup("<i>{0}</i>"),
    "strike": Markup("<s>{0}</s>"),
    "code": Markup("<code>{0}</code>"),
}


def page(state: SlackState) -> str:
    """The whole workspace: each channel that holds a message, and the empty ones by name."""
    channels = list(state.channels.values())
    names = Markup().join(
        Markup('<a href="#{0}">{1}</a>').format(channel.id, _title(channel))
        for channel in channels
        if not channel.is_im or state.in_channel(channel.id)
    )
    sections = Markup().join(_channel(state, channel) for channel in channels)
    sections += Markup().join(_home(state, user, view) for user, view in state.homes.items())
    names += Markup().join(
        Markup('<a href="#home-{0}">Home of {1}</a>').format(user, state.people[user].name)
        for user in state.homes
    )
    return Markup(
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        "<title>Slack stand-in</title><style>{0}</style>"
        "<nav><b>Ledgerly (stand-in)</b>{1}</nav><main>{2}</main></html>"
    ).format(_STYLE, names, sections)


def _channel(state: SlackState, channel: SlackChannel) -> Markup:
    messages = state.in_channel(channel.id)
    if not messages:
        if channel.is_im:
            return Markup()
        shown = Markup('<p class="note">No message yet.</p>')
    else:
        shown = Markup().join(_message(state, message) for message in messages)
    return Markup('<section id="{0}"><h2>{1}</h2>{2}</section>').format(
        channel.id, _title(channel), shown
    )


def _home(state: SlackState, user: str, view: Mapping[str, Any]) -> Markup:
    """The app's own tab, as one person sees it."""
    return Markup('<section id="home-{0}" class="home"><h2>Home of {1}</h2>{2}</section>').format(
        user, state.people[user].name, Markup().join(map(_block, view["blocks"]))
    )


def _title(channel: SlackChannel) -> str:
    return channel.name if channel.is_im else f"# {channel.name}"


def _message(state: SlackState, message: Posted) -> Markup:
    notes = []
    if message.thread_ts is not None:
        notes.append(f"in the thread of {message.thread_ts}")
    if message.ephemeral_for is not None:
        person = state.people.get(message.ephemeral_for)
        notes.append(f"only visible to {person.name if person else message.ephemeral_for}")
    if message.edited:
        notes.append("edited")
    at = datetime.fromtimestamp(float(message.ts.split(".")[0]), UTC)
    body = Markup().join(map(_block, message.blocks)) or Markup(
        '<div class="block">{0}</div>'
    ).format(message.text)
    return Markup(
        '<article class="{0}"><div class="face" aria-hidden="true">V</div><div class="body">'
        '<span class="who">verbatim</span><span class="app">APP</span>'
        '<span class="when">{1} {2}</span>{3}</div></article>'
    ).format(
        "reply" if message.thread_ts else "",
        f"{at:%d %b %H:%M}",
        f"({', '.join(notes)})" if notes else "",
        body,
    )


def _block(block: Mapping[str, Any]) -> Markup:
    kind = str(block.get("type"))
    draw = _BLOCKS.get(kind)
    if draw is None:
        return Markup('<p class="note">[a block of type {0}]</p>').format(kind)
    return draw(block)


def _rich_text(block: Mapping[str, Any]) -> Markup:
    parts = Markup().join(_rich_part(part) for part in block["elements"])
    return Markup('<div class="block">{0}</div>').format(parts)


def _rich_part(part: Mapping[str, Any]) -> Markup:
    kind, elements = part["type"], part["elements"]
    if kind == "rich_text_list":
        rows = Markup().join(
            Markup("<li>{0}</li>").format(_pieces(e["elements"])) for e in elements
        )
        return Markup("<ul>{0}</ul>").format(rows)
    if kind == "rich_text_quote":
        return Markup("<blockquote>{0}</blockquote>").format(_pieces(elements))
    if kind == "rich_text_preformatted":
        return Markup("<pre>{0}</pre>").format(_pieces(elements))
    return Markup("<div>{0}</div>").format(_pieces(elements))


def _pieces(elements: Iterable[Mapping[str, Any]]) -> Markup:
    return Markup().join(_piece(element) for element in elements)


def _piece(element: Mapping[str, Any]) -> Markup:
    kind = element["type"]
    if kind == "link":
        url = str(element["url"])
        shown = Markup('<a href="{0}">{1}</a>').format(_safe(url), element.get("text") or url)
    elif kind == "text":
        shown = escape(str(element["text"]))
    else:
        shown = Markup('<span class="note">[{0}]</span>').format(kind)
    styles = element.get("style") or {}
    for style, around in _STYLES.items():
        if styles.get(style):
            shown = around.format(shown)
    return shown


def _safe(url: str) -> str:
    return url if url.startswith(("http://", "https://", "mailto:")) else "#"


def _header(block: Mapping[str, Any]) -> Markup:
    return Markup("<header>{0}</header>").format(block["text"]["text"])


def _section(block: Mapping[str, Any]) -> Markup:
    texts = [block.get("text"), *block.get("fields", [])]
    shown = Markup("<br>").join(escape(str(one["text"])) for one in texts if one)
    if "accessory" not in block:
        return Markup('<div class="block">{0}</div>').format(shown)
    return Markup('<div class="block with"><span>{0}</span>{1}</div>').format(
        shown, _accessory(block["accessory"])
    )


def _accessory(element: Mapping[str, Any]) -> Markup:
    """A button, or a menu with what it offers to a mouse that waits over it."""
    if element.get("type") == "button":
        return _button(element)
    offered = ", ".join(str(one["text"]["text"]) for one in element.get("options", ()))
    label = element.get("placeholder", {}).get("text", "\u22ef")
    return Markup('<button class="button" type="button" disabled title="{0}">{1}</button>').format(
        offered, label
    )


def _context(block: Mapping[str, Any]) -> Markup:
    rows = Markup().join(
        Markup("<div>{0}</div>").format(e.get("text") or e.get("alt_text") or "")
        for e in block["elements"]
    )
    return Markup('<div class="context">{0}</div>').format(rows)


def _actions(block: Mapping[str, Any]) -> Markup:
    buttons = Markup().join(_button(element) for element in block["elements"])
    return Markup('<div class="actions">{0}</div>').format(buttons)


def _button(element: Mapping[str, Any]) -> Markup:
    label = element.get("text", {}).get("text", element.get("type", ""))
    if element.get("url"):
        return Markup('<a class="button" href="{0}">{1}</a>').format(
            _safe(str(element["url"])), label
        )
    return Markup('<button class="button" type="button" disabled>{0}</button>').format(label)


def _image(block: Mapping[str, Any]) -> Markup:
    file_id = str(block.get("slack_file", {}).get("id", ""))
    return Markup('<p class="block"><img class="picture" src="/files/{0}" alt="{1}"></p>').format(
        file_id, block.get("alt_text", "")
    )


def _chart(block: Mapping[str, Any]) -> Markup:
    """Slack's own bar chart: the first series, each bar with its number, and what is measured."""
    points = block["chart"]["series"][0]["data"]
    most = max((point["value"] for point in points), default=0) or 1
    bars = Markup().join(
        Markup(
            '<div class="bar"><b>{0}</b><i style="height:{1}px"></i><span>{2}</span></div>'
        ).format(f"{point['value']:,}", round(80 * point["value"] / most), point["label"])
        for point in points
    )
    title, measured = str(block["title"]), str(block["chart"]["axis_config"].get("y_label", ""))
    return Markup(
        '<figure class="chart"><figcaption>{0} <span class="note">{1}</span></figcaption>'
        '<div class="{2}">{3}</div></figure>'
    ).format(
        title,
        "" if title.startswith(measured) else measured,
        "many" if len(points) > _SIDE_BY_SIDE else "few",
        bars,
    )


def _divider(block: Mapping[str, Any]) -> Markup:
    del block
    return Markup("<hr>")


_BLOCKS: Mapping[str, Callable[[Mapping[str, Any]], Markup]] = {
    "rich_text": _rich_text,
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "divider": _divider,
    "image": _image,
    "data_visualization": _chart,
}
