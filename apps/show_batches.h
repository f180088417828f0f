/* What a training is about to be shown: pictures as the network gets them, on one sheet. */
#ifndef FOVEA_APPS_SHOW_BATCHES_H
#define FOVEA_APPS_SHOW_BATCHES_H

#include "fovea.h"

/* Writes the sheet of the pictures that a trainer takes next to `path`, as JPEG, and says so on stdout; the classes' names
 * are those of `dataset`. False on failure, told on stderr. */
bool show_batches(fovea_trainer *trainer, const fovea_dataset *dataset, const char *path);

#endif
