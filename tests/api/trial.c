/* Data sets in folders of their own, see trial.h. */
#include "trial.h"

#include "file.h"
#include "jpeg.h"
#include "listing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int number;

const char *trial_path(const char *name)
{
    char whole[256];
    snprintf(whole, sizeof whole, "%d/%.200s", number, name);
    return support_scratch_file(whole);
}

void trial_begin(void)
{
    number++;
    mkdir(trial_path(""), 0777);
}

static void make_folder_of(const char *path)
{
    char folder[1024];
    snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0';
    support_ok(fovea__folder_make(folder));
}

void trial_put(const char *name, const char *text)
{
    make_folder_of(trial_path(name));
    support_write(trial_path(name), text);
}

void trial_picture(const char *name, int width, int height)
{
    make_folder_of(trial_path(name));
    jpeg_make_file(trial_path(name), &(jpeg_plan){.width = width, .height = height});
}

char *trial_text(const char *name)
{
    char *text = NULL;
    size_t size = 0;
    support_ok(fovea__file_read(&text, &size, trial_path(name), SIZE_MAX));
    return text;
}

void trial_expect(const char *name, const char *want)
{
    char *got = trial_text(name);
    ck_assert_msg(strcmp(got, want) == 0, "%s holds:\n%s\nexpected:\n%s", name, got, want);
    free(got);
}

void trial_expect_same(const char *name, const char *other)
{
    char *want = trial_text(other);
    trial_expect(name, want);
    free(want);
}

void trial_expect_has(const char *name, const char *part)
{
    char *got = trial_text(name);
    ck_assert_msg(strstr(got, part) != NULL, "%s holds:\n%s\nexpected in it:\n%s", name, got, part);
    free(got);
}

void trial_expect_hasnt(const char *name, const char *part)
{
    char *got = trial_text(name);
    ck_assert_msg(strstr(got, part) == NULL, "%s holds:\n%s\nexpected nowhere in it:\n%s", name, got, part);
    free(got);
}

void trial_edit(const char *name, const char *from, const char *to)
{
    char *text = NULL;
    size_t size = 0;
    support_ok(fovea__file_read(&text, &size, trial_path(name), SIZE_MAX));
    ck_assert_msg(strstr(text, from) != NULL, "%s does not hold %s:\n%s", name, from, text);
    const size_t before = (size_t)(strstr(text, from) - text);
    char *const made = malloc(size + strlen(to) + 1);
    sprintf(made, "%.*s%s%s", (int)before, text, to, text + before + strlen(from));
    support_write(trial_path(name), made);
    free(made);
    free(text);
}

bool trial_is_there(const char *name)
{
    struct stat facts;
    return lstat(trial_path(name), &facts) == 0;
}

void trial_expect_same_files(const char *folder, const char *other, const char *ending)
{
    fovea__listing here, there;
    const char *const endings[] = {ending, NULL};
    support_ok(fovea__listing_read(&here, trial_path(folder), endings, true));
    support_ok(fovea__listing_read(&there, trial_path(other), endings, true));
    ck_assert_uint_eq(here.count, there.count);
    ck_assert_uint_gt(here.count, 0);
    for (size_t i = 0; i < here.count; i++) {
        char one[256], another[256];
        ck_assert_str_eq(here.names[i], there.names[i]);
        snprintf(one, sizeof one, "%s/%s", folder, here.names[i]);
        snprintf(another, sizeof another, "%s/%s", other, there.names[i]);
        trial_expect_same(one, another);
    }
    fovea__listing_clear(&here);
    fovea__listing_clear(&there);
}

char trial_said[2048];

static void hear(void *cookie, const char *sentence)
{
    (void)cookie;
    snprintf(trial_said, sizeof trial_said, "%s", sentence);
}

fovea_status trial_convert(const char *images, const char *annotations, fovea_format to, const char *out,
                        fovea_convert_options options, fovea_conversion *told)
{
    *trial_said = '\0';
    options.note = hear;
    return fovea_dataset_convert(*images ? trial_path(images) : "", trial_path(annotations), to, trial_path(out),
                                 &options, told);
}

fovea_conversion trial_must_convert(const char *images, const char *annotations, fovea_format to, const char *out)
{
    fovea_conversion told;
    support_ok(trial_convert(images, annotations, to, out, (fovea_convert_options){0}, &told));
    return told;
}
