"""WARC files of every packing for tests."""

from tests.warc import (
    article,
    gzipped,
    packed,
    zstd,
    zstd_with_dictionary,
)

HTML = article(1)
SENT = HTML.encode()
PACKINGS = {
    "a.warc": lambda *records: b"".join(records),
    "a.warc.gz": gzipped,
    "a.warc.zst": zstd,
    "b.warc.zst": lambda *records: zstd_with_dictionary(*records, packed=False),
    "c.warc.zst": lambda *records: zstd_with_dictionary(*records, packed=True),
    "b.warc.gz": lambda *records: packed(b"".join(records)),
    "c.warc.gz": lambda *records: gzipped(
        *(b"".join(records)[at : at + 700] for at in range(0, sum(map(len, records)), 700))
    ),
}


def told(skipped):
    """Return source, id, reason and detail of skipped rows."""
    return skipped.select("source", "doc_id", "reason", "detail").rows()
