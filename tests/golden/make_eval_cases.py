#!/usr/bin/env python3
"""Makes tests/data/eval_cases.jsonl: random detection results with the numbers that pycocotools gives them.

Run by hand:  pip install pycocotools==2.0.11 numpy;  python3 tests/golden/make_eval_cases.py
Three lines a case: the annotations, the results, and {"stats": [12 numbers], "classes": [[id, AP, AP50, AP75, AR100]]}.
The cases are odd on purpose: crowds, areas at and beyond the ranges' ends, equal scores, pictures without boxes, absent
and undeclared classes, more than 100 boxes, zero and negative sizes, repeated ids, ids of 64 bits, NaN.
"""
import contextlib
import io
import json
import os
import random

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

CASES = 200


def mean(values):
    values = values[values > -1]
    return float(np.mean(values)) if values.size else -1.0


def evaluate(annotations, results):
    """pycocotools' numbers for two JSON texts, and its arrays."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = json.loads(annotations)
        truth.createIndex()
        found = json.loads(results)
        if found:
            detections = truth.loadRes(found)
        else:  # loadRes() does not take an empty list
            detections = COCO()
            detections.dataset = dict(truth.dataset, annotations=[])
            detections.createIndex()
        e = COCOeval(truth, detections, 'bbox')
        e.evaluate()
        e.accumulate()
        e.summarize()
    precision, recall = e.eval['precision'][:, :, :, 0, 2], e.eval['recall'][:, :, 0, 2]
    classes = [[int(c), mean(precision[:, :, k]), mean(precision[0, :, k]), mean(precision[5, :, k]),
                mean(recall[:, k])] for k, c in enumerate(e.params.catIds)]
    return {'stats': [float(s) for s in e.stats], 'classes': classes, 'precision': e.eval['precision'],
            'score': e.eval['scores']}


class Case:
    """One random case. `size`: about how many boxes a picture has at most."""

    def __init__(self, rng, size):
        self.rng, self.size = rng, size
        self.whole = rng.random() < .6      # whole coordinates meet the IoU thresholds exactly
        self.levels = rng.choice([2, 5, 1000, 10 ** 6])  # how many different scores
        self.odd = rng.random() < .4        # NaN, negative sizes, ...
        self.crowds = rng.choice([0, .05, .3])
        few = size > 100  # large cases hold more than 100 boxes of a class in a picture
        self.image_ids = self.ids(rng.randint(1, 2 if few else 6))
        self.category_ids = self.ids(rng.randint(1, 2 if few else 5))

    def chance(self, p):
        return self.rng.random() < p

    def ids(self, n):
        kind = self.rng.choice(['small', 'small', 'gaps', 'large', 'huge'])
        low, high = {'small': (0, 9), 'gaps': (-50, 1000), 'large': (2 ** 31 - 5, 2 ** 40),
                     'huge': (2 ** 53, 2 ** 53 + 20)}[kind]
        return self.rng.sample(range(low, high), n)

    def number(self, low, high):
        return self.rng.randint(int(low), int(high)) if self.whole else round(self.rng.uniform(low, high), 1)

    def box(self):
        side = self.rng.choice([12, 40, 120, 400])
        box = [self.number(0, 100), self.number(0, 100), self.number(1, side), self.number(1, side)]
        if self.odd and self.chance(.05):
            box[self.rng.randrange(2, 4)] = self.rng.choice([0, -3, -20.5, 1e6])
        if self.odd and self.chance(.01):
            box[self.rng.randrange(4)] = self.rng.choice([float('nan'), float('inf'), 1e300])
        return box

    def near(self, box):
        """A box like another: the same, or moved, or cut so that the IoU is a simple fraction."""
        x, y, w, h = box
        kind = self.rng.randrange(4)
        if kind == 0:
            return [x, y, w, h]
        if kind == 1:
            part = self.rng.choice([.5, .55, .6, .65, .7, .75, .8, .85, .9, .95])
            return [x, y, w, h * part]
        d = [self.rng.randint(-4, 4) if self.whole else round(self.rng.gauss(0, 3), 1) for _ in range(4)]
        return [x + d[0], y + d[1], w + d[2], h + d[3]]

    def annotation(self, number, image_id):
        r = self.rng
        box = self.box()
        if self.annotations and self.chance(.1):
            box = list(r.choice(self.annotations)['bbox'])
        a = {'id': number, 'image_id': image_id, 'category_id': r.choice(self.category_ids), 'bbox': box,
             'area': box[2] * box[3], 'iscrowd': int(self.chance(self.crowds))}
        if self.chance(.2):
            a['area'] = r.choice([0, 1024, 1024.0001, 9216, 9215.5, 500, 5000, 1e10, 2e10, 20000])
        if self.odd and self.chance(.05):
            a['iscrowd'] = r.choice([True, False, .5, 2])
        if self.odd and self.chance(.05):
            a['area'] = r.choice([float('nan'), -1, float('inf')])
        if self.chance(.1):
            a['ignore'] = r.choice([0, 1])
        if self.chance(.03):
            a['category_id'] = 77777
        if self.chance(.02):
            a['image_id'] = 88888
        return a

    def detection(self, image_id):
        r = self.rng
        here = [a for a in self.annotations if a['image_id'] == image_id]
        d = {'image_id': image_id, 'category_id': r.choice(self.category_ids), 'bbox': self.box()}
        if here and self.chance(.7):
            a = r.choice(here)
            d['bbox'] = self.near(a['bbox'])
            if self.chance(.9):
                d['category_id'] = a['category_id']
        if self.chance(.03):
            d['category_id'] = 99999
        score = r.randrange(self.levels + 1) / self.levels
        if self.odd and self.chance(.03):
            score = r.choice([float('nan'), float('inf'), -1, 0, 1, 1e-320])
        d['score'] = score
        return d

    def make(self):
        r = self.rng
        self.annotations, self.results = [], []
        base = r.choice([0, 1, 1, 1, -3, 2 ** 33, 2 ** 53])
        for image_id in self.image_ids:
            if self.chance(.15):
                continue
            for _ in range(r.randint(0, max(1, self.size // 2))):
                self.annotations.append(self.annotation(base + len(self.annotations), image_id))
        if self.odd and len(self.annotations) > 1:
            for _ in range(r.randint(0, 2)):  # repeated ids
                r.choice(self.annotations)['id'] = r.choice(self.annotations)['id']
        quiet = r.choice(self.category_ids + [None] * 3)  # never annotated, or never found
        if quiet is not None and self.chance(.5):
            self.annotations = [a for a in self.annotations if a['category_id'] != quiet]
        if not self.chance(.03):
            for image_id in self.image_ids:
                if self.chance(.9):
                    self.results += [self.detection(image_id) for _ in range(r.randint(0, self.size))]
        r.shuffle(self.results)
        images = [{'id': i, 'file_name': f'{i}.jpg'} for i in self.image_ids]
        categories = [{'id': c, 'name': f'c{c}'} for c in self.category_ids]
        if self.odd and self.chance(.2):
            images.append(dict(r.choice(images), file_name='again.jpg'))
            categories.append(dict(r.choice(categories), name='again'))
        dataset = {'images': images, 'categories': categories, 'annotations': self.annotations}
        if not self.annotations and self.chance(.5):
            del dataset['annotations']
        text = [json.dumps(part, separators=(',', ':')) for part in (dataset, self.results)]
        return text[0], text[1]


def cases(seed, sizes):
    """Cases that pycocotools takes, with its numbers."""
    rng = random.Random(seed)
    for size in sizes:
        while True:
            annotations, results = Case(rng, size).make()
            try:
                with np.errstate(all='ignore'):
                    yield annotations, results, evaluate(annotations, results)
                break
            except (IndexError, KeyError, OverflowError, TypeError, ValueError, AssertionError) as e:
                print('passed over, pycocotools does not take it:', repr(e))


def main():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'data', 'eval_cases.jsonl')
    sizes = [4] * 40 + [12] * 120 + [40] * 34 + [400] * 6
    assert len(sizes) == CASES
    with open(path, 'w') as f:
        for annotations, results, numbers in cases(1, sizes):
            numbers = {key: numbers[key] for key in ('stats', 'classes')}
            f.write(annotations + '\n' + results + '\n' + json.dumps(numbers, separators=(',', ':')) + '\n')
    print(os.path.getsize(path), 'bytes')


if __name__ == '__main__':
    main()
