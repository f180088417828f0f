#!/usr/bin/env python3
"""How speed and memory grow with picture size, batch, cores and depth:  bench/growth.py --fovea build/apps/fovea

Runs `fovea bench` for each point, every measurement a process of its own, and writes bench/results/growth.json and one
SVG a question, readable on light and dark pages. Needs nothing but Python.
"""
import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys

RESULTS = pathlib.Path(__file__).resolve().parent / "results"

# Question: its title, what grows, the values, and the options of `fovea bench` that stay.
QUESTIONS = {
    "size_detect": ("Detection, R50", "size", [256, 400, 600, 800, 1066, 1333],
                    ["--work", "detect", "--backbone", "resnet50"]),
    "size_step": ("Training step, R50, batch 1", "size", [256, 400, 600, 800, 1066, 1333],
                  ["--work", "step", "--backbone", "resnet50", "--batch", "1"]),
    "batch": ("Training step, R18, 320 px", "batch", [1, 2, 4, 8, 16],
              ["--work", "step", "--backbone", "resnet18", "--size", "320"]),
    "cores": ("Detection, R50, 600 px", "cores", [1, 2], ["--work", "detect", "--backbone", "resnet50", "--size", "600"]),
    "depth_detect": ("Detection, 600 px", "backbone", ["resnet18", "resnet34", "resnet50", "resnet101"],
                     ["--work", "detect", "--size", "600"]),
    "depth_step": ("Training step, 600 px, batch 2", "backbone", ["resnet18", "resnet34", "resnet50", "resnet101"],
                   ["--work", "step", "--size", "600", "--batch", "2"]),
}
AXES = {"size": "side of the picture, pixels", "batch": "pictures in a step", "cores": "cores", "backbone": ""}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fovea", required=True, help="the command")
    parser.add_argument("--device", action="append", required=True, help="as fovea's --device; may be repeated")
    parser.add_argument("--runs", type=int, default=3, help="timed runs of a point (3)")
    parser.add_argument("--only", help="only questions whose name holds this text")
    parser.add_argument("--draw", action="store_true", help="measure nothing, draw growth.json again")
    return parser.parse_args()


def measure(args, device, grows, value, options):
    command = [args.fovea, "bench", *options, "--device", device, "--runs", str(args.runs), "--json", "-"]
    if grows == "cores":
        command = ["taskset", "-c", f"0-{value - 1}", *command]
    else:
        command += [f"--{grows}", str(value)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}")
    row = json.loads(done.stdout)["rows"][0]
    print(f"{row['device'][:24]:24} {' '.join(options)} {grows} {value}: {row['ms_per_image']:.0f} ms, "
          f"{row['process_memory_mib']:.0f} MiB", file=sys.stderr, flush=True)
    return {"x": value, "device": row["device"], "driver": row["driver"], "ms": row["ms_per_image"],
            "mib": row["process_memory_mib"], "gflops": row["gflops"]}


def machine():
    names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=RESULTS.parent, stdout=subprocess.PIPE, text=True)
    return {"machine": f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores, {platform.system()}",
            "commit": commit.stdout.strip()}


# ---- drawing: two panels, time above and memory below, a line a device ----

STYLE = """<style>text{font:12px sans-serif;fill:#333}.t{font-size:14px}path,line{fill:none;stroke:#999}
.a{stroke:#0072b2;stroke-width:2}.b{stroke:#d55e00;stroke-width:2;stroke-dasharray:6 3}circle.a{fill:#0072b2}
circle.b{fill:#d55e00}@media(prefers-color-scheme:dark){text{fill:#ddd}path,line{stroke:#666}.a{stroke:#56b4e9}
circle.a{fill:#56b4e9}.b{stroke:#e69f00}circle.b{fill:#e69f00}}</style>"""
LEFT, WIDTH, HEIGHT = 60, 420, 150


def step_of(largest):
    """A round distance between marks that makes four or five of them."""
    power = 10 ** len(str(int(largest))) / 1000
    return next(power * m for m in (1, 2, 5, 10, 20, 50, 100, 200, 500) if largest / (power * m) <= 5)


def places(grows, values):
    """Where the values lie along the axis, 0 to 1: numbers from zero on, names in equal steps."""
    if grows == "backbone":
        return {v: (i + .5) / len(values) for i, v in enumerate(values)}
    return {v: v / (max(values) * 1.05) for v in values}


def panel(top, key, unit, lines, at):
    largest = max(point[key] for points in lines.values() for point in points) * 1.08
    out, step = [], step_of(largest)
    for i in range(int(largest / step) + 1):
        y = top + HEIGHT - HEIGHT * i * step / largest
        out.append(f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y:.1f}" y2="{y:.1f}" opacity=".4"/>'
                   f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{i * step:g}</text>')
    out.append(f'<text x="{LEFT}" y="{top - 8}">{unit}</text>')
    for look, points in zip("ab", lines.values()):
        spots = [(LEFT + WIDTH * at[p["x"]], top + HEIGHT - HEIGHT * p[key] / largest) for p in points]
        out.append(f'<path class="{look}" d="M' + " L".join(f"{x:.1f} {y:.1f}" for x, y in spots) + '"/>')
        out += [f'<circle class="{look}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in spots]
    return "".join(out)


def draw(name, rows, about):
    title, grows, values, _ = QUESTIONS[name]
    lines = {}
    for row in rows:
        lines.setdefault(row["device"].split(":")[0], []).append(row)
    at, bottom = places(grows, values), 60 + 2 * HEIGHT + 40
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 520 {bottom + 76}" width="520">{STYLE}',
           f'<title>{title}</title><text class="t" x="{LEFT}" y="20">{title}</text>',
           panel(50, "ms", "milliseconds a picture", lines, at),
           panel(90 + HEIGHT, "mib", "peak resident memory, MiB", lines, at)]
    for value in values:
        out.append(f'<text x="{LEFT + WIDTH * at[value]:.1f}" y="{bottom + 8}" text-anchor="middle">{value}</text>')
    out.append(f'<text x="{LEFT + WIDTH / 2}" y="{bottom + 26}" text-anchor="middle">{AXES[grows]}</text>')
    for i, (look, device) in enumerate(zip("ab", lines)):
        x = LEFT + 220 * i
        out.append(f'<line class="{look}" x1="{x}" x2="{x + 24}" y1="{bottom + 44}" y2="{bottom + 44}"/>'
                   f'<text x="{x + 30}" y="{bottom + 48}">{device}</text>')
    out.append(f'<text x="{LEFT}" y="{bottom + 68}" opacity=".7">{about["machine"]}; commit {about["commit"]}</text></svg>')
    (RESULTS / f"growth_{name}.svg").write_text("\n".join(out) + "\n")


def main():
    args = arguments()
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / "growth.json"
    everything = json.loads(file.read_text()) if file.exists() else {"questions": {}}
    for name, (_, grows, values, options) in QUESTIONS.items():
        if args.draw or (args.only and args.only not in name):
            continue
        everything["questions"][name] = [measure(args, device, grows, value, options)
                                         for device in args.device for value in values]
        everything.update(machine())
        file.write_text(json.dumps(everything, indent=1) + "\n")
    for name, rows in everything["questions"].items():
        draw(name, rows, everything)


if __name__ == "__main__":
    main()
