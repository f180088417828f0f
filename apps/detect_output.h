/* What 'fovea detect' makes of what was found: text, three kinds of JSON, drawings, contact sheets. Failures are told
 * on stderr. */
#ifndef FOVEA_APPS_DETECT_OUTPUT_H
#define FOVEA_APPS_DETECT_OUTPUT_H

#include "detect_drawing.h"
#include "image_ids.h"
#include "json_out.h"

enum { DETECT_MOST = 1000 }; /* detections a picture */

typedef struct detect_wishes {
    const char *json, *jsonl, *coco, *annotations, *draw, *sheet; /* paths, NULL where not wished for */
} detect_wishes;

typedef struct detect_output {
    detect_wishes wishes;
    const fovea_model *model;
    const folder_list *pictures;
    folder_list names; /* of the drawings below wishes.draw */
    json_out json, jsonl, coco;
    image_ids ids;
    detect_drawing *drawing; /* NULL where nothing is drawn */
    bool as_text;
} detect_output;

/* Finds out where everything goes, before a device is opened: makes nothing. `pictures` outlives the output; where
 * nothing is drawn and no annotations are asked for image ids, pictures may be added to it later. */
bool detect_output_plan(detect_output *out, const detect_wishes *wishes, const folder_list *pictures);

/* Opens the files. `model` outlives the output. */
bool detect_output_open(detect_output *out, const fovea_model *model);

/* Tells what was found, at most DETECT_MOST, in the picture number `index` of the list. Where it is drawn, the image is
 * taken and zeroed; a drawing that fails is told by detect_output_close(). */
bool detect_output_add(detect_output *out, size_t index, fovea_image *image, const fovea_detection *found,
                       size_t count);

/* Does it make sense to go on? Not where nobody reads what is written. */
bool detect_output_works(const detect_output *out);

/* Finishes all; where !keep, files that would be half ones are dropped. Accepts a zeroed struct. */
bool detect_output_close(detect_output *out, bool keep);

#endif
