/* Host memory that runs out over devices, models, detection and training: whichever allocation fails, the call fails
 * with FOVEA_ERROR_MEMORY, crashes nowhere and gives back all it had. */
#include "starve.h"

enum { SAMPLES = 20 };

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

static fovea_status open_device(holdings *held)
{
    return fovea_device_open(&held->device, &(fovea_device_options){.cache_dir = support_scratch_file("cache")});
}

static fovea_status save_model(void)
{
    holdings held = {0};
    fovea_status status = open_device(&held);
    if (!status)
        status = fovea_model_create(&held.model, held.device, 2, names, &small);
    if (!status)
        status = fovea_model_save(held.model, support_scratch_file("m.safetensors"));
    release(&held);
    return status;
}

static fovea_status detect(void)
{
    holdings held = {0};
    fovea_detection found[8];
    size_t count = 0;
    fovea_status status = open_device(&held);
    if (!status)
        status = fovea_model_load(&held.model, held.device, support_scratch_file("m.safetensors"), NULL);
    if (!status)
        status = fovea_image_create(&held.image, 20, 30);
    if (!status)
        status = fovea_detect(held.model, &held.image, NULL, found, 8, &count);
    release(&held);
    return status;
}

static fovea_status train(void)
{
    holdings held = {0};
    fovea_progress progress;
    fovea_status status = open_device(&held);
    if (!status)
        status = fovea_model_load(&held.model, held.device, support_scratch_file("m.safetensors"), NULL);
    if (!status)
        status = fovea_dataset_open_coco(&held.dataset, support_scratch(), support_scratch_file("a.json"));
    if (!status)
        status = fovea_trainer_create(&held.trainer, held.model, held.dataset,
                                      &(fovea_train_options){.batch = 1, .steps = 1});
    if (!status)
        status = fovea_trainer_step(held.trainer, &progress);
    if (!status)
        status = fovea_trainer_save(held.trainer, support_scratch_file("c.safetensors"));
    if (!status)
        status = fovea_trainer_resume(held.trainer, support_scratch_file("c.safetensors"));
    release(&held);
    return status;
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
    starve("detecting", detect, 100, SAMPLES, true);
    starve("training", train, 100, SAMPLES, true);
}
END_TEST

int main(void)
{
    const support_case cases[] = {{.test = memory__runs_out_over_models_and_work, .needs_device = true}};
    return support_run("memory_device", cases, COUNT(cases));
}
