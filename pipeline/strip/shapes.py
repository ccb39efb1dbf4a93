"""Shapes of lines that several stages ask about: what reads like a paragraph, and what like a headline.

Korean press prose ends its sentences with a verb and a full stop; headlines end with a noun, a particle, an
ellipsis or a verb without the stop. Length alone tells nothing: captions and headlines reach 80 characters, and
paragraphs of broadcasters have 20.
"""

from __future__ import annotations

import polars as pl

from pipeline.schema import SHAPED

BODY_CHARS = 40
# Verb endings without a full stop: headlines have them too (놀랐다), but none measured was longer than 61 characters.
BARE_BODY_CHARS = 70
HEADLINE_CHARS = (8, 80)
LINK_CHARS = (2, 100)

_CLOSERS = " \t\u00a0\"'”’」』)]》〉"
_CLOSING = r"[\s\"'”’」』)\]》〉]*"
_REPORTER = r"[/\[(<]?\s*[가-힣=·,\s]{0,20}(?:기자|특파원|통신원)\s*[\])>]?"
_EMAIL = r"[<(\[]?[\w.+-]+@[\w.-]+[>)\]]?"
_SIGNED = rf"(?:\s*\(끝\))?(?:\s*{_REPORTER})?(?:\s*{_EMAIL})?\s*$"
_STOP = r"(?:[^\s.…][.。]|[다요죠까][?!])"
_SIGNED_STOP = rf"{_STOP}{_CLOSING}{_SIGNED}"
_BARE = r"[다요죠까]$"
_VERB = r"[다요죠까][.?!]?$"
_RIGHTS = r"(?i:reserved|전재|배포|금지)\W*$"  # copyright notices end with a full stop too, but with no verb
_RIGHTS_CHARS = 12
_TAIL_CHARS = 90  # the endings above fit in; a long line is not searched whole

# Signs that begin lists and sections of an article, captions and notes; headlines of other articles have none.
_SECTION_SIGN = r"^\s*[▲△◇◆■□※▷▶▣◎○●★☆☞#□◀【<〈《ㅇᆞ]"
_KEY_VALUE = r"^\s*[-·•]?\s*[^\s\"'“‘…,][^\"'“‘…,]{0,14}\s?[:：=]"
_NUMBERED = r"^\s*(?:\(?\d{1,2}[.)]|[①-⑳]|[QA][.:)\d])\s"
_ADDRESS = r"@[\w-]+\.|https?://|www\.|[ⓒ©]|\(c\)"
_SIGNATURE = r"(?:기자|특파원|앵커|입니다|PD)\W*$|제공\W*$|사진\s*[=:/]"
_BELOW = r"\w@[\w-]+\.|(?:기자|특파원)\W*$|무단\s?(?:전재|복제|배포)|(?i:copyright|all rights)"
_WHOLE_BRACKET = r"^\s*[\[(（][^\])）]*[\])）]\s*$"
_WHOLE_QUOTE = r"^\s*[-=·]?\s*(?:\"[^\"]*\"|“[^”]*”|'[^']*'|‘[^’]*’)\W*$"
_NOT_HEADLINE = (
    f"{_SECTION_SIGN}|{_KEY_VALUE}|{_NUMBERED}|{_ADDRESS}|{_SIGNATURE}|{_WHOLE_BRACKET}|{_WHOLE_QUOTE}"
)
_WORDS = r"[가-힣]{2,}"

# What Korean headline writers use and lists of an article hardly do: an ellipsis, [단독] and its like, a question
# without a polite ending, the age of a link. Quotes with words beside them are a weaker sign: titles have them too.
_QUOTE = r"[\"'“”‘’]\S|\b(?:vs|VS)\b|[↑↓→]"
_START = r"^\s*(?:[-·•]\s*|\d+\s*위\s*)?"
# What desks write before headlines; other tags there may be the article's: [대상], [1부], a speaker's name.
_DESK = (
    r"단독|속보|긴급|종합|영상|포토|사진|화보|르포|현장|인터뷰|팩트|체크|사설|칼럼|기고|시론|수첩|브리핑|운세|날씨|그래픽|카드"
    r"|만평|뉴스|이슈|기획|특집|리뷰|오피니언|부고|TV"
)
_DESK_TAG = rf"{_START}\[[^\]/]{{0,10}}(?:{_DESK})[^\]/가-힣]{{0,3}}\]\s*\S"
_TAG = rf"{_START}\[[^\]]{{2,12}}\]\s*\S"
# Tags behind headlines are names of columns, with a number, a colon or their author: [가나의 눈 224], [D:방송 뷰].
_SERIES = rf"\S\s*\[[^\]]{{0,18}}(?:\d|:|의\s|{_DESK})[^\]]{{0,18}}\]\s*$"
_END_TAG = r"\S\s*\[[^\]]{2,20}\]\s*$"
_AGE = r"\d+\s*(?:분|시간|일|주|개월|달) 전\s*$"
_STRONG = rf"…|\.{{2,}}|[^요까니\s]\?|{_DESK_TAG}|{_SERIES}|{_AGE}"
_BULLET = r"^\s*[-·•ㆍ・∙▸‣>]\s*\S"
_RANKED = r"^\s*\d{1,2}\s*위"
# Verse and sentences broken into lines run on in endings and particles; of nouns in 고 the commonest are spared.
_RUNS_ON = r"(?:[며네니면라자을를는은에의서]|(?:^|[^최경참신보광사재창])고)[\s.…,\"'”’)]*$"
_RANK = r"^\d{1,2}\s?위?\.?$"
_RANK_CHARS = 4


def only(wanted: pl.Expr, text: pl.Expr) -> pl.Expr:
    """Return ``text`` where it is ``wanted``, and nothing elsewhere, so that a pattern looks at few lines.

    Nothing is an empty string: under a null Polars keeps the text, and searches it.
    """
    return pl.when(wanted).then(text).otherwise(pl.lit(""))


def neighbour(column: pl.Expr, rows: int = 1) -> pl.Expr:
    """Return what ``column`` says of the line so many rows above (negative: below) in its document; null past its ends.

    The documents' lines must stand together: rows are compared, which is far cheaper than a window over documents.
    """
    return pl.when(pl.col("doc") == pl.col("doc").shift(rows)).then(column.shift(rows))


def _last(text: pl.Expr) -> pl.Expr:
    """Return the last two characters before closing quotes and brackets: endings are read in them, not in the line."""
    return text.str.strip_chars_end(_CLOSERS).str.tail(2)


def shaped(lines: pl.DataFrame) -> pl.DataFrame:
    """Return ``lines[LINES]`` as ``SHAPED``: measured once for all stages, and by ``strip/apply`` again when cut.

    A line is a ``sentence`` by ``sentence_end``, and ``body`` by ``body_like``.
    """
    text = pl.col("text")
    told = (
        lines.lazy()
        .with_columns(chars=text.str.len_chars(), last=_last(text))
        .with_columns(sentence=_sentence(pl.col("last"), text))
        .with_columns(body=_body(pl.col("chars"), pl.col("sentence"), pl.col("last"), text))
    )
    return told.select(pl.col(name).cast(dtype) for name, dtype in SHAPED.items()).collect()


def sentence_end(text: pl.Expr) -> pl.Expr:
    """Tell whether a line ends like a sentence: a full stop, or a verb ending with ? or !, then closing signs.

    A signature behind it (``(끝)``, a reporter's name, an e-mail address) is looked through.
    """
    return _sentence(_last(text), text)


def body_like(text: pl.Expr) -> pl.Expr:
    """Tell whether a line reads like a paragraph of an article: 40 characters or more, ending like a sentence.

    Without a full stop a verb ending is enough only from 70 characters on.
    """
    return _body(text.str.len_chars(), sentence_end(text), _last(text), text)


def _sentence(last: pl.Expr, text: pl.Expr) -> pl.Expr:
    plain = last.str.contains(f"{_STOP}$")
    return plain | only(~plain, text).str.tail(_TAIL_CHARS).str.contains(_SIGNED_STOP)


def _body(chars: pl.Expr, sentence: pl.Expr, last: pl.Expr, text: pl.Expr) -> pl.Expr:
    bare = (chars >= BARE_BODY_CHARS) & last.str.contains(_BARE)
    unlike_verb = only(~last.str.contains(_VERB), text)
    rights = unlike_verb.str.tail(_RIGHTS_CHARS).str.contains(_RIGHTS)
    return (chars >= BODY_CHARS) & (sentence | bare) & ~rights


def headline_like(text: pl.Expr) -> pl.Expr:
    """Tell whether a line has the shape of a headline: 8–80 characters, words, no sentence ending but a tagged ``?``.

    Lines that begin with a section sign or a number, key–value rows, whole quotations, whole brackets, bylines,
    addresses and credits have other jobs and are not headlines.
    """
    short = only(text.str.len_chars().is_between(*HEADLINE_CHARS), text)
    ended = sentence_end(short)
    asked = only(ended & short.str.ends_with("?"), short).str.contains(_DESK_TAG)
    return short.str.contains(_WORDS) & (~ended | asked) & ~short.str.contains(_NOT_HEADLINE)


def link_like(text: pl.Expr) -> pl.Expr:
    """Tell whether a line could be the text of a link: 2–100 characters, no sentence ending, no signature."""
    fits = text.str.len_chars().is_between(*LINK_CHARS)
    short = only(fits, text)
    return fits & ~sentence_end(short) & ~short.str.contains(f"{_ADDRESS}|{_SIGNATURE}")


def strong_mark(text: pl.Expr) -> pl.Expr:
    """Tell whether a line shows what only headline writers and link lists use: …, [tag], a bare ?, an age."""
    return text.str.contains(_STRONG)


def headline_mark(text: pl.Expr) -> pl.Expr:
    """Tell whether a line shows any punctuation of headline writers: a strong mark, or quotes beside words."""
    return text.str.contains(f"{_QUOTE}|{_TAG}|{_END_TAG}|{_STRONG}")


def listed(text: pl.Expr) -> pl.Expr:
    """Tell whether a line carries a list's own signs: a bullet or rank before it, an age behind it."""
    return text.str.contains(f"{_BULLET}|{_RANKED}|{_AGE}")


def bulleted(text: pl.Expr) -> pl.Expr:
    """Tell whether a line begins with a bullet."""
    return text.str.contains(_BULLET)


def itemised(text: pl.Expr) -> pl.Expr:
    """Tell whether a line has a tag that no desk writes: [대상], [1부], [홍길동 감독], a speaker's name."""
    return text.str.contains(f"{_TAG}|{_END_TAG}") & ~text.str.contains(f"{_DESK_TAG}|{_SERIES}")


def runs_on(text: pl.Expr) -> pl.Expr:
    """Tell whether a line ends in the middle of a sentence or like a line of verse: headlines hardly do."""
    return text.str.contains(_RUNS_ON)


def ranked(text: pl.Expr) -> pl.Expr:
    """Tell whether a line is nothing but a rank: a number of one or two digits, with or without 위."""
    return only(text.str.len_chars() <= _RANK_CHARS, text).str.contains(_RANK)


def section_sign(text: pl.Expr) -> pl.Expr:
    """Tell whether a line begins with a sign that opens sections, captions and notes of an article."""
    return text.str.contains(_SECTION_SIGN)


def signed(text: pl.Expr) -> pl.Expr:
    """Tell whether a line is what stands below an article: an e-mail address, a reporter's name, a rights notice."""
    return text.str.contains(_BELOW)
