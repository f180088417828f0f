/* What options let be written, see options_files.h. */
#include "options_files.h"

#include "folder.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Do two paths name one file, though it may not be there yet? Devices and pipes take what several write. */
static bool is_one_file(const char *a, const char *b)
{
    struct stat facts;
    char above[2][FOLDER_PATH];
    if (stat(a, &facts) == 0)
        return S_ISREG(facts.st_mode) && folder_same(a, b);
    const char *names[] = {strrchr(a, '/'), strrchr(b, '/')};
    if (strcmp(names[0] ? names[0] + 1 : a, names[1] ? names[1] + 1 : b) != 0)
        return false;
    folder_above(above[0], a);
    folder_above(above[1], b);
    return strcmp(a, b) == 0 || folder_same(above[0], above[1]);
}

/* Does a text name the file that is to be written, or a split of it, "data.yaml#val"? */
static bool text_names(const char *text, const char *written)
{
    char path[FOLDER_PATH];
    if (is_one_file(written, text))
        return true;
    const char *mark = strrchr(text, '#');
    if (!mark || mark - text >= FOLDER_PATH)
        return false;
    snprintf(path, sizeof path, "%.*s", (int)(mark - text), text);
    return is_one_file(written, path);
}

/* Does a row name it? */
static bool names_file(const options_row *with, const void *fields, const char *written)
{
    const void *at = (const char *)fields + with->at;
    const char *const *texts = at;
    if (!with->value || strcmp(with->value, "TEXT") == 0 || strcmp(with->value, "LIST") == 0)
        return false;
    if (with->kind == OPTIONS_TEXT)
        return *texts && text_names(*texts, written);
    if (with->kind == OPTIONS_TEXTS)
        while (*texts)
            if (text_names(*texts++, written))
                return true;
    return false;
}

/* What would be lost with the file that row `at` writes, in words; NULL: nothing. */
static const char *what_is_lost(const options_table *table, const void *fields, size_t at, int n_operands,
                                char **operands, char text[80])
{
    const options_row *row = &table->rows[at];
    const char *written = *(const char *const *)((const char *)fields + row->at);
    for (size_t i = 0; i < table->n_rows; i++)
        if (i != at && names_file(&table->rows[i], fields, written)) {
            snprintf(text, 80, "which is also given to --%s", table->rows[i].name);
            return text;
        }
    for (int i = 0; i < n_operands; i++)
        if (is_one_file(written, operands[i]))
            return "which is to be read";
    const folder_content content = folder_content_of(written);
    if (content == FOLDER_MODEL)
        return "a model";
    return content == FOLDER_PICTURE && row->writes != OPTIONS_DRAWN ? "a picture" : NULL;
}

bool options_lose_nothing(const options_table *table, const void *fields, int n_operands, char **operands)
{
    for (size_t i = 0; i < table->n_rows; i++) {
        const options_row *row = &table->rows[i];
        const char *written = row->writes ? *(const char *const *)((const char *)fields + row->at) : NULL;
        char text[80];
        const char *lost = written && strcmp(written, "-") != 0
                               ? what_is_lost(table, fields, i, n_operands, operands, text)
                               : NULL;
        if (lost) {
            options_misused(table, "--%s would write over '%s', %s", row->name, written, lost);
            return false;
        }
    }
    return true;
}
