"""vCon: the IETF's container for conversations, written and read.

A vCon is one JSON object a conversation: who took part (``parties``), what was captured of it
(``dialog``), what was made of that (``analysis``: transcripts, summaries) and what goes with it
(``attachments``). Written is syntax 0.4.0, https://datatracker.ietf.org/doc/draft-ietf-vcon-vcon-core/03/;
read is every syntax from 0.0.1 to 0.5, signed or not, gzipped or not.

============  =====================================================================
module        what it does
============  =====================================================================
`writing`     a `Conversation` as a vCon; what goes where stands in its docstring
`parties`     who takes part, in ours
`reading`     a vCon as a `Conversation`: ours without loss, others as well as can be
`forms`       plain, gzipped, signed, encrypted: from bytes to the vCon inside
`signing`     JSON Web Signatures made, with a key and its certificate
`signatures`  JSON Web Signatures checked
`foreign`     what others' parties and dialogs mean
`spoken`      what others' transcripts say; there is no standard for these
`written`     what others' messages say: plain text, HTML, e-mail
`rules`       what the draft demands and its JSON schema does not
`content`     bodies, encodings and content hashes
`values`      values whose type nobody has checked
============  =====================================================================
"""

from __future__ import annotations

from convarchive.vcon.reading import Read, read
from convarchive.vcon.writing import pieces, write

__all__ = ["Read", "pieces", "read", "write"]
