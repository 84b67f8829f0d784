"""Draws dashboards: main.py ADDRESS TIME DASHBOARDS PICTURES [NAME…]

ADDRESS is that of a Prometheus, TIME the end of what is shown, in seconds since 1970.
DASHBOARDS and PICTURES are directories.
"""

import pathlib
import sys

import board
import draw


def main(address, time, dashboards, pictures, *names):
    for file in sorted(pathlib.Path(dashboards).glob("backup-*.json")):
        name = file.stem.removeprefix("backup-")
        if names and name not in names:
            continue
        picture = pathlib.Path(pictures) / f"dashboard-{name}.png"
        draw.draw(board.read(file, address, int(time)), picture)
        print(picture)


if __name__ == "__main__":
    main(*sys.argv[1:])
