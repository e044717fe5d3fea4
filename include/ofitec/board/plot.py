"""A bar a day as inline SVG: stretches to any width, its labels are the page's own text."""

from dataclasses import dataclass

from markupsafe import Markup, escape

_HEIGHT = 100
_WIDTH = 10  # units a day


@dataclass(frozen=True)
class Bar:
    """One day: `value` is None for a day without data; `label` is what a pointer or a screen reader is told."""

    value: float | None
    label: str


def ceiling(values: list[float], limit: float | None) -> float:
    """The top of the scale: a little above the largest value and the limit; 1 without any."""
    return max([*values, limit or 0], default=0) * 1.1 or 1.0


def bars(days: list[Bar], title: str, limit: float | None = None) -> Markup:
    """The SVG element. Bars above `limit` are of class `over` and cross its line, so colour is not all that tells.

    :param title: what the picture shows, for screen readers
    """
    top = ceiling([day.value for day in days if day.value is not None], limit)
    width = len(days) * _WIDTH
    parts = [
        f'<svg class="plot" role="img" aria-label="{escape(title)}" viewBox="0 0 {width} {_HEIGHT}" '
        'preserveAspectRatio="none">'
    ]
    for number, day in enumerate(days):
        x = number * _WIDTH
        if day.value is not None:
            height = max(day.value / top * _HEIGHT, 1)
            kind = "over" if limit is not None and day.value > limit else "bar"
            y = _HEIGHT - height
            parts.append(f'<rect class="{kind}" x="{x + 1}" y="{y:.2f}" width="8" height="{height:.2f}"/>')
        # the whole column answers the pointer, not only the bar
        label = f"<title>{escape(day.label)}</title>"
        parts.append(f'<rect class="hit" x="{x}" y="0" width="10" height="{_HEIGHT}">{label}</rect>')
    if limit is not None:
        y = _HEIGHT - limit / top * _HEIGHT
        parts.append(f'<line class="limit" x1="0" x2="{width}" y1="{y:.2f}" y2="{y:.2f}"/>')
    # all of it is numbers and escaped text
    return Markup("".join([*parts, "</svg>"]))  # noqa: S704
