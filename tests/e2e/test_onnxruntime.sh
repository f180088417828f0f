#!/usr/bin/env bash
# What 'fovea export' writes, run by onnxruntime: tests/golden/compare_onnx.py on narrow networks.
#   test_onnxruntime.sh FOVEA    FOVEA: the command in a build folder (BUILD/apps/fovea)
# $FOVEA_TEST_PYTHON (else python3) has onnx, onnxruntime, numpy and pillow; skipped where it has not.
set -u
python=${FOVEA_TEST_PYTHON:-python3}

if ! "$python" -c 'import numpy, onnx, onnxruntime, PIL' 2>/dev/null; then
    echo "skipped: $python has no onnx, onnxruntime, numpy and pillow"
    echo "onnxruntime: 0 passed, 0 failed, 1 skipped"
    exit 77
fi
if "$python" "$(dirname "$0")/../golden/compare_onnx.py" --fovea "$1" --quick; then
    echo "onnxruntime: 1 passed, 0 failed, 0 skipped"
else
    echo "onnxruntime: 0 passed, 1 failed, 0 skipped"
    exit 1
fi
