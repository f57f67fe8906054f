"""``cvv``: the three or four digits on the back of a card, soon after what they are called.

*What's the three-digit code on the back? — One two three.* The words and the digits may stand in
different turns and be said by different sides. Where the words fit a door as well (*security
code*), no door, alarm or text message may be near. The same digits again within the next words are
a read-back. Digits behind a card number in one breath, with or without the expiry date, count too.
"""

from __future__ import annotations

import re
from typing import Final

from convarchive.index.digits import Place
from convarchive.redact import card
from convarchive.redact.labels import CODE, CVV, Label, listed
from convarchive.redact.script import Find, Script, stretches

KIND: Final = "cvv"

_AHEAD: Final = 25
"""Words from the label to the digits."""
_BEHIND: Final = 6
"""Words from the digits to the label in the same turn: *123 is the security code*."""
_AGAIN: Final = 40
"""Words until they are read back."""
_AROUND: Final = 10

_ELSEWHERE: Final = listed(
    "door doors gate alarm building entrance house garage panel lobby elevator garden room"
    " locker text texted sms message messaged emailed sent app login log password account"
    " mailbox wifi tur haustur alarmanlage gebaude eingang schliessfach nachricht gesendet"
    " puerta alarma edificio portal mensaje enviado enviamos porte alarme immeuble portail"
    " entree envoye recu porta allarme portone edificio inviato mensagem enviado portao predio"
    " deur poort gebouw gestuurd bericht 门 短 ドア 玄"
)
_MEASURES: Final = listed(
    "dollars dollar euros euro pounds cents percent minutes hours days miles pm am people"
    " times prozent minuten tage uhr dolares pesos minutos dias libras jours heures giorni ore"
    " minuti dias horas uur dagen"
)
_THANKS: Final = listed("thank thanks danke gracias merci grazie obrigado obrigada bedankt")
"""It was given, and what comes is something else."""
_EXPIRY: Final = re.compile(r"(?:(?:1[0-2]|0?[1-9])(?:20)?[2-4][0-9])?")
"""What may stand between a card number and the code."""
_AMEX: Final = 15
"""Digits of a card whose code has four."""

Code = tuple[str, tuple[Place, ...]]


def find(script: Script) -> list[Find]:
    """The codes, and where they are read back."""
    codes = _codes(script)
    found = _behind_cards(script)
    if not codes and not found:
        return []
    for label in script.labels:
        if label.kind in (CVV, CODE) and not _elsewhere(script, label):
            code = _after(script, label, codes) or _before(script, label, codes)
            if code:
                found[code[1]] = code[0]
    found |= _again(script, found, codes)
    return [Find(KIND, script.spans(places)) for places in found]


def _codes(script: Script) -> list[Code]:
    """All numbers of three or four digits, in their order."""
    found = {
        places: digits
        for run in [*script.numbers, *(script.dictated if script.tongue is None else ())]
        for digits, places in stretches(run)
        if len(digits) in (3, 4) and not _measured(script, places)
    }
    return [(digits, places) for places, digits in sorted(found.items())]


def _measured(script: Script, places: tuple[Place, ...]) -> bool:
    first, after = script.at(places[0]), script.at(places[-1]) + 1
    line, word = places[0]
    text, (start, _) = script.lines[line].text, script.characters(line, word)
    money = text[:start].rstrip()[-1:] in ("$", "€", "£", "¥", "#")
    return money or bool(_MEASURES.intersection(script.flow[after : after + 1])) or first < 0


def _elsewhere(script: Script, label: Label) -> bool:
    if label.kind == CVV:
        return False
    around = script.flow[max(0, label.start - _AROUND) : label.end + _AROUND]
    return not _ELSEWHERE.isdisjoint(around)


def _after(script: Script, label: Label, codes: list[Code]) -> Code | None:
    for code in codes:
        first = script.at(code[1][0])
        if first >= label.end:
            if not _THANKS.isdisjoint(script.flow[label.end : first]):
                return None
            named = script.label_before(first, _AHEAD)
            near = named and (named.start == label.start or named.kind in (CVV, CODE, card.KIND))
            return code if near and first - label.end <= _AHEAD else None
    return None


def _before(script: Script, label: Label, codes: list[Code]) -> Code | None:
    for code in codes:
        last = script.at(code[1][-1])
        same_line = code[1][-1][0] == script.line_at(label.start)
        if same_line and 0 < label.start - last <= _BEHIND:
            named = script.label_before(script.at(code[1][0]), _AHEAD)
            if named is None or named.kind in (CVV, CODE, card.KIND):
                return code
    return None


def _again(
    script: Script, found: dict[tuple[Place, ...], str], codes: list[Code]
) -> dict[tuple[Place, ...], str]:
    ends = [(digits, script.at(places[-1])) for places, digits in found.items()]
    return {
        places: digits
        for digits, places in codes
        if any(digits == code and 0 < script.at(places[0]) - end <= _AGAIN for code, end in ends)
    }


def _behind_cards(script: Script) -> dict[tuple[Place, ...], str]:
    found = {}
    numbers = card.numbers(script)
    for run in script.dictated if numbers else ():
        said = [part.places for part in run.parts for _ in part.digits]
        for places, number in numbers.items():
            if places[-1] in run.places:
                at = max(n for n, words in enumerate(said) if places[-1] in words) + 1
                length = 4 if len(number) == _AMEX else 3
                rest, code = run.digits[at:-length], run.digits[at:][-length:]
                if len(code) == length and _EXPIRY.fullmatch(rest):
                    words = dict.fromkeys(place for part in said[-length:] for place in part)
                    found[tuple(words)] = code
    return found
