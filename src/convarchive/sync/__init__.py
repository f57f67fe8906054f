"""Deciding what to fetch next, and when it is all there.

`engine` is one sync of one source from beginning to end; `walk` lists, `fetch` gets many at once,
`again` looks at what was not finished, `sound` gets recordings, `report` counts. `indexing` brings
the search index up to the store. Everything that is learned goes to the store in transactions that
leave it right at any moment: running the same sync again is how it is resumed.
"""
