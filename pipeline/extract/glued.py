"""Lines that hold several paragraphs: of a short article trafilatura gives all text of ``<article>`` as one line.

The page itself says where its paragraphs end. Korean says in 250 characters, below which trafilatura does so, what
takes a long paragraph in English.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from pipeline.extract.page import Page
from pipeline.extract.walk import Paragraph, captions_of, own_texts, paragraphs

FEW_LINES = 3  # of an article that may be glued
CAPTION = "trafilatura/drop figcaption"


def unglued(page: Page, texts: Sequence[str]) -> list[Paragraph]:
    """Return ``texts`` as paragraphs, those in place of one text that are paragraphs of the page, without a rest."""
    body = page.tree.body
    if len(texts) > FEW_LINES or body is None:
        return [Paragraph(text) for text in texts]
    shown = paragraphs(body, captions_of(body, CAPTION))
    letters = [_letters(line.text) for line in shown]
    whole = "".join(letters)
    starts = {place: number for number, place in enumerate(accumulate(map(len, letters), initial=0))}
    return [line for text in texts for line in _parts(text, shown, whole, starts)]


def _parts(text: str, shown: list[Paragraph], whole: str, starts: dict[int, int]) -> list[Paragraph]:
    """Return the paragraphs among those ``shown`` that make up ``text``, or it alone."""
    wanted = _letters(text)
    # Not at all places where the letters stand: of one sign repeated that is everywhere.
    for place, first in starts.items():
        last = starts.get(place + len(wanted))
        if wanted and last is not None and whole.startswith(wanted, place):
            found = shown[first:last]
            return found if own_texts(found) else [Paragraph(text)]
    return [Paragraph(text)]


def _letters(text: str) -> str:
    """Return a text without blanks and the bars between cells."""
    return "".join(text.replace("|", " ").split())
