#!/usr/bin/env python3
"""Holds the fovea command to an installed torchvision, in both directions, on random weights and pictures.

  pip install torch torchvision numpy safetensors pillow
  tests/golden/compare_torchvision.py [--fovea build/apps/fovea] [--seeds 3] [--depths 18,50]

For each depth and seed: a torchvision RetinaNet's state_dict is saved by safetensors and run by 'fovea detect'; its boxes
must be torchvision's (class; .01 px or 2e-5 of the box's side; score 1e-5). Then 'fovea train' takes a step from that file,
and what it saves must load into torchvision with strict=True and find there what 'fovea detect' finds. Last, a new model of
each depth (profile paper, trained batch norm, P6 from C5) must load with strict=True too.

The same for retinanet_resnet50_fpn_v2 (group norm in the heads, P6 from C5, GIoU, batch norm that trains). There the step is
also torch's own: 'fovea train' must find its losses, and in the file its weights and running statistics, each tensor's change
within 1 % of torch's.

Where a decision lay within rounding (suppression, score limit, top k), one box more or less says nothing: such pictures
are counted apart, with the margin. Exits 1 where anything else differs.
"""
import argparse
import json
import math
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torchvision.models.detection import retinanet_resnet50_fpn_v2
from torchvision.ops import boxes as box_ops

from make_golden import CLASSES, Margins, build, set_parameters, watch_suppression

SIZE, MAX_SIZE = 160, 240
FIRST_SEED = 1000  # of the weights: others than the golden files'


def make_pictures(folder, seed):
    """Two JPEGs of coloured boxes on noise, decoded without loss of the comparison: no chroma subsampling."""
    rng = np.random.default_rng(seed)
    paths = []
    for n in range(2):
        height, width = (int(v) for v in rng.integers(60, 400, 2))
        pixels = rng.integers(0, 256, (height, width, 3)) * 0.3 + 90
        for _ in range(6):
            x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
            pixels[y:y + int(rng.integers(8, 120)), x:x + int(rng.integers(8, 120))] = rng.integers(0, 256, 3)
        paths.append(os.path.join(folder, f"{n}.jpg"))
        Image.fromarray(pixels.astype(np.uint8)).save(paths[-1], quality=95, subsampling=0)
    return paths


def make_data_set(folder, paths):
    images, annotations = [], []
    for n, path in enumerate(paths):
        width, height = Image.open(path).size
        images.append({"id": n, "file_name": os.path.basename(path), "width": width, "height": height})
        annotations.append({"id": n, "image_id": n, "category_id": 1 + n, "iscrowd": 0, "area": width * height / 4,
                            "bbox": [width / 4, height / 4, width / 2, height / 2]})
    path = os.path.join(folder, "train.json")
    with open(path, "w") as out:
        json.dump({"images": images, "annotations": annotations,
                   "categories": [{"id": 1 + k, "name": f"class {k}"} for k in range(CLASSES - 1)]}, out)
    return path


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def fovea_boxes(fovea, model, path):
    rows = json.loads(run([fovea, "detect", "--model", model, "--min-score", "0.05", "--size", str(SIZE), "--max-size",
                           str(MAX_SIZE), "--json", "-", path]))[0]["boxes"]
    return [(r["category_id"], r["score"], np.array([r["x0"], r["y0"], r["x1"], r["y1"]])) for r in rows]


def torch_boxes(model, path):
    """Boxes of the objects' classes, and the smallest margin of any decision."""
    margins, seen = Margins(), {}
    hook = model.head.register_forward_hook(lambda module, args, out: seen.update(features=args[0], head=out))
    original = watch_suppression(margins)
    try:
        image = read_picture(path)
        with torch.no_grad():
            found = model([image])[0]
    finally:
        box_ops.batched_nms = original
        hook.remove()
    for part in seen["head"]["cls_logits"].split([9 * f.shape[2] * f.shape[3] for f in seen["features"]], dim=1):
        scores = torch.sigmoid(part).flatten().sort(descending=True).values
        margins.add("score", scores - 0.05)
        if scores.numel() > 1000 and scores[1000] > 0.05:
            margins.add("top k", scores[999] - scores[1000])
    rows = [(int(k), float(s), b.numpy().astype(float))
            for b, s, k in zip(found["boxes"], found["scores"], found["labels"]) if k > 0]
    decisions = [v for what, v in margins.smallest.items() if what != "score order"]
    return rows, min(decisions, default=math.inf)


class Report:
    def __init__(self):
        self.pictures = self.boxes = self.close_calls = self.failures = 0
        self.pixels = self.score = 0.0

    def compare(self, what, got, want, margin):
        """Pairs each of torchvision's boxes with one of fovea's; counts what is left on either side."""
        left, unmatched = list(got), 0
        for label, score, box in want:
            limit = max(0.01, 2e-5 * max(box[2] - box[0], box[3] - box[1]))
            near = [(np.abs(g[2] - box).max(), i) for i, g in enumerate(left)
                    if g[0] == label and abs(g[1] - score) <= 1e-5 and np.abs(g[2] - box).max() <= limit]
            if not near:
                unmatched += 1
                continue
            distance, i = min(near)
            self.pixels, self.score = max(self.pixels, distance), max(self.score, abs(left[i][1] - score))
            left.pop(i)
        self.pictures, self.boxes = self.pictures + 1, self.boxes + len(want)
        verdict = "same"
        if unmatched or left:
            close = margin < 1e-5
            self.close_calls, self.failures = self.close_calls + close, self.failures + (not close)
            verdict = (f"{'a close call' if close else 'DIFFERENT'}: {unmatched} only torchvision's, {len(left)} only "
                       f"fovea's")
        print(f"{what}: {len(want)} boxes, {verdict} (margin {margin:.1e})", flush=True)

    def load_strict(self, what, model, path):
        """Strict as load_state_dict is; says which keys differ."""
        try:
            model.load_state_dict(load_file(path), strict=True)
            print(f"{what}: loads with strict=True", flush=True)
        except RuntimeError as error:
            self.failures += 1
            print(f"{what}: {error}", flush=True)


def read_picture(path):
    return torch.from_numpy(np.array(Image.open(path).convert("RGB"))).permute(2, 0, 1).float() / 255


def train_one_step(fovea, folder, name, annotations, options):
    out = os.path.join(folder, name)
    run([fovea, "train", "--images", folder, "--annotations", annotations, "--out", out, "--steps", "1", "--batch", "2",
         "--size", str(SIZE), "--max-size", str(MAX_SIZE), *options])
    return os.path.join(out, "model.safetensors")


def both_ways(report, fovea, depth, seed, folder):
    what = f"ResNet-{depth}, seed {seed}"
    model = build(depth, SIZE, MAX_SIZE)
    set_parameters(model, depth, FIRST_SEED + seed)
    model.eval()
    weights = os.path.join(folder, "torchvision.safetensors")
    save_file(model.state_dict(), weights)
    paths = make_pictures(folder, seed)
    for n, path in enumerate(paths):
        report.compare(f"{what}, picture {n}", fovea_boxes(fovea, weights, path), *torch_boxes(model, path))
    annotations = make_data_set(folder, paths)
    saved = train_one_step(fovea, folder, "run", annotations, ["--backbone", f"resnet{depth}", "--weights", weights,
                                                                "--profile", "torchvision", "--lr", "1e-3"])
    report.load_strict(f"{what}, trained by fovea", model, saved)
    for n, path in enumerate(paths):
        report.compare(f"{what}, trained by fovea, picture {n}", fovea_boxes(fovea, saved, path),
                       *torch_boxes(model, path))
    return paths, annotations


RATE = 0.05


def torch_step(model, paths):
    """One step of SGD as 'fovea train' takes it; the model is left with its weights. Returns the two losses."""
    images, targets = [], []
    for n, path in enumerate(paths):
        images.append(read_picture(path))
        width, height = Image.open(path).size
        targets.append({"boxes": torch.tensor([[width / 4, height / 4, width * 3 / 4, height * 3 / 4]]),
                        "labels": torch.tensor([1 + n])})
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=0.9, weight_decay=1e-4)
    losses = model(images, targets)
    sum(losses.values()).backward()
    optimizer.step()
    model.eval()
    return losses["classification"].item(), losses["bbox_regression"].item()


def compare_steps(report, what, before, model, saved, losses, log):
    with open(log) as lines:
        line = json.loads(lines.readline())
    worst = max((abs(line[key] - want) / want, key) for key, want in zip(("class_loss", "box_loss"), losses))
    got, want = load_file(saved), model.state_dict()
    for name in want:
        start = before[name].double()
        change, error = (want[name].double() - start).norm(), (got[name].double() - want[name].double()).norm()
        rounding = 2.0**-23 * start.norm()  # of weights to float32, on either side
        worst = max(worst, (float((error - rounding) / (change + 1e-30)), name))
    report.failures += not worst[0] < 0.01
    print(f"{what}, a step of both: losses {losses[0]:.6f} {losses[1]:.6f}, the largest deviation is {worst[0]:.1e} "
          f"({worst[1]})", flush=True)


def v2_both_ways(report, fovea, seed, folder):
    what = f"v2, seed {seed}"
    model = retinanet_resnet50_fpn_v2(weights=None, weights_backbone=None, num_classes=CLASSES, min_size=SIZE,
                                      max_size=MAX_SIZE)
    set_parameters(model, 50, FIRST_SEED + seed)
    model.eval()
    weights = os.path.join(folder, "torchvision.safetensors")
    save_file(model.state_dict(), weights)
    before = load_file(weights)
    paths = make_pictures(folder, seed)
    for n, path in enumerate(paths):
        report.compare(f"{what}, picture {n}", fovea_boxes(fovea, weights, path), *torch_boxes(model, path))
    annotations = make_data_set(folder, paths)
    losses = torch_step(model, paths)
    kind = ["--profile", "torchvision", "--head-norm", "group"]
    saved = train_one_step(fovea, folder, "run", annotations, [*kind, "--weights", weights, "--norm", "batch",
                                                                "--box-loss", "giou", "--lr", str(RATE), "--warmup", "0",
                                                                "--clip", "0", "--flip", "0"])
    compare_steps(report, what, before, model, saved, losses, os.path.join(folder, "run", "log.jsonl"))
    report.load_strict(f"{what}, trained by fovea", model, saved)
    for n, path in enumerate(paths):
        report.compare(f"{what}, trained by fovea, picture {n}", fovea_boxes(fovea, saved, path),
                       *torch_boxes(model, path))
    if seed == 0:
        report.load_strict("v2, new", model, train_one_step(fovea, folder, "new", annotations, kind))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fovea", default=os.path.join(os.path.dirname(__file__), "..", "..", "build", "apps", "fovea"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--depths", default="18,50")
    parser.add_argument("--v2-seeds", type=int, default=3)
    options = parser.parse_args()
    report = Report()
    for depth in (int(d) for d in options.depths.split(",")):
        for seed in range(options.seeds):
            with tempfile.TemporaryDirectory() as folder:
                _, annotations = both_ways(report, options.fovea, depth, seed, folder)
                if seed == 0:
                    saved = train_one_step(options.fovea, folder, "new", annotations, ["--backbone", f"resnet{depth}"])
                    report.load_strict(f"ResNet-{depth}, new", build(
                        depth, SIZE, MAX_SIZE, classes=CLASSES - 1, norm=torch.nn.BatchNorm2d,
                        p6_channels=512 if depth < 50 else 2048), saved)
    for seed in range(options.v2_seeds):
        with tempfile.TemporaryDirectory() as folder:
            v2_both_ways(report, options.fovea, seed, folder)
    print(f"{report.pictures} pictures, {report.boxes} boxes: boxes within {report.pixels:.2e} px, scores within "
          f"{report.score:.2e}; {report.close_calls} close calls, {report.failures} failures")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
