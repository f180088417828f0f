/* The result of 'bench' as a page of its own: bar charts as inline SVG and a table, light or dark as its reader is. */
#ifndef FOVEA_APPS_BENCH_HTML_H
#define FOVEA_APPS_BENCH_HTML_H

#include "json_out.h"

/* document: {"devices", "rows"}, as --json writes it. */
void bench_html_write(json_out *out, const cJSON *document);

#endif
