"""Values as Grafana writes them, and their colours."""

import datetime

COLOURS = {
    "green": "#73bf69",
    "yellow": "#fade2a",
    "orange": "#ff9830",
    "red": "#f2495c",
    "blue": "#5794f2",
    "purple": "#b877d9",
    "text": "#ccccdc",
    "transparent": None,
}
PALETTE = (
    "#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c",
    "#5794f2", "#b877d9", "#c4162a", "#37872d", "#fade2a",
)
SPANS = (
    ("year", 31536000), ("month", 2628000), ("week", 604800), ("day", 86400),
    ("hour", 3600), ("minute", 60), ("second", 1),
)

MINUTE, HOUR, DAY = 60, 3600, 86400
# Distances of marks on an axis, by unit; others have multiples of 1, 2 and 5.
STEPS = {
    "s": (
        1, 2, 5, 10, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE,
        HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 30 * DAY,
    ),
    "bytes": tuple(2**power for power in range(50)),
}


def step(unit, most, marks):
    """The distance of at most so many marks on an axis up to `most`; None: any."""
    return next((step for step in STEPS.get(unit, ()) if most / step <= marks), None)


def colour(name):
    return COLOURS.get(name, name)


def number(value, digits=3):
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.{digits}g}"
    return text.replace(",", " ")


def scaled(value, base, names):
    for name in names[:-1]:
        if abs(value) < base:
            return f"{number(value)} {name}".strip()
        value /= base
    return f"{number(value)} {names[-1]}"


def span(seconds, parts):
    """A duration in its largest units."""
    written, rest = [], abs(seconds)
    for name, length in SPANS:
        count, left = divmod(rest, length)
        if count >= 1 and len(written) < parts:
            written.append(f"{count:.0f} {name}{'s' if count >= 2 else ''}")
            rest = left
    return " ".join(written) or f"{number(seconds)} s"


def lasting(seconds):
    """A duration in one unit, with decimals."""
    for name, length in SPANS:
        if abs(seconds) >= length and name not in ("month", "second"):
            count = number(seconds / length)
            return f"{count} {name}{'' if count == '1' else 's'}"
    return f"{number(seconds)} s"


def ago(seconds):
    text = span(seconds, 1)
    return f"in {text}" if seconds < 0 else f"{text} ago"


def plain(value, unit, now):
    """A value with its unit; `now` is the time to which dates are held."""
    if unit == "percentunit":
        return f"{number(value * 100)} %"
    if unit == "bytes":
        return scaled(value, 1024, ("B", "KiB", "MiB", "GiB", "TiB"))
    if unit == "decbytes":
        return scaled(value, 1000, ("B", "kB", "MB", "GB", "TB"))
    if unit == "s":
        return lasting(value)
    if unit == "dtdurations":
        return span(value, 2)
    if unit == "dateTimeFromNow":
        return ago(now - value / 1000)
    if unit.startswith("dateTime"):
        time = datetime.datetime.fromtimestamp(value / 1000, datetime.timezone.utc)
        return f"{time:%Y-%m-%d %H:%M}"
    if unit == "ops":
        return f"{number(value)} ops/s"
    if unit.startswith("suffix:"):
        return f"{number(value)}{unit.removeprefix('suffix:')}"
    return number(value, 4)


def mapping(value, field):
    """The text and colour that stand for a value, a number or a word; None if none do."""
    if value is None:
        return None
    for each in field.get("mappings", []):
        options = each["options"]
        if each["type"] == "value":
            found = options.get(value if isinstance(value, str) else f"{value:g}")
            if found:
                return found
    return None


def text(value, field, now):
    """A value of a field as text."""
    if value is None:
        return field.get("noValue", "")
    mapped = mapping(value, field)
    if mapped and mapped.get("text"):
        return mapped["text"]
    if isinstance(value, str):
        return value
    return plain(value, field.get("unit", "none"), now)


def tone(value, field):
    """The colour of a value: that of its mapping, else of the threshold it has reached."""
    mapped = mapping(value, field)
    if mapped and mapped.get("color"):
        return colour(mapped["color"])
    reached = None
    if not isinstance(value, float):
        return reached
    for step in field.get("thresholds", {}).get("steps", []):
        if step["value"] is None or value >= step["value"]:
            reached = colour(step["color"])
    return reached
