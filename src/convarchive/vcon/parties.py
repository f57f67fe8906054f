"""Who takes part: the caller, the agent, whoever else speaks, and last this program.

Caller and agent are always there, since a call has both. The first speaker in either role is they;
every other one is a party of their own. This program is the one who attaches the documents, whom
the draft wants to know.
"""

from __future__ import annotations

import re
from typing import Any, Final

from convarchive.model import Conversation

_NUMBER: Final = re.compile(r"(tel:)?\+?[0-9][0-9().\- ]*")


def parties_of(
    conversation: Conversation,
) -> tuple[dict[tuple[str, str], int], list[dict[str, Any]]]:
    """Where in the list each speaker in each role is, and the list."""
    caller: dict[str, Any] = {"role": "customer", **_reached(conversation.caller_number)}
    agent: dict[str, Any] = {"role": "agent", "type": "bot"}
    if conversation.agent_id is not None:
        agent["uuid"] = conversation.agent_id
    parties = [caller, agent]
    first = {"customer": 0, "agent": 1}
    places: dict[tuple[str, str], int] = {}
    for turn in conversation.turns:
        speaks = (turn.speaker, turn.role)
        if speaks not in places:
            if (place := first.pop(turn.role, None)) is None:
                place = len(parties)
                parties.append({} if turn.role == "other" else {"role": turn.role})
            places[speaks] = place
            if turn.speaker.strip() and turn.speaker.lower() != turn.role:
                parties[place] |= _named(turn.speaker)
    return places, [*parties, {**_named("convarchive"), "type": "bot"}]


def _reached(caller: str | None) -> dict[str, str]:
    if not caller:
        return {}
    if _NUMBER.fullmatch(caller):
        return {"tel": caller}
    return {"sip": caller} if caller.startswith(("sip:", "sips:")) else _named(caller)


def _named(name: str) -> dict[str, str]:
    """Nobody has seen a passport."""
    return {"name": name, "validation": "none"}
