/* What a RetinaNet is made of: everything that decides its tensors' names and shapes, and the details it follows. Pure
 * C. Every field holds its true value here (the public options' "0 means default" is resolved before). */
#ifndef FOVEA_NET_CONFIG_H
#define FOVEA_NET_CONFIG_H

#include "status.h"

#define FOVEA__STAGES 4 /* layer1 ... layer4 of a ResNet, whose outputs are C2 ... C5 */

#define FOVEA__HEAD_GROUPS 32 /* of group norm in the heads */

#define FOVEA__MOST_SIZE 65500 /* a JPEG's longest side */

typedef struct fovea__net_config {
    int depth;         /* 18, 34, 50 or 101 */
    int width;         /* channels after the stem; the standard ResNet has 64 */
    int channels;      /* of the FPN and of the heads' convolutions */
    int head_depth;    /* 3x3 convolutions in each head before its output */
    int anchor_scales; /* 1 to 4 */
    int anchor_ratios; /* 1 or 3 */
    int classes;       /* outputs an anchor; in the torchvision profile slot 0 is the background */
    int p6_channels;   /* input channels of P6: C5's, or `channels` where it is made from P5 */
    fovea_profile profile;
    fovea_norm norm;
    fovea_head_norm head_norm;
    float norm_epsilon;
    float prior;        /* the score that every class starts with */
    int size, max_size; /* shorter side and limit of the longer */
} fovea__net_config;

/* Fails with FOVEA_ERROR_ARGUMENT naming the first field that is out of range. */
fovea_status fovea__config_check(const fovea__net_config *config);

/* Blocks of stage 1 to 4; 0 where the depth is none of the four. */
int fovea__config_blocks(int depth, int stage);

/* True for the block of three convolutions (1x1, 3x3, 1x1), false for that of two 3x3. */
bool fovea__config_bottleneck(int depth);

/* The depth of which ResNets have so many blocks in stage 1 to 4; a stage of 0 may have any number. Of several depths
 * that fit `wanted` goes before the others. 0 where none fits, or all stages have 0. */
int fovea__config_depth_of(const int blocks[FOVEA__STAGES], bool bottleneck, int wanted);

/* Output channels of stage 0 (the stem) to 4. */
int fovea__config_stage_channels(const fovea__net_config *config, int stage);

/* The limit of the longer side where options give `size` and `max_size`, 0 meaning not given: max_size itself, else 5/3 of
 * size as COCO's 600 and 1000 or 800 and 1333 have it, else `otherwise`. At most FOVEA__MOST_SIZE. */
int fovea__config_max_size(int size, int max_size, int otherwise);

/* Anchors a cell. */
int fovea__config_anchors(const fovea__net_config *config);

/* True where P6 is made from P5, false where from C5. */
bool fovea__config_p6_from_p5(const fovea__net_config *config);

#endif
