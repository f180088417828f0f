#!/usr/bin/env python3
"""Prints the rows of tests/ops/test_giou.c: losses and gradients by torchvision in float64.

  pip install torch torchvision
  tests/golden/make_giou_cases.py
"""
import torch
from torchvision.models.detection._utils import BoxCoder
from torchvision.ops import generalized_box_iou_loss

CASES = [  # what, anchor, box, code
    ("overlap", [100, 50, 164, 114], [110, 40, 200, 120], [-0.25, 0.375, 0.5, -0.25]),
    ("a box inside", [100, 50, 164, 114], [120, 70, 140, 95], [0, 0.0625, 0.25, 0.5]),
    ("a box around", [100, 50, 164, 114], [20, 10, 300, 295], [0.125, 0.25, -0.5, -0.75]),
    ("apart", [8, 8, 24, 24], [100, 60, 140, 90], [-1, 0.5, 0.25, 0.75]),
    ("the same box", [32, 16, 96, 48], [32, 16, 96, 48], [0, 0, 0, 0]),
    ("two edges the same", [32, 16, 96, 48], [32, 16, 80, 40], [0, 0, 0, 0]),
    ("touching", [32, 16, 96, 48], [96, 16, 160, 48], [0, 0, 0, 0]),
    ("dw beyond its limit", [32, 16, 96, 48], [0, 0, 700, 60], [0.25, 0.125, 5, 0.25]),
    ("both beyond", [32, 16, 96, 48], [0, 0, 700, 60], [0.25, 0.125, 4.5, 80]),
    ("no width left", [32, 16, 96, 48], [40, 20, 80, 44], [0, 0, -200, 0]),
    ("no area left", [32, 16, 96, 48], [64, 32, 64, 32], [0, 0, -200, -200]),
    ("far from the origin", [8000, 9000, 8016, 9016], [8003, 9002, 8021.5, 9014.25], [0.375, -0.25, 0.125, -0.5]),
]


def main():
    for what, anchor, box, code in CASES:
        row = torch.tensor([code], dtype=torch.float64, requires_grad=True)
        anchors, boxes = (torch.tensor([values], dtype=torch.float64) for values in (anchor, box))
        loss = generalized_box_iou_loss(BoxCoder((1.0, 1.0, 1.0, 1.0)).decode_single(row, anchors), boxes,
                                        reduction="sum")
        loss.backward()
        lists = (anchor, box, code, row.grad[0].tolist())
        parts = ["{" + ", ".join(f"{v:.12g}" for v in values) + "}" for values in lists]
        print(f'    {{"{what}", {parts[0]}, {parts[1]}, {parts[2]},\n     {loss.item():.12g}, {parts[3]}}},')


if __name__ == "__main__":
    main()
