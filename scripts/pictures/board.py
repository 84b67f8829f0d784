"""A dashboard with the answers to its queries, as Grafana would show them."""

import json
import re
import urllib.parse
import urllib.request

SCRAPED_EVERY = 300  # seconds, as in tests/src/month.rs
POINTS = 500  # of a graph
UNITS = {"h": 3600, "d": 86400}


class Board:
    """A dashboard: title, panels, the time that it shows."""

    def __init__(self, data, address, end):
        self.title = data["title"]
        self.panels = data["panels"]
        number, unit = re.fullmatch(r"now-(\d+)([hd])", data["time"]["from"]).groups()
        self.end = end
        self.begin = end - int(number) * UNITS[unit]
        self.address = address
        step = max((self.end - self.begin) // POINTS, SCRAPED_EVERY)
        self.values = {
            "__interval": f"{step}s",
            "__rate_interval": f"{max(step + SCRAPED_EVERY, 4 * SCRAPED_EVERY)}s",
            "__range": f"{self.end - self.begin}s",
        }
        self.step = step
        self.chosen = []  # (label, what people see)
        for variable in data["templating"]["list"]:
            self.choose(variable)

    def choose(self, variable):
        """Takes All, or the first value that is still there."""
        name = variable["name"]
        if variable["type"] == "datasource":
            return
        if variable.get("includeAll"):
            value, shown = variable["allValue"], "All"
        elif variable["type"] == "query":
            shown = value = self.values_of(variable["query"]["query"])[0]
        else:
            shown = value = variable["query"]
        self.values[name] = value
        self.chosen.append((variable.get("label") or name, shown))

    def values_of(self, query):
        """Values of a label, of series that are still there at the end."""
        series, label = re.fullmatch(r"label_values\((.*), *(\w+)\)", query).groups()
        asked = {"query": f"group by ({label}) ({self.fill(series)})", "time": self.end}
        answer = self.ask("query", asked)["result"]
        return sorted(one["metric"].get(label, "") for one in answer)

    def fill(self, text):
        """Puts the values of variables into a text."""
        for name in sorted(self.values, key=len, reverse=True):
            text = text.replace(f"${{{name}}}", self.values[name])
            text = text.replace(f"${name}", self.values[name])
        return text

    def ask(self, path, parameters):
        url = f"{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url) as answer:
            return json.load(answer)["data"]

    def series(self, target):
        """Answers of one query: (name, labels, [(time, value)])."""
        expression = self.fill(target["expr"])
        if target.get("instant"):
            answer = self.ask("query", {"query": expression, "time": self.end})
        else:
            times = {"start": self.begin, "end": self.end, "step": self.step}
            answer = self.ask("query_range", {"query": expression, **times})
        for one in answer["result"]:
            labels = {k: v for k, v in one["metric"].items() if k != "__name__"}
            points = one.get("values") or [one["value"]]
            name = re.sub(
                r"\{\{ *(\w+) *\}\}",
                lambda found, labels=labels: labels.get(found[1], ""),
                target.get("legendFormat", ""),
            )
            yield name, labels, [(time, float(value)) for time, value in points]

    def table(self, panel):
        """Columns and rows of a table panel: queries merged by their labels, then organised."""
        rows = []
        for target in panel["targets"]:
            column = f"Value #{target['refId']}" if len(panel["targets"]) > 1 else "Value"
            for _, labels, points in self.series(target):
                fits = [r for r in rows if all(r.get(k) == v for k, v in labels.items())]
                if not fits:
                    fits = [dict(labels)]
                    rows += fits
                for row in fits:
                    row[column] = points[-1][1]
        options = {}
        for transformation in panel.get("transformations", []):
            if transformation["id"] == "organize":
                options = transformation["options"]
        order, hidden = options.get("indexByName", {}), options.get("excludeByName", {})
        renamed = options.get("renameByName", {})
        found = {column for row in rows for column in row}
        shown = {renamed.get(name) for name in found}
        # A column is named for a single query and for one of several: only one of both is there.
        names = found | {name for name in order if renamed.get(name) not in shown}
        names = [name for name in names if not hidden.get(name) and name != "Time"]
        names.sort(key=lambda name: (order.get(name, len(order)), name))
        columns = [renamed.get(name) or name for name in names]
        return columns, [[row.get(name) for name in names] for row in rows]


def read(file, address, end):
    with open(file, encoding="utf-8") as text:
        return Board(json.load(text), address, end)


def settings(panel, *names):
    """The settings of a field: the defaults of the panel and the overrides of its names."""
    field = dict(panel.get("fieldConfig", {}).get("defaults", {}))
    for override in panel.get("fieldConfig", {}).get("overrides", []):
        if override["matcher"]["options"] in names:
            for each in override["properties"]:
                field[each["id"]] = each.get("value")
    return field
