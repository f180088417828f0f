/* The arithmetic of a network's configuration. */
#include "config.h"

static const struct {
    int depth, blocks[FOVEA__STAGES];
    bool bottleneck;
} depths[] = {
    {18, {2, 2, 2, 2}, false},
    {34, {3, 4, 6, 3}, false},
    {50, {3, 4, 6, 3}, true},
    {101, {3, 4, 23, 3}, true},
};

enum { N_DEPTHS = sizeof depths / sizeof depths[0] };

int fovea__config_blocks(int depth, int stage)
{
    for (int i = 0; i < N_DEPTHS; i++)
        if (depths[i].depth == depth && stage >= 1 && stage <= FOVEA__STAGES)
            return depths[i].blocks[stage - 1];
    return 0;
}

bool fovea__config_bottleneck(int depth)
{
    for (int i = 0; i < N_DEPTHS; i++)
        if (depths[i].depth == depth)
            return depths[i].bottleneck;
    return false;
}

int fovea__config_depth_of(const int blocks[FOVEA__STAGES], bool bottleneck, int wanted)
{
    int found = 0;
    for (int i = 0; i < N_DEPTHS; i++) {
        bool some = false, fits = depths[i].bottleneck == bottleneck;
        for (int k = 0; k < FOVEA__STAGES; k++) {
            some = some || blocks[k];
            fits = fits && (!blocks[k] || blocks[k] == depths[i].blocks[k]);
        }
        if (some && fits && (!found || depths[i].depth == wanted))
            found = depths[i].depth;
    }
    return found;
}

int fovea__config_stage_channels(const fovea__net_config *config, int stage)
{
    if (stage == 0)
        return config->width;
    return config->width * (1 << (stage - 1)) * (fovea__config_bottleneck(config->depth) ? 4 : 1);
}

int fovea__config_max_size(int size, int max_size, int otherwise)
{
    if (max_size)
        return max_size;
    if (!size)
        return otherwise;
    const int wide = (int)((int64_t)size * 5 / 3);
    return wide < FOVEA__MOST_SIZE ? wide : FOVEA__MOST_SIZE;
}

int fovea__config_anchors(const fovea__net_config *config)
{
    return config->anchor_scales * config->anchor_ratios;
}

bool fovea__config_p6_from_p5(const fovea__net_config *config)
{
    /* Where both have the same width, the paper's profile takes C5 and torchvision's rule says P5. */
    if (config->p6_channels != config->channels)
        return false;
    return config->profile == FOVEA_PROFILE_TORCHVISION ||
           config->p6_channels != fovea__config_stage_channels(config, FOVEA__STAGES);
}

static fovea_status check_range(const char *field, int value, int low, int high)
{
    FOVEA_CHECK_ARG(value >= low && value <= high, "%s is %d; expected %d to %d", field, value, low, high);
    return FOVEA_OK;
}

fovea_status fovea__config_check(const fovea__net_config *config)
{
    FOVEA_CHECK_ARG(fovea__config_blocks(config->depth, 1) > 0, "depth is %d; expected 18, 34, 50 or 101",
                    config->depth);
    FOVEA_CHECK_ARG(config->width % 8 == 0, "width is %d; expected a multiple of 8", config->width);
    FOVEA_TRY(check_range("width", config->width, 8, 1024));
    FOVEA_TRY(check_range("channels", config->channels, 1, 4096));
    FOVEA_TRY(check_range("head_depth", config->head_depth, 1, 16));
    FOVEA_TRY(check_range("anchor_scales", config->anchor_scales, 1, 4));
    FOVEA_CHECK_ARG(config->anchor_ratios == 1 || config->anchor_ratios == 3, "anchor_ratios is %d; expected 1 or 3",
                    config->anchor_ratios);
    FOVEA_TRY(check_range("classes", config->classes, 1, 100000));
    const int c5 = fovea__config_stage_channels(config, FOVEA__STAGES);
    FOVEA_CHECK_ARG(config->p6_channels == config->channels || config->p6_channels == c5,
                    "p6_channels is %d; expected %d (P5's) or %d (C5's)", config->p6_channels, config->channels, c5);
    FOVEA_CHECK_ARG(config->profile == FOVEA_PROFILE_PAPER || config->profile == FOVEA_PROFILE_TORCHVISION,
                    "profile is %d; expected paper or torchvision", (int)config->profile);
    FOVEA_CHECK_ARG(config->norm == FOVEA_NORM_FROZEN || config->norm == FOVEA_NORM_TRAINING,
                    "norm is %d; expected frozen or training", (int)config->norm);
    FOVEA_CHECK_ARG(config->head_norm == FOVEA_HEAD_NORM_NONE || config->head_norm == FOVEA_HEAD_NORM_GROUP,
                    "head_norm is %d; expected none or group", (int)config->head_norm);
    FOVEA_CHECK_ARG(config->head_norm == FOVEA_HEAD_NORM_NONE || config->channels % FOVEA__HEAD_GROUPS == 0,
                    "channels is %d; expected a multiple of %d, with group norm in the heads", config->channels,
                    FOVEA__HEAD_GROUPS);
    FOVEA_CHECK_ARG(config->norm_epsilon >= 0 && config->norm_epsilon < 1, "norm_epsilon is %g; expected 0 to 1",
                    (double)config->norm_epsilon);
    FOVEA_CHECK_ARG(config->prior > 0 && config->prior < 1, "prior is %g; expected between 0 and 1",
                    (double)config->prior);
    FOVEA_TRY(check_range("size", config->size, 1, FOVEA__MOST_SIZE));
    return check_range("max_size", config->max_size, 1, FOVEA__MOST_SIZE);
}
