/* What a data set says that another format has no words for. */
#ifndef FOVEA_DATA_CONVERT_LOSSES_H
#define FOVEA_DATA_CONVERT_LOSSES_H

#include "coco_index.h"
#include "json_text.h"

/* A sentence on it, nothing where there is none. plain: it is lost; else it stands beside the files. */
fovea_status fovea__convert_losses(fovea__text *out, const fovea__coco_index *of, fovea_format from, fovea_format to,
                                   bool plain);

#endif
