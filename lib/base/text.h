/* Text for files. */
#ifndef FOVEA_BASE_TEXT_H
#define FOVEA_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* snprintf() with a decimal point whatever locale the program has set: what is written here is read anywhere. */
int fovea__format_plain(char *out, size_t room, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Reads a number as strtod() does in the C locale; false unless the whole text is one. */
bool fovea__parse_plain(double *out, const char *text);

/* Bytes of the mark that editors on Windows put before UTF-8: 3, or 0 where a text does not begin with it. */
size_t fovea__byte_order_mark(const char *text);

#endif
