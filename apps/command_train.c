/* fovea train: fits a detector to pictures with boxes, in a run's folder that can be resumed (run_folder.h). */
#include "commands.h"
#include "pick_device.h"
#include "profile.h"
#include "shell_word.h"
#include "stop.h"
#include "training.h"

#include <stdlib.h>
#include <string.h>

/* What a first call asked for stands in config.json; what a later one changed stands nowhere else. */
static void tell_how_to_resume(const training *t, int argc, char **argv)
{
    fprintf(stderr, "stopped after step %lld of %lld, saved in %s; to go on:\n  fovea train", (long long)t->saved_step,
            (long long)fovea_trainer_steps(t->trainer), t->run.last);
    for (int i = 1; i < argc && t->o.resume; i++)
        shell_word(stderr, argv[i]);
    if (!t->o.resume) {
        fputs(" --out", stderr);
        shell_word(stderr, t->o.out);
        fputs(" --resume", stderr);
    }
    fputc('\n', stderr);
}

static void print_kernel_times(fovea_device *device)
{
    cJSON *kernels = profile_json(device, false, 1);
    if (kernels)
        profile_print(stderr, kernels);
    else
        print_failure();
    cJSON_Delete(kernels);
}

/* Of all classes together, as the best evaluation told it. */
static void print_best_score(const run_folder *run)
{
    cJSON *numbers = json_out_read(run->evaluation);
    const double f1 = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(numbers, "best_F1"));
    if (f1 > 0)
        printf("F1 (IoU .50) is best, %.3f, with 'fovea detect --model %s --min-score %.2f'\n", f1, run->model,
               cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(numbers, "best_score")));
    cJSON_Delete(numbers);
}

static void print_result(const training *t)
{
    if (t->o.json && strcmp(t->o.json, "-") == 0)
        return;
    if (t->o.val_annotations) {
        printf("best AP %.3f in %s\n", t->run.best_ap, t->run.evaluation);
        if (t->run.best_ap < 0)
            fputs("warning: the validation set has no object to be found\n", stderr);
        else if (t->run.best_ap <= 0)
            fputs("warning: no object of the validation set was found yet: train for longer, perhaps with a shorter "
                  "--warmup or another --lr, and let 'fovea inspect' tell whether objects are too small at this "
                  "--size\n", stderr);
        print_best_score(&t->run);
    }
    printf("%s\n", t->run.model);
}

int command_train(int argc, char **argv)
{
    training *t = calloc(1, sizeof *t);
    if (!t) {
        fputs("fovea: out of memory for the training\n", stderr);
        return EXIT_FAILED;
    }
    int code = EXIT_FAILED;
    const options_result parsed = train_options_parse(&t->o, argc, argv);
    if (parsed != OPTIONS_GO) {
        code = parsed == OPTIONS_HELPED ? EXIT_DONE : EXIT_MISUSED;
        goto done;
    }
    if (t->o.show_batches) {
        code = training_show(t) ? EXIT_DONE : EXIT_FAILED;
        goto done;
    }
    stop_on_signals("after this step");
    if (!training_prepare(t))
        goto done;
    const bool good = training_tune(t) && training_run(t);
    if (good && t->o.time_kernels)
        print_kernel_times(t->device);
    if (good && stop_signal && !training_is_finished(t)) {
        tell_how_to_resume(t, argc, argv);
        code = 128 + stop_signal;
    } else if (good) {
        print_result(t);
        code = EXIT_DONE;
    }
    if (!json_out_close(&t->json, true) && code == EXIT_DONE)
        code = EXIT_FAILED;
done:
    json_out_close(&t->json, false); /* of a run that never began */
    run_report_clear(&t->report);
    run_folder_close(&t->run);
    fovea_trainer_free(t->trainer);
    fovea_model_free(t->model);
    fovea_dataset_close(t->dataset);
    fovea_device_close(t->device);
    train_options_clear(&t->o);
    free(t);
    return code;
}
