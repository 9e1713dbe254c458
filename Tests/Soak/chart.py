"""Draws series over time as SVG: one panel above the other, with axes and units."""

import html
import math

WIDTH, HEIGHT, LEFT, RIGHT, TOP, GAP = 960, 150, 80, 170, 46, 44
COLOURS = ["#0b6e99", "#c4540f", "#4f7d2a", "#7a4fa3"]


def ticks(low, high, count=4):
    """Round numbers from `low` to `high`."""
    span = high - low or abs(high) or 1
    step = 10 ** math.floor(math.log10(span / count))
    step = next(step * factor for factor in (1, 2, 5, 10) if span / (step * factor) <= count)
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def number(value):
    return f"{value:,.3f}".rstrip("0").rstrip(".") if abs(value) < 1000 else f"{value:,.0f}"


def text(x, y, words, anchor="start", **more):
    style = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in more.items())
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{style}>{html.escape(words)}</text>'


def panel(top, title, unit, series, hours, from_zero, marks):
    """`series` is name to points (hour, value); `marks` are values that get a dashed line, each with its name."""
    values = [value for points in series.values() for _, value in points] + list(marks.values())
    low, high = (0 if from_zero else min(values, default=0)), max(values, default=1)
    if high - low < 1e-9:
        low, high = low - 1, high + 1
    pad = (high - low) * 0.08
    low, high = (low if from_zero else low - pad), high + pad

    def x(hour):
        return LEFT + (WIDTH - LEFT - RIGHT) * hour / (hours or 1)

    def y(value):
        return top + HEIGHT - HEIGHT * (value - low) / (high - low)

    parts = [text(LEFT, top - 8, f"{title}, {unit}", font_weight="bold")]
    for tick in ticks(low, high):
        parts.append(f'<path d="M{LEFT} {y(tick):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(text(LEFT - 8, y(tick) + 4, number(tick), "end"))
    for tick in ticks(0, hours, 8):
        parts.append(f'<path d="M{x(tick):.1f} {top + HEIGHT}v5" stroke="#555"/>')
        parts.append(text(x(tick), top + HEIGHT + 18, number(tick), "middle"))
    parts.append(f'<path d="M{LEFT} {top}V{top + HEIGHT}H{WIDTH - RIGHT}" fill="none" stroke="#555"/>')
    parts.append(text(WIDTH - RIGHT, top + HEIGHT + 32, "hours", "end", fill="#555"))
    for name, value in marks.items():
        parts.append(f'<path d="M{LEFT} {y(value):.1f}H{WIDTH - RIGHT}" stroke="#b00" stroke-dasharray="4 3"/>')
        parts.append(text(WIDTH - RIGHT + 10, y(value) + 4, name, fill="#b00"))
    for place, (name, points) in enumerate(series.items()):
        colour = COLOURS[place % len(COLOURS)]
        line = " ".join(f"{x(hour):.1f},{y(value):.1f}" for hour, value in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.4"/>')
        label_y = top + 14 + 18 * place
        parts.append(f'<path d="M{WIDTH - RIGHT + 10} {label_y - 4}h18" stroke="{colour}" stroke-width="3"/>')
        parts.append(text(WIDTH - RIGHT + 34, label_y, name))
    return parts


def draw(path, title, panels, hours):
    """`panels` are tuples of title, unit, series, whether the axis begins at zero, marks."""
    parts, top = [text(LEFT, 22, title, font_size=15, font_weight="bold")], TOP + 12
    for name, unit, series, from_zero, marks in panels:
        parts += panel(top, name, unit, series, hours, from_zero, marks)
        top += HEIGHT + GAP + 12
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" font-family="sans-serif" '
        f'font-size="12">\n<rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(parts) + "\n</svg>\n")
