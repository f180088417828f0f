/* The options of 'fovea train', see train_options.h. */
#include "train_options.h"

#include "folder.h"
#include "options_json.h"
#include "pick_device.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

enum { MOST_SIZE = 65500 }; /* of a side, as the library has it */
_Static_assert((int)OPTIONS_MOST_INTEGERS == (int)FOVEA_TRAIN_SIZES, "a list of --size fills plan.sizes");

#define AT(field) .at = offsetof(train_options, field)

static const options_choice backbones[] = {
    {"resnet18", 18}, {"resnet34", 34}, {"resnet50", 50}, {"resnet101", 101}, {NULL, 0}};
static const options_choice norms[] = {{"frozen", FOVEA_NORM_FROZEN}, {"batch", FOVEA_NORM_TRAINING}, {NULL, 0}};
static const options_choice head_norms[] = {
    {"none", FOVEA_HEAD_NORM_NONE}, {"group", FOVEA_HEAD_NORM_GROUP}, {NULL, 0}};
static const options_choice profiles[] = {
    {"paper", FOVEA_PROFILE_PAPER}, {"torchvision", FOVEA_PROFILE_TORCHVISION}, {NULL, 0}};
static const options_choice losses[] = {
    {"focal", FOVEA_LOSS_FOCAL}, {"ce", FOVEA_LOSS_CE}, {"ohem", FOVEA_LOSS_OHEM}, {NULL, 0}};
static const options_choice optimizers[] = {
    {"sgd", FOVEA_OPTIMIZER_SGD}, {"adamw", FOVEA_OPTIMIZER_ADAMW}, {NULL, 0}};
static const options_choice box_losses[] = {
    {"smooth_l1", FOVEA_BOX_LOSS_SMOOTH_L1}, {"giou", FOVEA_BOX_LOSS_GIOU}, {NULL, 0}};
static const options_choice schedules[] = {
    {"steps", FOVEA_SCHEDULE_STEPS}, {"cosine", FOVEA_SCHEDULE_COSINE}, {NULL, 0}};
static const options_choice never[] = {{"never", -1}, {NULL, 0}};

static const options_need of_validation[] = {
    {"val-annotations", 1, .sentence = "needs --val-annotations"}, {.option = NULL}};
static const options_need of_sgd[] = {
    {"optimizer", FOVEA_OPTIMIZER_SGD, .sentence = "is of --optimizer sgd; with adamw give --betas"}, {.option = NULL}};
static const options_need of_adamw[] = {
    {"optimizer", FOVEA_OPTIMIZER_ADAMW, .sentence = "is of --optimizer adamw; with sgd give --momentum"},
    {.option = NULL}};
static const options_need of_steps[] = {
    {"schedule", FOVEA_SCHEDULE_STEPS, .sentence = "is of --schedule steps; cosine lets the rate fall at each step"},
    {.option = NULL}};
static const options_need of_focal[] = {
    {"loss", FOVEA_LOSS_FOCAL, .sentence = "is of --loss focal; ce and ohem have gamma 0"},
    {.option = NULL}};
static const options_need of_no_ohem[] = {
    {"loss", FOVEA_LOSS_OHEM, true, "is of --loss focal and ce; ohem balances by the anchors that it keeps"},
    {.option = NULL}};
static const options_need of_ohem[] = {{"loss", FOVEA_LOSS_OHEM, .sentence = "is of --loss ohem"}, {.option = NULL}};

static const options_row rows[] = {
    /* the data and the run */
    DATA_OPTIONS_ROWS(train_options),
    {"val-annotations", "FILE", "Boxes to evaluate on, each epoch (of YOLO: data.yaml#val); the best model is "
     "kept.", OPTIONS_TEXT,
     AT(val_annotations)},
    {"val-images", "DIR", "The folder of its pictures (--images).", OPTIONS_TEXT, AT(val_images)},
    {"config", "FILE", "Take the options that this file has under \"options\", as every run's config.json (RUN will "
     "do); those of the command line go before them.", OPTIONS_TEXT, AT(config), .of_the_call = true},
    {"out", "RUN", "The run's folder, for config.json, log.jsonl, model.safetensors (the best, or the last where "
     "nothing is evaluated), last.safetensors (to resume from), evaluation.json and report.html (a page on all of it).",
     OPTIONS_TEXT, AT(out)},
    {"resume", NULL, "Go on from RUN/last.safetensors, to the same bits as if the run had never stopped, with the "
     "options in RUN/config.json unless --config names another file; begin where there is none.", OPTIONS_FLAG,
     AT(resume), .of_the_call = true},
    {"save-every", "N", "Write last.safetensors every N steps (each epoch and every 30 s).", OPTIONS_INTEGER,
     AT(save_every), .low = 1, .high = 1e9},
    {"eval-every", "N", "Evaluate every N epochs, and at the end (1).", OPTIONS_INTEGER, AT(eval_every), .low = 1,
     .high = 1e9, .needs = of_validation},
    {"patience", "N", "Stop when the validation's AP has not improved for N evaluations (never).", OPTIONS_INTEGER,
     AT(patience), .low = 1, .high = 1e9},
    {"json", "FILE", "Write the log's lines to FILE too; '-': to stdout.", OPTIONS_TEXT, AT(json), .writes = OPTIONS_WRITTEN},
    {"device", "TEXT", PICK_DEVICE_HELP, OPTIONS_TEXT, AT(device)},
    {"no-tune", NULL, "Take convolutions' algorithms by the rule alone: measure none before the first step (which takes "
     "at most a minute, and once), and use no earlier measurement.", OPTIONS_FLAG, AT(plan.by_rule)},
    {"time-kernels", NULL, "Time every kernel: idle time in the log, a table at the end. Slows some devices.",
     OPTIONS_FLAG, AT(time_kernels)},
    /* the model */
    {"backbone", "NAME", "resnet18, resnet34, resnet50 or resnet101 (resnet50).", OPTIONS_CHOICE, AT(depth),
     .choices = backbones},
    {"weights", "FILE", "Start from this backbone's or detector's weights (safetensors; some may be missing).",
     OPTIONS_TEXT, AT(weights)},
    {"norm", "HOW", "Batch norm: frozen or batch (frozen with --weights, else batch).", OPTIONS_CHOICE, AT(norm),
     .choices = norms},
    {"norm-eps", "E", "Batch norm's epsilon (1e-5).", OPTIONS_NUMBER, AT(norm_epsilon), .low = 0, .high = 1,
     .zero_is_none = true},
    {"head-norm", "HOW", "Norm behind the heads' convolutions: none or group, as torchvision's v2 has it (none).",
     OPTIONS_CHOICE, AT(head_norm), .choices = head_norms},
    {"profile", "NAME", "Whose details to follow: paper or torchvision (paper).", OPTIONS_CHOICE, AT(profile),
     .choices = profiles},
    {"size", "N[,N...]", "Resize the shorter side to N pixels; of several, rising, each step draws one (600).",
     OPTIONS_INTEGERS, AT(plan.sizes), .low = 1, .high = MOST_SIZE},
    {"val-size", "N", "The shorter side for evaluating, which the model keeps for detection (the largest --size).",
     OPTIONS_INTEGER, AT(model.size), .low = 1, .high = MOST_SIZE},
    {"max-size", "N", "but keep the longer side within N (5/3 of the largest of these sizes).", OPTIONS_INTEGER,
     AT(model.max_size), .low = 1, .high = MOST_SIZE},
    {"width", "N", "Channels after the stem, a multiple of 8 (64).", OPTIONS_INTEGER, AT(model.width), .low = 8,
     .high = 1024},
    {"channels", "N", "Channels of the pyramid and the heads (256).", OPTIONS_INTEGER, AT(model.channels), .low = 1,
     .high = 4096},
    {"head-depth", "N", "Convolutions in each head before its output (4).", OPTIONS_INTEGER, AT(model.head_depth),
     .low = 1, .high = 16},
    {"anchor-scales", "N", "Anchor sizes an octave (3).", OPTIONS_INTEGER, AT(model.anchor_scales), .low = 1,
     .high = 4},
    {"anchor-ratios", "N", "Anchor shapes, 1 or 3 (3).", OPTIONS_INTEGER, AT(model.anchor_ratios), .low = 1,
     .high = 3},
    {"prior", "P", "The score that every class starts with; .5 is bias 0 (0.01).", OPTIONS_NUMBER, AT(prior),
     .low = 1e-6, .high = 0.999999},
    /* the schedule */
    {"batch", "N", "Pictures at once, and a step unless --accumulate (2).", OPTIONS_INTEGER, AT(plan.batch),
     .low = 1, .high = 4096},
    {"accumulate", "N", "Let N batches make a step, with the gradient of one of N times the size (1).",
     OPTIONS_INTEGER, AT(plan.accumulate), .low = 1, .high = 4096},
    {"epochs", "N", "Times through the data (12), or", OPTIONS_NUMBER, AT(plan.epochs), .low = 1e-6, .high = 1e9},
    {"steps", "N", "steps to train for.", OPTIONS_COUNT, AT(plan.steps), .low = 1, .high = 1e12},
    {"optimizer", "NAME", "sgd, or adamw, which keeps two floats a weight instead of one (sgd).", OPTIONS_CHOICE,
     AT(optimizer), .choices = optimizers},
    {"lr", "R", "Learning rate after warm-up (0.01 * batch * accumulate / 16; adamw: 0.0001 * the square root of batch * "
     "accumulate / 16).", OPTIONS_NUMBER, AT(plan.learning_rate), .low = 1e-12, .high = 1e3},
    {"momentum", "M", "Momentum of SGD (0.9).", OPTIONS_NUMBER, AT(plan.momentum), .low = 0, .high = 0.9999,
     .zero_is_none = true, .needs = of_sgd},
    {"betas", "A,B", "How much of the gradients' means and mean squares adamw keeps each step (0.9,0.999).",
     OPTIONS_PAIR, AT(plan.betas), .low = 1e-9, .high = 0.999999, .needs = of_adamw},
    {"eps", "E", "What adamw adds to the root of the mean squares (1e-8).", OPTIONS_NUMBER, AT(plan.epsilon),
     .low = 1e-30, .high = 1, .needs = of_adamw},
    {"decay", "D", "Weight decay; adamw's is times the rate, beside the gradient (0.0001; adamw: 0.01).",
     OPTIONS_NUMBER, AT(plan.weight_decay), .low = 0, .high = 1, .zero_is_none = true},
    {"ema", "D", "Evaluate and keep as model.safetensors a moving average of weights and running statistics: each step "
     "leaves it D of itself, step t at most (1+t)/(10+t). 0.999 averages about a thousand steps; takes the weights' memory "
     "once more. last.safetensors holds both, and as a model it is the weights themselves (none).", OPTIONS_NUMBER,
     AT(plan.ema), .low = 0, .high = 0.9999999},
    {"warmup", "N", "Steps of linear warm-up (100).", OPTIONS_INTEGER, AT(plan.warmup), .low = 0, .high = 1e9,
     .zero_is_none = true},
    {"schedule", "NAME", "The rate after warm-up: steps, see --steps-at, or cosine, half a wave down to 0 (steps).",
     OPTIONS_CHOICE, AT(schedule), .choices = schedules},
    {"steps-at", "A,B", "Divide the rate by 10 after these shares of the schedule (0.7,0.9), or never.", OPTIONS_PAIR,
     AT(plan.decay_at), .low = 1e-9, .high = 1, .choices = never, .needs = of_steps},
    {"clip", "G", "Largest gradient norm; 0: no limit (10).", OPTIONS_NUMBER, AT(plan.clip), .low = 0, .high = 1e12,
     .zero_is_none = true},
    {"flip", "P", "Chance of a mirrored picture (0.5).", OPTIONS_NUMBER, AT(plan.flip), .low = 0, .high = 1,
     .zero_is_none = true},
    {"scale-jitter", "LO,HI", "Scale --size and --max-size by a factor between these, for each picture (1,1).",
     OPTIONS_PAIR, AT(plan.scale_jitter), .low = 0.05, .high = 16},
    {"crop", "P", "Chance of a random part instead of the whole picture, as SSD and torchvision's RandomIoUCrop draw it: "
     "0.3 to 1 of each side, its sides' ratio within 1:2 and 2:1, with an object whose IoU with the part is at least 0, "
     "0.1, 0.3, 0.5, 0.7 or 0.9. Boxes with their centre outside are left out, the others cut; a picture never loses "
     "its last box (0).", OPTIONS_NUMBER, AT(plan.crop), .low = 0, .high = 1},
    {"brightness", "B", "Colour jitter as torchvision's ColorJitter: brightness times a factor within 1-B and 1+B (0),",
     OPTIONS_NUMBER, AT(plan.brightness), .low = 0, .high = 16},
    {"contrast", "C", "contrast times one within 1-C and 1+C (0),", OPTIONS_NUMBER, AT(plan.contrast), .low = 0,
     .high = 16},
    {"saturation", "S", "saturation times one within 1-S and 1+S (0),", OPTIONS_NUMBER, AT(plan.saturation), .low = 0,
     .high = 16},
    {"hue", "H", "hue turned by up to H of its circle (0); in a random order, before the picture is resized.",
     OPTIONS_NUMBER, AT(plan.hue), .low = 0, .high = 0.5},
    {"show-batches", "FILE", "Train nothing: write to FILE, a JPEG, the first 20 pictures as the network gets them, with "
     "their boxes; with --resume those that come next in the run at --out, which is else not needed.", OPTIONS_TEXT,
     AT(show_batches), .of_the_call = true, .writes = OPTIONS_DRAWN},
    {"freeze", "N", "Leave the first N stages as they are: 1 the stem, 2 and layer1, ... 5 (0).", OPTIONS_INTEGER,
     AT(plan.freeze), .low = 0, .high = 5},
    {"loss", "NAME", "focal, ce (cross entropy) or ohem (the hardest anchors) (focal).", OPTIONS_CHOICE, AT(loss),
     .choices = losses},
    {"alpha", "A", "Weight of objects against background (0.25 for focal, none for ce).", OPTIONS_NUMBER,
     AT(plan.alpha), .low = 1e-6, .high = 0.999999, .needs = of_no_ohem},
    {"gamma", "G", "Focusing of the focal loss (2).", OPTIONS_NUMBER, AT(plan.gamma), .low = 0, .high = 20,
     .zero_is_none = true, .needs = of_focal},
    {"box-loss", "NAME", "smooth_l1 (of the torchvision profile: L1) or giou (smooth_l1).", OPTIONS_CHOICE,
     AT(box_loss), .choices = box_losses},
    {"ohem-batch", "N", "Anchors that ohem keeps a picture (128).", OPTIONS_INTEGER, AT(plan.ohem_batch), .low = 1,
     .high = 4096, .needs = of_ohem},
    {"ohem-nms", "T", "IoU of ohem's NMS (0.5).", OPTIONS_NUMBER, AT(plan.ohem_nms), .low = 1e-6, .high = 1,
     .needs = of_ohem},
    {"ohem-ratio", NULL, "Let ohem keep objects to background 1:3.", OPTIONS_FLAG, AT(plan.ohem_ratio),
     .needs = of_ohem},
    {"loaders", "N", "Threads that read pictures ahead (2).", OPTIONS_INTEGER, AT(plan.loader_threads), .low = 1,
     .high = 64},
    {"seed", "S", "Of the first weights, the order and the augmentation (0).", OPTIONS_SEED, AT(plan.seed)},
};

const options_table train_options_table = {
    .command = "train",
    .usage = {"--images DIR --annotations FILE --out RUN [--val-annotations FILE] [--backbone NAME] [--weights FILE] "
              "[--size N] [--batch N] [--epochs N | --steps N] [--lr R] [--resume]",
              "--config FILE --out RUN [OPTION]...",
              "--out RUN --resume"},
    .summary = "Trains a RetinaNet detector. The same seed on the same device by the same algorithms gives the same "
               "bits. Ctrl-C and SIGTERM "
               "finish the step, save, say how to go on, and exit with 130 or 143; a second one ends at once.",
    .rows = rows,
    .n_rows = sizeof rows / sizeof rows[0],
    .examples = "  fovea train --images photos --annotations train.json \\\n"
                "      --val-annotations val.json --weights resnet50.safetensors --out run\n"
                "  fovea train --images photos --annotations train.json --out small \\\n"
                "      --backbone resnet18 --width 32 --channels 64 --size 256 --epochs 20\n"
                "  fovea train ... --size 480,512,544,576,600 --crop 0.5 --brightness 0.3 \\\n"
                "      --contrast 0.3 --saturation 0.3 --hue 0.05 --show-batches seen.jpg\n"
                "  fovea train --out run --resume\n"
                "  fovea train --config run/config.json --lr 0.002 --out slower\n",
};

/* What decides nothing about the weights that a run ends with. */
static const char *const may_change[] = {"images",     "annotations", "val-annotations", "val-images", "out",
                                         "resume",     "save-every",  "eval-every",      "json",       "device",
                                         "no-tune",    "time-kernels", "weights",    "loaders",
                                         "patience",   "format"};

bool train_options_may_change(const char *name)
{
    for (size_t i = 0; i < sizeof may_change / sizeof may_change[0]; i++)
        if (strcmp(name, may_change[i]) == 0)
            return true;
    return false;
}

void train_options_add_json(cJSON *config, const train_options *o)
{
    cJSON *resolved = options_json(&train_options_table, o);
    for (cJSON *row = resolved->child, *next; row; row = next) {
        next = row->next;
        if (cJSON_IsNull(row) || !cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(o->given, row->string)))
            cJSON_Delete(cJSON_DetachItemViaPointer(resolved, row));
    }
    cJSON_AddItemToObject(config, "options", cJSON_Duplicate(o->given, true));
    cJSON_AddItemToObject(config, "resolved", resolved);
}

void train_options_clear(train_options *o)
{
    cJSON_Delete(o->document);
    cJSON_Delete(o->given);
    o->document = o->given = NULL;
}

int train_options_largest_size(const train_options *o)
{
    int largest = 0; /* they rise */
    for (int i = 0; i < FOVEA_TRAIN_SIZES && o->plan.sizes[i]; i++)
        largest = o->plan.sizes[i];
    return largest;
}

static int largest_size(const train_options *o)
{
    const int largest = train_options_largest_size(o);
    return largest > o->model.size ? largest : o->model.size;
}

static int check(const train_options *o)
{
    const options_table *table = &train_options_table;
    if (o->resume && o->out && !o->document && !o->data.images)
        return options_misused(table, "--images is missing, and there is no %s/config.json to tell it", o->out);
    if (!o->data.images)
        return options_misused(table, "--images is missing");
    if (!o->data.annotations)
        return options_misused(table, "--annotations is missing");
    if (!o->out && (o->resume || !o->show_batches))
        return options_misused(table, "--out is missing");
    if (o->plan.steps && o->plan.epochs > 0)
        return options_misused(table, "--steps and --epochs exclude each other");
    if (o->patience && !o->val_annotations)
        return options_misused(table, "--patience needs --val-annotations");
    if (o->val_images && !o->val_annotations)
        return options_misused(table, "--val-images needs --val-annotations");
    if (o->model.width % 8)
        return options_misused(table, "--width takes a multiple of 8, not %d", o->model.width);
    if (o->model.anchor_ratios == 2)
        return options_misused(table, "--anchor-ratios takes 1 or 3, not 2");
    if (!options_sizes_agree(table, largest_size(o), o->model.max_size))
        return EXIT_MISUSED;
    return EXIT_DONE;
}

static void resolve_optimizer(train_options *o)
{
    const bool adamw = o->optimizer == FOVEA_OPTIMIZER_ADAMW;
    const double batches = o->plan.batch * o->plan.accumulate / 16.0;
    if (!(o->plan.learning_rate > 0))
        o->plan.learning_rate = adamw ? 1e-4 * sqrt(batches) : 0.01 * batches;
    if (!(o->plan.weight_decay > 0 || o->plan.weight_decay < 0))
        o->plan.weight_decay = adamw ? 0.01 : 1e-4;
    o->plan.optimizer = (fovea_optimizer)o->optimizer;
}

/* Fills in the defaults that depend on other options. */
static void resolve(train_options *o)
{
    if (o->plan.steps == 0 && !(o->plan.epochs > 0))
        o->plan.epochs = 12;
    resolve_optimizer(o);
    if (!o->model.max_size)
        o->model.max_size = largest_size(o) < MOST_SIZE * 3 / 5 ? largest_size(o) * 5 / 3 : MOST_SIZE;
    if (!o->model.size)
        o->model.size = train_options_largest_size(o);
    o->plan.size = o->model.size;
    o->plan.max_size = o->model.max_size;
    if (!o->norm)
        o->norm = o->weights ? FOVEA_NORM_FROZEN : FOVEA_NORM_TRAINING;
    if (o->loss == FOVEA_LOSS_FOCAL) {
        o->plan.alpha = o->plan.alpha > 0 ? o->plan.alpha : 0.25;
        o->plan.gamma = o->plan.gamma > 0 || o->plan.gamma < 0 ? o->plan.gamma : 2;
    }
    if (!o->val_images)
        o->val_images = o->data.images;
    o->plan.schedule = (fovea_schedule)o->schedule;
    o->plan.loss = (fovea_loss)o->loss;
    o->plan.box_loss = (fovea_box_loss)o->box_loss;
    o->model.depth = o->depth;
    o->model.backbone = o->weights;
    o->model.norm = (fovea_norm)o->norm;
    o->model.head_norm = (fovea_head_norm)o->head_norm;
    o->model.profile = (fovea_profile)o->profile;
    o->model.prior = (float)o->prior;
    o->model.norm_epsilon = (float)o->norm_epsilon;
    o->model.seed = o->plan.seed;
}

static const train_options defaults = {
    .depth = 50,
    .profile = FOVEA_PROFILE_PAPER,
    .prior = 0.01,
    .norm_epsilon = 1e-5,
    .model = {.width = 64, .channels = 256, .head_depth = 4, .anchor_scales = 3, .anchor_ratios = 3},
    .plan = {.batch = 2, .accumulate = 1, .momentum = 0.9, .betas = {0.9, 0.999}, .epsilon = 1e-8, .warmup = 100,
             .decay_at = {0.7, 0.9}, .clip = 10, .flip = 0.5, .scale_jitter = {1, 1}, .sizes = {600},
             .ohem_batch = 128, .ohem_nms = 0.5, .loader_threads = 2},
    .eval_every = 1,
};

/* What the file of options says goes before the defaults, and the command line before both. A run that goes on has such
 * a file of its own. */
static bool read_config(train_options *o, const train_options *called)
{
    char in_run[FOLDER_PATH];
    const char *config = called->config, *run = config ? config : called->resume ? called->out : NULL;
    if (run && folder_exists(run) && folder_join(in_run, run, "config.json", NULL) &&
        (config || access(in_run, F_OK) == 0))
        config = in_run;
    if (!config)
        return true;
    o->document = options_json_read(&train_options_table, o, config);
    if (called->plan.steps)
        o->plan.epochs = 0;
    if (called->plan.epochs > 0)
        o->plan.steps = 0;
    return o->document != NULL;
}

options_result train_options_parse(train_options *o, int argc, char **argv)
{
    train_options called = defaults; /* what the command line alone says */
    int operand;
    *o = defaults;
    options_result result = options_peek(&train_options_table, &called, argc, argv, &operand);
    if (result == OPTIONS_GO && !read_config(o, &called))
        result = OPTIONS_MISUSED;
    if (result == OPTIONS_GO)
        result = options_parse(&train_options_table, o, argc, argv, &operand);
    if (result == OPTIONS_GO && check(o) != EXIT_DONE)
        result = OPTIONS_MISUSED;
    if (result != OPTIONS_GO)
        return result;
    o->given = options_json(&train_options_table, o);
    resolve(o);
    return OPTIONS_GO;
}
