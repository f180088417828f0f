"""What the pictures of bench/ share: SVG that is readable on light and dark pages, a line told by colour and dashes."""
import html

LIGHT = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"]
DARK = ["#56b4e9", "#e69f00", "#2fd6a3", "#f0a6cf"]
DASHES = ["none", "7 3", "2 3", "9 3 2 3"]
LEFT, WIDTH = 60, 420


def style():
    def colours(names):
        return "".join(f".l{i}{{stroke:{c}}}circle.l{i}{{fill:{c}}}" for i, c in enumerate(names))
    dashes = "".join(f"path.l{i},line.l{i}{{stroke-dasharray:{d};stroke-width:2}}" for i, d in enumerate(DASHES))
    return ("<style>text{font:12px sans-serif;fill:#333}.t{font-size:14px}.paper{fill:#fff}"
            f"path,line{{fill:none;stroke:#999}}{dashes}{colours(LIGHT)}@media(prefers-color-scheme:dark){{text{{fill:#ddd}}.paper{{fill:#1c1c1c}}"
            f"path,line{{stroke:#666}}{colours(DARK)}}}</style>")


def level(y, label):
    """A line across at a mark of the upright axis."""
    return (f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y:.1f}" y2="{y:.1f}" opacity=".4"/>'
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')


def line(i, spots, dots=True):
    out = f'<path class="l{i}" d="M' + " L".join(f"{x:.1f} {y:.1f}" for x, y in spots) + '"/>'
    if dots:
        out += "".join(f'<circle class="l{i}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in spots)
    return out


def page(title, body, bottom, axis, names, notes):
    """The whole picture: a panel's marks and lines end at `bottom`; below come the axis, a key and the stamps."""
    height = bottom + 44 + 18 * (len(names) + len(notes)) + 12
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 520 {height}" width="520">{style()}',
           f'<title>{html.escape(title)}</title><rect class="paper" width="520" height="{height}"/>',
           f'<text class="t" x="{LEFT}" y="20">{html.escape(title)}</text>', body,
           f'<text x="{LEFT + WIDTH / 2}" y="{bottom + 26}" text-anchor="middle">{axis}</text>']
    y = bottom + 48
    for i, name in enumerate(names):
        out.append(f'<line class="l{i}" x1="10" x2="44" y1="{y - 4}" y2="{y - 4}"/>'
                   f'<text x="{LEFT - 10}" y="{y}">{html.escape(name[:72])}</text>')
        y += 18
    for note in notes:
        out.append(f'<text x="10" y="{y}" opacity=".7">{html.escape(note[:80])}</text>')
        y += 18
    return "\n".join(out) + "\n</svg>\n"
