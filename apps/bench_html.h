/* The result of 'bench' as a page of its own: bar charts as inline SVG and a table, light or dark as its reader is. */
#ifndef FOVEA_APPS_BENCH_HTML_H
#define FOVEA_APPS_BENCH_HTML_H

#include <cjson/cJSON.h>
#include <stdbool.h>

/* document: {"devices", "rows"}, as --json writes it. path "-" is stdout. False after a sentence on stderr. */
bool bench_html_write(const char *path, const cJSON *document);

#endif
