"""The certificate of disposal as a page for people: one file, no script, fit to be printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --dim: #666 }
@media (prefers-color-scheme: dark) { :root { --dim: #aaa } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 3rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem; margin-bottom: 0 } h2 { font-size: 1.1rem; margin-top: 2rem }
p.lead { color: var(--dim); margin-top: .3rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0;
  border-bottom: 1px solid var(--line) }
th { font-weight: 600 } td { overflow-wrap: anywhere }
code { font: .8rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere }
@media print { body { margin: 0; max-width: none; font-size: 11pt } tr { break-inside: avoid } }
"""

_KINDS = {
    "erasure": "Somebody asked for it to be erased.",
    "disposal": "The time for which it was to be kept had passed.",
}

_OBSTACLES = {
    "held": "a legal hold",
    "floor": "a class that keeps it for longer",
    "no date": "no date to count from",
    "in progress": "a call that is still in progress at the source",
}


def page(told: Mapping[str, Any]) -> str:
    """The page for what `certificate.document` has made."""
    title = f"Certificate of disposal {told['disposal']:04}"
    ledger = told["ledger"]
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="lead">Archive <code>{escape(told["archive"])}</code></p>',
        _facts(_what(told)),
        *_rules(told["rules"]),
        "<h2>Where the ledger says so</h2>",
        _facts(
            [
                ("Entries", f"{ledger['first']:,} to {ledger['last']:,}"),
                ("Entries up to there", f"{ledger['size']:,}"),
                ("Root of the ledger then", ledger["root"]),
                ("Signed checkpoint", ledger["checkpoint"] or "none yet"),
            ]
        ),
        "<h2>What this does not reach</h2>",
        "<ul>",
        *(f"<li>{escape(each)}</li>" for each in told["remains"]),
        "</ul>",
        "<h2>What was destroyed</h2>",
        _conversations(told["conversations"]),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def _what(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    many = told["destroyed"]
    return [
        ("Conversations destroyed", f"{many['conversations']:,}"),
        ("Recordings destroyed", f"{many['recordings']:,}"),
        ("Bytes, as they had come", f"{many['bytes']:,}"),
        ("When", told["at"]),
        ("By", told["by"]),
        ("Why", _KINDS[told["kind"]]),
        ("Reason given", told["reason"]),
    ]


def _rules(rules: Mapping[str, Any]) -> list[str]:
    """The classes of retention that were applied, and what they did not let go."""
    parts = []
    if classes := rules.get("classes"):
        heads = ("Class", "Keep", "Delete after", "Counted from", "Destroyed")
        names = ("name", "keep", "delete_after", "from", "destroyed")
        rows = ([row[name] for name in names] for row in classes)
        parts += ["<h2>Rules</h2>", _table(heads, rows)]
    if held := rules.get("held_back"):
        parts += [
            "<h2>Due, and not destroyed</h2>",
            _table(
                ("Because of", "Conversations"),
                ((_OBSTACLES.get(kind, kind), many) for kind, many in held.items()),
            ),
        ]
    return parts


def _conversations(rows: Sequence[Mapping[str, Any]]) -> str:
    heads = ("Number", "Source", "Started in", "Class", "Keyed hash of its id")
    names = ("key", "source", "month", "class", "id_hash")
    return _table(heads, ([row[name] for name in names] for row in rows))


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    rows = (f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts)
    return "\n".join(["<table>", *rows, "</table>"])


def _table(heads: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    lines = ["<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows]
    return "\n".join(["<table>", f"<tr>{head}</tr>", *lines, "</table>"])


def _cell(value: Any) -> str:
    if isinstance(value, int):
        return f"<td>{value:,}</td>"
    text = escape("" if value is None else str(value))
    return f"<td><code>{text}</code></td>" if len(text) == 64 else f"<td>{text}</td>"
