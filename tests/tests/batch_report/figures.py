"""Holds a batch report's figures against the ledger's export and the manifest, with Python's own arithmetic.

figures.py REPORT LEDGER MANIFEST RUNBOOK
"""

import base64
import collections
import datetime
import html
import json
import math
import re
import statistics
import sys

report = open(sys.argv[1], encoding="utf-8").read().split("</style>")[1]
leaves = [json.loads(line).get("leaf") for line in open(sys.argv[2], encoding="utf-8")]
leaves = [leaf for leaf in leaves if leaf]
envelope = json.load(open(sys.argv[3], encoding="utf-8"))
predicate = json.loads(base64.b64decode(envelope["payload"]))["predicate"]
runbook = open(sys.argv[4], encoding="utf-8").read()
batch = predicate["batch"]
own = [leaf for leaf in leaves if leaf.get("batch") == batch]


def must(condition, what):
    if not condition:
        sys.exit(f"the report is wrong: {what}")


def same(got, expected, what):
    must(got == expected, f"{what}: {got}, where {expected} is right")


def text(markup):
    return html.unescape(re.sub("<[^>]*>", " ", markup)).replace("\n", " ").strip()


def table(caption):
    found = re.search(f"<caption>{caption}</caption>.*?<tbody>(.*?)</tbody>", report, re.S)
    must(found, f"no table of {caption}")
    rows = re.findall("<tr>(.*?)</tr>", found[1], re.S)
    return [[" ".join(text(cell).split()) for cell in re.findall("<t[hd].*?>(.*?)</t[hd]>", row, re.S)] for row in rows]


def chart(name):
    found = re.search(f'<svg class="chart" id="chart-{name}".*?</svg>', report, re.S)
    must(found, f"no chart of {name}")
    return found[0]


def rectangles(svg):
    shape = r'<rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)" opacity="1" fill="(#\w+)"'
    return [(int(x), int(y), int(w), int(h), colour) for x, y, w, h, colour in re.findall(shape, svg)]


def pixels_a_unit(svg):
    """From the numbers at the upright axis."""
    shape = r'<text x="\d+" y="(\d+)" dy="0.5ex" text-anchor="end"[^>]*>\s*(\d+)\s*</text>'
    labels = [(int(y), int(number)) for y, number in re.findall(shape, svg)]
    (bottom, none), (top, most) = max(labels), min(labels)
    return (bottom - top) / (most - none)


def time(milliseconds):
    moment = datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03}Z"


def near(shown, value, what):
    """A number as it is shown: right to its last digit."""
    places = max(2, len(shown.partition(".")[2]))
    must(abs(float(shown) - value) <= 0.5001 * 10.0**-places, f"{what}: {shown}, where {value} is right")


def percent(part, whole):
    return f"{math.floor(1000 * part / whole + 0.5) / 10:.1f} %"


def pareto():
    bad = collections.Counter(row["code"] for row in predicate["boards"] if row["verdict"] in ("FAIL", "ERROR"))
    must(len(bad) > 3, f"too few kinds of failures for a chart: {bad}")
    rows = table("Failures by code")
    same({row[0]: int(row[1]) for row in rows}, dict(bad), "failures by code")
    numbers = [int(row[1]) for row in rows]
    same(numbers, sorted(numbers, reverse=True), "the order of the failures")
    whole = sum(numbers)
    same([row[2] for row in rows], [percent(number, whole) for number in numbers], "their shares")
    svg = chart("pareto")
    bars = rectangles(svg)
    same(len(bars), len(rows), "bars of the Pareto chart")
    axis = dict((label, int(x)) for x, label in re.findall(r'<text x="(\d+)" y="14"[^>]*>\s*(\d+) %\s*<', svg))
    full = axis["100"] - axis["0"]
    for (_, _, width, _, _), number in zip(sorted(bars, key=lambda bar: bar[1]), numbers):
        must(abs(width - full * number / whole) <= 1.5, f"a bar of {width} pixels for {number} of {whole}")
    sums = [sum(numbers[: at + 1]) for at in range(len(numbers))]
    line = re.search(r'<polyline [^>]*stroke-width="2" points="([^"]*)"', svg)[1].split()
    same(len(line), len(sums), "points of the running sum")
    for point, running in zip(line, sums):
        x = int(point.split(",")[0]) - axis["0"]
        must(abs(x - full * running / whole) <= 1.5, f"the running sum {running} of {whole} at {x} pixels")


def outcome(code):
    if code in ("PASS", "ALREADY-PROVISIONED"):
        return "passed"
    section = runbook.split(f"\n### {code}\n")[1]
    return "errors" if section.lstrip().startswith("ERROR") else "failed"


def duration(milliseconds):
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    must(milliseconds < 60_000, "a session longer than a minute")
    return f"{milliseconds // 1000}.{milliseconds % 1000 // 100} s"


def throughput():
    lanes = collections.defaultdict(list)
    for leaf in own:
        if leaf["kind"] == "verdict-reached":
            lanes[leaf["lane"]].append(leaf)
    expected = []
    for lane, ended in sorted(lanes.items()):
        kinds = collections.Counter(outcome(leaf["code"]) for leaf in ended)
        times = [leaf["duration_ms"] for leaf in ended]
        counts = [len(ended), kinds["passed"], kinds["failed"], kinds["errors"]]
        mean, longest = duration(sum(times) // len(times)), duration(max(times))
        again = sum(leaf["retries"] for leaf in ended)
        expected.append([lane, *map(str, counts), mean, longest, str(again)])
    same(table("Lanes"), expected, "sessions by lane")
    svg = chart("throughput")
    unit = pixels_a_unit(svg)
    keys = re.findall(r'<span class="key c(\d)">([^<]*)</span>', report)
    same(sorted(lane for _, lane in keys), sorted(lanes), "lanes of the legend")
    heights, bars = collections.Counter(), collections.Counter()
    columns = collections.Counter()
    for x, _, _, height, colour in rectangles(svg):
        heights[colour] += height
        bars[colour] += 1
        columns[x] += height
    drawn = sorted((heights[colour] / unit, bars[colour] / unit) for colour in heights)
    for (sessions, tolerance), right in zip(drawn, sorted(len(ended) for ended in lanes.values()), strict=True):
        must(abs(sessions - right) <= tolerance, f"{sessions} sessions drawn of a lane with {right}")
    said = re.search(r"(\d+) sessions on (\d+) lanes in columns of (\S+) (\w+); the busiest column has (\d+)", svg)
    width = float(said[3]) * {"s": 1000, "min": 60_000, "h": 3_600_000}[said[4]]
    at = collections.Counter(leaf["time_ms"] // width for ended in lanes.values() for leaf in ended)
    same([int(said[1]), int(said[2])], [sum(map(len, lanes.values())), len(lanes)], "sessions and lanes in words")
    same(int(said[5]), max(at.values()), "the busiest column")
    drawn = [columns[x] / unit for x in sorted(columns)]
    for sessions, right in zip(drawn, [at[column] for column in sorted(at)], strict=True):
        must(abs(sessions - right) <= len(lanes) / unit, f"a column of {sessions} sessions, where {right} is right")


SIZES = {"G": 1e9, "M": 1e6, "k": 1e3, "m": 1e-3, "µ": 1e-6, "n": 1e-9}


def measurements():
    quantities = {}
    for leaf in own:
        if leaf["kind"] == "measurements-judged":
            for one in leaf["measurements"]:
                low, high = one.get("low"), one.get("high")
                if (low is not None or high is not None) and (low is None or high is None or float(low) != float(high)):
                    quantities.setdefault((one["name"], one["unit"], low, high), []).append(one)
    rows = table("Measured quantities")
    same(len(rows), len(quantities), "measured quantities")
    badges = re.findall(r'<h3>(\S+) <small>[^<]*</small></h3><span class="badge[^"]*">([^<]*)</span>', report)
    both = 0
    for at, ((name, unit, low, high), ones) in enumerate(quantities.items()):
        row = rows[at]
        shown_name, _, shown_unit = row[0].partition(", ")
        same(shown_name, name, "a quantity")
        size = SIZES.get(shown_unit[:1], 1.0) if shown_unit != unit and len(shown_unit) > 1 else 1.0
        values = [float(one["value"]) / size for one in ones]
        limits = [float(limit) / size if limit is not None else None for limit in (low, high)]
        mean, deviation = statistics.fmean(values), statistics.stdev(values)
        same(int(row[1]), len(values), f"values of {name}")
        figures = [mean, deviation, min(values), max(values), *limits]
        for shown, value in zip(row[2:8], figures, strict=True):
            if value is None:
                same(shown, "–", f"a limit of {name}")
            else:
                near(shown, value, f"{name} in {shown_unit}")
        same(int(row[8]), sum(one["code"] != "PASS" for one in ones), f"refused values of {name}")
        same(int(row[9]), sum(one.get("marginal", False) for one in ones), f"values of {name} close to a limit")
        distances = [mean - limits[0]] if limits[0] is not None else []
        distances += [limits[1] - mean] if limits[1] is not None else []
        capability = min(distances) / (3 * deviation)
        near(row[10], capability, f"Cpk of {name}")
        same(badges[at], (name, f"Cpk {row[10]}"), "a badge")
        if None not in limits:
            both += 1
            # As they were measured: a value at the edge of a bar stays on its side.
            histogram(at, name, [float(one["value"]) for one in ones], float(low), float(high))
    must(both > 1, "too few histograms with two limits")


def histogram(at, name, values, low, high):
    """36 bins over the limits and a quarter of their span on either side; what is beyond is drawn at the edges."""
    svg = chart(f"quantity-{at}")
    span = high - low
    place = lambda value: min(35, max(0, math.floor((value - (low - span / 4)) / (span * 1.5 / 36))))
    bins = collections.Counter(map(place, values))
    unit = pixels_a_unit(svg)
    bars = rectangles(svg)
    drawn = [height / unit for _, _, _, height, _ in sorted(bars)]
    right = [bins[place] for place in sorted(bins)]
    same(len(drawn), len(right), f"bars of {name}")
    for values, number in zip(drawn, right):
        must(abs(values - number) <= 1.0 / unit, f"{values} values in a bar of {name}, where {number} is right")
    bottom = re.search(r'<polyline [^>]*stroke-width="1" points="(\d+),(\d+) (\d+),\2 "', svg)
    left, end = int(bottom[1]), int(bottom[3])
    lines = re.findall(r'stroke="#B42318" stroke-width="2" points="(\d+),', svg)
    for x, part in zip(lines, (1 / 6, 5 / 6), strict=True):
        must(abs(int(x) - left - (end - left) * part) <= 1.5, f"a limit of {name} at {x} pixels")


def alarms():
    holds, open_holds = [], {}
    for leaf in leaves:
        if leaf["kind"] in ("hold-placed", "batch-hold-placed"):
            held = "the batch" if leaf["kind"] == "batch-hold-placed" else f"lane {leaf['lane']}"
            hold = [held, time(leaf["time_ms"]), leaf["code"], None]
            holds.append(hold)
            open_holds[held] = hold
        elif leaf["kind"] in ("hold-cleared", "batch-hold-cleared"):
            held = "the batch" if leaf["kind"] == "batch-hold-cleared" else f"lane {leaf['lane']}"
            hold = open_holds.pop(held)
            hold[3] = [leaf["actor"]["operator"], time(leaf["time_ms"]), leaf["reason"]]
    must(any(hold[3] for hold in holds), "no hold that somebody cleared")
    rows = table("Holds and who cleared them")
    same(len(rows), len(holds), "holds")
    for row, (held, since, code, cleared) in zip(rows, holds):
        same(row[:2], [held, since], "a hold")
        same(row[2].split()[0], code, "a hold's code")
        same(row[3:], cleared or ["not cleared"], "who cleared a hold")
    rung = []
    for leaf in own:
        if leaf["kind"] == "verdict-reached":
            words = runbook.split(f"\n### {leaf['code']}\n")[1].lstrip().split(".")[0]
            if "alarm" in words:
                rung.append([leaf["code"], time(leaf["time_ms"]), leaf["lane"]])
    must(rung, "no alarm in the ledger")
    same([row[:3] for row in table("Alarms")], rung, "alarms")


def devices():
    rows = {row[0]: row for row in table("Devices")}
    same(len(rows), len(predicate["boards"]), "devices")
    for board in predicate["boards"]:
        claimed = "" if board["uid_proven"] else " UID only claimed"
        name = f"{board['serial'] or 'no serial'} {board['uid']}{claimed}"
        must(name in rows, f"{name} is not among the devices")
        row = rows[name]
        same(row[1].split()[0], board["code"] or "interrupted", f"the verdict of {name}")
        for certificate in board["certificates"]:
            must(f"{certificate['serial']} {certificate['status']}" in row[2], f"a certificate of {name}")
        for part in board["firmware"]:
            must(f"{part['component']} {part['version']}" in row[3], f"the firmware of {name}")
        same(row[4].split()[0], board["lane"], f"the lane of {name}")
        same(row[6], board["finished"] or "interrupted", f"when {name} was finished")


def ledger():
    steps = report.split('<section id="verify"')[1]
    shown = [html.unescape(pre) for pre in re.findall("<pre>(.*?)</pre>", steps, re.S)]
    must(predicate["ledger"]["vkey"] in shown, "the ledger's key")
    must(predicate["ledger"]["checkpoint"].strip() in [pre.strip() for pre in shown], "the checkpoint")
    range_of = f"entries {predicate['ledger']['first_index']} to {predicate['ledger']['last_index']} "
    must(range_of in text(steps), range_of)


for part in (pareto, throughput, measurements, alarms, devices, ledger):
    part()
print("every figure is right")
