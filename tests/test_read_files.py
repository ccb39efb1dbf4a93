"""The files behind the INPUTs, and what packed files hold."""

import gzip
import os
import random
import zlib

import pytest
import zstandard

from pipeline.errors import InputError
from pipeline.read import compression
from pipeline.read.batch import UnusableError
from pipeline.read.compression import plain_file, prove, read_whole, unpacked
from pipeline.read.files import discover, reader_of

TEXT = ("한 줄의 기사 본문이 여기에 있다.\n" * 5000).encode()
SKIPPABLE = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"


def tree(folder, *names):
    """Write files that hold their own names."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def sources(*inputs):
    """Return the sources of what is discovered."""
    return [file.source for file in discover([str(item) for item in inputs]).files]


def test_a_folder_is_read_whole_in_order(tmp_path):
    """A folder gives its files by name, at any depth; hidden ones are left out."""
    tree(tmp_path / "news", "b.txt", "a/c.HTML", "a/.hidden.txt", ".git/d.txt", "e.jsonl.gz", "f.parquet")

    found = discover([str(tmp_path / "news")])

    assert [file.source for file in found.files] == [
        "news/a/c.HTML",
        "news/b.txt",
        "news/e.jsonl.gz",
        "news/f.parquet",
    ]
    assert found.files[1].path == tmp_path / "news" / "b.txt"
    assert found.files[1].size == 5
    assert found.skipped.is_empty()


def test_an_unknown_name_is_on_record(tmp_path):
    """A file that no reader takes is a skipped row that says which there are."""
    tree(tmp_path / "news", "a.md", "b", "c.gz")

    skipped = discover([str(tmp_path / "news")]).skipped

    formats = ".html .htm .xhtml .txt .text .jsonl .ndjson .json .parquet .warc .wet"
    assert skipped.select("source", "reason", "detail", "run").rows() == [
        ("news/a.md", "unknown_format", f"no reader for .md; there are {formats}", None),
        ("news/b", "unknown_format", f"no reader for a name without suffix; there are {formats}", None),
        ("news/c.gz", "unknown_format", f"no reader for .gz; there are {formats}", None),
    ]


def test_an_empty_folder_is_no_error(tmp_path):
    """A folder without files gives none."""
    found = discover([str(tmp_path)])

    assert found.files == []
    assert found.skipped.is_empty()


def test_a_glob_is_a_folder_at_its_fixed_part(tmp_path):
    """A pattern names its files as the folder before its first sign would, at every depth it asks for."""
    tree(tmp_path / "d", "1.txt", "x/2.txt", "x/y/3.txt", "x/4.html", "z/5.txt")

    assert sources(tmp_path / "d" / "*.txt") == ["d/1.txt"]
    assert sources(tmp_path / "d" / "**" / "*.txt") == ["d/1.txt", "d/x/2.txt", "d/x/y/3.txt", "d/z/5.txt"]
    assert sources(tmp_path / "d" / "[xy]" / "*") == ["d/x/2.txt", "d/x/4.html", "d/x/y/3.txt"]
    assert sources(tmp_path / "d" / "?" / "*.txt", tmp_path / "d" / "x") == [
        "d/x/2.txt",
        "d/z/5.txt",
        "x/4.html",
        "x/y/3.txt",
    ]


def test_a_name_with_a_sign_in_it_is_a_name(tmp_path):
    """A path that is there is never a pattern."""
    tree(tmp_path, "a[1].txt", "a1.txt")

    assert sources(tmp_path / "a[1].txt") == ["a[1].txt"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none", "{}: no such file or folder. Nothing was read; mend the path."),
        ("*.txt", "{}: the pattern fits no file. Nothing was read; mend the pattern."),
        ("none/*.txt", "{}: the pattern fits no file. Nothing was read; mend the pattern."),
        ("pipe", "{}: neither a file nor a folder. Nothing was read; give a regular file."),
    ],
)
def test_an_input_that_is_not_there_is_an_error(tmp_path, name, message):
    """What names nothing to read stops the run before it begins, and nothing waits on a pipe."""
    os.mkfifo(tmp_path / "pipe")
    path = str(tmp_path / name)

    with pytest.raises(InputError) as caught:
        discover([path])

    assert str(caught.value) == message.format(path)


def test_a_file_named_twice_is_read_once(tmp_path):
    """One file through two INPUTs and a link counts once, under its longest own name, whatever the order."""
    tree(tmp_path / "d", "x/1.txt")
    (tmp_path / "d" / "a.txt").symlink_to(tmp_path / "d" / "x" / "1.txt")
    inputs = [tmp_path / "d" / "x" / "1.txt", tmp_path / "d", tmp_path / "d" / "x"]

    assert sources(*inputs) == sources(*inputs[::-1]) == ["d/x/1.txt"]


def test_files_of_one_name_get_their_folders(tmp_path):
    """Two files that would share a source are told apart by as many parent folders as it takes."""
    tree(tmp_path, "a/x/1.txt", "b/x/1.txt", "a/2.txt")

    assert sources(tmp_path / "a/x/1.txt", tmp_path / "b/x/1.txt", tmp_path / "a/2.txt") == [
        "2.txt",
        "a/x/1.txt",
        "b/x/1.txt",
    ]
    assert sources(tmp_path / "b/x", tmp_path / "a/x") == ["a/x/1.txt", "b/x/1.txt"]


def test_links_neither_loop_nor_leave_the_folder(tmp_path):
    """A link to a folder is not followed, and one that leads out or nowhere is on record."""
    tree(tmp_path, "out.txt", "d/x/1.txt", "elsewhere/2.txt")
    for name, target in {
        "loop": "d",
        "out.txt": "out.txt",
        "nowhere.txt": "nothing",
        "other": "elsewhere",
    }.items():
        (tmp_path / "d" / name).symlink_to(tmp_path / target)
    os.mkfifo(tmp_path / "d" / "pipe.txt")

    found = discover([str(tmp_path / "d")])

    assert [file.source for file in found.files] == ["d/x/1.txt"]
    out = "a link out of the folder is not followed; give it as an INPUT of its own"
    assert found.skipped.select("source", "reason", "detail").rows() == [
        ("d/nowhere.txt", "unreadable", "a link that leads nowhere"),
        ("d/other", "unreadable", out),
        ("d/out.txt", "unreadable", out),
        ("d/pipe.txt", "unreadable", "not a regular file"),
    ]


def test_a_source_can_stand_in_a_table(tmp_path):
    """Names in CP949 bytes, with line ends or a ``#`` become sources that a column holds; the file is still found."""
    folder = os.fsencode(tmp_path / "d")
    os.mkdir(folder)  # noqa: PTH102 - bytes
    for name in ("한글.txt".encode("cp949"), b"a#1.txt", b"b\nc.txt"):
        with open(folder + b"/" + name, "w", encoding="utf-8") as file:  # noqa: PTH123 - bytes
            file.write("x")

    found = discover([str(tmp_path / "d")]).files

    assert [file.source for file in found] == ["d/a%231.txt", "d/b c.txt", "d/한글.txt"]
    assert all(file.path.is_file() for file in found)


def test_names_that_clean_to_one_source_are_numbered(tmp_path):
    """Where no folder can tell two files apart, a number does."""
    tree(tmp_path / "d", "a#.txt", "a%23.txt")

    assert len(set(sources(tmp_path / "d"))) == 2


def test_a_suffix_decides_in_any_case():
    """Each format is known by its suffix, packed or not; a packed file needs one inside."""
    assert reader_of("A.JSONL.ZST") is reader_of("a.ndjson") is not None
    assert reader_of("a.gz") is None
    assert reader_of("gz") is None
    assert reader_of(".html") is None


@pytest.mark.parametrize(
    "packed",
    [
        TEXT,
        gzip.compress(TEXT, mtime=0),
        zstandard.compress(TEXT),
        gzip.compress(TEXT[:1000], mtime=0)
        + gzip.compress(b"", mtime=0)
        + gzip.compress(TEXT[1000:], mtime=0)
        + b"\0" * 512,
        zstandard.compress(TEXT[:1000])
        + SKIPPABLE
        + zstandard.compress(b"")
        + zstandard.compress(TEXT[1000:]),
        SKIPPABLE + zstandard.compress(TEXT),
    ],
    ids=["plain", "gzip", "zstd", "members", "frames", "skippable"],
)
@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz", "a.txt.zst"])
def test_content_is_unpacked_by_its_first_bytes(tmp_path, monkeypatch, packed, name):
    """All of a file's members and frames come out, whatever its name says and however small the steps are."""
    monkeypatch.setattr(compression, "CHUNK_BYTES", 4099)
    path = tmp_path / name
    path.write_bytes(packed)

    prove(path)

    assert b"".join(unpacked(path)) == TEXT
    with plain_file(path) as plain:
        assert plain.read_bytes() == TEXT


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor(write_checksum=True).compress])
def test_a_packed_file_cut_anywhere_is_truncated(tmp_path, pack):
    """No cut after the magic number passes for a whole file, also in the second of two members."""
    packed = pack(TEXT) * 2
    path = tmp_path / "a.gz"
    half = len(packed) // 2
    for end in {*range(5, half, 61), half - 1, *range(half + 5, 2 * half, 61), 2 * half - 1}:
        path.write_bytes(packed[:end])
        with pytest.raises(UnusableError) as caught:
            prove(path)
        assert caught.value.reason == "truncated"


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor(write_checksum=True).compress])
def test_a_flipped_bit_never_gives_another_text(tmp_path, pack):
    """Damage is found, or it touched nothing that is read."""
    packed = pack(TEXT)
    path = tmp_path / "a.gz"
    rng = random.Random(7)  # noqa: S311 - a fixed seed
    outcomes = set()
    for _ in range(150):
        flipped = bytearray(packed)
        flipped[rng.randrange(4, len(packed))] ^= 1 << rng.randrange(8)
        path.write_bytes(flipped)
        outcomes.add(outcome(path))

    assert "damaged" in outcomes
    assert outcomes <= {"whole", "damaged", "truncated", "too_large"}


def outcome(path):
    """Return why a file is refused, or whether it is whole."""
    try:
        return "whole" if read_whole(path, 1 << 24) == TEXT else "another text"
    except UnusableError as error:
        return error.reason


def test_rubbish_after_a_member_is_damage(tmp_path):
    """Bytes that are neither padding nor a member may be a member that was hit, so they are not passed over."""
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(TEXT) + b"rubbish")

    with pytest.raises(UnusableError) as caught:
        prove(path)

    assert caught.value.args == (
        "damaged",
        f"gzip, {len(TEXT)} bytes in: Error -3 while decompressing data: incorrect header check",
    )


def test_a_bomb_is_too_large(tmp_path, monkeypatch):
    """What unpacks to far more than its size is dropped on the way, not when memory is full."""
    monkeypatch.setattr(compression, "BOMB_BYTES", 1 << 24)
    path = tmp_path / "a.gz"
    path.write_bytes(zlib.compress(bytes(1 << 25), wbits=31))
    size = path.stat().st_size

    with pytest.raises(UnusableError) as caught:
        prove(path)

    assert caught.value.args == (
        "too_large",
        f"{size} bytes unpack to more than 200 times as many, past 0 GiB",
    )


def test_a_zstd_window_beyond_memory_is_too_large(tmp_path):
    """A frame that asks for gigabytes of window is refused."""
    window = zstandard.ZstdCompressionParameters(window_log=28, strategy=1)
    path = tmp_path / "a.zst"
    packer = zstandard.ZstdCompressor(compression_params=window).compressobj()
    path.write_bytes(packer.compress(b"abc") + packer.flush())

    with pytest.raises(UnusableError) as caught:
        prove(path)

    assert caught.value.reason == "too_large"
