/* The struct behind fovea_model: a configuration, labels, parameters, and the network that detection runs. */
#ifndef FOVEA_NET_MODEL_H
#define FOVEA_NET_MODEL_H

#include "network.h"
#include "safetensors.h"
#include "weights.h"

struct fovea_model {
    fovea_device *device;
    fovea__net_config config;
    int labels;
    char **names;         /* one a label */
    int64_t *category_ids;
    fovea__parameters *parameters;
    fovea__parameters *average; /* of the parameters, its trainer's: detection and saving take it. NULL: none */
    char **missing;       /* tensors that the backbone file did not hold */
    size_t n_missing;
    bool in_training;     /* it has a trainer */
    const fovea__conv2d_choices *choices; /* its trainer's, which detection follows too; NULL: the device's */
    fovea__network *network; /* for detection; made at first use */
    void *detector;          /* lib/detect's own, freed by free_detector */
    void (*free_detector)(void *detector);
};

/* Which class slot of the logits a label has: torchvision's profile keeps slot 0 for the background. */
static inline int fovea__model_slot(const fovea_model *model, int label)
{
    return model->config.profile == FOVEA_PROFILE_TORCHVISION ? label + 1 : label;
}

/* Makes detection follow a trainer's choices of algorithms; NULL: the device's again. */
void fovea__model_set_choices(fovea_model *model, const fovea__conv2d_choices *choices);

/* Makes detection and saving take a trainer's average, which stays the trainer's until it is kept: then it becomes the
 * model's parameters, and those are freed. To keep is nothing where there is no average. */
void fovea__model_set_average(fovea_model *model, fovea__parameters *average);
void fovea__model_keep_average(fovea_model *model);

/* What detection and saving take. */
static inline fovea__parameters *fovea__model_shown(const fovea_model *model)
{
    return model->average ? model->average : model->parameters;
}

/* The network for detection, made at first use, with the choices that it is to follow. */
fovea_status fovea__model_network(fovea_model *model, fovea__network **network);

/* The metadata of a model's file. The texts are freed by fovea__model_metadata_clear(). */
typedef struct fovea__model_metadata {
    char *classes, *config;
    const char *profile;
} fovea__model_metadata;

fovea_status fovea__model_metadata_make(fovea__model_metadata *out, const fovea_model *model);
void fovea__model_metadata_clear(fovea__model_metadata *metadata);

/* Writes these parameters of the model with further metadata and what else a checkpoint holds. */
fovea_status fovea__model_write(const fovea_model *model, const fovea__parameters *parameters, const char *path,
                                const fovea__weights_more *more);

/* Makes a model without parameters: device, configuration, labels. names NULL: "1", "2", ...; ids NULL: 1, 2, ... */
fovea_status fovea__model_begin(fovea_model **out, fovea_device *device, const fovea__net_config *config, int labels,
                                const char *const *names, const int64_t *category_ids);

#endif
