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
    parts = [
        Markup('<svg class="plot" role="img" aria-label="{}" viewBox="0 0 {} {}" preserveAspectRatio="none">').format(
            title, len(days) * _WIDTH, _HEIGHT
        )
    ]
    for number, day in enumerate(days):
        x = number * _WIDTH
        if day.value is not None:
            height = max(day.value / top * _HEIGHT, 1)
            kind = "over" if limit is not None and day.value > limit else "bar"
            parts.append(
                Markup('<rect class="{}" x="{}" y="{:.2f}" width="8" height="{:.2f}"/>').format(
                    kind, x + 1, _HEIGHT - height, height
                )
            )
        # the whole column answers the pointer, not only the bar
        parts.append(
            Markup('<rect class="hit" x="{}" y="0" width="10" height="{}"><title>{}</title></rect>').format(
                x, _HEIGHT, escape(day.label)
            )
        )
    if limit is not None:
        y = _HEIGHT - limit / top * _HEIGHT
        parts.append(
            Markup('<line class="limit" x1="0" x2="{}" y1="{:.2f}" y2="{:.2f}"/>').format(len(days) * _WIDTH, y, y)
        )
    parts.append(Markup("</svg>"))
    return Markup("").join(parts)
