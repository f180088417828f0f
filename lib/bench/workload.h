/* The work that fovea_benchmark_run() times, the same as that of any program on random pictures: fovea_detect() on one,
 * or fovea_trainer_step() on a batch, which come from memory instead of files. */
#ifndef FOVEA_BENCH_WORKLOAD_H
#define FOVEA_BENCH_WORKLOAD_H

#include "trainer.h"

typedef struct fovea__workload {
    fovea_device *device;
    fovea_benchmark_options options; /* resolved */
    fovea_model *model;
    fovea_image *pictures; /* options.batch of them */
    fovea_dataset *dataset;
    fovea_trainer *trainer;   /* of a step */
    fovea_progress progress;  /* of the last step */
} fovea__workload;

/* Options with every default resolved. Fails with FOVEA_ERROR_ARGUMENT naming the first that is out of range. */
fovea_status fovea__workload_resolve(fovea_benchmark_options *out, const fovea_benchmark_options *options);

/* Names a data set's labels "1", "2", ... and gives them those ids. */
fovea_status fovea__workload_name_labels(fovea_dataset *dataset);

fovea_status fovea__workload_create(fovea__workload **out, fovea_device *device,
                                    const fovea_benchmark_options *options);
void fovea__workload_free(fovea__workload *work); /* accepts NULL */

/* Does the work once, and waits for it. */
fovea_status fovea__workload_run(fovea__workload *work);

/* Operations of one run's convolutions, by the direct algorithm's count; a multiply-add is two. Known after a run. */
double fovea__workload_flops(const fovea__workload *work);

#endif
