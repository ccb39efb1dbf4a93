"""Every column name and type, declared once; no table's schema is ever inferred.

The corpus, removals and skipped tables are what users read. Pages, documents and lines are the frames that
passes hand on: a *page* is one article as found, a *document* is its identity and metadata, a *line* is one
extracted paragraph, numbered from 1 and never renumbered. Within a batch a document goes by ``doc``, its row
number there: two pages of one ``doc_id`` never run into each other before the run has chosen between them.
"""

from __future__ import annotations

import polars as pl

Columns = dict[str, pl.DataType | type[pl.DataType]]

STAGES = ("title", "chrome", "headlines", "repeat", "frequent", "document", "exact", "near", "short")
REASONS = (
    "unreadable",  # the file could not be opened or read
    "truncated",  # a compressed file, or a WARC record, ends before its end
    "damaged",  # a container's bytes contradict themselves
    "binary",  # not text at all
    "unknown_format",  # a file name that no reader takes
    "bad_record",  # one record of a file cannot be parsed
    "missing_text",  # a record without the text column
    "undecodable",  # more replacement characters than a text may have
    "no_text",  # extraction found nothing
    "too_large",  # beyond the size of one page
    "crashed",  # the worker died on this page, alone and twice
    "cpu_limit",  # the page used up its processor seconds
    "same_id",  # another page of the run or corpus has this id and other text
    "known",  # the corpus holds this very page
    "nothing_left",  # every line was removed; the removals tell why
)

STAGE = pl.Enum(STAGES)
REASON = pl.Enum(REASONS)
SPAN = pl.Struct({"start": pl.UInt32, "end": pl.UInt32})
LINE_REF = pl.Struct({"doc_id": pl.String, "line": pl.UInt32})
TIME = pl.Datetime("us", "UTC")

_PAGES: Columns = {
    "doc_id": pl.String,
    "source": pl.String,  # file, and record in it
    "url": pl.String,
    "host": pl.String,
    "kind": pl.String,  # html | text
    "content": pl.String,
    "title": pl.String,  # given beside the content, as in a JSONL field
    "press": pl.String,
    "published": TIME,
    "charset": pl.String,  # what was decoded, and what was replaced, when not plain UTF-8
}
PAGES = pl.Schema(_PAGES)
_DOCUMENTS: Columns = {
    "doc": pl.UInt32,
    "doc_id": pl.String,
    "source": pl.String,
    "url": pl.String,
    "host": pl.String,
    "press": pl.String,
    "title": pl.String,
    "published": TIME,
    "byline": pl.List(pl.String),
    "content_hash": pl.String,  # xxh3_128 of the extracted lines, hexadecimal
    "lines_in": pl.UInt32,
    "chars_in": pl.UInt32,  # characters of the lines, line ends not counted
    "section": pl.String,
    "way": pl.String,  # how its HTML was read: selectors, template, trafilatura, script
    "audit": pl.Float32,  # how far trafilatura agrees with the template, where that was asked
    "note": pl.String,  # what was unusual in reading it: its charset, characters replaced, its depth
    "kept_whole": pl.String,  # why nothing was stripped from it; null for the others
}
DOCUMENTS = pl.Schema(_DOCUMENTS)
_LINES: Columns = {
    "doc": pl.UInt32,
    "line": pl.UInt32,
    "text": pl.String,  # what stands of it: spans that were removed are no longer in it
    "part": pl.String,  # the part of its page that it stands in, where a selector says that this is no article
    "gone": pl.String,  # null while the line stands, else what took it: a rule's class or a stage
}
LINES = pl.Schema(_LINES)
_SHAPED: Columns = {
    **_LINES,
    "chars": pl.UInt32,  # of the text as it stands
    "sentence": pl.Boolean,  # it ends like a sentence
    "body": pl.Boolean,  # it reads like a paragraph of an article
}
SHAPED = pl.Schema(_SHAPED)  # lines with what every stage asks about them (strip/shapes)
_FOUND: Columns = {
    "doc": pl.UInt32,
    "line": pl.UInt32,
    "start": pl.UInt32,  # characters into the line's text; null: the whole line
    "end": pl.UInt32,
    "rule": pl.String,
    "evidence": pl.String,
    "score": pl.Float32,
    "same_as": pl.UInt32,  # the line of the same document that this one repeats
    "gone": pl.String,  # what a whole line is marked with afterwards
}
FOUND = pl.Schema(_FOUND)  # what a stage returns: the removals it found in a batch

_REMOVED: Columns = {
    "doc": pl.UInt32,
    "line": pl.UInt32,
    "span": SPAN,
    "text": pl.String,
    "stage": STAGE,
    "rule": pl.String,
    "evidence": pl.String,
    "score": pl.Float32,
    "same_as": pl.UInt32,
}
REMOVED = pl.Schema(_REMOVED)  # the record of what stages took from a batch

_CORPUS: Columns = {
    "doc_id": pl.String,
    "source": pl.String,
    "url": pl.String,
    "host": pl.String,
    "press": pl.String,
    "title": pl.String,
    "published": TIME,
    "byline": pl.List(pl.String),
    "text": pl.String,
    "line_numbers": pl.List(pl.UInt32),
    "lines_in": pl.UInt32,
    "chars_in": pl.UInt32,
    "cluster_size": pl.UInt32,
    "run": pl.UInt32,
}
CORPUS = pl.Schema(_CORPUS)
_REMOVALS: Columns = {
    "doc_id": pl.String,
    "line": pl.UInt32,
    "span": SPAN,
    "text": pl.String,
    "stage": STAGE,
    "rule": pl.String,
    "evidence": pl.String,
    "score": pl.Float32,
    "duplicate_of": LINE_REF,
    "run": pl.UInt32,
}
REMOVALS = pl.Schema(_REMOVALS)
_SKIPPED: Columns = {
    "source": pl.String,
    "doc_id": pl.String,
    "reason": REASON,
    "detail": pl.String,
    "run": pl.UInt32,
}
SKIPPED = pl.Schema(_SKIPPED)


def conform(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """Return ``frame`` with exactly the columns and types of ``schema``; a column it lacks is null."""
    columns = [
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in schema.items()
    ]
    return frame.select(columns)
