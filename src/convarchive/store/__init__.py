"""The truth: what was received, byte for byte, and the tables that are a projection of it.

`schema` says what there is, `database` opens it, `ingest` adds to the record, `rows` reads it back.
`mirror` and `owed` are the sync's bookkeeping: what the vendor has listed, and what is still to be
done about it. `recordings` knows where sound lives. Nothing here talks to a network or an index.
"""
