#!/usr/bin/env python3
"""Holds `fovea evaluate --detections` to pycocotools on fresh random cases, and on files of one's own: the numbers, and
every value of its precision and score arrays.

Run by hand:  pip install pycocotools==2.0.11 numpy
              python3 tests/golden/compare_eval.py FOVEA [--cases N] [--seed S]
              python3 tests/golden/compare_eval.py FOVEA --annotations FILE --detections FILE
FOVEA is the command as built, e.g. build/apps/fovea. Exits 1 where a number differs by more than 1e-9.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile

from make_eval_cases import cases, evaluate

TOLERANCE = 1e-9
NUMBERS = ['AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AR1', 'AR10', 'AR100', 'ARs', 'ARm', 'ARl']


def run(fovea, annotations, detections, output):
    """The JSON that the command prints for an option of output."""
    command = [fovea, 'evaluate', '--detections', detections, '--annotations', annotations, output, '-']
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f'exit {done.returncode}: {done.stderr.strip()}')
    return json.loads(done.stdout)


def differences(got, want):
    """(name, ours, pycocotools') of all that differs."""
    pairs = [(name, got[name], w) for name, w in zip(NUMBERS, want['stats'])]
    pairs.append(('classes', len(got['classes']), len(want['classes'])))
    for ours, (category, *figures) in zip(got['classes'], want['classes']):
        pairs += [(f'class {category} {name}', ours[name], w)
                  for name, w in zip(['AP', 'AP50', 'AP75', 'AR100'], figures) if name in ours]
    return [pair for pair in pairs if not abs(pair[1] - pair[2]) <= TOLERANCE]


def curve_differences(got, want):
    """(name, ours, pycocotools') of the values of COCOeval's precision and score arrays that differ."""
    wrong = []
    for k, row in enumerate(got['classes']):
        for kind in ('precision', 'score'):
            for t, (iou, ours) in enumerate(row[kind].items()):
                theirs = want[kind][t, :, k, 0, 2].tolist()
                wrong += [(f'class {row["category_id"]} {kind} at IoU {iou}, recall {r / 100}', a, b)
                          for r, (a, b) in enumerate(zip(ours, theirs, strict=True))
                          if a is not None and not (abs(a - b) <= TOLERANCE or a == b)]
    return wrong


def compare(fovea, annotations, detections, want, what):
    try:
        wrong = differences(run(fovea, annotations, detections, '--json'), want)
        wrong += curve_differences(run(fovea, annotations, detections, '--curves'), want)
    except RuntimeError as e:
        print(f'{what}: {e}')
        return False
    for name, ours, theirs in wrong:
        print(f'{what}: {name} is {ours!r}, pycocotools has {theirs!r}')
    return not wrong


def compare_random(fovea, count, seed):
    rng = random.Random(seed)
    sizes = [rng.choice([4, 12, 40, 100, 400]) for _ in range(count)]
    good = 0
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ('annotations.json', 'detections.json')]
        for number, (annotations, results, want) in enumerate(cases(seed, sizes)):
            for path, text in zip(paths, (annotations, results)):
                with open(path, 'w') as f:
                    f.write(text)
            good += compare(fovea, *paths, want, f'seed {seed}, case {number}')
    print(f'{good} of {count} cases as pycocotools has them')
    return good == count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('fovea')
    parser.add_argument('--cases', type=int, default=300)
    parser.add_argument('--seed', type=int, default=2)
    parser.add_argument('--annotations')
    parser.add_argument('--detections')
    options = parser.parse_args()
    if options.annotations:
        with open(options.annotations) as a, open(options.detections) as d:
            want = evaluate(a.read(), d.read())
        good = compare(options.fovea, options.annotations, options.detections, want, options.detections)
        print('as pycocotools has it' if good else 'not as pycocotools has it')
    else:
        good = compare_random(options.fovea, options.cases, options.seed)
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
