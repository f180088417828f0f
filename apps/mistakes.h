/* An evaluation's mistakes as a list that a program, or somebody who mends annotations, goes through. */
#ifndef FOVEA_APPS_MISTAKES_H
#define FOVEA_APPS_MISTAKES_H

#include "review.h"

/* Writes a JSON list: detections that are wrong, the surest first, then objects that were missed, the largest first.
 * False after a sentence. */
bool mistakes_write(const char *path, const review *r);

#endif
