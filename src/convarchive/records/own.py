"""Our own record of a conversation: a line of ``export --format jsonl``, an item of ``json``.

The shape is `convarchive.model.record`. It is read strictly: what is no such record is refused with
the name of the field, since a wrong guess would be stored as a fact. A field that is missing has
its usual value, so that a line of an earlier version can be read, and one that is not known is left
to the bytes.
"""

from __future__ import annotations

import functools
import hashlib
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, get_type_hints

from convarchive.errors import SettingsError, Unreadable
from convarchive.model import ROLES, STATUSES, Conversation, Recording, Turn
from convarchive.settings import SourceSettings, check
from convarchive.sources.payload import DEEPEST

if TYPE_CHECKING:
    import msgspec

NAME: Final = "convarchive"
"""Of the document that holds such a record."""

_TIMES: Final = ("started_at", "ended_at", "deleted_at_source")
_ANY: Final = (
    "actions", "follow_up_tasks", "satisfaction", "integrations", "quality", "network", "errors",
)  # fmt: skip
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_MOST: Final = 2**62
"""Of a count. SQLite's integers go a little further."""

_NOT_CONTENT: Final = ("revision", "deleted_at_source", "recording", "held", "proof")


def read(body: bytes) -> Conversation:
    """The conversation of a record.

    Raises:
        Unreadable: It is none.
    """
    return made(decoded(body))


def decoded(body: bytes) -> Any:
    """The JSON value, read strictly: this program has written it, and nobody writes it otherwise.

    Raises:
        Unreadable: It is no JSON.
    """
    import msgspec

    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable("It is no JSON.", f"{error}.") from error


def made(value: Any) -> Conversation:
    """The conversation of a record that is decoded.

    Raises:
        Unreadable: A field is not what it should be.
    """
    import msgspec

    try:
        found: Any = msgspec.convert(value, _form())
    except (msgspec.ValidationError, RecursionError) as error:
        raise Unreadable(
            "It is no conversation as this program writes them.", f"{error}."
        ) from error
    fields = {name: getattr(found, name) for name in Conversation._fields}
    fields["turns"] = tuple(_tuple(Turn, turn) for turn in found.turns)
    if found.recording is not None:
        fields["recording"] = _tuple(Recording, found.recording)
    conversation = Conversation(**fields)
    _check(conversation)
    return conversation


def fingerprint(value: Any) -> str:
    """SHA-256 of what a decoded record says of the call, to the character.

    How often it was seen, that the vendor has deleted it, who holds it, and its sound are kept
    beside that, and a proof is about it.
    """
    import msgspec

    content = {name: each for name, each in value.items() if name not in _NOT_CONTENT}
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()


@functools.cache
def _form() -> type[msgspec.Struct]:
    """The model, as a form that JSON objects are checked against."""
    parts = {"recording": _struct(Recording) | None, "turns": tuple[_struct(Turn), ...]}  # type: ignore[misc]
    return _struct(Conversation, **parts)


def _struct(shape: Any, **parts: Any) -> type[msgspec.Struct]:
    import msgspec

    fields = []
    for name, kind in (get_type_hints(shape) | parts).items():
        default = shape._field_defaults.get(name, msgspec.NODEFAULT)
        fields.append((name, kind, msgspec.field(default=default)))
    return msgspec.defstruct(shape.__name__, fields)


def _tuple(shape: Any, found: Any) -> Any:
    return shape._make(getattr(found, name) for name in shape._fields)


def _check(conversation: Conversation) -> None:
    """What the types do not say."""
    try:
        check(SourceSettings(conversation.source, "", ""))
    except SettingsError as error:
        raise Unreadable(error.what, error.why) from error
    _require(bool(conversation.id), "id", conversation.id)
    _require(conversation.status in STATUSES, "status", conversation.status)
    _require(0 <= conversation.revision < _MOST, "revision", conversation.revision)
    for name in _TIMES:
        value = getattr(conversation, name)
        _require(value is None or _is_time(value), name, value)
    if conversation.recording is not None:
        _, sha256, size, _ = conversation.recording
        _require(bool(_SHA256.fullmatch(sha256 or "")), "recording.sha256", sha256)
        _require(0 <= (-1 if size is None else size) < _MOST, "recording.bytes", size)
    for name in _ANY:
        _require(_fits(getattr(conversation, name), DEEPEST), name, "nested too deep")
    for at, turn in enumerate(conversation.turns):
        _require(turn.position == at, f"turns[{at}].position", turn.position)
        _require(turn.role in ROLES, f"turns[{at}].role", turn.role)


def _require(holds: bool, name: str, value: object) -> None:
    if not holds:
        raise Unreadable("It is no conversation as this program writes them.",
                         f"Its {name} is {str(value)[:60]!r}.")  # fmt: skip


def _fits(value: Any, room: int) -> bool:
    """Whether a value is nested no deeper than what vendors send may be."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if not isinstance(value, list | tuple):
        return True
    return room > 0 and all(_fits(item, room - 1) for item in value)


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return text.endswith("Z")
