/* Prints a line for each OpenCL platform: the index of its first device, as FOVEA_DEVICE takes it, a tab, its name. */
#include "fovea.h"

#include <stdio.h>
#include <string.h>

int main(void)
{
    fovea_device_info devices[64];
    size_t count = 0;
    if (fovea_device_list(devices, 64, &count)) {
        fprintf(stderr, "platforms: %s\n", fovea_error());
        return 1;
    }
    for (size_t i = 0; i < count && i < 64; i++) {
        size_t first = 0;
        while (strcmp(devices[first].platform, devices[i].platform) != 0)
            first++;
        if (first == i)
            printf("%zu\t%s\n", i, devices[i].platform);
    }
    return 0;
}
