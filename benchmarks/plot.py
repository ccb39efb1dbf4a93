"""Pictures of the figures, as SVG with real text; run in an environment that has matplotlib."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt

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


def dedup(points: list[dict[str, Any]], path: str) -> None:
    """Draw CPU time by number of Korean texts, and recall by precision at the most texts that all were given."""
    mpl.use("svg")
    points = [point for point in points if point["language"] == "ko"]
    titles = list(dict.fromkeys(point["title"] for point in points))
    colours = {title: "black" if n == 0 else f"C{n - 1}" for n, title in enumerate(titles)}
    with plt.rc_context(STYLE):
        figure, (cost, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
        for title in titles:
            line = [(p["count"], p["process"]) for p in points if p["title"] == title]
            cost.plot(*zip(*line, strict=True), "o-", color=colours[title], markersize=4, label=title)
        cost.set(xscale="log", yscale="log", xlabel="texts", ylabel="CPU µs a text, whole process")
        best = {title: max((p for p in points if p["title"] == title), key=_count) for title in titles}
        for title, point in best.items():
            right.plot(point["recall"], point["precision"], "o", color=colours[title], label=title)
        right.set(xlabel="recall", ylabel="precision", xlim=(0.3, 1.02), ylim=(-0.03, 1.05))
        right.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


def _count(point: dict[str, Any]) -> int:
    return int(point["count"])
