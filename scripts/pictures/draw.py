"""Draws a dashboard with matplotlib, panel by panel at its place."""

import datetime

import matplotlib

matplotlib.use("Agg")

import matplotlib.dates  # noqa: E402: the backend is chosen before
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.patches import Rectangle  # noqa: E402
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator  # noqa: E402

import shown  # noqa: E402
from board import settings  # noqa: E402

WIDTH = 1600  # pixels
COLUMN = WIDTH / 24
ROW = 38  # pixels, as Grafana: 30 and a gap of 8
HEAD = 56  # pixels above the first row
GAP = 8
DPI = 100
INK, FAINT, PAPER, PANEL, EDGE = "#ccccdc", "#8e8e99", "#111217", "#181b1f", "#2c3235"
LINE = 17  # pixels from one line of text to the next


class Place:
    """A rectangle of the picture in pixels, with the origin at its top left."""

    def __init__(self, figure, height, left, top, wide, high):
        self.figure, self.height = figure, height
        self.left, self.top, self.wide, self.high = left, top, wide, high

    def within(self, left, top, wide, high):
        return Place(self.figure, self.height, self.left + left, self.top + top, wide, high)

    def box(self, colour, edge=None):
        left, bottom, wide, high = self.fractions()
        self.figure.add_artist(
            Rectangle(
                (left, bottom), wide, high, facecolor=colour, edgecolor=edge, linewidth=0.8,
                zorder=-1,  # behind the axes
            )
        )

    def axes(self):
        axes = self.figure.add_axes(self.fractions(), facecolor="none")
        for side in axes.spines.values():
            side.set_visible(False)
        axes.tick_params(colors=FAINT, labelsize=7.5, length=0)
        axes.grid(color=EDGE, linewidth=0.6)
        return axes

    def text(self, left, top, words, size=9, colour=INK, **more):
        """Writes words, whose middle line is `top` pixels below the top."""
        more = {"va": "center", **more}
        x, y = (self.left + left) / WIDTH, 1 - (self.top + top) / self.height
        self.figure.text(x, y, words, size=size, color=colour, **more)

    def fractions(self):
        bottom = self.height - self.top - self.high
        return self.left / WIDTH, bottom / self.height, self.wide / WIDTH, self.high / self.height


def draw(board, file):
    rows = max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in board.panels)
    height = HEAD + rows * ROW + GAP
    figure = plt.figure(figsize=(WIDTH / DPI, height / DPI), dpi=DPI, facecolor=PAPER)
    whole = Place(figure, height, 0, 0, WIDTH, height)
    whole.text(GAP * 2, 18, board.title, 13, weight="bold")
    chosen = "     ".join(f"{label}: {value}" for label, value in board.chosen)
    whole.text(GAP * 2, 42, chosen, 9, FAINT)
    begin, end = time(board.begin), time(board.end)
    whole.text(
        WIDTH - GAP * 2, 18, f"{begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC", 9, FAINT,
        ha="right",
    )
    for panel in board.panels:
        grid = panel["gridPos"]
        place = Place(
            figure, height, grid["x"] * COLUMN + GAP / 2, HEAD + grid["y"] * ROW,
            grid["w"] * COLUMN - GAP, grid["h"] * ROW - GAP,
        )
        if panel["type"] == "row":
            place.text(GAP, place.high / 2, f"⌄  {panel['title']}", 10.5, weight="bold")
            continue
        place.box(PANEL, EDGE)
        place.text(10, 15, cut(panel["title"], place.wide), 9.5, weight="bold")
        KINDS[panel["type"]](board, panel, place.within(10, 28, place.wide - 20, place.high - 36))
    figure.savefig(file, facecolor=PAPER)
    plt.close(figure)


def cut(title, wide):
    """The title as far as it fits into so many pixels."""
    fits = int(wide / 7.8)
    return title if len(title) <= fits else title[: fits - 1] + "…"


def time(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


def all_series(board, panel):
    return [
        (name, target["refId"], points)
        for target in panel["targets"]
        for name, _, points in board.series(target)
    ]


def nothing(panel, place):
    words = panel.get("fieldConfig", {}).get("defaults", {}).get("noValue", "No data")
    place.text(place.wide / 2, place.high / 2, words, 12, FAINT, ha="center")


def stat(board, panel, place):
    series = all_series(board, panel)
    if not series:
        nothing(panel, place)
    for index, (name, query, points) in enumerate(series):
        field = settings(panel, name, query)
        value = points[-1][1]
        words = shown.text(value, field, board.end)
        mode = panel["options"].get("textMode")
        if mode == "name":
            words = name
        elif mode == "value_and_name" and name != panel["title"]:
            words = f"{words} {name}"
        top = place.high * (index + 0.5) / len(series)
        size = min(24, place.wide / max(len(words), 4) * 1.05, place.high / len(series) * 0.45)
        place.text(
            place.wide / 2, top, words, size, shown.tone(value, field) or INK,
            ha="center", weight="bold",
        )


def dated(axes, board):
    axes.set_xlim(time(board.begin), time(board.end))
    locator = matplotlib.dates.AutoDateLocator(maxticks=7)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(matplotlib.dates.DateFormatter("%m-%d"))


def timeseries(board, panel, place):
    series = all_series(board, panel)
    if not series:
        nothing(panel, place)
        return
    legend = LINE * min(len(series), max(1, int(place.high / LINE / 3)))
    axes = place.within(62, 2, place.wide - 70, place.high - legend - 28).axes()
    for index, (name, query, points) in enumerate(series):
        field = settings(panel, name, query)
        colour = shown.PALETTE[index % len(shown.PALETTE)]
        fixed = field.get("color", {})
        if fixed.get("mode") == "fixed":
            colour = shown.colour(fixed["fixedColor"])
        times, values = broken(points, board.step)
        axes.step(times, values, where="post", color=colour, linewidth=1.3)
        if legend >= LINE * (index + 1):
            top = place.high - legend + LINE * (index + 0.5)
            place.text(8, top, "━", 9, colour)
            place.text(28, top, name, 8.5)
            known = [value for _, value in points]
            last, most = (shown.text(v, field, board.end) for v in (known[-1], max(known)))
            place.text(place.wide - 4, top, f"last {last}   max {most}", 8, FAINT, ha="right")
    field = settings(panel)
    if field.get("min") is not None:
        axes.set_ylim(bottom=field["min"])
    step = shown.step(field["unit"], axes.get_ylim()[1], 5)
    whole = field["unit"] == "short"
    locator = MultipleLocator(step) if step else MaxNLocator(5, integer=whole)
    axes.yaxis.set_major_locator(locator)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: shown.plain(v, field["unit"], 0)))
    dated(axes, board)


def broken(points, step):
    """Times and values, with a hole where samples are missing."""
    times, values, before = [], [], None
    for at, value in points:
        if before is not None and at - before > step * 1.5:
            times.append(time(before + step))
            values.append(float("nan"))
        times.append(time(at))
        values.append(value)
        before = at
    return times, values


def timeline(board, panel, place):
    series = all_series(board, panel)
    if not series:
        nothing(panel, place)
        return
    wide = 11 + 6.3 * max(len(name) for name, _, _ in series)
    axes = place.within(wide, 2, place.wide - wide - 8, place.high - 22).axes()
    for index, (name, query, points) in enumerate(series):
        field = settings(panel, name, query)
        for begin, end, value in bands(points, board.step):
            axes.broken_barh(
                [(time(begin), time(end) - time(begin))], (index - 0.4, 0.8),
                color=shown.tone(value, field) or shown.PALETTE[0], linewidth=0,
            )
    axes.set_yticks(range(len(series)), [name for name, _, _ in series])
    axes.set_ylim(len(series) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    dated(axes, board)


def bands(points, step):
    """Times in which a value stays the same: (begin, end, value)."""
    found = []
    for at, value in points:
        if found and found[-1][2] == value and at - found[-1][1] < step * 0.5:
            found[-1][1] = at + step
        else:
            found.append([at, at + step, value])
    return found


def bars(board, panel, place):
    series = all_series(board, panel)
    if not series:
        nothing(panel, place)
        return
    most = max(points[-1][1] for _, _, points in series) or 1
    high = min(place.high / len(series), 40)
    for index, (name, query, points) in enumerate(series):
        field = settings(panel, name, query)
        value = points[-1][1]
        top = high * index
        place.text(0, top + high / 2, name, 9)
        full = place.wide - 190
        place.within(90, top + 4, full, high - 8).box(EDGE)
        place.within(90, top + 4, full * value / most, high - 8).box(
            shown.tone(value, field) or shown.PALETTE[0]
        )
        place.text(full + 98, top + high / 2, shown.text(value, field, board.end), 9)


def table(board, panel, place):
    columns, rows = board.table(panel)
    if not rows:
        nothing(panel, place)
        return
    fields = [settings(panel, column) for column in columns]
    for by in reversed(panel["options"].get("sortBy", [])):
        if by["displayName"] in columns:
            at = columns.index(by["displayName"])
            rows.sort(key=lambda r: (r[at] is not None, r[at] or 0), reverse=by.get("desc", False))
    words = [[shown.text(v, f, board.end) for v, f in zip(row, fields)] for row in rows]
    longest = [max(len(w) for w in (c, *each)) + 3 for c, *each in zip(columns, *words)]
    fits = int(place.high / (LINE + 6)) - 1
    left = 0
    for at, column in enumerate(columns):
        wide = place.wide * longest[at] / sum(longest)
        place.text(left + 4, 8, column, 8.5, "#6e9fff", weight="bold")
        for index, (row, written) in enumerate(zip(rows[:fits], words)):
            top = (LINE + 6) * (index + 1)
            colour = shown.tone(row[at], fields[at])
            kind = (fields[at].get("custom.cellOptions") or {}).get("type")
            if kind == "color-background" and colour:
                place.within(left, top - 2, wide - 3, LINE + 3).box(colour)
                place.text(left + 4, top + 7, written[at], 8.5, PAPER)
            else:
                place.text(left + 4, top + 7, written[at], 8.5)
        left += wide
    if len(rows) > fits:
        place.text(place.wide, place.high, f"{len(rows) - fits} more", 8, FAINT, ha="right")


KINDS = {
    "stat": stat,
    "timeseries": timeseries,
    "state-timeline": timeline,
    "bargauge": bars,
    "table": table,
}
