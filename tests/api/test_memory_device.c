/* Host memory that runs out over devices, models, detection and training: of some allocations, others in every run, each
 * fails once. The call then fails with FOVEA_ERROR_MEMORY or does without, crashes nowhere, gives back all it had, and
 * spoils nothing: called again it gives the bits that it would have given. */
#include "starve.h"
#include "status.h"

#include <stdio.h>
#include <string.h>

enum { SAMPLES = 40 };

static const char *const names[] = {"cell", "dot"};
static const fovea_model_options small = {
    .depth = 18, .width = 8, .channels = 8, .head_depth = 1, .size = 32, .max_size = 32};

/* What one piece of work holds; release() takes it in any state. */
typedef struct holdings {
    fovea_device *device;
    fovea_model *model;
    fovea_dataset *dataset;
    fovea_trainer *trainer;
    fovea_image image;
} holdings;

static void release(holdings *held)
{
    fovea_image_clear(&held->image);
    fovea_trainer_free(held->trainer);
    fovea_dataset_close(held->dataset);
    fovea_model_free(held->model);
    fovea_device_close(held->device);
}

typedef fovea_status (*stage)(holdings *held);

/* Every other piece of work goes on after a failure: the call that failed is repeated, on the handles that it failed with,
 * and must then give what it gives where memory suffices. The others let go of all they hold. */
static bool goes_on;

static fovea_status run_stages(holdings *held, const stage *stages, size_t count)
{
    fovea_status status = FOVEA_OK;
    goes_on = !goes_on;
    for (size_t i = 0; i < count && !status; i++) {
        status = stages[i](held);
        if (status == FOVEA_ERROR_MEMORY && goes_on)
            status = stages[i](held);
    }
    release(held);
    return status;
}

static fovea_status open_device(holdings *held)
{
    return fovea_device_open(&held->device, &(fovea_device_options){.cache_dir = support_scratch_file("cache")});
}

static fovea_status create_model(holdings *held)
{
    return fovea_model_create(&held->model, held->device, 2, names, &small);
}

static fovea_status save(holdings *held)
{
    return fovea_model_save(held->model, support_scratch_file("m.safetensors"));
}

static fovea_status load_model(holdings *held)
{
    return fovea_model_load(&held->model, held->device, support_scratch_file("m.safetensors"), NULL);
}

static fovea_status create_image(holdings *held)
{
    return fovea_image_create(&held->image, 20, 30);
}

static fovea_status open_dataset(holdings *held)
{
    return fovea_dataset_open_coco(&held->dataset, support_scratch(), support_scratch_file("a.json"));
}

static fovea_status create_trainer(holdings *held)
{
    return fovea_trainer_create(&held->trainer, held->model, held->dataset,
                                &(fovea_train_options){.batch = 1, .steps = 1, .ema = 0.5});
}

static fovea_status step(holdings *held)
{
    fovea_progress progress;
    return fovea_trainer_step(held->trainer, &progress);
}

static fovea_status save_checkpoint(holdings *held)
{
    return fovea_trainer_save(held->trainer, support_scratch_file("c.safetensors"));
}

static fovea_status resume(holdings *held)
{
    return fovea_trainer_resume(held->trainer, support_scratch_file("c.safetensors"));
}

/* Fails with FOVEA_ERROR_NUMERIC where these are other bytes than those of the first time, which no allocation failed. */
static fovea_status hold_to_first(uint64_t *first, const void *bytes, size_t count)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ ((const unsigned char *)bytes)[i]) * 1099511628211u;
    if (*first == 0)
        *first = hash;
    return hash == *first ? FOVEA_OK : fovea__fail(FOVEA_ERROR_NUMERIC, "the result is another one");
}

static fovea_status hold_file_to_first(uint64_t *first, const char *path)
{
    static unsigned char bytes[16 << 20];
    FILE *file = fopen(path, "rb");
    if (!file)
        return fovea__fail(FOVEA_ERROR_IO, "%s is not there", path);
    const size_t count = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return count < sizeof bytes ? hold_to_first(first, bytes, count)
                                : fovea__fail(FOVEA_ERROR_IO, "%s is larger than the test thinks", path);
}

static fovea_status find(holdings *held)
{
    static uint64_t first;
    fovea_detection found[8];
    size_t count = 0;
    memset(found, 0, sizeof found);
    const fovea_status status =
        fovea_detect(held->model, &held->image, &(fovea_detect_options){.min_score = -1}, found, 8, &count);
    return status ? status : hold_to_first(&first, found, sizeof found);
}

static fovea_status check_model_file(holdings *held)
{
    static uint64_t first;
    (void)held;
    return hold_file_to_first(&first, support_scratch_file("m.safetensors"));
}

static fovea_status check_checkpoint(holdings *held)
{
    static uint64_t first;
    (void)held;
    return hold_file_to_first(&first, support_scratch_file("c.safetensors"));
}

static fovea_status save_model(void)
{
    static const stage stages[] = {open_device, create_model, save, check_model_file};
    return run_stages(&(holdings){0}, stages, COUNT(stages));
}

static fovea_status export(holdings *held)
{
    return fovea_model_export(held->model, support_scratch_file("m.onnx"), NULL);
}

static fovea_status check_export(holdings *held)
{
    static uint64_t first;
    (void)held;
    return hold_file_to_first(&first, support_scratch_file("m.onnx"));
}

static fovea_status export_model(void)
{
    static const stage stages[] = {open_device, load_model, export, check_export};
    return run_stages(&(holdings){0}, stages, COUNT(stages));
}

static fovea_status detect(void)
{
    static const stage stages[] = {open_device, load_model, create_image, find, find};
    return run_stages(&(holdings){0}, stages, COUNT(stages));
}

static fovea_status train(void)
{
    static const stage stages[] = {open_device, load_model,      open_dataset,     create_trainer,
                                   step,        save_checkpoint, check_checkpoint, resume,
                                   save_checkpoint, check_checkpoint};
    return run_stages(&(holdings){0}, stages, COUNT(stages));
}

static void write_dataset(void)
{
    fovea_image image;
    support_ok(fovea_image_create(&image, 32, 32));
    support_ok(fovea_image_write_jpeg(&image, support_scratch_file("a.jpg"), 0));
    fovea_image_clear(&image);
    support_write(support_scratch_file("a.json"),
                  "{\"images\":[{\"id\":1,\"file_name\":\"a.jpg\",\"width\":32,\"height\":32}],"
                  "\"categories\":[{\"id\":1,\"name\":\"cell\"},{\"id\":2,\"name\":\"dot\"}],\"annotations\":"
                  "[{\"id\":1,\"image_id\":1,\"category_id\":1,\"bbox\":[1,2,20,20],\"area\":400,\"iscrowd\":0}]}");
}

START_TEST(memory__runs_out_over_models_and_work)
{
    support_scratch();
    write_dataset();
    starve("saving a model", save_model, 100, SAMPLES, true);
    starve("exporting a model", export_model, 100, SAMPLES, true);
    starve("detecting", detect, 100, SAMPLES, true);
    starve("training", train, 100, SAMPLES, true);
}
END_TEST

int main(void)
{
    const support_case cases[] = {{.test = memory__runs_out_over_models_and_work, .needs_device = true}};
    return support_run("memory_device", cases, COUNT(cases));
}
