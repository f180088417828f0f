#!/usr/bin/env python3
"""Writes what torchvision's RetinaNet computes into tests/data, for tests/net/test_golden.c and test_names.c.

  pip install torch torchvision numpy safetensors
  tests/golden/make_golden.py            writes golden_*.safetensors and names_*.txt; float64 but for its last digits
  tests/golden/make_golden.py --check    writes nothing; says how far float32 torch is from the stored float64 values

Nothing that a formula can give is stored. Every parameter is a function of its name and index, every picture of its case
and index (below, and again in lib/bench/small.c, to the last bit), and so are the places at which long results are
sampled. The results are torch's in float64.

A golden file, one a case (N pictures; T trained tensors, in state_dict order):
  metadata        depth, classes, size, max_size; rate, momentum, decay of the SGD steps; pictures ("61x83 50x97", height
                  x width)
  boxes_n         [objects][4] in pixels of picture n; labels_n [objects], 1 ... classes - 1
  image_sizes     [N][2] height and width after the resize
  transformed     digest of the padded batch, NHWC
  logits_l        digest of level l's class logits [N][H W A][K];  codes_l likewise of its box codes [N][H W A][4]
  losses          class loss, box loss
  gradients       [T] digests of the gradients of their sum
  steps           [2][T] digests of the weights' change since the start, after one SGD step and after two on the same
                  batch
  statistics      [B] digests of running means and variances after these steps, where batch norm is trained
  detections_n    [found][6] x0 y0 x1 y1 score label, by falling score, label 0 (the background) left out;
                  of picture n by itself

A case of "v2" is built as retinanet_resnet50_fpn_v2 is: group norm in the heads, P6 from C5, GIoU, batch norm that trains
(by the batch's statistics; outputs and detections are by the running ones). Its file says v2 in its metadata.

A digest is [2 + S] numbers: the L2 norm, the sum of x_i u_i with u_i uniform in [-1, 1) by a formula (any element that
is wrong or misplaced shows), and S values at places by a formula.

Decisions that a rounding error could turn (a matching threshold, a tie, suppression, the score limit) would make the
comparison moot, and so would ReLUs that turn: the script fails where a decision has no margin, or where rounding moves
gradients by 1e-3.
"""
import argparse
import functools
import math
import os

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from torchvision.models.detection import RetinaNet
from torchvision.models.detection.retinanet import RetinaNetHead
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.ops import boxes as box_ops
from torchvision.ops import misc
from torchvision.ops.feature_pyramid_network import LastLevelP6P7

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data")
SAMPLES = 16
CLASSES = 5
RATE, MOMENTUM, DECAY = 0.002, 0.9, 0.05  # a decay that float32 weights can show

CASES = [  # name, depth, size, max size, pictures (height, width); a name's number picks pictures and boxes with margins
    ("resnet18_odd_0", 18, 80, 130, [(61, 83), (50, 97)]),
    ("resnet18_even_9", 18, 320, 416, [(320, 416), (320, 400)]),
    ("resnet50_odd_3", 50, 80, 130, [(61, 83), (50, 97)]),
    ("resnet50_even_0", 50, 64, 128, [(64, 96), (96, 64)]),
    ("resnet18_v2_2", 18, 80, 130, [(61, 83), (50, 97)]),
]

# ---- lib/base/random.h, in numpy: uniform(seed, purpose, n) is the first n draws of stream (seed, purpose, 0) -----------


def mix(x):
    with np.errstate(over="ignore"):
        x = np.uint64(x) + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def bits(seed, purpose, count):
    key = mix(mix(mix(np.uint64(seed)) ^ np.uint64(purpose)))
    with np.errstate(over="ignore"):
        return mix(key + np.uint64(0x9E3779B97F4A7C15) * np.arange(count, dtype=np.uint64))


def uniform(seed, purpose, count):
    return (bits(seed, purpose, count) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def name_hash(name):
    value = 0xCBF29CE484222325  # FNV-1a, 64 bits
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


# Streams by seed: what they are for.
SEED_WEIGHTS, SEED_PICTURES, SEED_BOXES, SEED_PROJECTION, SEED_PLACES, SEED_NOISE = 1, 2, 3, 4, 5, 6

# ---- the formulas -----------------------------------------------------------------------------------------------------


def parameter(name, shape, bottleneck, seed=SEED_WEIGHTS):
    """Values of one tensor, float32: activations neither explode nor vanish through 101 layers."""
    count = int(np.prod(shape))
    u = uniform(seed, name_hash(name), count)
    signed = 2.0 * u - 1.0
    if len(shape) == 4:
        gain = 6.0  # He: a ReLU follows
        if "fpn" in name:
            gain = 3.0 if "extra" in name else 0.5
        elif "cls_logits" in name:
            gain = 4.0
        elif "bbox_reg" in name:
            gain = 0.4
        values = signed * math.sqrt(gain / (shape[1] * shape[2] * shape[3]))
    elif name.endswith("running_var"):
        values = 0.5 + u
    elif name.endswith("weight"):
        # The last norm of a block adds to the shortcut: kept small.
        last = name.endswith("bn3.weight" if bottleneck else "bn2.weight")
        values = 0.1 + 0.2 * u if last else 0.5 + u
    elif "cls_logits" in name:
        values = -math.log(0.99 / 0.01) + 0.5 * signed
    else:
        values = 0.1 * signed
    return values.astype(np.float32).reshape(shape)


def picture(case, index, height, width):
    """Smooth waves and noise, uint8 [height][width][3]."""
    noise = uniform(SEED_PICTURES, name_hash(f"{case}.{index}"), height * width * 3).reshape(height, width, 3)
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    wave = ((x * (3 + c) + y * (5 - c)) % 64) / 64.0
    return np.floor(255.999 * (0.5 * noise + 0.5 * wave)).astype(np.uint8)


def objects(case, index, height, width):
    """Nearly the whole picture, two boxes of at least 12 pixels inside it at 64ths of a pixel, and their labels."""
    u = uniform(SEED_BOXES, name_hash(f"{case}.{index}"), 15).reshape(3, 5)
    size = np.stack([12 + u[:, 2] * (0.7 * width - 12), 12 + u[:, 3] * (0.7 * height - 12)], 1)
    start = u[:, :2] * (np.array([width, height]) - size)
    boxes = np.floor(64 * np.concatenate([start, start + size], 1)) / 64
    boxes[0] = [0.25, 0.5, width - 0.75, height - 0.25]
    return boxes, 1 + np.floor(u[:, 4] * (CLASSES - 1)).astype(np.int64)


def digest(name, values):
    x = np.asarray(values, dtype=np.float64).reshape(-1)
    projection = 2.0 * uniform(SEED_PROJECTION, name_hash(name), x.size) - 1.0
    places = np.floor(uniform(SEED_PLACES, name_hash(name), SAMPLES) * x.size).astype(np.int64)
    return np.concatenate([[np.sqrt(np.sum(x * x)), np.sum(x * projection)], x[places]])


# ---- torchvision ------------------------------------------------------------------------------------------------------


def build(depth, size, max_size, classes=CLASSES, norm=misc.FrozenBatchNorm2d, p6_channels=256):
    backbone = resnet_fpn_backbone(backbone_name=f"resnet{depth}", weights=None, norm_layer=norm, trainable_layers=5,
                                   returned_layers=[2, 3, 4], extra_blocks=LastLevelP6P7(p6_channels, 256))
    return RetinaNet(backbone, classes, min_size=size, max_size=max_size)


def build_v2(depth, size, max_size):
    backbone = resnet_fpn_backbone(backbone_name=f"resnet{depth}", weights=None, norm_layer=torch.nn.BatchNorm2d,
                                   trainable_layers=5, returned_layers=[2, 3, 4],
                                   extra_blocks=LastLevelP6P7(512 if depth < 50 else 2048, 256))
    head = RetinaNetHead(256, 9, CLASSES, norm_layer=functools.partial(torch.nn.GroupNorm, 32))
    head.regression_head._loss_type = "giou"
    return RetinaNet(backbone, CLASSES, min_size=size, max_size=max_size, head=head)


def build_case(case, depth, size, max_size):
    return (build_v2 if "_v2_" in case else build)(depth, size, max_size)


def set_parameters(model, depth, seed=SEED_WEIGHTS):
    state = {name: torch.from_numpy(parameter(name, tuple(tensor.shape), depth >= 50, seed))
             for name, tensor in model.state_dict().items() if tensor.dim() > 0}
    missing = model.load_state_dict(state, strict=False).missing_keys
    assert all(name.endswith("num_batches_tracked") for name in missing)


class Margins:
    """The smallest distance of any decision from turning."""

    def __init__(self):
        self.smallest = {}

    def add(self, what, distances):
        distances = torch.as_tensor(distances).abs()
        assert torch.isfinite(distances).all(), what
        if distances.numel():
            self.smallest[what] = min(self.smallest.get(what, math.inf), float(distances.min()))

    def check(self, case):
        limits = {"matching": 1e-5, "best anchor": 1e-6, "score": 1e-6, "suppression": 5e-6,
                  "limit": 1e-6, "top k": 1e-6}
        print(f"  {case} margins: " + ", ".join(f"{k} {v:.2e}" for k, v in self.smallest.items()))
        for what, limit in limits.items():
            assert self.smallest.get(what, 1) > limit, f"{case}: no margin in {what}: {self.smallest[what]}"


def watch_matching(model, margins):
    matcher = model.proposal_matcher
    original = matcher.__class__.__call__

    def call(iou):
        best = iou.max(0).values
        margins.add("matching", torch.cat([best - 0.5, best - 0.4]))
        assert (iou.max(1).values > 0).all()
        for row in iou:  # exact ties are no rounding errors: anchors of one size that all hold the box
            margins.add("best anchor", row.max() - row[row < row.max()].max())
        return original(matcher, iou)

    model.proposal_matcher = call


def watch_suppression(margins):
    original = box_ops.batched_nms

    def call(boxes, scores, labels, threshold):
        iou = box_ops.box_iou(boxes, boxes).nan_to_num(0.0)  # of two boxes that clipping left without area
        same = (labels[:, None] == labels[None, :]).triu(1)
        margins.add("suppression", iou[same] - threshold)
        order = scores.sort().values
        margins.add("score order", order[1:] - order[:-1])
        keep = original(boxes, scores, labels, threshold)
        if len(keep) > 300:
            margins.add("limit", scores[keep[299]] - scores[keep[300]])
        return keep

    box_ops.batched_nms = call
    return original


def inputs(case, shapes, dtype):
    images, targets = [], []
    for n, (height, width) in enumerate(shapes):
        boxes, labels = objects(case, n, height, width)
        images.append(torch.from_numpy(picture(case, n, height, width)).permute(2, 0, 1).to(dtype) / 255)
        targets.append({"boxes": torch.from_numpy(boxes).to(dtype), "labels": torch.from_numpy(labels)})
    return images, targets


def run_case(case, depth, size, max_size, shapes, dtype, margins):
    model = build_case(case, depth, size, max_size)
    set_parameters(model, depth)
    model = model.to(dtype)
    tensors = {}
    images, targets = inputs(case, shapes, dtype)
    for n, target in enumerate(targets):
        tensors[f"boxes_{n}"], tensors[f"labels_{n}"] = target["boxes"].double().numpy(), target["labels"].numpy()
    seen = {}
    model.head.register_forward_hook(lambda module, args, out: seen.update(features=args[0], head=out))

    def levels(key):
        counts = [9 * f.shape[2] * f.shape[3] for f in seen["features"]]
        return seen["head"][key].split(counts, dim=1)

    model.eval()
    original = watch_suppression(margins)
    with torch.no_grad():
        for n, image in enumerate(images):  # one by one: a batch's padding would change the result
            one = model([image])[0]
            rows = torch.cat([one["boxes"], one["scores"][:, None], one["labels"][:, None].to(dtype)], 1)
            tensors[f"detections_{n}"] = rows[one["labels"] > 0].double().numpy()
            for part in levels("cls_logits"):
                scores = torch.sigmoid(part).flatten().sort(descending=True).values
                margins.add("score", scores - 0.05)
                if scores.numel() > 1000 and scores[1000] > 0.05:
                    margins.add("top k", scores[999] - scores[1000])
        box_ops.batched_nms = original
        model(images)
        batch = model.transform(list(images))[0]
    tensors["image_sizes"] = np.array(batch.image_sizes, dtype=np.int64)
    tensors["transformed"] = digest("transformed", batch.tensors.permute(0, 2, 3, 1))
    for key, short in (("cls_logits", "logits"), ("bbox_regression", "codes")):
        for level, part in enumerate(levels(key)):
            tensors[f"{short}_{level}"] = digest(f"{short}_{level}", part)

    watch_matching(model, margins)
    model.train()
    trained = list(model.named_parameters())
    start = [p.detach().double().clone() for _, p in trained]
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=MOMENTUM, weight_decay=DECAY)
    steps = []
    for step in range(2):
        losses = model(images, targets)
        optimizer.zero_grad()
        sum(losses.values()).backward()
        if step == 0:
            tensors["losses"] = np.array([losses["classification"].item(), losses["bbox_regression"].item()])
            tensors["gradients"] = np.stack([digest(name, p.grad) for name, p in trained])
        optimizer.step()
        steps.append(np.stack([digest(name, p.detach().double() - s) for (name, p), s in zip(trained, start)]))
    tensors["steps"] = np.stack(steps)
    running = [(name, b) for name, b in model.named_buffers() if name.endswith(("running_mean", "running_var"))]
    if "_v2_" in case:
        tensors["statistics"] = np.stack([digest(name, b) for name, b in running])
    return tensors


def sensitivity(case, depth, size, max_size, shapes, draws=3):
    """How much gradients move when every weight does by float32's rounding: ReLUs that turn move them by steps."""
    images, targets = inputs(case, shapes, torch.float64)
    all_gradients = []
    for draw in range(draws + 1):
        model = build_case(case, depth, size, max_size)
        set_parameters(model, depth)
        model.double().train()
        with torch.no_grad():
            for name, p in model.named_parameters():
                noise = 2 * uniform(SEED_NOISE, name_hash(f"{name}.{draw}"), p.numel()).reshape(p.shape) - 1
                p.mul_(1 + (torch.from_numpy(noise) * 2.0**-23 if draw else 0))
        sum(model(images, targets).values()).backward()
        all_gradients.append(np.stack([digest(name, p.grad) for name, p in model.named_parameters()]))
    return max(deviation(g, all_gradients[0]) for g in all_gradients[1:])


def deviation(got, want):
    """Largest error of a digest (or of its rows), relative to the norm that the digest begins with; elements relative
    to the largest of the sampled ones."""
    got, want = got.reshape(-1, 2 + SAMPLES), want.reshape(-1, 2 + SAMPLES)
    scale = np.concatenate([want[:, :1], want[:, :1], np.repeat(np.abs(want[:, 2:]).max(1, keepdims=True), SAMPLES, 1)], 1)
    return float((np.abs(got - want) / scale).max())


def check_case(case, stored, single):
    for key in sorted(stored):
        if key.startswith("detections"):
            if stored[key].shape != single[key].shape:
                print(f"  {case} {key}: {single[key].shape[0]} rows, stored {stored[key].shape[0]}")
                continue
            boxes = np.abs(stored[key] - single[key])[:, :4].max(initial=0)
            scores = np.abs(stored[key] - single[key])[:, 4].max(initial=0)
            print(f"  {case} {key}: {stored[key].shape[0]} rows, boxes {boxes:.2e} px, scores {scores:.2e}")
        elif key in ("losses", "image_sizes") or key.startswith(("boxes", "labels")):
            print(f"  {case} {key}: {np.abs(stored[key] - single[key]).max():.2e}")
        else:
            print(f"  {case} {key}: {deviation(single[key], stored[key]):.2e}")


# ---- names ------------------------------------------------------------------------------------------------------------


def write_names():
    """Every tensor of a state_dict with trained batch norm, "name [shape]" a line, and P6 from P5 (frozen norm has the
    same names but num_batches_tracked; P6 from C5 changes one shape)."""
    for depth in (18, 34, 50, 101):
        state = build(depth, 600, 1000, norm=torch.nn.BatchNorm2d).state_dict()
        frozen = build(depth, 600, 1000).state_dict()
        assert [n for n in state if not n.endswith("num_batches_tracked")] == list(frozen)
        with open(os.path.join(DATA, f"names_resnet{depth}.txt"), "w") as out:
            for name, tensor in state.items():
                out.write(f"{name} {list(tensor.shape)}\n")
    with open(os.path.join(DATA, "names_resnet18_v2.txt"), "w") as out:
        for name, tensor in build_v2(18, 600, 1000).state_dict().items():
            out.write(f"{name} {list(tensor.shape)}\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    for case, depth, size, max_size, shapes in CASES:
        if options.only not in case:
            continue
        path = os.path.join(DATA, f"golden_{case}.safetensors")
        margins = Margins()
        if options.check:
            check_case(case, load_file(path), run_case(case, depth, size, max_size, shapes, torch.float32, margins))
            continue
        tensors = run_case(case, depth, size, max_size, shapes, torch.float64, margins)
        print(f"{case}: losses {tensors['losses']}, found {len(tensors['detections_0'])} and "
              f"{len(tensors['detections_1'])}, steps' norms "
              f"{[float(np.sqrt((s[:, 0] ** 2).sum())) for s in tensors['steps']]}")
        margins.check(case)
        moved = sensitivity(case, depth, size, max_size, shapes)
        print(f"  {case}: rounding moves gradients by {moved:.1e}")
        assert moved < 1e-3
        save_file(tensors, path, metadata={
            "depth": str(depth), "classes": str(CLASSES), "size": str(size), "max_size": str(max_size),
            "rate": str(RATE), "momentum": str(MOMENTUM), "decay": str(DECAY), "pictures": " ".join(f"{h}x{w}" for h, w in shapes),
            **({"v2": ""} if "_v2_" in case else {})})
    if not options.check and not options.only:
        write_names()


if __name__ == "__main__":
    main()
