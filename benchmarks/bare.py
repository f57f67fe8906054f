"""The least that a search can be: open the index, ask, fetch ten rows, print them.

Run by `startup.py` as a process of its own, with an archive's directory and the terms of a finished
query, ``field=term`` each. Nothing of convarchive is imported, nothing is parsed, stemmed, checked
or highlighted.
"""

import sqlite3
import sys

import click
import tantivy

directory, *terms = sys.argv[1:]
connection = sqlite3.connect(f"file:{directory}/archive.db?mode=ro", uri=True)
index = tantivy.Index.open(f"{directory}/index")
searcher = index.searcher()
query = tantivy.Query.boolean_query(
    [
        (tantivy.Occur.Should, tantivy.Query.term_query(index.schema, *term.split("=", 1)))
        for term in terms
    ]
)
found = searcher.search(query, limit=10)
keys = searcher.fast_field_values("rowid", [address for _, address in found.hits])
marks = ",".join("?" * len(keys))
turns = connection.execute(f"SELECT * FROM turns WHERE conversation IN ({marks})", keys).fetchall()
rows = connection.execute(f"SELECT * FROM conversations WHERE key IN ({marks})", keys)
click.echo(found.count)
for row in rows:
    click.echo(row[1:12])
