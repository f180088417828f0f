#!/usr/bin/env python3
"""Holds what 'fovea export' writes to the fovea command: both on the same pictures.

  pip install onnx onnxruntime numpy pillow
  tests/golden/compare_onnx.py [--fovea build/apps/fovea] [--data ../shared/data] [--model FILE]... [--quick]

For each model (those named, and ones of random weights: profiles, backbones, anchors, sizes): the file must pass
onnx.checker with its shapes inferred, and onnxruntime must find in pictures of many shapes what 'fovea detect' finds: the
same classes, boxes within .01 px, scores within 1e-5, in the same order but for scores nearer than that. Of --raw files,
boxes made by numpy from logits, codes and anchors must be among those of the whole graph, for two pictures at once.

Where a decision lay within rounding (suppression, score limit, order), one box more or less says nothing: such a box is
counted apart, if a little more or less overlap or score makes onnxruntime itself decide otherwise, or if the box that
is there in its stead scores the same. Exits 1 where anything else differs. --quick: narrow networks alone.
"""
import argparse
import glob
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from PIL import Image

PIXELS, SCORE = 0.01, 1e-5
NUDGE = 2e-5  # of overlap and score: what turns a decision that lies within rounding
SHAPES = [(2, 3), (1, 90), (480, 640), (97, 201), (333, 250), (900, 60)]  # height, width

NARROW = ["--width", "16", "--channels", "32", "--head-depth", "2"]
QUICK = [
    ("narrow ResNet-18, paper, 2 x 1 anchors",
     ["--backbone", "resnet18", *NARROW, "--anchor-scales", "2", "--anchor-ratios", "1", "--size", "200"]),
    ("narrow ResNet-50, torchvision",
     ["--backbone", "resnet50", *NARROW, "--profile", "torchvision", "--size", "160", "--max-size", "200"]),
    ("narrow ResNet-18, group norm in the heads",
     ["--backbone", "resnet18", *NARROW, "--channels", "64", "--head-norm", "group", "--size", "160"]),
]
WHOLE = [
    ("ResNet-50, paper", ["--backbone", "resnet50", "--size", "320"]),
    ("ResNet-50, torchvision", ["--backbone", "resnet50", "--profile", "torchvision", "--size", "320"]),
    ("ResNet-18, paper, 1 x 3 anchors", ["--backbone", "resnet18", "--anchor-scales", "1", "--size", "256"]),
    ("ResNet-34, torchvision, 4 x 1 anchors", ["--backbone", "resnet34", "--profile", "torchvision",
                                               "--anchor-scales", "4", "--anchor-ratios", "1", "--size", "224"]),
    ("ResNet-101, paper", ["--backbone", "resnet101", "--channels", "64", "--size", "192"]),
]


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


# ---- models and pictures ---------------------------------------------------------------------------------------------


def random_values(name, shape, rng):
    """Activations neither explode nor vanish, and the classes' scores are spread."""
    signed = 2 * rng.random(shape) - 1
    if len(shape) == 4:
        gain = {"cls_logits": 8, "bbox_reg": 0.4, "extra_blocks": 3, "fpn": 0.5}
        gain = next((g for part, g in gain.items() if part in name), 6)
        return signed * np.sqrt(gain / np.prod(shape[1:]))
    if name.endswith("running_var"):
        return 1 + 0.5 * signed
    if name.startswith("head") and ".conv." in name and name.endswith("weight"):
        return 1 + 0.5 * signed  # group norm
    if name.startswith("backbone.body") and name.endswith("weight"):
        return (0.2 if "bn3" in name or "bn2" in name else 1) * (1 + 0.5 * signed)
    return signed * 0.1 - (4 if "cls_logits" in name else 0)


def randomize(source, target, seed):
    """A copy of a safetensors file with random weights."""
    rng = np.random.default_rng(seed)
    with open(source, "rb") as file:
        data = bytearray(file.read())
    start = 8 + int.from_bytes(data[:8], "little")
    for name, entry in json.loads(data[8:start]).items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            first, end = (start + offset for offset in entry["data_offsets"])
            data[first:end] = random_values(name, tuple(entry["shape"]), rng).astype("<f4").tobytes()
    with open(target, "wb") as file:
        file.write(data)


def make_model(fovea, folder, options, seed):
    """A model of random weights, of the kind that 'fovea train' makes with these options."""
    shapes, made = os.path.join(folder, "shapes"), tempfile.mkdtemp(dir=folder)
    if not os.path.exists(shapes):
        run([fovea, "synth", "--out", shapes, "--train", "2", "--val", "1", "--new", "0", "--size", "96x96"])
    run([fovea, "train", "--images", os.path.join(shapes, "images"), "--annotations", os.path.join(shapes, "train.json"),
         "--out", os.path.join(made, "run"), "--steps", "1", "--batch", "1", "--no-tune", *options])
    path = os.path.join(made, "model.safetensors")
    randomize(os.path.join(made, "run", "model.safetensors"), path, seed)
    return path


def make_pictures(folder, data):
    """Coloured boxes on noise, and photographs; as PNG, which everyone decodes to the same."""
    rng = np.random.default_rng(1)
    paths = []
    for height, width in SHAPES:
        pixels = rng.integers(0, 256, (height, width, 3)) * 0.3 + 90
        for _ in range(6 if height * width > 100 else 0):
            x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
            pixels[y:y + int(rng.integers(8, 120)), x:x + int(rng.integers(8, 120))] = rng.integers(0, 256, 3)
        paths.append(os.path.join(folder, f"{height}x{width}.png"))
        Image.fromarray(pixels.astype(np.uint8)).save(paths[-1])
    for name in ("bccd", "chess"):
        for path in sorted(glob.glob(os.path.join(data, name, "images", "*")))[:2]:
            paths.append(os.path.join(folder, f"{name}_{os.path.basename(path)}.png"))
            Image.open(path).convert("RGB").save(paths[-1])
    return paths


# ---- both sides ------------------------------------------------------------------------------------------------------


def fovea_boxes(fovea, model, paths, options):
    found = json.loads(run([fovea, "detect", "--model", model, "--min-score", "0.05", "--json", "-", *options, *paths]))
    return [[(r["category_id"], r["score"], np.array([r["x0"], r["y0"], r["x1"], r["y1"]])) for r in picture["boxes"]]
            for picture in found]


class Exported:
    """An ONNX file that was written now, and checked."""

    def __init__(self, fovea, model, folder, options):
        path = os.path.join(folder, "model.onnx")
        run([fovea, "export", "--model", model, "--out", path, *options])
        onnx.checker.check_model(onnx.load(path), full_check=True)
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = 2
        settings.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
        self.classes = json.loads(self.session.get_modelmeta().custom_metadata_map["fovea.classes"])
        os.remove(path)

    def boxes(self, path):
        image = np.array(Image.open(path).convert("RGB"))
        boxes, scores, labels = self.session.run(["boxes", "scores", "labels"], {"image": image})
        return [(self.classes[k]["id"], float(s), b.astype(float)) for b, s, k in zip(boxes, scores, labels)]


def same(a, b, pixels=PIXELS):
    return a[0] == b[0] and abs(a[1] - b[1]) <= SCORE and np.abs(a[2] - b[2]).max() <= pixels


def left_over(got, want):
    """What is in one list alone, on either side."""
    got, alone = list(got), []
    for row in want:
        at = next((i for i, other in enumerate(got) if same(row, other)), None)
        if at is None:
            alone.append(row)
        else:
            got.pop(at)
    return got, alone


class Report:
    def __init__(self):
        self.pictures = self.boxes = self.close_calls = self.failures = 0
        self.pixels = self.score = 0.0

    def fail(self, what):
        self.failures += 1
        print(f"DIFFERENT: {what}", flush=True)

    def compare(self, what, got, want, nudged):
        """got: onnxruntime's boxes; nudged: a function that gives its boxes with other limits."""
        self.pictures, self.boxes = self.pictures + 1, self.boxes + len(want)
        for first, second in zip(got, got[1:]):
            if first[1] < second[1]:
                self.fail(f"{what}: not sorted")
        extra, missing = left_over(got, want)
        before = self.close_calls
        for row in want:
            near = [other for other in got if same(row, other)]
            if near:
                self.pixels = max(self.pixels, min(np.abs(row[2] - other[2]).max() for other in near))
                self.score = max(self.score, min(abs(row[1] - other[1]) for other in near))
        if not extra and not missing:
            return
        more = [other for boxes in nudged() for other in boxes]
        for row in extra + missing:
            swapped = any(same(row, other, np.inf) for other in (missing if any(row is e for e in extra) else extra))
            if swapped or (sum(same(row, other) for other in more) not in (0, 4)):
                self.close_calls += 1
            else:
                self.fail(f"{what}: class {row[0]}, score {row[1]:.6f}, box {row[2].round(3)}")
        print(f"{what}: {self.close_calls - before} of {len(want)} boxes were close calls", flush=True)


# ---- comparisons -----------------------------------------------------------------------------------------------------


def compare_model(report, fovea, what, model, paths, folder, options=()):
    boxes = report.boxes
    exported = Exported(fovea, model, folder, options)

    def nudged(path):
        for overlap in (0.5 - NUDGE, 0.5 + NUDGE):
            for score in (0.05 - NUDGE, 0.05 + NUDGE):
                other = Exported(fovea, model, folder, [*options, "--max-overlap", str(overlap), "--min-score", str(score)])
                yield other.boxes(path)

    for path, want in zip(paths, fovea_boxes(fovea, model, paths, options)):
        report.compare(f"{what}, {os.path.basename(path)}", exported.boxes(path), want, lambda: nudged(path))
    check_pixel(report, what, exported)
    print(f"{what}: {report.boxes - boxes} boxes in {len(paths)} pictures", flush=True)


def check_pixel(report, what, exported):
    """A single pixel: a picture of one colour, whose boxes tie, so that they are held to be within it alone."""
    feeds = {"image": np.full((1, 1, 3), 99, np.uint8)}
    boxes, scores, labels = exported.session.run(["boxes", "scores", "labels"], feeds)
    if boxes.shape != (len(scores), 4) or labels.shape != scores.shape or not ((boxes >= 0) & (boxes <= 1)).all():
        report.fail(f"{what}: boxes of a single pixel: {boxes}")


def decoded(logits, codes, anchors):
    """Scores [anchors][classes] and boxes [anchors][4]."""
    size = anchors[:, 2:] - anchors[:, :2]
    centre = anchors[:, :2] + size / 2 + codes[:, :2] * size
    half = np.exp(np.minimum(codes[:, 2:], np.log(62.5))) * size / 2
    return 1 / (1 + np.exp(-logits.astype(float))), np.concatenate([centre - half, centre + half], 1)


def compare_raw(report, fovea, what, model, folder):
    """Pictures that need no resizing: boxes of the whole graph must be those of the strongest logits."""
    side, rng = 256, np.random.default_rng(2)
    whole = Exported(fovea, model, folder, ["--size", str(side), "--max-size", str(side)])
    raw = Exported(fovea, model, folder, ["--raw"])
    images = rng.integers(0, 256, (2, side, side, 3), np.uint8)
    mean, deviation = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
    pixels = ((images.astype(np.float32) / 255 - mean) / deviation).transpose(0, 3, 1, 2)
    logits, codes, anchors = raw.session.run(["logits", "codes", "anchors"], {"pixels": pixels})
    background = logits.shape[2] - len(raw.classes)
    checked = 0
    for n, image in enumerate(images):
        scores, corners = decoded(logits[n], codes[n], anchors)
        corners = corners.clip(0, side)
        for box, score, label in zip(*whole.session.run(["boxes", "scores", "labels"], {"image": image})):
            far = np.abs(corners - box).max(1) + 1e3 * np.abs(scores[:, label + background] - score)
            checked += 1
            if far.min() > 2 * PIXELS:
                report.fail(f"{what}, raw: a box that no anchor gives, off by {far.min():.3g}")
    print(f"{what}, raw: {checked} boxes found again", flush=True)
    if not checked:
        report.fail(f"{what}, raw: nothing was compared")


def main():
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    parser = argparse.ArgumentParser()
    parser.add_argument("--fovea", default=os.path.join(root, "build", "apps", "fovea"))
    parser.add_argument("--data", default=os.environ.get("FOVEA_TEST_DATA", os.path.join(root, "..", "shared", "data")))
    parser.add_argument("--model", action="append", default=[])
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        paths = make_pictures(folder, options.data)
        for path in options.model:
            compare_model(report, options.fovea, path, path, paths, folder)
        for seed, (what, settings) in enumerate(QUICK + (WHOLE if not options.quick else [])):
            model = make_model(options.fovea, folder, settings, seed)
            compare_model(report, options.fovea, what, model, paths, folder)
            if seed < len(QUICK):
                compare_model(report, options.fovea, f"{what}, other size", model, paths[:4], folder,
                              ["--size", "97", "--max-size", "131"])
                compare_raw(report, options.fovea, what, model, folder)
    print(f"{report.pictures} pictures, {report.boxes} boxes: boxes within {report.pixels:.2e} px, scores within "
          f"{report.score:.2e}; {report.close_calls} close calls, {report.failures} failures")
    return 1 if report.failures or not report.boxes else 0


if __name__ == "__main__":
    sys.exit(main())
