"""Pictures of the figures, as SVG with real text; run in an environment that has matplotlib."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt

LINES = ("-", "--", ":")  # newsieve's three rows, the first of every table
CELLS = 10  # of a row that was measured
STYLE = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "newsieve",  # the same figures give the same bytes
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
}


def dedup(page: str, path: str) -> None:
    """Draw what the tables of ``page`` say of Korean texts: CPU time by number, and recall by precision."""
    mpl.use("svg")
    points = _points(Path(page).read_text("utf-8"))
    titles = list(dict.fromkeys(title for title, *_ in points))
    with plt.rc_context(STYLE):
        figure, (cost, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
        for number, title in enumerate(titles):
            own = sorted(point[1:] for point in points if point[0] == title)
            counts, times, precisions, recalls = zip(*own, strict=True)
            ours = title.startswith("newsieve")
            style = {"color": "black" if ours else f"C{number}", "label": title, "markersize": 5}
            cost.plot(counts, times, f"o{LINES[number] if ours else '-'}", **style)
            right.plot(recalls[-1], precisions[-1], "o", **style)
        cost.set(xscale="log", yscale="log", xlabel="texts", ylabel="CPU µs a text, whole process")
        right.set(xlabel="recall", ylabel="precision", xlim=(0.3, 1.02), ylim=(-0.03, 1.05))
        handles, labels = cost.get_legend_handles_labels()
        right.legend(handles, labels, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


def _points(page: str) -> list[tuple[str, int, float, float, float]]:
    """Return title, texts, CPU µs a text of the process, precision and recall of each row of the tables."""
    found = []
    for text, rows in re.findall(
        r"^### ([\d,]+) texts, Korean\n(.*?)(?=^#|\Z)", page, re.MULTILINE | re.DOTALL
    ):
        count = int(text.replace(",", ""))
        for row in re.findall(r"^\| (\w.*) \|$", rows, re.MULTILINE):
            cells = row.split(" | ")
            if len(cells) == CELLS:
                seconds = float(cells[4].split()[0].replace(",", ""))
                found.append((cells[0], count, 1e6 * seconds / count, float(cells[7]), float(cells[8])))
    return found
