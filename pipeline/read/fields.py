"""Which field of a record holds what: the one that is given, else the usual names in the order of this list.

Names are compared without regard to case and surrounding blanks. A record may have several of the usual names; the
first that is not empty counts.
"""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.config import FieldNames
from pipeline.read.batch import UnusableError

GUESSES: dict[str, tuple[str, ...]] = {
    "id": ("doc_id", "id", "uuid", "article_id", "news_id", "aid", "_id", "기사번호", "뉴스 식별자"),
    "url": ("url", "link", "uri", "source_url", "article_url", "news_url", "href", "주소", "링크", "기사주소"),
    "text": (
        "text", "content", "body", "article", "raw_content", "article_text", "article_body", "articlebody", "document",
        "contents", "main_text", "본문", "내용", "기사본문", "기사내용", "기사 본문",
    ),
    "html": ("html", "raw_html", "page", "html_content", "page_html", "page_source"),
    "title": ("title", "headline", "subject", "article_title", "news_title", "제목", "기사제목", "기사 제목"),
    "press": (
        "press", "publisher", "site_name", "media", "source_name", "media_name", "press_name", "언론사",
        "신문사", "매체",
    ),
    "published": (
        "published", "published_at", "date", "pub_date", "datetime", "timestamp", "publish_date", "published_date",
        "pubdate", "date_published", "datepublished", "created_at", "write_date", "일자", "날짜", "작성일", "입력일시",
    ),
}  # fmt: skip
SHOWN = 30


def wanted(fields: FieldNames) -> dict[str, tuple[str, ...]]:
    """Return the names to look for, by field. When text or html is given, the other is not guessed."""
    given = {field: getattr(fields, field) for field in GUESSES}
    content = given["text"] is not None or given["html"] is not None
    return {
        field: (name,)
        if name is not None
        else ()
        if content and field in {"text", "html"}
        else GUESSES[field]
        for field, name in given.items()
    }


def matched(fields: FieldNames, columns: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return, by field, those of ``columns`` that hold it, the most trusted first; a given name fits exactly."""
    columns = list(columns)
    folded: dict[str, str] = {}
    for column in columns:
        folded.setdefault(column.strip().lower(), column)
    return {
        field: tuple(folded[name] for name in names if name in folded)
        if getattr(fields, field) is None
        else tuple(name for name in names if name in columns)
        for field, names in wanted(fields).items()
    }


def check_fields(fields: FieldNames, columns: Iterable[str]) -> None:
    """Raise UnusableError (missing_text) when a given field, or any field with text, is not among ``columns``."""
    columns = list(columns)
    found = matched(fields, columns)
    for field in GUESSES:
        name = getattr(fields, field)
        if name is not None and not found[field]:
            raise UnusableError("missing_text", f'no field "{name}"; {_advice(field, columns)}')
    if not found["text"] and not found["html"]:
        raise UnusableError(
            "missing_text", f"no field has a usual name of the text; {_advice('text', columns)}"
        )


def _advice(field: str, columns: list[str]) -> str:
    more = f" and {len(columns) - SHOWN} more" if len(columns) > SHOWN else ""
    return (
        f"the file has {', '.join(columns[:SHOWN]) or 'none'}{more}. "
        f'Name the right one as [fields] {field} = "…" in run.toml and give that with --config'
    )
