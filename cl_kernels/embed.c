/* Build tool: embed OUT.c FILE.cl ... writes each file as a byte array, and a table of (name, bytes, size). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void stem_of(char *stem, size_t room, const char *path)
{
    const char *slash = strrchr(path, '/');
    snprintf(stem, room, "%s", slash ? slash + 1 : path);
    char *dot = strrchr(stem, '.');
    if (dot)
        *dot = '\0';
}

static int embed(FILE *out, const char *path)
{
    FILE *in = fopen(path, "rb");
    if (!in) {
        fprintf(stderr, "embed: %s cannot be read\n", path);
        return 1;
    }
    char stem[64];
    stem_of(stem, sizeof stem, path);
    fprintf(out, "static const unsigned char source_%s[] = {", stem);
    int byte;
    for (long i = 0; (byte = getc(in)) != EOF; i++)
        fprintf(out, "%s%d,", i % 24 ? "" : "\n", byte);
    fprintf(out, "0};\n");
    return fclose(in);
}

int main(int argc, char **argv)
{
    FILE *out = argc > 1 ? fopen(argv[1], "w") : NULL;
    if (!out) {
        fprintf(stderr, "usage: embed OUT.c FILE.cl ...\n");
        return EXIT_FAILURE;
    }
    fprintf(out, "/* Made by embed from cl_kernels. */\n#include \"kernels.h\"\n\n");
    for (int i = 2; i < argc; i++)
        if (embed(out, argv[i]))
            return EXIT_FAILURE;
    fprintf(out, "\nconst fovea__kernel_source fovea__kernel_sources[] = {\n");
    for (int i = 2; i < argc; i++) {
        char stem[64];
        stem_of(stem, sizeof stem, argv[i]);
        fprintf(out, "    {\"%s\", (const char *)source_%s, sizeof source_%s - 1},\n", stem, stem, stem);
    }
    fprintf(out, "};\nconst size_t fovea__n_kernel_sources = %d;\n", argc - 2);
    return fclose(out) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
