"""HTML pages: the charset and the address that a page declares of itself."""

from __future__ import annotations

import re
from html import unescape

from pipeline.read.batch import InputFile, Row, content_id
from pipeline.read.text import content_of

CHARSET_BYTES = 16 << 10  # the standard allows 1,024 for the charset; real pages put scripts before it
HEAD_BYTES = 768 << 10  # a quarter of a million letters of Hangul
CHARSET = re.compile(
    rb"<meta\b[^>]*?charset\s*+=\s*+[\"']?+\s*+([\w.:-]+)|<\?xml\b[^>]*?encoding\s*+=\s*+[\"']\s*+([\w.:-]+)",
    re.IGNORECASE,
)
# Comments and scripts are matched to be passed over. What is unclosed runs to the end, and what repeats is never tried
# in smaller pieces (``*+``), so that the scan of a hostile page stays linear.
HEAD_TAG = re.compile(
    rb"<!--.*?(?:-->|\Z)|<(script|style|noscript)\b.*?(?:</\1|\Z)|<(?:link|meta)\b([^>]*)(?:>|\Z)|</head\b|<body\b",
    re.IGNORECASE | re.DOTALL,
)
ADDRESSED = re.compile(rb"canonical|og:url", re.IGNORECASE)
ATTRIBUTE = re.compile(
    r"""(?<![a-z:-])([a-z:-]++)\s*+=\s*+(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE
)
# Some sites give their front page for every article: an address needs a path or a query to be an article's.
ARTICLE_URL = re.compile(r"https?://[^/?#\s]+(?:/[^#\s]|\?[^#\s])\S*", re.IGNORECASE)


def html_page(file: InputFile) -> Row:
    """Return the page of an HTML file; its id is its declared address, else a hash."""
    content, note = content_of(file, declared_charset)
    url = declared_url(content)
    return {
        "doc_id": url or content_id(file.source, content),
        "source": file.source,
        "url": url,
        "kind": "html",
        "content": content,
        "charset": note,
    }


def declared_charset(data: bytes) -> str | None:
    """Return the charset that a page's first ``meta`` or its XML declaration names, as it is written there."""
    found = CHARSET.search(data[:CHARSET_BYTES])
    return (found[1] or found[2]).decode("ascii", "replace") if found else None


def declared_url(content: bytes) -> str | None:
    """Return the http(s) address of a page in UTF-8 by its canonical link, else by ``og:url``; None without either."""
    found: dict[str, str] = {}
    for tag in HEAD_TAG.finditer(content, 0, HEAD_BYTES):
        if tag[0].lower() in {b"</head", b"<body"}:
            break
        if tag[2] and ADDRESSED.search(tag[2]):
            _note_url(tag[2].decode("utf-8", "replace"), found)
    return found.get("canonical") or found.get("og:url")


def _note_url(attributes: str, found: dict[str, str]) -> None:
    """Put an address that a tag's attributes give into ``found``, by its kind, unless there is one."""
    values = {
        name.lower(): unescape(double or single or bare).strip()
        for name, double, single, bare in ATTRIBUTE.findall(attributes)
    }
    names = f"{values.get('rel', '')} {values.get('property', '')} {values.get('name', '')}".lower().split()
    url = values.get("href") or values.get("content") or ""
    for kind in ("canonical", "og:url"):
        if kind in names and ARTICLE_URL.fullmatch(url):
            found.setdefault(kind, url)
