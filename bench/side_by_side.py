#!/usr/bin/env python3
"""fovea and PyTorch in turns on the same machine; run by bench/side_by_side.sh.

Prints a table in Markdown: PyTorch's median, and for every OpenCL device fovea's median and its ratio to PyTorch's, the
median of the ratios of single rounds. Below 1 fovea is faster, or smaller. Algorithms are chosen by the rule: caches are
the run's own, and nothing was tuned in them. Every measurement is a process of its own, once the caches hold its kernels.
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
STEP_MEMORY_GOAL = .8


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
    parser.add_argument("--channels-last", action="store_true", help="PyTorch keeps its tensors as NHWC")
    parser.add_argument("--json", help="write everything measured to this file")
    return parser.parse_args()


def last_json(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1]) if command[0] == sys.executable else json.loads(done.stdout)


def devices(args):
    listed = last_json([args.fovea, "devices", "--json", "-"])
    rows = listed["devices"] if isinstance(listed, dict) else listed
    return args.device or [str(i) for i in range(len(rows))]


def torch(mode, options, args):
    layout = ["--channels-last"] if args.channels_last else []
    return last_json([sys.executable, HERE / "torch_peer.py", mode, *options, *layout, "--runs", str(args.runs)])


def fovea(mode, options, args, device, verify=False):
    command = [args.fovea, "bench", "--work", mode, *options, "--runs", str(args.runs), "--device", device, "--json", "-"]
    row = last_json(command if verify else [*command, "--unverified"])["rows"][0]
    if verify and not row["verified"]:
        sys.exit(f"{row['device']}: results are wrong or missing: {row}")
    return {"device": row["device"], "ms_per_image": row["ms_per_image"], "memory_mib": row["process_memory_mib"]}


def show(name, unit, peer, ours, goal):
    """One line of the table from a list of PyTorch's values and a list a device of fovea's."""
    cells = [f"{statistics.median(peer):.0f} {unit}"]
    for values in ours.values():
        ratio = statistics.median(o / p for o, p in zip(values, peer))
        cells.append(f"{statistics.median(values):.0f} {unit} · {ratio:.2f}")
    print(f"| {name} | " + " | ".join(cells) + f" | {goal:.2f} |", flush=True)


def heading(names, peer):
    print(f"| work, a picture | PyTorch {peer['torch']}, {peer['threads']} threads | " + " | ".join(names) + " | to reach |")
    print("|---|---|" + "---|" * len(names) + "---|", flush=True)


def compare(args, everything):
    asked = devices(args)
    names = None
    for name, mode, options, goal in ROWS:
        if args.only and args.only not in name:
            continue
        for device in asked:  # holds the results to known ones, and builds the kernels
            fovea(mode, options, args, device, verify=True)
        peer, ours = [], {device: [] for device in asked}
        for _ in range(args.rounds):
            peer.append(torch(mode, options, args))
            for device in asked:
                ours[device].append(fovea(mode, options, args, device))
        everything[name] = {"torch": peer, "fovea": ours}
        if names is None:
            names = [rows[0]["device"] for rows in ours.values()]
            heading(names, peer[0])
        for what, unit, goal_of in (("ms_per_image", "ms", goal), ("memory_mib", "MiB", STEP_MEMORY_GOAL)):
            if unit == "ms" or mode == "step":  # detection's memory is that of `fovea detect`
                show(name if unit == "ms" else f"{name}: peak memory", unit, [row[what] for row in peer],
                     {device: [row[what] for row in rows] for device, rows in ours.items()}, goal_of)


def run(command, environment=None):
    """Seconds and largest resident MiB of a process."""
    with tempfile.TemporaryFile("w+") as told:
        start = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=told)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        if status:
            told.seek(0)
            sys.exit(f"{' '.join(map(str, command))}: status {status}\n{told.read()}")
    return seconds, usage.ru_maxrss / 1024


def two_pictures(args, folder):
    """Two drawn pictures of 600 x 600, and annotations of 80 classes to make a model of."""
    run([args.fovea, "synth", "--out", folder, "--train", "2", "--val", "1", "--new", "1", "--size", "600x600"])
    annotations = folder / "train.json"
    content = json.loads(annotations.read_text())
    content["categories"] += [{"id": i, "name": str(i)} for i in range(len(content["categories"]) + 1, 81)]
    annotations.write_text(json.dumps(content))
    return annotations, sorted((folder / "images").glob("train_*.jpg"))


def start_up(args, everything):
    """`fovea detect` with empty caches; a later one less the time of its picture; the memory of a later one."""
    peer = torch(*ROWS[0][1:3], args)["memory_mib"]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        annotations, pictures = two_pictures(args, folder / "data")
        for device in devices(args):
            # Kernels are cached by fovea and by some runtimes: all begin with nothing.
            fresh = dict(os.environ, **caches_in(folder / f"caches{device}"))
            model = folder / f"run{device}" / "last.safetensors"
            run([args.fovea, "train", "--images", annotations.parent / "images", "--annotations", annotations,
                 "--out", model.parent, "--steps", "1", "--batch", "1", "--size", "64", "--profile", "torchvision",
                 "--no-tune", "--device", device])
            detect = [args.fovea, "detect", "--model", model, "--device", device, "--size", "600"]
            first, _ = run([*detect, pictures[0]], fresh)
            turns = [(*run([*detect, pictures[0]], fresh), run([*detect, *pictures], fresh)[0]) for _ in range(args.rounds)]
            later = statistics.median(2 * one - two for one, _, two in turns)
            memory = statistics.median(mib for _, mib, _ in turns)
            everything[f"start {device}"] = {"first": first, "later": later, "memory_mib": memory, "torch_mib": peer}
            print(f"device {device}, fovea detect, R50, 600 px: first ever {first:.1f} s (at most 15), a later start "
                  f"{later:.2f} s (at most 1.0), peak memory {memory:.0f} MiB, {memory / peer:.2f} (at most .6) of "
                  f"PyTorch's {peer:.0f}", flush=True)


def train(args, everything):
    """Fovea's seconds are those of its process, PyTorch's those of its steps alone."""
    options = ["--backbone", "resnet18", "--epochs", "10", "--batch", "4", "--lr", ".005"]
    options += ["--weights", args.weights] if args.weights else []
    peer = last_json([sys.executable, HERE / "torch_peer.py", "train", "--data", args.train, "--size", "240",
                      "--max-size", "320", *options])
    everything["training"] = {"torch": peer}
    print(f"training, PyTorch: {peer['seconds']:.0f} s, AP {peer['AP']:.3f}, AP50 {peer['AP50']:.3f}", flush=True)
    for device in devices(args):
        with tempfile.TemporaryDirectory() as folder:
            model = pathlib.Path(folder) / "run" / "model.safetensors"
            seconds, _ = run([args.fovea, "train", "--images", f"{args.train}/images", "--annotations",
                              f"{args.train}/train.json", "--out", model.parent, "--size", "240", "--max-size", "320",
                              "--no-tune", "--device", device, *options])
            judged = last_json([args.fovea, "evaluate", "--model", model, "--images", f"{args.train}/images", "--annotations",
                                f"{args.train}/val.json", "--device", device, "--json", "-"])
        everything["training"][device] = {"seconds": seconds, "AP": judged["AP"], "AP50": judged["AP50"]}
        print(f"training, device {device}: {seconds:.0f} s, {seconds / peer['seconds']:.2f} of PyTorch's, AP "
              f"{judged['AP']:.3f}, AP50 {judged['AP50']:.3f}", flush=True)


def measure(args, everything):
    compare(args, everything)
    if not args.only or "start" in args.only:
        start_up(args, everything)
    if args.train:
        train(args, everything)


def caches_in(folder):
    """The environment variables that keep what programs and runtimes build in a folder."""
    return {"XDG_CACHE_HOME": f"{folder}/cache", "POCL_CACHE_DIR": f"{folder}/pocl", "CUDA_CACHE_PATH": f"{folder}/cuda"}


def main():
    args, everything = arguments(), {}
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(caches_in(folder))
        try:
            measure(args, everything)
        finally:
            if args.json:
                pathlib.Path(args.json).write_text(json.dumps(everything, indent=1) + "\n")


if __name__ == "__main__":
    main()
