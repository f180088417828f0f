#!/usr/bin/env bash
# From nothing to drawn boxes:  bash apps/demo.sh
# Installs what is missing, builds, draws a small data set, trains a narrow RetinaNet on it, evaluates it and detects on
# new pictures. All that it makes lies under build/demo/; a second run begins anew, on the same build.
set -eu
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
demo=$root/build/demo
fovea=$demo/build/apps/fovea

say() { printf '\n== %s\n' "$1" >&2; }

build() {
    bash "$root/tests/packages.sh" build
    mkdir -p "$demo"
    [ -e "$demo/build/build.ninja" ] || meson setup "$demo/build" "$root" >"$demo/build.log" 2>&1 ||
        { cat "$demo/build.log" >&2 && return 1; }
    ninja -C "$demo/build" apps/fovea >>"$demo/build.log" 2>&1 || { tail -n 40 "$demo/build.log" >&2 && return 1; }
}

say "building"
build
rm -rf "$demo/shapes" "$demo/run" "$demo/detections"
"$fovea" devices

say "drawing pictures"
"$fovea" synth --out "$demo/shapes" --train 240 --val 60 --new 12

say "training"
"$fovea" train --images "$demo/shapes/images" --annotations "$demo/shapes/train.json" \
    --val-annotations "$demo/shapes/val.json" --out "$demo/run" \
    --backbone resnet18 --width 16 --channels 64 --head-depth 2 --anchor-ratios 1 --size 160 --max-size 192 \
    --batch 4 --epochs 30 --lr 0.01 --steps-at 0.75,0.93 --eval-every 10 --no-tune

say "evaluating"
"$fovea" evaluate --model "$demo/run/model.safetensors" --images "$demo/shapes/images" \
    --annotations "$demo/shapes/val.json" --json "$demo/evaluation.json"

say "detecting on new pictures"
"$fovea" detect --model "$demo/run/model.safetensors" --min-score 0.5 --draw "$demo/detections" \
    --json "$demo/detections.json" "$demo/shapes/new" >"$demo/detections.txt"

ap50=$(sed -n 's/.*"AP50":[[:space:]]*\([-0-9.e]*\).*/\1/p' "$demo/evaluation.json" | head -n 1)
cat <<TEXT

AP50 $(LC_ALL=C printf %.2f "$ap50")
drawn pictures: $demo/detections
with your own pictures (annotations: COCO JSON):
  $fovea train --images DIR --annotations train.json --val-annotations val.json --out RUN --backbone resnet18
  $fovea evaluate --model RUN/model.safetensors --images DIR --annotations val.json
  $fovea detect --model RUN/model.safetensors --draw OUT DIR
TEXT
