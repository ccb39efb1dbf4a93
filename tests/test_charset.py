"""Bytes into text."""

from itertools import product

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.read.charset import (
    REPLACED,
    codec_of,
    decode,
    encoded_twice,
    is_binary,
    is_clean,
    is_plain,
    sanitise,
    sanitised,
    undecodable,
)
from pipeline.read.warc import declared_of

KOREAN = "똠방각하가 서울에서 새 소식을 전했다. "


@pytest.mark.parametrize(
    ("data", "declared", "text", "note"),
    [
        (KOREAN.encode(), None, KOREAN, None),
        (KOREAN.encode(), "UTF8", KOREAN, None),
        (KOREAN.encode("utf-8-sig"), None, KOREAN, None),
        (KOREAN.encode(), "euc-kr", KOREAN, "utf-8 though euc-kr was declared"),
        (b"plain", "euc-kr", "plain", None),
        (KOREAN.encode("cp949"), None, KOREAN, "cp949"),
        (KOREAN.encode("cp949"), "CP949", KOREAN, "cp949"),
        (KOREAN.encode("cp949"), "KS_C_5601-1987", KOREAN, "cp949 declared KS_C_5601-1987"),
        (KOREAN.encode("cp949"), "utf-8", KOREAN, "cp949 though utf-8 was declared"),
        (KOREAN.encode("cp949"), "iso-8859-1", KOREAN, "cp949 though iso-8859-1 was declared"),
        (KOREAN.encode("cp949"), "unicode_escape", KOREAN, "cp949 though unicode_escape was declared"),
        ("“It’s” – café".encode("cp1252"), "windows-1252", "“It’s” – café", "cp1252 declared windows-1252"),
        ("“It’s” – café".encode("cp1252"), "iso-8859-1", "“It’s” – café", "cp1252 declared iso-8859-1"),
        ("日本の新聞記事".encode("euc_jp"), "euc-jp", "日本の新聞記事", "euc_jp declared euc-jp"),
        (b"\xff\xfe" + KOREAN.encode("utf-16-le"), None, KOREAN, "utf-16-le"),
        (b"\xfe\xff" + KOREAN.encode("utf-16-be"), None, KOREAN, "utf-16-be"),
        (b"", None, "", None),
    ],
)
def test_charset_is_found_and_noted(data, declared, text, note):
    """The byte order mark, UTF-8, the declared charset and CP949 are tried in this order, and the choice noted."""
    assert decode(data, declared) == (text, note, 0)


def cp1252(data):
    """Return bytes as browsers read them that take them for Windows-1252."""
    return "".join(
        chr(byte) if byte in b"\x81\x8d\x8f\x90\x9d" else bytes([byte]).decode("cp1252") for byte in data
    )


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (KOREAN.encode().decode("latin-1"), "utf-8 encoded twice"),
        (cp1252(KOREAN.encode()), "utf-8 encoded twice"),
        (KOREAN.encode("cp949").decode("latin-1"), "cp949 encoded twice"),
        (cp1252(KOREAN.encode("cp949")), "cp949 encoded twice"),
        (KOREAN, None),
        ("Élève, déjà vu à l’hôtel – 25 °C, ±3, ¾ “naïve” Åland ÇÉÑ ÖÜÄ … €50™ ", None),
        (f"보기: {'한'.encode().decode('latin-1')} ", None),
    ],
)
def test_what_was_encoded_twice_is_noticed(text, note):
    """Hangul in UTF-8 or CP949 that was read as a western charset is noted; western text and an example are not."""
    assert encoded_twice(pl.Series([sanitise(text * 3)])).to_list() == [note]


def test_a_note_repeats_no_endless_label():
    """A page may declare anything; the note has the beginning of it."""
    assert (
        decode(KOREAN.encode("cp949"), "x" * 10_000).charset_note == f"cp949 though {'x' * 40} was declared"
    )


def test_cut_last_character_is_one_replacement():
    """A text that ends inside a character loses that character only, in UTF-8 and in CP949."""
    assert decode(("가나다" * 9).encode()[:-1]) == (
        "가나다" * 8 + "가나\ufffd",
        "utf-8, 1 character replaced",
        1,
    )
    assert decode("경제".encode()[:-2]) == ("경\ufffd", "utf-8, 1 character replaced", 1)  # passes for CP949
    cut = decode(("가나다" * 9).encode("cp949")[:-1], "euc-kr")
    assert cut == ("가나다" * 8 + "가나\ufffd", "cp949 declared euc-kr, 1 character replaced", 1)


LABELS = (None, "utf-8", "euc-kr", "cp949", "iso-8859-1")


@pytest.mark.parametrize("codec", ["utf-8", "euc-kr", "cp949"])
@pytest.mark.parametrize("end", ["whole", "cut", "bad byte"])
def test_bytes_win_over_header_and_meta(codec, end):
    """Whatever header and page declare, alone or against each other, Korean bytes are read for what they are."""
    text = "서울에서 새 소식을 전했다. " * 20 + ("" if codec == "euc-kr" else KOREAN)
    data = {
        "whole": text.encode(codec),
        "cut": text.encode(codec) + "다".encode(codec)[:-1],
        "bad byte": text.encode(codec) + b"\xff" + text.encode(codec),
    }[end]
    wanted = text if end == "whole" else text + REPLACED + (text if end == "bad byte" else "")

    for header, meta in product(LABELS, LABELS):
        found = decode(data, declared_of(header, meta))

        assert (found.text, found.replaced) == (wanted, wanted.count(REPLACED)), (header, meta)


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("label", LABELS)
def test_a_byte_order_mark_wins_over_all(codec, label):
    """What begins with a mark is read by it, whatever was declared; a last character cut off is one replacement."""
    marked = ("\ufeff" + KOREAN).encode(codec)

    assert decode(marked, label).text == KOREAN
    assert decode(marked + "가".encode(codec)[:-1], label)[::2] == (KOREAN + REPLACED, 1)


def test_a_few_bad_bytes_leave_utf8_what_it_is():
    """A foreign snippet in a UTF-8 page costs replacements, not the page."""
    data = (KOREAN * 20).encode() + "광고".encode("cp949") + (KOREAN * 20).encode()

    text, note, replaced = decode(data, "euc-kr")

    assert text.startswith(KOREAN)
    assert text.endswith(KOREAN)
    assert note == f"utf-8 though euc-kr was declared, {replaced} characters replaced"
    assert 1 < replaced <= 4


def test_too_many_replacements_are_undecodable():
    """Beyond one percent of replaced characters a text is no text, but one cut character may stand in any."""
    assert not undecodable(0, 0)
    assert not undecodable(2, 1)
    assert undecodable(1, 1)
    assert undecodable(100, 2)
    assert not undecodable(200, 2)


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("EUC_KR", "cp949"),
        ("ms949", "cp949"),
        ("Latin-1", "cp1252"),
        ("rot13", None),
        ("", None),
        (None, None),
    ],
)
def test_codec_of_a_label(label, codec):
    """Every name of EUC-KR means CP949; Python's codecs that are no charset are refused."""
    assert codec_of(label) == codec


def test_binary_is_known_by_magic_and_nul():
    """Files of other kinds are told from text, a stray NUL and UTF-16 with its mark are not."""
    assert is_binary(b"%PDF-1.7 text")
    assert is_binary(b"\x89PNG\r\n\x1a\n")
    assert is_binary(b"a\0b\0c\0")
    assert not is_binary(b"a\0" + b"b" * 2000)
    assert not is_binary(b"\xff\xfea\0b\0")
    assert not is_binary(b"")


def test_sanitise_names_every_line_end_and_control():
    """Line ends become one, controls a space, and what no column or XML can hold goes."""
    assert sanitise("a\r\nb\rc\x0bd\x0ce\x85f\u2028g\u2029h") == "a\nb\nc\nd\ne\nf\ng\nh"
    assert sanitise("\ufeffa\0b\x1b\x7f\x9fc\td") == "a b   c\td"
    assert sanitise("가\ud800나\udfff\uffff") == "가나"


@pytest.mark.parametrize("code", [*range(32), 0x7F, 0x80, 0x85, 0x9F, 0xA0, 0x2027, 0x2028, 0x2029, 0x202A, 0xFEFE,
                                  0xFEFF, 0xFF00, 0xFFFD, 0xFFFE, 0xFFFF])  # fmt: skip
def test_a_column_is_looked_through_for_every_code_point(code):
    """Each code point that a string is cleaned of is found in a column of otherwise clean texts."""
    text = f"가나 “{chr(code)}” 다"

    assert sanitised(pl.Series(["가", text, None])).to_list() == ["가", sanitise(text), None]


@settings(deadline=None)
@given(st.text())
def test_sanitise_is_the_same_for_a_column(text):
    """The column's form and the string's agree on any text, need no second pass, and can be encoded."""
    clean = sanitise(text)
    column = pl.Series(["".join(char for char in text if not "\ud800" <= char <= "\udfff")])

    assert sanitised(column).item() == clean
    assert sanitise(clean) == clean
    assert clean.encode().decode() == clean


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from([None, "euc-kr", "utf-8", "shift_jis", "hex", "x"]))
def test_any_bytes_decode(data, declared):
    """No bytes and no declaration make decoding fail, and the note is there when the text is not plain UTF-8."""
    text, note, replaced = decode(data, declared)

    assert replaced == text.count("\ufffd")
    assert note is not None or text.encode() == data.removeprefix(b"\xef\xbb\xbf")


def test_bytes_are_clean_where_their_text_is():
    """Of every code point the bytes tell what the text tells: whether there is anything to take out."""
    wrong = []
    for first in [*range(0, 0xD800, 64), *range(0xE000, 0x110000, 64)]:
        texts = ["".join(f"가{chr(code)}나" for code in range(first, first + 64))]
        if sanitise(texts[0]) != texts[0]:
            texts = [f"가{chr(code)}나" for code in range(first, first + 64)]
        wrong += [text for text in texts if is_clean(text.encode()) != (sanitise(text) == text)]

    assert wrong == []


@settings(deadline=None)
@given(
    st.one_of(
        st.binary(max_size=60), st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass"))
    ),
    st.sampled_from([None, "", "euc-kr", "utf-8", "UTF8", "x"]),
)
@example("가\ufffd나".encode(), None)
def test_what_is_plain_need_not_be_decoded(data, declared):
    """Bytes are plain just where reading them as text changes nothing and notes nothing."""
    text, note, _ = decode(data, declared)

    assert is_plain(data, declared) == (note is None and sanitise(text).encode() == data)


@pytest.mark.parametrize("block", range(1, 8))
def test_bytes_are_clean_wherever_a_block_ends(block, monkeypatch):
    """A character that two blocks share is seen in the first."""
    monkeypatch.setattr("pipeline.read.charset._BLOCK", block)
    codes = (
        0x09,
        0x0B,
        0x7F,
        0x80,
        0x9F,
        0xA0,
        0x2028,
        0x2029,
        0x202A,
        0xFEFF,
        0xFFFD,
        0xFFFE,
        0xFFFF,
        0x10000,
    )
    texts = [f"가{chr(code)}나" for code in codes]

    assert [is_clean(text.encode()) for text in texts] == [sanitise(text) == text for text in texts]
