"""Who is who: from the vendor's word for a speaker to one of the three roles, and to a label.

Every vendor has its own words, and several at once: ``agent``, ``assistant``, ``AI``, ``Caller 2``,
``system-agent``, ``Customer Service Representative``. The role is a guess from the words, made in
one place so that the same word means the same everywhere; the vendor's own word is always kept
beside it.
"""

from __future__ import annotations

import functools
import re
from typing import Final

from convarchive.transcripts.plain import one_line

_AGENT: Final = frozenset({
    "advisor", "adviser", "agent", "ai", "assistant", "attendant", "bot", "chatbot", "clerk",
    "csr", "employee", "host", "ivr", "machine", "model", "operator", "receptionist", "rep",
    "representative", "robot", "service", "staff", "support", "voicebot",
})  # fmt: skip
_CUSTOMER: Final = frozenset({
    "buyer", "callee", "caller", "client", "consumer", "contact", "customer", "guest", "human",
    "lead", "member", "patient", "person", "prospect", "user", "visitor",
})  # fmt: skip

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
"""Words also where they are run together: ``systemAgent``, ``AIAgent``, ``user_1``."""


@functools.lru_cache(1024)
def role_of(speaker: str) -> str:
    """``agent``, ``customer`` or ``other``, by the last word that says so.

    The last, because that is where English puts the noun: a *customer service representative* is
    an agent, and so is a *human agent*; an *agent's customer* is a customer. Case, digits and
    punctuation do not matter.
    """
    for word in reversed(_WORDS.findall(speaker)):
        if word.lower() in _AGENT:
            return "agent"
        if word.lower() in _CUSTOMER:
            return "customer"
    return "other"


def label(speaker: str, role: str) -> str:
    """How a speaker is named in a transcript: the vendor's own word, capitalised, else the role."""
    name = one_line(speaker) or role
    return name[:1].upper() + name[1:]
