"""Makes tests/data/colour_cases.jsonl: small pictures and what torchvision's ColorJitter makes of them, a line each.

    python3 tests/golden/make_colour_cases.py > tests/data/colour_cases.jsonl

Needs torch and torchvision. The steps are torchvision's functions on float64 pictures of 0..1; its adjust_hue goes by float32
whatever it is given, so its two halves are called one by one.
"""
import itertools
import json
import random

import torch
from torchvision.transforms import _functional_tensor as F


def turn_hue(image, turn):
    hue, saturation, value = F._rgb2hsv(image).unbind(dim=-3)
    return F._hsv2rgb(torch.stack(((hue + turn) % 1.0, saturation, value), dim=-3))


STEPS = {"brightness": F.adjust_brightness, "contrast": F.adjust_contrast, "saturation": F.adjust_saturation, "hue": turn_hue}
CORNERS = [[r, g, b] for r in (0, 255) for g in (0, 255) for b in (0, 255)]


def picture(width, height, rng):
    """Noise, behind the colours where HSV has its corners."""
    pixels = CORNERS + [[7, 7, 7], [200, 200, 199], [1, 0, 0], [128, 64, 64]]
    pixels += [[rng.randint(0, 255) for _ in range(3)] for _ in range(width * height)]
    if width * height < len(CORNERS):
        pixels.reverse()
    return pixels[: width * height]


def case(width, height, steps, rng):
    pixels = picture(width, height, rng)
    image = torch.tensor(pixels, dtype=torch.float64).reshape(height, width, 3).permute(2, 0, 1) / 255
    for name, factor in steps:
        image = STEPS[name](image, factor)
    values = [round(value, 9) for value in (255 * image).permute(1, 2, 0).reshape(-1).tolist()]
    return {"width": width, "height": height, "rgb": sum(pixels, []), "steps": steps, "values": values}


def main():
    rng = random.Random(5)
    cases = [(5, 4, [[name, factor]]) for name, factors in {
        "brightness": (0, 0.5, 1, 1.7, 17), "contrast": (0, 0.3, 1.9, 17), "saturation": (0, 0.6, 2.5, 17),
        "hue": (-0.5, -0.31, -0.05, 0, 0.17, 1 / 3, 0.5)}.items() for factor in factors]
    for order in itertools.permutations(STEPS):
        cases.append((5, 4, [[name, round(rng.uniform(-0.5, 0.5) if name == "hue" else rng.uniform(0.4, 1.8), 4)]
                             for name in order]))
    cases += [(1, 1, [["contrast", 1.5], ["hue", 0.2]]), (1, 7, [["saturation", 0.5], ["contrast", 2]]),
              (7, 1, [["hue", 0.4], ["contrast", 0.5], ["brightness", 1.1]])]
    for width, height, steps in cases:
        print(json.dumps(case(width, height, steps, rng), separators=(",", ":")))


main()
