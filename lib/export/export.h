/* A detector as an ONNX graph: the parts that fovea_model_export() puts together. The graph does what fovea_detect()
 * does, step by step and rounded alike where only additions, products and quotients are made. */
#ifndef FOVEA_EXPORT_EXPORT_H
#define FOVEA_EXPORT_EXPORT_H

#include "detector.h"
#include "onnx.h"

/* Values for height and width, or for y and x: scalars. */
typedef struct fovea__export_pair {
    int y, x;
} fovea__export_pair;

/* What the network makes at a level. */
typedef struct fovea__export_level {
    int logits, codes; /* [N][A K][H][W], [N][A 4][H][W] */
    int sides;         /* H and W, a list of whole numbers */
} fovea__export_level;

/* Which tensor a node's weights make, kept as fovea__onnx_tensor.part; .owner is the node. */
enum { FOVEA__EXPORT_WEIGHTS = 0, FOVEA__EXPORT_BIAS = 1 };

/* One export. */
typedef struct fovea__export {
    fovea__onnx graph;
    const fovea_model *model;
    const fovea__network *network;
    fovea__detect_plan plan; /* its options; sizes of a picture are values of the graph */

    /* Values. */
    fovea__export_pair picture; /* the picture's sides, whole numbers */
    fovea__export_pair resized; /* the network's input without its padding, whole numbers */
    fovea__export_pair padded;  /* and with it; for --raw of torchvision's profile alone, whose strides they make */
    int input;                  /* of the network, [N][3][H][W] */
    fovea__export_level levels[FOVEA__LEVELS];
} fovea__export;

/* From the picture [height][width][3], uint8, to the network's input: sets all before .levels. */
void fovea__export_picture(fovea__export *e, int image);

/* The network, from .input to .levels. Fails where it has a node that ONNX has no counterpart of here. */
fovea_status fovea__export_network(fovea__export *e);

/* Makes the weights that the network's nodes asked for; batch norm is folded into them. context: fovea__export. */
fovea_status fovea__export_fill(const void *context, const fovea__onnx_tensor *tensor, float *out);

/* From .levels to the detections: outputs boxes, scores, labels. */
void fovea__export_detections(fovea__export *e);

/* From .levels to what the network itself says of every anchor: outputs logits, codes, anchors. */
void fovea__export_raw(fovea__export *e);

#endif
