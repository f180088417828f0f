#!/usr/bin/env python3
"""How speed and memory grow with picture size, batch, cores and depth:

  bench/growth.py --fovea build/apps/fovea --device NAME [--device NAME]   measure, keep, draw
  bench/growth.py --draw                                                   draw again what was kept

Runs `fovea bench --unverified` for each point, every measurement a process of its own, algorithms by the rule, and keeps
the answers in bench/results/growth.json, each with its machine and commit; what was measured before of the same device
is replaced. Draws one SVG a question, readable on light and dark pages. Needs nothing but Python; commits are told by git.
"""
import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile

import plot

RESULTS = pathlib.Path(__file__).resolve().parent / "results"

# Question: its title, what grows, the values, and the options of `fovea bench` that stay.
SIDES = [256, 400, 600, 800, 1066, 1333]
DEPTHS = ["resnet18", "resnet34", "resnet50", "resnet101"]
QUESTIONS = {
    "size_detect": ("Detection, ResNet-50", "size", SIDES, ["--work", "detect", "--backbone", "resnet50"]),
    "size_step": ("Training step, ResNet-50, batch 1", "size", SIDES,
                  ["--work", "step", "--backbone", "resnet50", "--batch", "1"]),
    "batch": ("Training step, ResNet-18, 320 px", "batch", [1, 2, 4, 8, 16],
              ["--work", "step", "--backbone", "resnet18", "--size", "320"]),
    "cores": ("Detection, ResNet-50, 600 px", "cores", [1, 2],
              ["--work", "detect", "--backbone", "resnet50", "--size", "600"]),
    "depth_detect": ("Detection, 600 px", "backbone", DEPTHS, ["--work", "detect", "--size", "600"]),
    "depth_step": ("Training step, 600 px, batch 2", "backbone", DEPTHS,
                   ["--work", "step", "--size", "600", "--batch", "2"]),
}
AXES = {"size": "side of the picture, pixels", "batch": "pictures in a step", "cores": "cores", "backbone": ""}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fovea", help="the command")
    parser.add_argument("--device", action="append", help="as fovea's --device; may be repeated")
    parser.add_argument("--runs", type=int, default=3, help="timed runs of a point (3)")
    parser.add_argument("--only", help="only questions whose name holds this text")
    parser.add_argument("--draw", action="store_true", help="measure nothing")
    args = parser.parse_args()
    if not args.draw and not (args.fovea and args.device):
        parser.error("--fovea and --device are needed, or --draw")
    return args


def commit():
    asked = ["git", "-C", str(RESULTS.parent), "describe", "--always", "--dirty", "--exclude", "*"]
    return subprocess.run(asked, stdout=subprocess.PIPE, text=True, check=False).stdout.strip() or "unknown"


def machine():
    names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores, {platform.system()}"


def limited(cores):
    """Environment and preparation of a process that has so many cores; some runtimes do not ask for their affinity."""
    own = sorted(os.sched_getaffinity(0))[:cores]
    environment = dict(os.environ, POCL_MAX_PTHREAD_COUNT=str(cores), DPCPP_CPU_NUM_CUS=str(cores))
    return {"env": environment, "preexec_fn": lambda: os.sched_setaffinity(0, own)}


def measure(args, device, grows, value, options):
    """A point; None where it could not be measured, which is told."""
    command = [args.fovea, "bench", "--unverified", *options, "--device", device, "--runs", str(args.runs), "--json", "-"]
    how = limited(value) if grows == "cores" else {}
    if grows != "cores":
        command += [f"--{grows}", str(value)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, **how)
    row = json.loads(done.stdout)["rows"][0] if done.stdout.strip() else {}
    if "ms_per_image" not in row:
        print(f"{' '.join(command)}: not measured, exit {done.returncode} {row.get('error', '')}", file=sys.stderr)
        return None
    return {"x": value, "device": row["device"], "driver": row["driver"], "ms": row["ms_per_image"],
            "mib": row["process_memory_mib"], "gflops": row["gflops"]}


def same_point(a, b):
    return all(a[key] == b[key] for key in ("x", "device", "driver"))


def ask(args, everything, file):
    """All points of the chosen questions, kept one by one. How many could not be measured."""
    stamp, failed = {"machine": machine(), "commit": commit()}, 0
    for name, (_, grows, values, options) in QUESTIONS.items():
        if args.only and args.only not in name:
            continue
        for device in args.device:
            for value in values:
                point = measure(args, device, grows, value, options)
                failed += point is None
                if point:
                    rows = everything.setdefault(name, [])
                    rows[:] = [row for row in rows if not same_point(row, point)] + [dict(point, **stamp)]
                    file.write_text(json.dumps(everything, indent=1) + "\n")
    return failed


# ---- drawing: two panels, time above and memory below, a line a device ----

HEIGHT = 150


def step_of(largest):
    """A round distance between marks that makes two to five of them."""
    power = 10 ** len(str(int(largest))) / 1000
    return next(power * m for m in (1, 2, 5, 10, 20, 50, 100, 200, 500) if largest / (power * m) <= 5)


def places(grows, values):
    """Where the values lie along the axis, 0 to 1: numbers from zero on, names in equal steps."""
    if grows == "backbone":
        return {v: (i + .5) / len(values) for i, v in enumerate(values)}
    return {v: v / (max(values) * 1.05) for v in values}


def panel(top, key, unit, lines, at):
    largest = max(point[key] for points in lines for point in points) * 1.08
    out, step = [], step_of(largest)
    for i in range(int(largest / step) + 1):
        y = top + HEIGHT - HEIGHT * i * step / largest
        out.append(plot.level(y, f"{i * step:g}"))
    out.append(f'<text x="{plot.LEFT}" y="{top - 8}">{unit}</text>')
    for i, points in enumerate(lines):
        spots = [(plot.LEFT + plot.WIDTH * at[p["x"]], top + HEIGHT - HEIGHT * p[key] / largest) for p in points]
        out.append(plot.line(i, spots))
    return "".join(out)


def draw(name, rows):
    title, grows, values, _ = QUESTIONS[name]
    by_device = {}
    for row in sorted((row for row in rows if row["x"] in values), key=lambda row: values.index(row["x"])):
        by_device.setdefault(f'{row["device"]}, {row["driver"]}', []).append(row)
    devices = list(by_device)[:len(plot.LIGHT)]
    lines, at, bottom = [by_device[device] for device in devices], places(grows, values), 60 + 2 * HEIGHT + 40
    notes = sorted({f'{row["machine"]}; commit {row["commit"]}' for points in lines for row in points})
    body = [panel(50, "ms", "milliseconds a picture", lines, at),
            panel(90 + HEIGHT, "mib", "peak resident memory, MiB", lines, at)]
    for value in values:
        body.append(f'<text x="{plot.LEFT + plot.WIDTH * at[value]:.1f}" y="{bottom + 8}" '
                    f'text-anchor="middle">{value}</text>')
    page = plot.page(title, "\n".join(body), bottom, AXES[grows], devices, notes)
    (RESULTS / f"growth_{name}.svg").write_text(page)


def main():
    args, failed = arguments(), 0
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / "growth.json"
    everything = json.loads(file.read_text()) if file.exists() else {}
    if not args.draw:
        with tempfile.TemporaryDirectory() as caches:  # nothing was tuned in these
            os.environ.update(XDG_CACHE_HOME=caches, POCL_CACHE_DIR=f"{caches}/pocl")
            failed = ask(args, everything, file)
    for name, rows in everything.items():
        if name in QUESTIONS and rows:
            draw(name, rows)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
