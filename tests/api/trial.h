/* Trials of fovea_dataset_convert(): data sets in a folder of their own, and what files hold afterwards. Names are
 * paths inside that folder. */
#ifndef FOVEA_TESTS_TRIAL_H
#define FOVEA_TESTS_TRIAL_H

#include "support.h"

void trial_begin(void); /* a new folder */
const char *trial_path(const char *name);

/* Files, with the folders above them. */
void trial_put(const char *name, const char *text);
void trial_picture(const char *name, int width, int height);

/* Puts `to` in place of the first `from` in a file. */
void trial_edit(const char *name, const char *from, const char *to);

char *trial_text(const char *name); /* freed with free() */
void trial_expect(const char *name, const char *want);
void trial_expect_same(const char *name, const char *other);
void trial_expect_has(const char *name, const char *part);
void trial_expect_hasnt(const char *name, const char *part);
bool trial_is_there(const char *name);

/* The same files of that ending, with the same bytes, in two folders. */
void trial_expect_same_files(const char *folder, const char *other, const char *ending);

/* Converts; images "" stands for none. The note is kept. */
fovea_status trial_convert(const char *images, const char *annotations, fovea_format to, const char *out,
                           fovea_convert_options options, fovea_conversion *told);
extern char trial_said[2048];

/* The same without options; the test fails where that does. */
fovea_conversion trial_must_convert(const char *images, const char *annotations, fovea_format to, const char *out);

#endif
