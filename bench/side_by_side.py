#!/usr/bin/env python3
"""fovea and PyTorch in turns on the same machine; run by bench/side_by_side.sh.

Prints a table in Markdown: PyTorch's median, and for every OpenCL device fovea's median and its ratio to PyTorch's, the
median of the ratios of single rounds. Below 1 fovea is faster, or smaller.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent

# What is timed: name, mode, options of both programs, what fovea should reach.
ROWS = [
    ("detect, R50, 600 px", "detect", ["--backbone", "resnet50", "--size", "600"], .50),
    ("step, R50, 600 px, batch 2", "step", ["--backbone", "resnet50", "--size", "600", "--batch", "2"], .60),
    ("step, R18, 320 px, batch 4", "step", ["--backbone", "resnet18", "--size", "320", "--batch", "4"], .60),
]
MEMORY_GOALS = {"detect": .6, "step": .8}
START_GOALS = {"first": 15.0, "later": 1.0}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fovea", required=True, help="the command")
    parser.add_argument("--device", action="append", help="as fovea's --device; may be repeated (every device)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of every row (5)")
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each turn (5)")
    parser.add_argument("--only", help="only rows whose name holds this text")
    parser.add_argument("--train", metavar="DIR", help="also train R18 on DIR (images/, train.json, val.json), batch 4, "
                        "240 x 320, ten epochs")
    parser.add_argument("--weights", help="the backbone's weights for --train, safetensors")
    parser.add_argument("--json", help="write everything measured to this file")
    return parser.parse_args()


def last_json(command, **environment):
    done = subprocess.run(command, env=dict(os.environ, **environment), stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1]) if command[0] == sys.executable else json.loads(done.stdout)


def devices(args):
    listed = last_json([args.fovea, "devices", "--json", "-"])
    rows = listed["devices"] if isinstance(listed, dict) else listed
    return args.device or [str(i) for i in range(len(rows))]


def torch(mode, options, args):
    return last_json([sys.executable, HERE / "torch_peer.py", mode, *options, "--runs", str(args.runs)])


def fovea(mode, options, args, device):
    command = [args.fovea, "bench", "--work", mode, *options, "--runs", str(args.runs), "--device", device, "--json", "-"]
    row = last_json(command)["rows"][0]
    if not row.get("verified", False):
        sys.exit(f"{row['device']}: results are wrong or missing: {row}")
    return {"device": row["device"], "ms_per_image": row["ms_per_image"], "memory_mib": row["process_memory_mib"]}


def show(name, unit, peer, ours, goal):
    """One line of the table from a list of PyTorch's values and a list a device of fovea's."""
    cells = [f"{statistics.median(peer):.0f} {unit}"]
    for values in ours.values():
        ratio = statistics.median(o / p for o, p in zip(values, peer))
        cells.append(f"{statistics.median(values):.0f} {unit} · {ratio:.2f}")
    print(f"| {name} | " + " | ".join(cells) + f" | {goal:.2f} |", flush=True)


def heading(names):
    print("| work, a picture | PyTorch | " + " | ".join(names) + " | to reach |")
    print("|---|---|" + "---|" * len(names) + "---|", flush=True)


def compare(args, everything):
    asked = devices(args)
    names = None
    for name, mode, options, goal in ROWS:
        if args.only and args.only not in name:
            continue
        for device in asked: # fills the caches of built kernels, so that every turn is a later one
            fovea(mode, [*options, "--runs", "1"], args, device)
        peer, ours = [], {device: [] for device in asked}
        for _ in range(args.rounds):
            peer.append(torch(mode, options, args))
            for device in asked:
                ours[device].append(fovea(mode, options, args, device))
        everything[name] = {"torch": peer, "fovea": ours}
        if names is None:
            names = [rows[0]["device"] for rows in ours.values()]
            heading(names)
        for what, unit, goal_of in (("ms_per_image", "ms", goal), ("memory_mib", "MiB", MEMORY_GOALS[mode])):
            show(name if unit == "ms" else f"{name}: peak memory", unit, [row[what] for row in peer],
                 {device: [row[what] for row in rows] for device, rows in ours.items()}, goal_of)


def seconds_of(command, environment):
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stderr}")
    return time.perf_counter() - start


def start_up(args, everything):
    """The first `fovea detect` ever, and a later one less the time of its picture."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        seconds_of([args.fovea, "synth", "--out", folder / "data", "--train", "2", "--val", "1", "--new", "1",
                    "--size", "600x600"], os.environ)
        pictures = sorted((folder / "data" / "images").glob("train_*.jpg"))
        for device in devices(args):
            # Kernels are cached by fovea and by some runtimes: both begin with nothing.
            fresh = dict(os.environ, XDG_CACHE_HOME=str(folder / "cache"), POCL_CACHE_DIR=str(folder / "pocl"))
            model = folder / f"run{device}" / "last.safetensors"
            seconds_of([args.fovea, "train", "--images", folder / "data" / "images", "--annotations",
                        folder / "data" / "train.json", "--out", model.parent, "--steps", "1", "--batch", "1",
                        "--size", "64", "--device", device], os.environ)
            detect = [args.fovea, "detect", "--model", model, "--device", device, "--size", "600"]
            first = seconds_of([*detect, pictures[0]], fresh)
            later = statistics.median(2 * seconds_of([*detect, pictures[0]], fresh) - seconds_of([*detect, *pictures], fresh)
                                      for _ in range(args.rounds))
            everything[f"start {device}"] = {"first": first, "later": later}
            print(f"device {device}: first detection ever {first:.1f} s (at most {START_GOALS['first']:.0f}), a later start "
                  f"{later:.2f} s (at most {START_GOALS['later']:.1f})", flush=True)


def train(args, everything):
    options = ["--backbone", "resnet18", "--epochs", "10", "--batch", "4", "--lr", ".005"]
    options += ["--weights", args.weights] if args.weights else []
    peer = last_json([sys.executable, HERE / "torch_peer.py", "train", "--data", args.train, "--size", "240",
                      "--max-size", "320", *options])
    everything["training"] = {"torch": peer}
    print(f"training, PyTorch: {peer['seconds']:.0f} s, AP {peer['AP']:.3f}, AP50 {peer['AP50']:.3f}", flush=True)
    for device in devices(args):
        with tempfile.TemporaryDirectory() as folder:
            model = pathlib.Path(folder) / "run" / "model.safetensors"
            start = time.perf_counter()
            seconds = seconds_of([args.fovea, "train", "--images", f"{args.train}/images", "--annotations",
                                  f"{args.train}/train.json", "--out", model.parent, "--size", "240", "--max-size", "320",
                                  "--device", device, *options], os.environ)
            judged = last_json([args.fovea, "evaluate", "--model", model, "--images", f"{args.train}/images", "--annotations",
                                f"{args.train}/val.json", "--device", device, "--json", "-"])
        everything["training"][device] = {"seconds": seconds, "AP": judged["AP"], "AP50": judged["AP50"]}
        print(f"training, device {device}: {seconds:.0f} s, {seconds / peer['seconds']:.2f} of PyTorch's, AP "
              f"{judged['AP']:.3f}, AP50 {judged['AP50']:.3f}", flush=True)


def main():
    args, everything = arguments(), {}
    compare(args, everything)
    if not args.only or "start" in args.only:
        start_up(args, everything)
    if args.train:
        train(args, everything)
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(everything, indent=1) + "\n")


if __name__ == "__main__":
    main()
