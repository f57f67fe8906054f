"""Finding: what the index holds, how it is written, and how a query is asked of it.

`words` takes text apart, in one place for transcripts, queries and highlights alike, so that the
three can't disagree. `schema` and `documents` say what a conversation is to the index, `writer`
keeps it up to date, `compiler` turns the tree of a query into the engine's own objects, `reader`
asks, and `locator` finds the turns and characters that matched.

The index is disposable: everything in it comes from the store, and `writer.build` makes it anew.
"""
