#include "text.h"

#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int fovea__format_plain(char *out, size_t room, const char *format, ...)
{
    const locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    const locale_t before = plain ? uselocale(plain) : (locale_t)0;
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(out, room, format, args);
    va_end(args);
    if (plain) {
        uselocale(before);
        freelocale(plain);
    }
    return length;
}

bool fovea__parse_plain(double *out, const char *text)
{
    char *end = NULL;
    const locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    const locale_t before = plain ? uselocale(plain) : (locale_t)0;
    *out = strtod(text, &end);
    if (plain) {
        uselocale(before);
        freelocale(plain);
    }
    return end != text && *end == '\0';
}

size_t fovea__byte_order_mark(const char *text)
{
    static const char mark[] = "\xef\xbb\xbf";
    return strncmp(text, mark, strlen(mark)) == 0 ? strlen(mark) : 0;
}
