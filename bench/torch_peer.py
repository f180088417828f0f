#!/usr/bin/env python3
"""The same work in PyTorch: torchvision's RetinaNet on the CPU, for bench/side_by_side.sh.

  torch_peer.py detect [--backbone resnet50 --size 600]            from a resized picture to final boxes
  torch_peer.py step   [--backbone resnet50 --size 600 --batch 2]  forward, losses, backward and SGD
  torch_peer.py train  --data DIR [--weights FILE] [--epochs 10]   a whole training, then COCO's AP on val.json

Prints one line of JSON: the median of the timed runs, and the process's largest resident memory.
"""
import argparse
import json
import os
import random
import resource
import statistics
import time

import torch
from torchvision.models.detection import RetinaNet
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.ops import misc
from torchvision.ops.feature_pyramid_network import LastLevelP6P7


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["detect", "step", "train"])
    parser.add_argument("--backbone", default="resnet50")
    parser.add_argument("--weights", help="a backbone's weights, safetensors; its norms are then frozen")
    parser.add_argument("--size", type=int, default=600, help="shorter side")
    parser.add_argument("--max-size", type=int, default=1000)
    parser.add_argument("--classes", type=int, default=80)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--data", help="a folder with images/, train.json and val.json")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--lr", type=float, default=0.005)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--channels-last", action="store_true", help="keep tensors as NHWC")
    return parser.parse_args()


def build(args, classes):
    norm = misc.FrozenBatchNorm2d if args.weights else torch.nn.BatchNorm2d
    backbone = resnet_fpn_backbone(backbone_name=args.backbone, weights=None, norm_layer=norm, trainable_layers=5,
                                   returned_layers=[2, 3, 4], extra_blocks=LastLevelP6P7(256, 256))
    if args.weights:
        from safetensors.torch import load_file
        backbone.body.load_state_dict(load_file(args.weights), strict=False)
    model = RetinaNet(backbone, classes + 1, min_size=args.size, max_size=args.max_size)
    return model.to(memory_format=torch.channels_last) if args.channels_last else model


def say(args, **measured):
    measured["memory_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(dict(torch=torch.__version__, threads=args.threads, **measured)), flush=True)


def timed(call, warm_up, runs):
    seconds = []
    for _ in range(warm_up + runs):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[warm_up:])


def detect(args):
    model, picture = build(args, args.classes).eval(), [torch.rand(3, args.size, args.size)]
    with torch.no_grad():
        seconds = timed(lambda: model(picture), 2, args.runs)
    say(args, ms_per_image=seconds * 1e3)


def seven_boxes(args, generator):
    corner = torch.rand(7, 2, generator=generator) * (args.size * 0.7)
    sides = 16 + torch.rand(7, 2, generator=generator) * (args.size * 0.25)
    return {"boxes": torch.cat([corner, corner + sides], 1),
            "labels": torch.randint(1, args.classes + 1, (7,), generator=generator)}


def sgd(model, rate):
    return torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9, weight_decay=1e-4)


def step(args):
    model, generator = build(args, args.classes).train(), torch.Generator().manual_seed(1)
    optimizer = sgd(model, 1e-4)
    pictures = [torch.rand(3, args.size, args.size) for _ in range(args.batch)]
    targets = [seven_boxes(args, generator) for _ in range(args.batch)]

    def once():
        loss = sum(model(pictures, targets).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()
    say(args, ms_per_image=timed(once, 1, args.runs) * 1e3 / args.batch)


def load(args, coco, labels, index):
    from PIL import Image
    from torchvision.transforms.functional import pil_to_tensor
    name = coco.loadImgs(index)[0]["file_name"]
    picture = pil_to_tensor(Image.open(f"{args.data}/images/{name}").convert("RGB")).float() / 255
    kept = [a for a in coco.loadAnns(coco.getAnnIds(index)) if a["bbox"][2] > 0 and a["bbox"][3] > 0]
    boxes = torch.tensor([a["bbox"] for a in kept], dtype=torch.float32).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    return picture, {"boxes": boxes, "labels": torch.tensor([labels.index(a["category_id"]) + 1 for a in kept])}


def mirror(picture, target):
    width, boxes = picture.shape[2], target["boxes"]
    mirrored = torch.stack([width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]], 1)
    return picture.flip(2), dict(target, boxes=mirrored)


def train_epochs(args, model, coco, labels):
    pictures, optimizer, done = coco.getImgIds(), sgd(model, args.lr), 0
    steps = len(pictures) // args.batch * args.epochs
    model.train()
    for _ in range(args.epochs):
        random.shuffle(pictures)
        for first in range(0, len(pictures) - args.batch + 1, args.batch):
            rate = min(1, (done + 1) / 100) * (.1 if done > steps * .7 else 1) * (.1 if done > steps * .9 else 1)
            for group in optimizer.param_groups:
                group["lr"] = args.lr * rate
            batch = [load(args, coco, labels, i) for i in pictures[first:first + args.batch]]
            batch = [mirror(*pair) if random.random() < .5 else pair for pair in batch]
            loss = sum(model(*map(list, zip(*batch))).values())
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
            optimizer.step()
            loss.item()
            done += 1


def evaluate(args, model, coco, labels):
    from pycocotools.cocoeval import COCOeval
    found = []
    model.eval()
    with torch.no_grad():
        for index in coco.getImgIds():
            boxes = model([load(args, coco, labels, index)[0]])[0]
            for (x0, y0, x1, y1), score, label in zip(*(boxes[k].tolist() for k in ("boxes", "scores", "labels"))):
                if label > 0:
                    found.append(dict(image_id=index, category_id=labels[label - 1], score=score,
                                      bbox=[x0, y0, x1 - x0, y1 - y0]))
    if not found:
        return [0.0, 0.0]
    judge = COCOeval(coco, coco.loadRes(found), "bbox")
    judge.evaluate()
    judge.accumulate()
    judge.summarize()
    return judge.stats


def train(args):
    import contextlib
    import io
    from pycocotools.coco import COCO
    with contextlib.redirect_stdout(io.StringIO()):
        coco, validation = COCO(f"{args.data}/train.json"), COCO(f"{args.data}/val.json")
        labels = sorted(coco.getCatIds())
        model = build(args, len(labels))
        start = time.perf_counter()
        train_epochs(args, model, coco, labels)
        seconds = time.perf_counter() - start
        numbers = evaluate(args, model, validation, labels)
    say(args, seconds=seconds, AP=float(numbers[0]), AP50=float(numbers[1]))


if __name__ == "__main__":
    options = arguments()
    torch.manual_seed(0)
    random.seed(0)
    torch.set_num_threads(options.threads)
    {"detect": detect, "step": step, "train": train}[options.mode](options)
