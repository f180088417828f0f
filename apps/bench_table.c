/* Lines as wide as a terminal, see bench_table.h. */
#include "bench_table.h"

#include "bench_row.h"
#include "profile.h"

#include <stdio.h>

void bench_table_head(const cJSON *facts)
{
    printf("%s, driver %s: %.0f GFLOP/s and %.0f GB/s measured\n", bench_text(facts, "device"),
           bench_text(facts, "driver"), bench_number(facts, "peak_gflops", 0), bench_number(facts, "copy_gbs", 0));
    printf("%-6s %-9s %5s %5s %10s %9s %9s %9s %7s %6s %7s  %s\n", "work", "backbone", "size", "batch", "ms/image",
           "images/s", "dev. MiB", "proc. MiB", "GFLOP/s", "% peak", "build s", "results");
}

void bench_table_row(const cJSON *row)
{
    if (!*bench_text(row, "work")) {
        printf("%s: failed: %s\n", bench_text(row, "device"), bench_text(row, "error"));
        fflush(stdout);
        return;
    }
    printf("%-6s %-9s %5.0f %5.0f ", bench_text(row, "work"), bench_text(row, "backbone"), bench_number(row, "size", 0),
           bench_number(row, "batch", 0));
    const cJSON *verified = cJSON_GetObjectItemCaseSensitive(row, "verified");
    const double compile_seconds = bench_number(row, "compile_seconds", -1);
    char build[24] = "-";
    if (compile_seconds >= 0)
        snprintf(build, sizeof build, "%.1f", compile_seconds);
    if (*bench_text(row, "error"))
        printf("%s: %s\n", cJSON_IsFalse(verified) ? "WRONG" : "failed", bench_text(row, "error"));
    else
        printf("%10.2f %9.3f %9.0f %9.0f %7.0f %6.0f %7s  %s\n", bench_number(row, "ms_per_image", 0),
               bench_number(row, "images_per_second", 0), bench_number(row, "peak_memory_mib", 0),
               bench_number(row, "process_memory_mib", 0), bench_number(row, "gflops", 0),
               100 * bench_number(row, "share_of_peak", 0), build,
               cJSON_IsTrue(verified) ? "right" : "unseen");
    const cJSON *rooms = cJSON_GetObjectItemCaseSensitive(row, "rooms");
    if (rooms) {
        profile_print(stdout, rooms);
        printf("  a run: %.0f launches; host %.2f ms of processor time; device idle %.2f ms\n",
               bench_number(row, "launches", 0), bench_number(row, "host_ms", 0), bench_number(row, "idle_ms", 0));
    }
    fflush(stdout);
}
