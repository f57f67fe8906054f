"""The Ayra Conversation API on loopback, for the demo, the tests and the benchmarks.

A real HTTP server that answers as Ayra documents it, whole: filters, sorts, pages, transcripts in
four formats, signed recording links that expire, rate limits, both shapes of errors. It is the
other side of the wire and knows nothing of the archive.

>>> from convarchive.sandbox import Sandbox
>>> with Sandbox(count=1000) as sandbox:
...     print(sandbox.base_url, sandbox.key)

``upstream`` is what it serves; it can be changed while it runs, as a vendor's data does.

=============  =====================================================================
`server`       `Sandbox`: the thread that serves, and what it counted
`api`          the endpoints
`gate`         who may ask, how often, how soon the answer goes out
`limits`       the budget of requests that a key has
`listing`      filters, sorts and pages of the list
`parameters`   what stands in the query string, read strictly
`transcript`   the transcript endpoint's four formats
`faults`       the answers that say no
`chaos`        what goes wrong on purpose, and how often
`disturbed`    the layer that makes it go wrong
`drift`        what changes while somebody pages through the list
`wire`         how answers become bytes
`upstream`     the conversations that are served
`payloads`     from an object of ``data/conversations`` to what the API says
`speech`       when each turn was said
`demo`         where ``data/`` is
`generator`    calls made up by the hundred thousand, each only when it is asked for
`scenarios`    what made-up calls are about
`talk`         who speaks in them, and for how long
`vocabulary`   what is said in them
`tones`        how their recordings sound
`recordings`   the sound files, and parts of them
`links`        links that are signed and expire
=============  =====================================================================
"""

from __future__ import annotations

from convarchive.sandbox.chaos import Chaos
from convarchive.sandbox.server import Sandbox

__all__ = ["Chaos", "Sandbox"]
