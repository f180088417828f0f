#!/usr/bin/env python3
"""Prints lib/bench/expected.h: what torchvision computes, in float64, on the small problems that `fovea bench` checks a
device with before it times it.

  pip install torch torchvision numpy safetensors
  tests/golden/make_benchmark.py > lib/bench/expected.h

Weights and pictures are make_golden.py's formulas, repeated in lib/bench/small.c. A problem is: detect on picture 0 by
the running statistics, then two SGD steps on both pictures by the batch's. As there, decisions that rounding could turn
must have a margin; that a score passes .05 need not, since detections are counted above a floor of their own, in the
middle of the weakest gap that is wide enough. float32 torch's own deviation goes to stderr.
"""
import sys

import torch
from torchvision.ops import boxes as box_ops

from make_golden import CLASSES, RATE, Margins, build, inputs, set_parameters, watch_matching, watch_suppression

CASES = [("small18_0", 18), ("small50_0", 50)]  # a name's number picks pictures and boxes with margins
SHAPES = [(100, 150), (90, 160)]  # height, width
SIZE, MAX_SIZE = 128, 192
STEPS = 2
SHOWN = 16  # detections, the strongest
GAP = 2e-4  # between scores, around the floor: ten times what a device may deviate


def run(case, depth, dtype, margins):
    model = build(depth, SIZE, MAX_SIZE, norm=torch.nn.BatchNorm2d)
    set_parameters(model, depth)
    model = model.to(dtype)
    images, targets = inputs(case, SHAPES, dtype)
    model.eval()
    original = watch_suppression(margins)
    with torch.no_grad():
        found = model(images[:1])[0]
    box_ops.batched_nms = original
    keep = found["labels"] > 0
    rows = torch.cat([found["boxes"], found["scores"][:, None], found["labels"][:, None].to(dtype) - 1], 1)[keep]
    watch_matching(model, margins)
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=0.9, weight_decay=1e-4)
    steps = []
    for _ in range(STEPS):
        losses = model(images, targets)
        optimizer.zero_grad()
        sum(losses.values()).backward()
        norm = sum((p.grad.double() ** 2).sum() for p in model.parameters()).sqrt()
        steps.append([losses["classification"].item(), losses["bbox_regression"].item(), norm.item()])
        optimizer.step()
    return rows.double(), torch.tensor(steps, dtype=torch.float64), targets


def c_rows(rows, digits):
    return ",\n".join("          {" + ", ".join(f"{float(v):.{digits}g}" for v in row) + "}" for row in rows)


def c_case(case, depth):
    margins = Margins()
    rows, steps, targets = run(case, depth, torch.float64, margins)
    scores = rows[:, 4]
    counted = int((scores[:-1] - scores[1:] > GAP).nonzero().max()) + 1
    floor = (scores[counted - 1] + scores[counted]).item() / 2
    print(f"{case}: {len(rows)} found, {counted} above {floor:.6f}, margins {margins.smallest}", file=sys.stderr)
    limits = {"matching": 2e-5, "best anchor": 1e-5, "suppression": 1e-5}
    assert all(margins.smallest[what] > limit for what, limit in limits.items()), case
    assert SHOWN < counted < len(rows) < 300 and rows[SHOWN - 1, 4] - rows[SHOWN, 4] > 1e-5
    narrow_rows, narrow_steps, _ = run(case, depth, torch.float32, Margins())
    n = min(len(rows), len(narrow_rows), SHOWN)
    print(f"  float32: {len(narrow_rows)} found, boxes {(rows - narrow_rows[:len(rows)])[:n, :4].abs().max():.1e} px, scores "
          f"{(rows - narrow_rows[:len(rows)])[:n, 4].abs().max():.1e}, steps {(narrow_steps / steps - 1).abs().tolist()}", file=sys.stderr)
    boxes = [[n, *box.tolist(), int(label) - 1] for n, t in enumerate(targets) for box, label in zip(t["boxes"], t["labels"])]
    return (f"    {{\n        .name = \"{case}\",\n        .depth = {depth},\n        .boxes = {{\n{c_rows(boxes, 9)}}},\n"
            f"        .floor = {floor:.6f},\n        .n_found = {counted},\n        .found = {{\n{c_rows(rows[:SHOWN], 9)}}},\n"
            f"        .steps = {{\n{c_rows(steps, 12)}}},\n    }},\n")


def main():
    cases = [c_case(case, depth) for case, depth in CASES]
    print(f"""/* Written by tests/golden/make_benchmark.py: what torchvision computes in float64 on two small problems. */
#ifndef FOVEA_BENCH_EXPECTED_H
#define FOVEA_BENCH_EXPECTED_H

enum {{
    EXPECTED_LABELS = {CLASSES - 1},
    EXPECTED_SIZE = {SIZE},
    EXPECTED_MAX_SIZE = {MAX_SIZE},
    EXPECTED_PICTURES = {len(SHAPES)},
    EXPECTED_BOXES = {3 * len(SHAPES)},
    EXPECTED_FOUND = {SHOWN},
    EXPECTED_STEPS = {STEPS}
}};

static const double expected_rate = {RATE};
static const int expected_shapes[EXPECTED_PICTURES][2] = {{{", ".join("{%d, %d}" % s for s in SHAPES)}}}; /* height, width */

typedef struct expected_case {{
    const char *name;
    int depth;
    double boxes[EXPECTED_BOXES][6]; /* picture, x0 y0 x1 y1, label */
    double floor; /* of the scores that are counted: none is near */
    int n_found;
    double found[EXPECTED_FOUND][6]; /* the strongest: x0 y0 x1 y1, score, label */
    double steps[EXPECTED_STEPS][3]; /* class loss, box loss, norm of the gradients */
}} expected_case;

static const expected_case expected_cases[] = {{
{"".join(cases)}}};

#endif""")


if __name__ == "__main__":
    main()
