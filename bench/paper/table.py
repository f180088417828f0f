#!/usr/bin/env python3
"""Tables and pictures of the paper's experiments:  bench/paper/table.py DIR [NOT_RUN...]

Reads DIR/results.json and anchors.json, which run.sh wrote; writes README.md and SVGs beside them. NOT_RUN: rows to be named
as not run."""
import json
import math
import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import plot  # noqa: E402

# Row: what it is, and the published AP (COCO; ResNet-50 at 600 pixels, OHEM ResNet-101).
MAIN = {
    "ce_standard": ("cross entropy, standard initialisation", "diverges"),
    "ce_prior": ("cross entropy, prior .01", 30.2),
    "ce_alpha_75": ("balanced cross entropy, alpha .75", 31.1),
    "focal": ("focal loss, alpha .25, gamma 2", 34.0),
    "ohem": ("OHEM, 128 anchors, NMS .5", 32.8),
    "ohem_ratio": ("OHEM, the same, objects to background 1:3", 31.1),
    "anchors_1x1": ("focal loss, 1 x 1 anchors a place", 30.3),
}
SWEEPS = {
    "Cross entropy by alpha": {"ce_alpha_25": (".25", 10.8), "ce_alpha_50": (".5", 30.2), "ce_alpha_75": (".75", 31.1),
                               "ce_alpha_90": (".9", 30.8), "ce_alpha_99": (".99", 28.7)},
    "Focal loss by gamma, each with the paper's alpha": {
        "ce_alpha_75": ("0", 31.1), "gamma_0.1": (".1", 31.4), "gamma_0.2": (".2", 31.9), "gamma_0.5": (".5", 32.9),
        "gamma_1": ("1", 33.7), "focal": ("2", 34.0), "gamma_5": ("5", 32.2)},
    "OHEM by anchors kept and NMS": {"ohem_nms_7": ("128, .7", 31.1), "ohem": ("128, .5", 32.8),
                                     "ohem_256": ("256, .5", 31.0), "ohem_512": ("512, .5", 27.6)},
    "Anchors a place": {"anchors_1x1": ("1 x 1", 30.3), "anchors_2x3": ("2 x 3", 34.2), "focal": ("3 x 3", 34.0)},
    "No limit of the gradient, a quarter of the rate": {
        "ce_standard_unlimited": ("cross entropy, standard initialisation", "diverges"),
        "ce_prior_unlimited": ("cross entropy, prior .01", 30.2),
        "focal_unlimited": ("focal loss, alpha .25, gamma 2", 34.0)},
    "Backbone": {"focal": ("ResNet-18", None), "resnet50": ("ResNet-50", 34.0), "resnet101": ("ResNet-101", 36.0)},
}
PICTURES = {"Cross entropy by alpha": ("ap_by_alpha", "alpha"),
            "Focal loss by gamma, each with the paper's alpha": ("ap_by_gamma", "gamma")}
OHEM_FOCAL, FOCAL, GAMMAS = 36.0, 34.0, [0, .5, 1, 2]
TOP, HEIGHT = 50, 200


def ap(row):
    """AP in percent; None where the training diverged."""
    return 100 * row["evaluation"]["AP"] if "evaluation" in row else None


def of(rows, name, data):
    return {row["seed"]: row for row in rows if row["row"] == name and row["data"] == data}


def figure(value, digits=1):
    return "–" if value is None else value if isinstance(value, str) else f"{value:.{digits}f}"


def summary(found):
    """Mean and spread of the seeds, or what happened instead."""
    values = [ap(row) for row in found.values()]
    if not values:
        return None, "not run"
    good = [value for value in values if value is not None]
    if len(good) < len(values):
        return None, f"diverges ({len(values) - len(good)} of {len(values)} seeds)"
    mean = statistics.mean(good)
    return mean, f"{mean:.1f}" + (f" ± {statistics.stdev(good):.1f}" if len(good) > 1 else "")


def against(found, focal):
    """Mean difference to focal loss, seed by seed, and its spread."""
    pairs = [ap(row) - ap(focal[seed]) for seed, row in found.items()
             if seed in focal and None not in (ap(row), ap(focal[seed]))]
    if not pairs:
        return "–"
    return f"{statistics.mean(pairs):+.1f}" + (f" ± {statistics.stdev(pairs):.1f}" if len(pairs) > 1 else "")


def main_table(rows, data):
    focal = of(rows, "focal", data)
    out = [f"| {data} | AP | seeds | less focal loss | published AP (COCO) | less focal loss |",
           "|---|---|---|---|---|---|"]
    for name, (what, published) in MAIN.items():
        found = of(rows, name, data)
        if found:
            base = OHEM_FOCAL if name.startswith("ohem") else FOCAL
            gap = f"{published - base:+.1f}" if isinstance(published, float) else "–"
            out.append(f"| {what} | {summary(found)[1]} | {len(found)} | {against(found, focal)} | "
                       f"{figure(published)} | {gap} |")
    return out if len(out) > 2 else []


def sweep_table(rows, title, sweep):
    out = [f"| {title} | AP | AP50 | AP75 | published AP |", "|---|---|---|---|---|"]
    for name, (label, published) in sweep.items():
        found = of(rows, name, "hard")
        row = found.get(1)
        if row:
            rest = [figure(100 * row["evaluation"][key]) if "evaluation" in row else "–" for key in ("AP50", "AP75")]
            own = figure("diverges" if ap(row) is None else ap(row))
            out.append(f"| {label} | {own} | {rest[0]} | {rest[1]} | {figure(published)} |")
    return out if len(out) > 3 else []


def stamps(rows):
    return sorted({f'{row["machine"]}; commit {row["commit"]}' for row in rows})


def times(rows):
    cpu = [row["cpu_seconds"] for row in rows]
    return (f"{len(rows)} rows took {sum(cpu) / 3600:.1f} hours of one core in all, evaluation included; the middle one "
            f"{statistics.median(cpu) / 60:.1f} minutes, the longest {max(cpu) / 60:.1f}.") if rows else "No row is done."


def chart(file, title, axis, lines, marks, notes, largest, unit):
    """lines: name to points, x from 0 to 1; marks: place to label along the axis."""
    scale = next(step for step in (.2, 1, 2, 5, 10, 20) if largest / step <= 6)
    body = [f'<text x="{plot.LEFT}" y="{TOP - 8}">{unit}</text>']
    for i in range(int(largest / scale + 1e-9) + 1):
        body.append(plot.level(TOP + HEIGHT - HEIGHT * i * scale / largest, f"{i * scale:g}"))
    for x, label in marks.items():
        body.append(f'<text x="{plot.LEFT + plot.WIDTH * x:.1f}" y="{TOP + HEIGHT + 16}" '
                    f'text-anchor="middle">{label}</text>')
    for i, points in enumerate(lines.values()):
        spots = [(plot.LEFT + plot.WIDTH * x, TOP + HEIGHT - HEIGHT * min(y, largest) / largest) for x, y in points]
        body.append(plot.line(i, spots, len(points) < 20))
    file.write_text(plot.page(title, "".join(body), TOP + HEIGHT + 10, axis, list(lines), notes))


def sweep_chart(folder, rows, title, sweep):
    name, axis = PICTURES[title]
    here, published, marks, used = [], [], {}, []
    for i, (key, (label, value)) in enumerate(sweep.items()):
        x, row = (i + .5) / len(sweep), of(rows, key, "hard").get(1)
        marks[x] = label
        published.append((x, value))
        if row and ap(row) is not None:
            here.append((x, ap(row)))
            used.append(row)
    if len(here) > 1:
        largest = max(y for _, y in here + published) * 1.08
        lines = {"hard set, seed 1": here, "published, COCO": published}
        chart(folder / f"{name}.svg", title, axis, lines, marks, stamps(used), largest, "AP")


def figure_1(folder):
    lines = {f"gamma {g:g}": [(p / 100, -((1 - p / 100) ** g) * math.log(p / 100)) for p in range(1, 101)]
             for g in [0, .5, 1, 2]}
    chart(folder / "focal_curves.svg", "The paper's Figure 1: focal loss", "probability of the true label", lines,
          {i / 5: f"{i / 5:g}" for i in range(6)}, [], 5, "loss")


def cumulative(bins, lowest, step, gamma):
    """Share of the loss in the share of pairs with the least, from margins at the bins' middles."""
    losses = []
    for i, count in enumerate(bins):
        margin = lowest + (i + .5) * step
        if count:
            wrong = 1 / (1 + math.exp(margin))
            losses.append((count, count * wrong ** gamma * math.log1p(math.exp(-margin))))
    pairs, whole = sum(count for count, _ in losses), sum(loss for _, loss in losses)
    points, x, y = [(0, 0)], 0, 0
    for count, loss in reversed(losses):  # the surest first
        x, y = x + count / pairs, y + loss / whole
        if x - points[-1][0] > .004 or y - points[-1][1] > .01:
            points.append((x, y))
    return points + [(1, 1)]


def figure_4(folder, rows):
    file = folder / "anchors.json"
    if not file.exists():
        return
    anchors = json.loads(file.read_text())
    for kind in ("objects", "background"):
        lines = {f"gamma {g:g}": cumulative(anchors[kind], anchors["lowest"], anchors["step"], g) for g in GAMMAS}
        chart(folder / f"loss_of_{kind}.svg", f"The paper's Figure 4: {sum(anchors[kind])} pairs of {kind}",
              f"share of {kind}, least loss first", lines, {i / 5: f"{i / 5:g}" for i in range(6)},
              stamps(of(rows, "focal", "hard").values())[:1], 1, "cumulative share of the loss")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    rows = json.loads((folder / "results.json").read_text())
    tables = [main_table(rows, data) for data in ("hard", "bccd", "chess")]
    tables += [sweep_table(rows, title, sweep) for title, sweep in SWEEPS.items()]
    out = ["# The paper's experiments", "",
           "Made by `bash bench/paper/run.sh`, see `bench/paper/README.md`. AP in percent; ± is the standard deviation "
           "over seeds."]
    for table in tables:
        out += ["", *table] if table else []
    out += ["", f"**Not run:** {', '.join(sys.argv[2:]) or 'none'}. {times(rows)}"]
    out += ["", "Machines and commits:", "", *[f"- {stamp}" for stamp in stamps(rows)]]
    (folder / "README.md").write_text("\n".join(out) + "\n")
    for title in PICTURES:
        sweep_chart(folder, rows, title, SWEEPS[title])
    figure_1(folder)
    figure_4(folder, rows)


if __name__ == "__main__":
    main()
