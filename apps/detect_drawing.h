/* The drawings and contact sheets of 'fovea detect', made by a thread of their own, so that the device need not
 * wait for letters and JPEG. Failures are told on stderr. */
#ifndef FOVEA_APPS_DETECT_DRAWING_H
#define FOVEA_APPS_DETECT_DRAWING_H

#include "folder.h"
#include "fovea.h"

typedef struct detect_drawing detect_drawing;

/* Begins. folder: where drawings go, under `names`; sheet_file: of the first sheet; either may be NULL. All that is
 * passed outlives the drawing. NULL on failure. */
detect_drawing *detect_drawing_begin(const fovea_model *model, const folder_list *pictures, const char *folder,
                                     const folder_list *names, const char *sheet_file);

/* Draws the picture number `index` later, and in the order of the calls; waits where many are still to be drawn.
 * The image is taken and zeroed. */
bool detect_drawing_add(detect_drawing *drawing, size_t index, fovea_image *image, const fovea_detection *found,
                        size_t count);

/* How many sheets so many pictures take, and the path of one from 1 on: FILE.jpg, FILE_2.jpg, ... False after a sentence
 * where it is too long. */
int detect_drawing_sheets(size_t pictures);
bool detect_drawing_sheet_path(char out[FOLDER_PATH], const char *sheet_file, int number);

/* Waits until all is drawn, and writes the last sheet where `keep`. False where something could not be drawn. Accepts
 * NULL. */
bool detect_drawing_end(detect_drawing *drawing, bool keep);

#endif
