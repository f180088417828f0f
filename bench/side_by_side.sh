#!/usr/bin/env bash
# fovea and PyTorch side by side on the same machine, the same work, in turns:  bash bench/side_by_side.sh [OPTION]...
# Builds fovea into ./build where it is not yet, sets PyTorch up in a folder of its own ($FOVEA_PEER, else
# ~/.cache/fovea-peer; some gigabytes), and hands every option to bench/side_by_side.py (--help lists them).
set -eu
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${FOVEA_BUILD:-$root/build}
peer=${FOVEA_PEER:-${XDG_CACHE_HOME:-$HOME/.cache}/fovea-peer}

[ -f "$build/build.ninja" ] || meson setup "$build" "$root" >&2
ninja -C "$build" >&2
if [ ! -x "$peer/bin/python" ]; then
    python3 -m venv "$peer"
fi
"$peer/bin/python" -c 'import torch, torchvision, pycocotools, safetensors, PIL' 2>/dev/null ||
    "$peer/bin/pip" install --quiet torch torchvision pycocotools safetensors pillow >&2
exec "$peer/bin/python" "$root/bench/side_by_side.py" --fovea "$build/apps/fovea" "$@"
