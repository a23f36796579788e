# SPDX-License-Identifier: Apache-2.0
"""Draws a part of a terminal's recording as an SVG: see hack/picture.sh.

usage: picture.py RECORDING FROM TO TITLE SVG

The part begins with the line that holds FROM, and ends before the one that holds TO.
"""

import re
import sys

from rich.console import Console
from rich.text import Text

WIDTH = 140


def part(recording, first, last):
    """The lines of the part, with their colours."""
    lines = open(recording, encoding="utf-8").read().replace("\r", "").split("\n")
    begin = next((i for i, line in enumerate(lines) if first in line), None)
    end = next((i for i, line in enumerate(lines) if last in line and begin is not None and i > begin), None)
    if begin is None or end is None:
        sys.exit(f"picture: {recording} does not hold {first!r} and, after it, {last!r}")
    # How long the demo took so far is another number each time.
    lines = [re.sub(r"\s*(\x1b\[[0-9;]*m)?\(\d+ s\)(\x1b\[[0-9;]*m)?", "", line) for line in lines[begin:end]]
    return "\n".join(lines).strip("\n")


def main(recording, first, last, title, target):
    text = Text.from_ansi(part(recording, first, last))
    # A page shows the picture some 900 pixels wide: what is beyond this could not be read.
    rows = text.split("\n")
    for row in rows:
        row.truncate(WIDTH, overflow="ellipsis")
    text = Text("\n").join(rows)
    width = max(len(row) for row in rows)
    console = Console(record=True, width=width, file=open("/dev/null", "w", encoding="utf-8"), force_terminal=True, color_system="truecolor")
    console.print(text, no_wrap=True, overflow="ignore", crop=False)
    svg = console.export_svg(title=title, unique_id="picture")
    # Fonts from elsewhere are not loaded in a page of documentation: the reader's own fixed-width font does.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.S)
    svg = svg.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace")
    open(target, "w", encoding="utf-8").write(svg)


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
