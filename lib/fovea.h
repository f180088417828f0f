/* fovea: train and run RetinaNet object detectors on any OpenCL device.
 *
 *   errors · devices · pictures · data sets · models · inspection ·
 *   anchor coverage · tuning · detection · export · training · evaluation ·
 *   benchmarks
 *
 * One header on purpose, long as it is: one include, and one manual to read from top to end.
 *
 * Rules that hold everywhere:
 *   - Every call that can fail returns a fovea_status; fovea_error() then gives the sentence that says what and where.
 *   - `T **out` as first parameter: on success the caller owns *out and gives it to the matching free or close, which
 *     accept NULL; on failure *out is NULL. A returned `const T *` is borrowed from the object it was asked of.
 *   - Option structs may be NULL or zeroed: every field's 0 means the default that its comment names.
 *   - A handle is used by one thread at a time; handles of different devices may be used in parallel.
 *   - Nothing here prints, exits or aborts.
 *   - Boxes are x0 y0 x1 y1 in pixels, x to the right, y down, x1 and y1 exclusive (no "+1").
 *
 * The method is Lin et al., "Focal Loss for Dense Object Detection", arXiv 1708.02002 ("the paper" below). */
#ifndef FOVEA_H
#define FOVEA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define FOVEA_API __declspec(dllexport)
#else
#define FOVEA_API __attribute__((visibility("default")))
#endif

#define FOVEA_VERSION_MAJOR 0
#define FOVEA_VERSION_MINOR 1
#define FOVEA_VERSION_PATCH 0

/* "0.1.0", of the library that is linked (the macros are those of the header). Static text. */
FOVEA_API const char *fovea_version(void);

/* ---- errors ---------------------------------------------------------------------------------------------------- */

typedef enum fovea_status {
    FOVEA_OK = 0,
    FOVEA_ERROR_ARGUMENT = -1,    /* the caller broke the documented contract */
    FOVEA_ERROR_MEMORY = -2,      /* host or device memory ran out */
    FOVEA_ERROR_IO = -3,          /* a file could not be opened, read or written */
    FOVEA_ERROR_FORMAT = -4,      /* a file was read, but is not what it claims */
    FOVEA_ERROR_DEVICE = -5,      /* OpenCL or CLBlast refused, or there is no device */
    FOVEA_ERROR_UNSUPPORTED = -6, /* valid, but this device or build cannot */
    FOVEA_ERROR_NUMERIC = -7      /* a loss or gradient is NaN or infinite; nothing was changed by it */
} fovea_status;

/* The sentence for the last call that failed on this thread: file, place, expected and found. Never NULL; "" when none
 * failed yet. Valid until the next failing call on this thread. */
FOVEA_API const char *fovea_error(void);

/* The name of a status: "FOVEA_ERROR_IO". Static text. */
FOVEA_API const char *fovea_status_name(fovea_status status);

/* ---- devices --------------------------------------------------------------------------------------------------- */

typedef enum fovea_device_type {
    FOVEA_DEVICE_OTHER = 0,
    FOVEA_DEVICE_CPU = 1,
    FOVEA_DEVICE_GPU = 2,
    FOVEA_DEVICE_ACCELERATOR = 3
} fovea_device_type;

typedef struct fovea_device_info {
    char platform[128]; /* "Portable Computing Language" */
    char name[128];     /* the device's own name */
    char vendor[128];
    char driver[128];   /* driver version */
    char version[128];  /* OpenCL version text of the device */
    fovea_device_type type;
    int compute_units;
    uint64_t memory_bytes;         /* global memory */
    uint64_t max_allocation_bytes; /* largest single buffer */
    bool float16, float64, subgroups;
} fovea_device_info;

/* Lists every OpenCL device of every platform, in the order that an index in fovea_device_options.match counts.
 *   out      room for `capacity` entries; may be NULL when capacity is 0
 *   *count   how many devices there are, which may exceed capacity; 0 is no error. */
FOVEA_API fovea_status fovea_device_list(fovea_device_info *out, size_t capacity, size_t *count);

typedef enum fovea_log_level { FOVEA_LOG_WARNING = 1, FOVEA_LOG_INFO = 2, FOVEA_LOG_DEBUG = 3 } fovea_log_level;

typedef void (*fovea_log_callback)(void *cookie, fovea_log_level level, const char *message);

typedef struct fovea_device_options {
    const char *match; /* an index ("0") or a case-blind part of a platform's or a device's name, a platform's name
                          winning; of several the first. NULL or "": $FOVEA_DEVICE, else the first GPU, else the first */
    fovea_log_callback log; /* receives what is worth knowing; NULL: silence */
    void *log_cookie;
    const char *cache_dir; /* where built programs and measurements are kept. NULL: $XDG_CACHE_HOME/fovea, else ~/.cache/fovea.
                              "": nothing is kept */
    bool profile; /* time every kernel, see fovea_device_profile() */
} fovea_device_options;

typedef struct fovea_device fovea_device;

/* Opens a device. Fails with FOVEA_ERROR_DEVICE where there is no OpenCL device, or none matches (the message lists
 * those present). */
FOVEA_API fovea_status fovea_device_open(fovea_device **out, const fovea_device_options *options);

/* Closes a device after everything made on it was freed. */
FOVEA_API void fovea_device_close(fovea_device *device);

FOVEA_API const char *fovea_device_name(const fovea_device *device);
FOVEA_API const fovea_device_info *fovea_device_describe(const fovea_device *device);

/* Bytes of device memory held now, and the most ever held at once. Either pointer may be NULL. */
FOVEA_API void fovea_device_memory(const fovea_device *device, uint64_t *now_bytes, uint64_t *peak_bytes);

typedef struct fovea_kernel_time {
    char room[32];   /* the file of the kernel, without its ".cl"; "CLBlast" for that library's */
    char kernel[64];
    uint64_t launches;
    double seconds; /* sum over launches, by the device's own clock */
    double flops;   /* operations of the ops that this kernel begins, by the direct algorithm; 0: not counted */
    double bytes;   /* that these ops must read and write at least */
} fovea_kernel_time;

/* Time per kernel since the device was opened (or the last reset), longest first; waits for the device to finish.
 * Empty unless opened with .profile. *count: how many kernels there are, which may exceed capacity. */
FOVEA_API fovea_status fovea_device_profile(fovea_device *device, fovea_kernel_time *out, size_t capacity,
                                            size_t *count, bool reset);

typedef struct fovea_device_speed {
    double gflops;   /* 10^9 float32 operations a second out of registers, a multiply-add being two */
    double copy_gbs; /* 10^9 bytes a second in a copy of 128 MiB, or of four times the cache that the device tells of
                        where that is more; read and written ones both counted */
} fovea_device_speed;

/* Measures the most that kernels can get from a device: the best of some runs, in well under a second on most. Takes
 * twice what it copies of device memory, at most a quarter of all there is, and gives it back. Fails with
 * FOVEA_ERROR_NUMERIC where the device's results are wrong; *out is then zeroed. */
FOVEA_API fovea_status fovea_device_measure(fovea_device *device, fovea_device_speed *out);

/* ---- pictures -------------------------------------------------------------------------------------------------- */

/* 8-bit RGB, rows from the top: [height][width][3]. */
typedef struct fovea_image {
    uint8_t *pixels; /* owned; made and released by the functions below */
    int width, height;
} fovea_image;

/* Makes a black picture. width and height: 1 to 65,500. */
FOVEA_API fovea_status fovea_image_create(fovea_image *out, int width, int height);

/* Reads a JPEG of any kind (grey, CMYK, progressive, ...) or a PNG (grey, palette, 1 to 16 bits, interlaced, ...), told
 * apart by their first bytes, and turns it upright as its EXIF orientation says. Of PNG, alpha is dropped (the colour
 * beneath counts, as in PIL's convert("RGB")), of 16 bits the upper 8 are taken, gamma and colour profile are left aside.
 * Fails with FOVEA_ERROR_IO or FOVEA_ERROR_FORMAT (neither of these, cut short, absurd size); then *out is zeroed. */
FOVEA_API fovea_status fovea_image_read(fovea_image *out, const char *path);

/* The same from memory. `name` stands for the file in messages. */
FOVEA_API fovea_status fovea_image_decode(fovea_image *out, const void *data, size_t size_bytes, const char *name);

/* Writes a JPEG beside `path` and renames it; quality 1 to 100 (0: 92). */
FOVEA_API fovea_status fovea_image_write_jpeg(const fovea_image *image, const char *path, int quality);

/* The same into memory.
 *   out           room for `capacity` bytes, left alone where that is too small; may be NULL when capacity is 0
 *   *size_bytes   what the JPEG takes, which may exceed capacity. */
FOVEA_API fovea_status fovea_image_encode_jpeg(const fovea_image *image, int quality, void *out, size_t capacity,
                                               size_t *size_bytes);

/* Frees the pixels and zeroes the struct. */
FOVEA_API void fovea_image_clear(fovea_image *image);

/* Pictures of a list of files, decoded by threads before they are asked for and handed out in the list's order. */
typedef struct fovea_reader fovea_reader;

typedef struct fovea_reader_options {
    int threads; /* that decode, up to 256 (0: 2) */
    int ahead;   /* pictures held at most, decoded or being decoded; bounds memory (0: twice the threads) */
} fovea_reader_options;

/* Begins to read. paths must stay as they are until the reader is closed. options may be NULL. */
FOVEA_API fovea_status fovea_reader_open(fovea_reader **out, const char *const *paths, size_t count,
                                         const fovea_reader_options *options);

/* Hands out the next picture, waiting for it: call it once a path. Where that picture cannot be read it fails as
 * fovea_image_read() does, *out is zeroed, and the next call goes on with the next path. Behind the last path it
 * fails with FOVEA_ERROR_ARGUMENT. */
FOVEA_API fovea_status fovea_reader_next(fovea_reader *reader, fovea_image *out);
FOVEA_API void fovea_reader_close(fovea_reader *reader);

/* ---- data sets ------------------------------------------------------------------------------------------------- */

typedef struct fovea_dataset fovea_dataset;

typedef struct fovea_box {
    float x0, y0, x1, y1;
    int label; /* index into the data set's labels */
} fovea_box;

/* One picture of a data set; everything borrowed from it. */
typedef struct fovea_picture {
    int64_t id;
    const char *path; /* images_dir/file_name */
    const char *file_name;
    int width, height; /* as the annotations say; 0 where they do not */
    const fovea_box *boxes;
    size_t n_boxes;
} fovea_picture;

/* How boxes are written down. In COCO's terms, which the others are put into:
 *   VOC   a folder of XML, one a picture ("annotations" is that folder, the one above its "Annotations", or a list in
 *         ImageSets/Main). x0 = xmin - 1, y0 = ymin - 1, x1 = xmax, y1 = ymax; "difficult" counts as a crowd does;
 *         classes are sorted by name, of all XML beside a list, and their ids count from 1.
 *   YOLO  data.yaml ("data.yaml#val": its split val, else train) or its folder, or a folder of labels with classes.txt or
 *         obj.names. Labels stand where the last folder "images" in a picture's path is "labels". Ids are the classes'
 *         numbers, from 0.
 * Pictures' names start from images_dir: for YOLO it is the folder "images". A fovea.SPLIT.json beside them is heeded, see
 * fovea_dataset_convert(). */
typedef enum fovea_format {
    FOVEA_FORMAT_ANY = 0, /* told by content */
    FOVEA_FORMAT_COCO = 1,
    FOVEA_FORMAT_VOC = 2,
    FOVEA_FORMAT_YOLO = 3
} fovea_format;

/* Opens a data set for training. Boxes of zero area or with NaN are left out, boxes reaching outside are
 * clipped; each is named by fovea_dataset_warning(). Crowds and the boxes of pictures that "images" lacks are left out,
 * named by one sentence each kind.
 * Fails where a file is cut short or of the wrong shape, no format is recognised, a category is not declared, ids
 * repeat, or no box is left. */
FOVEA_API fovea_status fovea_dataset_open(fovea_dataset **out, const char *images_dir, const char *annotations,
                                          fovea_format format);

/* The same, of COCO's format. */
FOVEA_API fovea_status fovea_dataset_open_coco(fovea_dataset **out, const char *images_dir, const char *annotations);
FOVEA_API void fovea_dataset_close(fovea_dataset *dataset);

/* Looks whether images_dir is the folder that pictures' names start from, before work is put into them. Fails with
 * FOVEA_ERROR_IO where it is no folder, and where it holds none of `count` pictures: the sentence then says where the
 * first one is, if that is a folder in images_dir or the one above it. "" where names are whole paths. */
FOVEA_API fovea_status fovea_images_check(const char *images_dir, const char *const *file_names, size_t count);

FOVEA_API size_t fovea_dataset_size(const fovea_dataset *dataset); /* pictures */
FOVEA_API fovea_status fovea_dataset_picture(const fovea_dataset *dataset, size_t index, fovea_picture *out);

/* Number of labels; *names and *category_ids (either may be NULL) are borrowed arrays in label order, which is
 * ascending category id. */
FOVEA_API int fovea_dataset_labels(const fovea_dataset *dataset, const char *const **names,
                                   const int64_t **category_ids);

/* What was wrong but could be lived with: sentences naming file and box. index < fovea_dataset_warnings(). */
FOVEA_API size_t fovea_dataset_warnings(const fovea_dataset *dataset);
FOVEA_API const char *fovea_dataset_warning(const fovea_dataset *dataset, size_t index);

/* Where fovea_dataset_convert() leaves pictures. */
typedef enum fovea_pictures {
    FOVEA_PICTURES_DEFAULT = 0, /* COCO: none; VOC and YOLO: links */
    FOVEA_PICTURES_LINK = 1,    /* symbolic links of whole paths, in out/JPEGImages or out/images/SPLIT */
    FOVEA_PICTURES_COPY = 2,
    FOVEA_PICTURES_NONE = 3 /* where they are; of YOLO only in out/images, for they tell where labels are */
} fovea_pictures;

typedef struct fovea_convert_options {
    fovea_format from; /* (0: told by content) */
    const char *split; /* a name of up to 63 letters, digits, '-', '_' and '.' for this part of the data set; NULL: as in
                          data.yaml#SPLIT, else the name of the annotations' file, of a folder "train" */
    fovea_pictures pictures;
    bool plain; /* convert boxes alone, and write and read no fovea.SPLIT.json and no members "voc" and "yolo" */
    void (*note)(void *cookie, const char *sentence); /* told what the new format has no place for; NULL: nobody */
    void *cookie;
} fovea_convert_options;

typedef struct fovea_conversion {
    size_t pictures, boxes; /* in the new files */
    size_t files;           /* that were not there before */
    char split[64];
} fovea_conversion;

/* Writes a data set in another format:
 *   COCO   `out` is a JSON file. What VOC and YOLO say beyond COCO is in members "voc" and "yolo" of it.
 *   VOC    out/Annotations/NAME.xml, out/ImageSets/Main/SPLIT.txt, out/JPEGImages; crowds are "difficult".
 *   YOLO   out/labels/SPLIT/NAME.txt, out/images/SPLIT, out/data.yaml, which gets a line for each split; crowds are left out.
 * Beside VOC and YOLO lies out/fovea.SPLIT.json, the COCO document that they were made of. Who opens or converts them again
 * gets from it what they cannot hold (ids, crowds, segmentations, last digits, ...), for all that is still as it was: where
 * nobody edited the files, a conversion back gives the same bytes of COCO, XML and labels; boxes, classes and pictures that
 * were edited, added or taken away count as the files have them.
 * No file is written over: where one is there with other content it fails before anything is written, data.yaml aside,
 * where a split is added. images_dir as for fovea_dataset_open(); "" where file names hold it. told may be NULL. */
FOVEA_API fovea_status fovea_dataset_convert(const char *images_dir, const char *annotations, fovea_format to,
                                             const char *out, const fovea_convert_options *options,
                                             fovea_conversion *told);

/* ---- models ---------------------------------------------------------------------------------------------------- */

/* Which implementation's details a model follows: anchors' rounding, P6's source, box loss, divisors, at most how many
 * detections. Models keep theirs in their file. */
typedef enum fovea_profile {
    FOVEA_PROFILE_DEFAULT = 0, /* paper for new models */
    FOVEA_PROFILE_PAPER = 1,
    FOVEA_PROFILE_TORCHVISION = 2
} fovea_profile;

typedef enum fovea_norm {
    FOVEA_NORM_DEFAULT = 0, /* frozen where a backbone file is given, else training */
    FOVEA_NORM_FROZEN = 1,  /* batch norm is a fixed scale and shift per channel */
    FOVEA_NORM_TRAINING = 2 /* batch statistics while training, running ones in detection */
} fovea_norm;

typedef enum fovea_head_norm {
    FOVEA_HEAD_NORM_NONE = 0,
    FOVEA_HEAD_NORM_GROUP = 1 /* group norm in 32 groups behind each convolution of the heads but the last: torchvision's
                                 v2, whose profile then takes P6 from C5 */
} fovea_head_norm;

typedef struct fovea_model_options {
    int depth;            /* ResNet-18, 34, 50 or 101 (0: 50) */
    const char *backbone; /* a safetensors file with a backbone's or a whole detector's weights; NULL: random start */
    fovea_profile profile;
    fovea_norm norm;
    fovea_head_norm head_norm;
    int width;         /* channels after the stem, a multiple of 8 (0: 64, the standard ResNet) */
    int channels;      /* channels of the FPN and of the heads' convolutions (0: 256) */
    int head_depth;    /* 3x3 convolutions in each head before its output (0: 4) */
    int anchor_scales; /* scales 2^(k/n) an octave, 1 to 4 (0: 3) */
    int anchor_ratios; /* 1: square only; 3: 1:2, 1:1, 2:1 (0: 3) */
    float prior;       /* the score that every class starts with, section 3.3 (0: .01; .5 is bias 0) */
    float norm_epsilon; /* batch norm's (0: 1e-5; negative: exactly 0) */
    int size, max_size; /* shorter side and limit of the longer, kept in the model (0: 600, and 5/3 of size) */
    uint64_t seed;      /* of the random initial weights */
    const int64_t *category_ids; /* one a label, ascending; NULL: 1, 2, ... */
} fovea_model_options;

typedef struct fovea_model fovea_model;

/* Makes a new model for `labels` classes. names: one a label, copied.
 * A partial backbone file is accepted: fovea_model_missing() then lists what kept its initial value. */
FOVEA_API fovea_status fovea_model_create(fovea_model **out, fovea_device *device, int labels,
                                          const char *const *names, const fovea_model_options *options);

typedef struct fovea_load_options {
    float norm_epsilon; /* overrides the file's (0: the file's, else 1e-5; negative: exactly 0) */
    fovea_norm norm;    /* overrides the file's */
} fovea_load_options;

/* Loads a detector from a safetensors file: one of this library's, or a torchvision RetinaNet's state_dict (then
 * profile torchvision). Depth, widths and classes are read off names, shapes and metadata; no tensor may be missing.
 * Convolutions stay in the file, which the model keeps open until it is freed or gets a trainer (one open file a loaded
 * model). Any detection, tuning, saving or making of a trainer until then may read it again: it may be removed or replaced
 * by another, but where it is written to in place such a call fails with FOVEA_ERROR_IO. */
FOVEA_API fovea_status fovea_model_load(fovea_model **out, fovea_device *device, const char *path,
                                        const fovea_load_options *options);

/* Writes weights under torchvision's state_dict names, beside `path`, then renames: never half a file. */
FOVEA_API fovea_status fovea_model_save(const fovea_model *model, const char *path);
FOVEA_API void fovea_model_free(fovea_model *model);

FOVEA_API int fovea_model_labels(const fovea_model *model);
FOVEA_API const char *fovea_model_label(const fovea_model *model, int label); /* NULL when out of range */
FOVEA_API int64_t fovea_model_category_id(const fovea_model *model, int label); /* -1 when out of range */

/* Tensors that the backbone file did not hold, by state_dict name. index < fovea_model_missing(). */
FOVEA_API size_t fovea_model_missing(const fovea_model *model);
FOVEA_API const char *fovea_model_missing_name(const fovea_model *model, size_t index);

/* What a model is, as options that would make its like (backbone NULL, seed 0; category_ids borrowed). */
FOVEA_API void fovea_model_describe(const fovea_model *model, fovea_model_options *out);

/* ---- inspection ------------------------------------------------------------------------------------------------ */

/* What can be wrong with a data set. Kinds from FOVEA_NOTE_TURNED on are worth knowing, and are no faults. */
typedef enum fovea_fault_kind {
    FOVEA_FAULT_FORM = 0,            /* an entry lacks an id, a name or a box, or has one of another type */
    FOVEA_FAULT_ID_TWICE,            /* two entries of a list have one id */
    FOVEA_FAULT_PICTURE_TWICE,       /* one picture is listed twice, by name or by what it shows */
    FOVEA_FAULT_PICTURE_SHARED,      /* the other split shows the same picture */
    FOVEA_FAULT_PICTURE_MISSING,     /* there is no such file */
    FOVEA_FAULT_PICTURE_BROKEN,      /* the file cannot be decoded to its end */
    FOVEA_FAULT_PICTURE_SIZE,        /* the file has another size than the annotations say */
    FOVEA_FAULT_PICTURE_TURNED,      /* the size is that of the picture before EXIF turns it: so are, likely, the boxes */
    FOVEA_FAULT_PICTURE_UNDECLARED,  /* a box of a picture that is not listed */
    FOVEA_FAULT_CATEGORY_UNDECLARED, /* boxes of a category that is not listed */
    FOVEA_FAULT_BOX_NOT_FINITE,
    FOVEA_FAULT_BOX_EMPTY,   /* zero area */
    FOVEA_FAULT_BOX_OUTSIDE, /* no part of it is in the picture */
    FOVEA_FAULT_BOX_REACHES, /* a part of it is outside, by more than .02 pixels */
    FOVEA_FAULT_BOX_TWICE,   /* the same box of the same category in the same picture */
    FOVEA_FAULT_NOTHING,     /* no box is left to train on */
    FOVEA_NOTE_TURNED,       /* EXIF turns the picture, and no size tells whether the boxes were drawn before or after */
    FOVEA_NOTE_NO_SIZE,      /* the annotations do not say how large a picture is */
    FOVEA_NOTE_NO_BOX,       /* a picture without boxes, which training takes for background */
    FOVEA_NOTE_CROWD,        /* boxes of crowds, which training leaves out */
    FOVEA_NOTE_UNUSED,       /* a category without boxes */
    FOVEA_NOTE_GAPS,         /* category ids with gaps, which are fine here and fail in some other tools */
    FOVEA_NOTE_UNCHECKED     /* what the format does not hold, and cannot be checked */
} fovea_fault_kind;

#define FOVEA_FAULT_KINDS (FOVEA_NOTE_UNCHECKED + 1)
#define FOVEA_NO_ID INT64_MIN

/* "box_empty", for programs, and "empty boxes", for people. Static texts. */
FOVEA_API const char *fovea_fault_name(fovea_fault_kind kind);
FOVEA_API const char *fovea_fault_title(fovea_fault_kind kind);

typedef struct fovea_fault {
    fovea_fault_kind kind;
    bool mended;           /* the copy that fovea_inspection_save() writes is free of it */
    const char *file_name; /* of the picture; NULL where it is about none */
    int64_t image_id, annotation_id, category_id; /* FOVEA_NO_ID where it is about none */
    const char *sentence;  /* what is wrong, and where */
    const char *fix;       /* what to do about it; where .mended, what the copy does */
} fovea_fault;

typedef struct fovea_inspect_options {
    const char *against;        /* annotations of another split, whose pictures must all be others; NULL: none */
    const char *against_images; /* the folder of its pictures (NULL: the same) */
    int threads;                /* that decode pictures (0: one a processor, at most 16) */
    void (*report)(void *cookie, size_t done, size_t total); /* as pictures are decoded, from the calling thread; may
                                                                be NULL */
    void *cookie;
    fovea_format format; /* of the annotations, and of the other split's; ids and categories of those that are no COCO JSON
                            are those of fovea_dataset_open() */
} fovea_inspect_options;

typedef struct fovea_inspection fovea_inspection;

/* Opens every picture of a data set, checks every entry, and gathers all faults instead of stopping at one. Opens no
 * device. Fails only where the annotations are no JSON object at all, of no known format, or without a list of pictures or
 * of classes (data.yaml, classes.txt), where no picture is there at all (see fovea_images_check()), of this split or the
 * other one, or memory runs out. */
FOVEA_API fovea_status fovea_inspection_open(fovea_inspection **out, const char *images_dir, const char *annotations,
                                             const fovea_inspect_options *options);
FOVEA_API void fovea_inspection_close(fovea_inspection *inspection);

/* Faults and notes, in the order of their kinds and in each in that of the file; the struct's texts are borrowed. */
FOVEA_API size_t fovea_inspection_faults(const fovea_inspection *inspection);
FOVEA_API fovea_status fovea_inspection_fault(const fovea_inspection *inspection, size_t index, fovea_fault *out);

/* How many of a kind there are. */
FOVEA_API size_t fovea_inspection_count(const fovea_inspection *inspection, fovea_fault_kind kind);

/* The data set as it is without its faults: what the mended copy holds, pictures that can be read with their true sizes.
 * Borrowed; NULL where no box is left. *ids (may be NULL): the annotations' ids, a box each, picture after picture. */
FOVEA_API const fovea_dataset *fovea_inspection_dataset(const fovea_inspection *inspection, const int64_t **ids);

/* Writes a copy of the annotations without the faults that can be mended, beside `path`, then renames; the original stays
 * as it is, and every field that is not mended keeps its bytes. Of Pascal VOC and YOLO the copy is COCO JSON. Fails with
 * FOVEA_ERROR_ARGUMENT where something has that path already, the original or anything else, and with FOVEA_ERROR_FORMAT
 * where the original has changed since. */
FOVEA_API fovea_status fovea_inspection_save(const fovea_inspection *inspection, const char *path);

/* ---- anchor coverage ------------------------------------------------------------------------------------------- */

/* How the boxes of a data set meet the anchors of a model. In training an anchor learns the box that it overlaps most, if
 * that is by .5 or more (intersection over union), or if no anchor overlaps some box by more than it does. A box that no
 * anchor overlaps by .5 is learnt from weak anchors alone, and hardly learnt: the network sees it too small, too large or
 * too narrow. */
typedef struct fovea_coverage_options {
    int size, max_size; /* as in fovea_model_options, and so are the following */
    fovea_profile profile;
    int anchor_scales, anchor_ratios;
    size_t most_boxes; /* where there are more, every n-th picture is looked at, n so that about as many boxes are (0: all
                          pictures) */
} fovea_coverage_options;

/* One box. Where another box takes an anchor that overlaps both, that one learns the other. */
typedef struct fovea_cover {
    size_t picture, box; /* index in the data set, index among the picture's boxes */
    float width, height; /* in pixels of the resized picture */
    float overlap;       /* with the anchor that overlaps it most */
    int anchors;         /* that learn it */
    int weak;            /* of these, those that overlap it by less than .5 */
} fovea_cover;

/* Assigns anchors to boxes as training does on a device, in the same numbers, for pictures that are neither mirrored nor
 * padded beyond what they need alone. Opens no device. options may be NULL.
 *   *out, *count   a row a box, in the data set's order; freed with fovea_coverage_free(). Pictures of unknown size are
 *                  passed over
 * Fails with FOVEA_ERROR_UNSUPPORTED where a picture has more anchors than a device can index. */
FOVEA_API fovea_status fovea_coverage_measure(fovea_cover **out, size_t *count, const fovea_dataset *dataset,
                                              const fovea_coverage_options *options);
FOVEA_API void fovea_coverage_free(fovea_cover *cover);

/* ---- tuning ---------------------------------------------------------------------------------------------------- */

/* A convolution has several algorithms. Without measurement a rule by device and shape chooses; tuning measures them for
 * the shapes that a model asks for, checks each result before it may win, and keeps what won: with the device and, unless
 * fovea_device_options.cache_dir is "", on disk for the next time. Detection follows the device's choices. A training run
 * takes them when its trainer is made, and keeps them to its end and in its checkpoints. Another algorithm rounds
 * otherwise: the same choices give the same bits. */

/* What was measured for one direction of one convolution, and chosen. */
typedef struct fovea_choice {
    const char *direction; /* "forward", "backward data" or "backward weights". Static text, as are the names below */
    int batch, height, width, in_channels, out_channels, kernel, stride, padding; /* height and width of the input */
    const char *algorithm; /* "direct", ... */
    const char *rule;      /* what the rule takes */
    double gflops; /* 10^9 operations a second, a multiply-add being two, counted as plain sums: shortcuts may be above
                      what the device can */
    double rule_gflops; /* of the rule's algorithm, measured beside it; 0 where its result was wrong */
} fovea_choice;

typedef struct fovea_tune_options {
    int size, max_size; /* as in fovea_detect_options */
    int width, height;  /* of the pictures, before resizing (0 0: square ones) */
    int batch;          /* also what training steps of so many pictures ask for (0: detection alone) */
    double seconds;     /* the most it should take; the heaviest work comes first (0: 60) */
    bool again;         /* also what was measured before */
} fovea_tune_options;

/* Hears of each measurement, number `done` of `total`, which may not all fit into the time. Returns false to end the
 * tuning; what was measured counts. */
typedef bool (*fovea_tune_callback)(void *cookie, const fovea_choice *choice, size_t done, size_t total);

/* Measures what detection with `model` (and training) asks for. options and report may be NULL. Where nothing is left to
 * measure it returns at once. */
FOVEA_API fovea_status fovea_model_tune(fovea_model *model, const fovea_tune_options *options,
                                        fovea_tune_callback report, void *cookie);

/* The choices of a device, those kept on disk included, in a fixed order.
 *   out      room for `capacity` entries; may be NULL when capacity is 0
 *   *count   how many there are, which may exceed capacity. */
FOVEA_API fovea_status fovea_device_choices(fovea_device *device, fovea_choice *out, size_t capacity, size_t *count);

/* ---- detection ------------------------------------------------------------------------------------------------- */

typedef struct fovea_detection {
    float x0, y0, x1, y1; /* pixels of the picture passed in */
    float score;          /* 0..1 */
    int label;            /* for fovea_model_label() */
} fovea_detection;

typedef struct fovea_detect_options {
    float min_score;    /* (0: .05; negative: exactly 0) */
    float max_overlap;  /* IoU above which the weaker box of a class goes (0: .5) */
    int size, max_size; /* shorter side and limit of the longer (0: the model's; with size alone, 5/3 of it) */
    int max_detections; /* (0: the profile's, 100 or 300) */
    int top_k;          /* strongest candidates a pyramid level (0: 1000) */
} fovea_detect_options;

/* Finds objects in one image.
 *   image      any size from 1x1; resized inside, aspect kept. Not changed, not kept.
 *   out        room for `capacity` detections, strongest first; boxes in pixels of `image`.
 *   *count     how many were written, at most `capacity`.
 * Fails with FOVEA_ERROR_MEMORY, FOVEA_ERROR_UNSUPPORTED (2^31 values and more) or FOVEA_ERROR_DEVICE; then *count is 0
 * and the model stays usable. */
FOVEA_API fovea_status fovea_detect(fovea_model *model, const fovea_image *image, const fovea_detect_options *options,
                                    fovea_detection *out, size_t capacity, size_t *count);

/* ---- export ---------------------------------------------------------------------------------------------------- */

typedef struct fovea_export_options {
    fovea_detect_options detect; /* fixed in the file */
    bool raw; /* the network alone, for who prepares pictures and makes boxes himself */
} fovea_export_options;

/* Writes a model as ONNX (opset 17, weights included), beside `path`, then renames. The graph takes pictures of any
 * size and does all that fovea_detect() does with these options:
 *   image    uint8 [height][width][3], RGB
 *   boxes    float [n][4], x0 y0 x1 y1 in pixels of the picture; scores: float [n]; labels: int64 [n], as for
 *            fovea_model_label(). Strongest first
 * Raw, it takes any number of pictures that are resized, normalised and padded:
 *   pixels   float [n][3][height][width], RGB, (value / 255 - mean) / deviation with ImageNet's; sides multiples of 32
 *   logits   float [n][anchors][classes]; codes: float [n][anchors][4]; anchors: float [anchors][4], in pixels of the
 *            input. A model of torchvision's profile has a class 0, the background, before its labels
 * The metadata "fovea.classes" is a JSON list of {"id", "name"}, one a label, id being COCO's category id;
 * "fovea.profile" and "fovea.config" are those of a model's file. Batch norm is folded into convolutions.
 * Weights are those that fovea_model_save() would write: of a model trained with .ema the average.
 * Fails with FOVEA_ERROR_UNSUPPORTED where the file would have 2^31 bytes or more. */
FOVEA_API fovea_status fovea_model_export(const fovea_model *model, const char *path,
                                          const fovea_export_options *options);

/* ---- training -------------------------------------------------------------------------------------------------- */

typedef enum fovea_loss {
    FOVEA_LOSS_FOCAL = 0, /* FL(p_t) = -alpha_t (1 - p_t)^gamma log p_t, section 3.2 */
    FOVEA_LOSS_CE = 1,    /* cross entropy: gamma 0, alpha unused unless given (then balanced) */
    FOVEA_LOSS_OHEM = 2   /* cross entropy over the hardest anchors after NMS, section 5.1 */
} fovea_loss;

typedef enum fovea_schedule {
    FOVEA_SCHEDULE_STEPS = 0, /* the rate after warm-up, divided by 10 at each share of decay_at */
    FOVEA_SCHEDULE_COSINE = 1 /* half a cosine from the rate, where warm-up ends, to 0 at the end of the schedule */
} fovea_schedule;

typedef enum fovea_optimizer {
    FOVEA_OPTIMIZER_SGD = 0,  /* with momentum; decay is part of the gradient */
    FOVEA_OPTIMIZER_ADAMW = 1 /* decay apart from the moments, Loshchilov and Hutter 2019; keeps two floats a weight */
} fovea_optimizer;

typedef enum fovea_box_loss {
    FOVEA_BOX_LOSS_SMOOTH_L1 = 0, /* of box codes: smooth L1 that bends at 1/9; in the torchvision profile L1 */
    FOVEA_BOX_LOSS_GIOU = 1       /* 1 - GIoU of boxes (Rezatofighi et al. 2019), by which torchvision trains its v2 */
} fovea_box_loss;

enum { FOVEA_TRAIN_SIZES = 16 };

typedef struct fovea_train_options {
    int batch;              /* pictures that go through the network at once (0: 2) */
    int accumulate;         /* so many batches make a step, whose gradient and divisor are those of one large batch;
                               batch statistics stay each batch's own (0: 1) */
    int64_t steps;          /* length of the schedule; or */
    double epochs;          /* times through the data, used when steps is 0 (both 0: 12 epochs) */
    fovea_optimizer optimizer;
    double learning_rate;   /* after warm-up (0: .01 * pictures a step / 16; AdamW: 1e-4 * sqrt(pictures a step / 16)) */
    double momentum;        /* of SGD (0: .9; negative: exactly 0) */
    double betas[2];        /* of AdamW's moments (each 0: .9 and .999) */
    double epsilon;         /* of AdamW (0: 1e-8) */
    double weight_decay;    /* on every parameter (0: 1e-4; AdamW: .01; negative: exactly 0) */
    double ema;             /* decay of a moving average of weights and running statistics, at step t at most
                               (1 + t) / (10 + t). Detection with the model and fovea_model_save() then take the average,
                               also when the trainer is gone. One float more a weight (0: none) */
    int warmup;             /* steps of linear warm-up (0: 100; negative: none) */
    fovea_schedule schedule;
    double decay_at[2];     /* of FOVEA_SCHEDULE_STEPS (0 0: .7 and .9; negative: never) */
    double clip;            /* largest gradient norm (0: 10; negative: no limit) */
    double flip;            /* chance of a mirrored picture (0: .5; negative: never) */
    double scale_jitter[2]; /* factor on size and max_size, drawn between these for each picture (0 0: 1 and 1) */
    double crop;            /* chance of a random part instead of the whole picture, as SSD and torchvision's RandomIoUCrop
                               draw it: .3 to 1 of each side, sides' ratio within 1:2 and 2:1, with an object whose IoU with
                               the part is at least 0, .1, .3, .5, .7 or .9. Boxes with their centre outside are left
                               out, the others cut; the last box is never lost (0: never) */
    double brightness, contrast, saturation; /* colour jitter as torchvision's ColorJitter: factors are drawn from
                                                max(0, 1 - x) to 1 + x, in an order that is drawn too (0: none) */
    double hue;             /* and the hue is turned by up to so much of its circle, at most .5 (0: none) */
    int sizes[FOVEA_TRAIN_SIZES]; /* shorter sides to train at, rising, 0 behind the last: each step draws one of them for
                                     all its pictures (none: size) */
    int size, max_size;     /* become the model's, for detection and evaluation; max_size is training's too (0: the largest
                               of sizes, else the model's; 5/3 of the largest of sizes and size, else the model's) */
    int freeze;             /* leading stages that stay as they are: 1 the stem, 2 and layer1, ... 5 (0: none) */
    fovea_loss loss;
    double alpha, gamma; /* (0: .25 and 2 for focal, unbalanced and 0 for ce; negative alpha: unbalanced; negative
                            gamma: exactly 0) */
    fovea_box_loss box_loss;
    int ohem_batch;      /* anchors kept a picture (0: 128) */
    double ohem_nms;     /* IoU of its NMS (0: .5) */
    bool ohem_ratio;     /* keep objects to background 1:3 */
    bool by_rule;        /* take convolutions' algorithms by the rule alone, whatever was measured, see "tuning" */
    int loader_threads;  /* (0: 2) */
    uint64_t seed;       /* order and augmentation (0 is a seed too) */
} fovea_train_options;

/* What one step did. */
typedef struct fovea_progress {
    int64_t step, steps; /* steps done, 1-based, and the schedule's length */
    double epoch;        /* times through the data so far */
    double class_loss, box_loss;
    double gradient_norm; /* before clipping */
    double learning_rate;
    int64_t objects; /* boxes in the batch */
    double seconds, images_per_second; /* wall time of the step, waiting for pictures included */
    double wait_seconds;               /* of these, waiting for the loader */
    double idle; /* share of the step in which the device ran no kernel; -1 unless it was opened with .profile */
    uint64_t memory_bytes; /* peak device memory */
} fovea_progress;

typedef struct fovea_trainer fovea_trainer;

/* Prepares training of `model` on `dataset`; both must outlive the trainer. Their labels must agree. */
FOVEA_API fovea_status fovea_trainer_create(fovea_trainer **out, fovea_model *model, fovea_dataset *dataset,
                                            const fovea_train_options *options);
FOVEA_API void fovea_trainer_free(fovea_trainer *trainer);

/* Measures what the steps to come ask for most, for about `seconds` (0: 60), and makes the run follow it. Before the first
 * step only, and not where it was resumed or made with .by_rule (FOVEA_ERROR_ARGUMENT). report may be NULL. */
FOVEA_API fovea_status fovea_trainer_tune(fovea_trainer *trainer, double seconds, fovea_tune_callback report,
                                          void *cookie);

/* A training picture as the network gets it; everything borrowed until the callback returns. */
typedef struct fovea_look {
    fovea_picture picture; /* what it was made of, as the data set has it */
    fovea_image image;     /* cropped, coloured, resized, mirrored, as it is read back from the device; without padding */
    const fovea_box *boxes; /* in pixels of `image` */
    size_t n_boxes;
    int left, top, width, height; /* the part of the picture that it shows */
    bool mirrored;
    int64_t step; /* which takes it, 1-based */
} fovea_look;

/* Hears of one picture; returns false where that is enough. */
typedef bool (*fovea_look_callback)(void *cookie, const fovea_look *look);

/* Shows the pictures of the steps to come, in their order, until the callback returns false or the schedule ends. It trains
 * nothing: the steps that follow give the same bits. */
FOVEA_API fovea_status fovea_trainer_look(fovea_trainer *trainer, fovea_look_callback seen, void *cookie);

FOVEA_API bool fovea_trainer_done(const fovea_trainer *trainer);

/* Runs one step. Fails with FOVEA_ERROR_NUMERIC where loss or gradient is not finite: the message names step, pictures
 * and the layer where it first appears, and the weights are those before the step. */
FOVEA_API fovea_status fovea_trainer_step(fovea_trainer *trainer, fovea_progress *out);

/* Saves a checkpoint: the model's file with the optimizer's tensors and the place in the schedule. With .ema it holds the
 * average beside the weights, and taken for a model it is the weights. */
FOVEA_API fovea_status fovea_trainer_save(const fovea_trainer *trainer, const char *path);

/* Takes weights, optimizer and place from a checkpoint of the same model and options; the steps that follow give the
 * same bits as those of a run that never stopped, by the algorithms that it began with, whatever was measured since.
 * Fails with FOVEA_ERROR_FORMAT where the checkpoint is another run's or damaged, which changes nothing. Where it fails
 * later, while tensors are read, the model is left with some of them, and the trainer neither steps nor saves until a
 * resume succeeds. */
FOVEA_API fovea_status fovea_trainer_resume(fovea_trainer *trainer, const char *path);

/* Steps and epoch done so far (after resuming too). */
FOVEA_API int64_t fovea_trainer_steps_done(const fovea_trainer *trainer);
FOVEA_API int64_t fovea_trainer_steps(const fovea_trainer *trainer);
FOVEA_API int64_t fovea_trainer_steps_per_epoch(const fovea_trainer *trainer);

/* ---- evaluation ------------------------------------------------------------------------------------------------ */

/* COCO's twelve numbers, -1 where there is nothing to be found. */
typedef struct fovea_evaluation {
    double ap, ap50, ap75, ap_small, ap_medium, ap_large;
    double ar1, ar10, ar100, ar_small, ar_medium, ar_large;
} fovea_evaluation;

typedef struct fovea_class_evaluation {
    int64_t category_id;
    const char *name; /* borrowed from the evaluator; the id where the annotations give none */
    double ap, ap50, ap75, ar100;
    int64_t objects; /* annotated boxes, crowds not counted */
    double ap_small, ap_medium, ap_large;
} fovea_class_evaluation;

typedef struct fovea_evaluator fovea_evaluator;

/* Opens COCO-format annotations to hold detections to; nothing that pycocotools accepts is altered or refused, ids
 * other than whole numbers of 64 bits aside. Where "iscrowd" or "area" is absent it is 0 or width * height. */
FOVEA_API fovea_status fovea_evaluator_open(fovea_evaluator **out, const char *annotations);

/* The same of any format, images_dir as in fovea_dataset_open(). */
FOVEA_API fovea_status fovea_evaluator_open_any(fovea_evaluator **out, const char *images_dir, const char *annotations,
                                                fovea_format format);
FOVEA_API void fovea_evaluator_close(fovea_evaluator *evaluator);

/* The annotated pictures in file order, each id once. file_name is borrowed, "" where the annotations give none;
 * either pointer may be NULL. */
FOVEA_API size_t fovea_evaluator_pictures(const fovea_evaluator *evaluator);
FOVEA_API fovea_status fovea_evaluator_picture(const fovea_evaluator *evaluator, size_t index, int64_t *id,
                                               const char **file_name);

/* Adds one detection; box as x, y, width, height. An image id that is not annotated is FOVEA_ERROR_ARGUMENT; a
 * category id that is not declared is passed over, as in pycocotools. */
FOVEA_API fovea_status fovea_evaluator_add(fovea_evaluator *evaluator, int64_t image_id, int64_t category_id,
                                           const double box[4], double score);

/* Adds every detection of a COCO-format results file; on failure none. An image id that is not annotated is
 * FOVEA_ERROR_FORMAT. */
FOVEA_API fovea_status fovea_evaluator_add_file(fovea_evaluator *evaluator, const char *results);

/* Computes the numbers as pycocotools' COCOeval (iouType bbox) does. out: required. classes: room for `capacity`
 * rows, one a category in ascending id; may be NULL with capacity 0. *n_classes (may be NULL): how many there are. */
FOVEA_API fovea_status fovea_evaluator_run(fovea_evaluator *evaluator, fovea_evaluation *out,
                                           fovea_class_evaluation *classes, size_t capacity, size_t *n_classes);

enum { FOVEA_CURVE_POINTS = 101 };

/* One class at one IoU, objects of all sizes, at most 100 detections a picture. */
typedef struct fovea_curve {
    int64_t category_id;
    const char *name; /* borrowed from the evaluator */
    int64_t objects;  /* to be found */
    double precision[FOVEA_CURVE_POINTS]; /* at recalls 0, .01, ... 1, as pycocotools has it; -1 where objects is 0 */
    double score[FOVEA_CURVE_POINTS];     /* at which each recall is reached; 0 where none does, -1 where objects is 0 */
    int64_t right[FOVEA_CURVE_POINTS], wrong[FOVEA_CURVE_POINTS]; /* detections that score at least 0, .01, ... 1 */
    double best_f1;    /* largest 2 right / (right + wrong + objects); -1 where objects is 0 or nothing detected */
    double best_score; /* least score of the detections that give it, of equal F1 the highest; -1 where none is right */
} fovea_curve;

/* Precision by recall and by score: one row a category in ascending id, as fovea_evaluator_run() has them.
 *   iou      one of .5, .55, ... .95 (0: .5)
 *   out      room for `capacity` rows; may be NULL when capacity is 0
 *   *count   how many categories there are, which may exceed capacity; may be NULL. */
FOVEA_API fovea_status fovea_evaluator_curves(fovea_evaluator *evaluator, double iou, fovea_curve *out, size_t capacity,
                                              size_t *count);

typedef enum fovea_match_kind {
    FOVEA_MATCH_RIGHT = 1,       /* a detection that found an object of its class */
    FOVEA_MATCH_WRONG_CLASS = 2, /* a detection on an object of another class, which nothing else found */
    FOVEA_MATCH_DUPLICATE = 3,   /* a detection on an object that a stronger one is on */
    FOVEA_MATCH_BACKGROUND = 4,  /* a detection on nothing */
    FOVEA_MATCH_MISSED = 5,      /* an object that no detection is on */
    FOVEA_MATCH_MISPLACED = 6    /* a detection of a missed object's class whose IoU with it is .1 or more: too little to
                                    find it. That object has its row of the kind missed too */
} fovea_match_kind;

typedef struct fovea_match {
    fovea_match_kind kind;
    int64_t image_id;
    int64_t category_id, true_category_id; /* of the detection; of the object. -1 where there is none */
    int64_t annotation_id;                 /* of the object; -1 where there is none */
    double box[4], true_box[4];            /* x, y, width, height; zeros where there is none */
    double score;                          /* of the detection; 0 where there is none */
    double overlap; /* IoU of the two; of a detection on nothing, with the nearest object */
} fovea_match;

/* What became of every detection that scores enough, and of every object: each object stands in one row that is
 * right, a wrong class or missed, each detection in one row. Objects of the class come first, matched as COCO does;
 * what is left takes objects of other classes, the strongest first; what is then left and lies badly on an object of
 * its class that is missed is told with the nearest of these (TIDE's localisation error: Bolya et al. 2020). Crowds,
 * detections on them and those beyond the first 100 of a class in a picture are left out.
 *   iou          one of .5, .55, ... .95 (0: .5)
 *   min_scores   the least score of a detection that counts: one a category in ascending id, as
 *                fovea_evaluator_curves() has them, or one for all. May be NULL when n_scores is 0: all count whose
 *                score is not NaN
 *   n_scores     how many categories there are, 1 or 0; else FOVEA_ERROR_ARGUMENT
 *   out          room for `capacity` rows; may be NULL when capacity is 0. Pictures in ascending id; in each,
 *                detections from the strongest on, then what was missed
 *   *count       how many rows there are, which may exceed capacity. */
FOVEA_API fovea_status fovea_evaluator_matches(fovea_evaluator *evaluator, double iou, const double *min_scores,
                                               size_t n_scores, fovea_match *out, size_t capacity, size_t *count);

/* Writes a copy of annotations in which some of what fovea_evaluator_matches() told about them counts as right:
 *   FOVEA_MATCH_BACKGROUND, FOVEA_MATCH_DUPLICATE   the detection is annotated, under a new id, as no crowd
 *   FOVEA_MATCH_WRONG_CLASS                         the object gets the detection's class
 *   FOVEA_MATCH_MISPLACED                           the object gets the detection's box, and its area; a segmentation, which
 *                                                   the box was of, is emptied
 *   FOVEA_MATCH_MISSED                              the object is left out
 * Boxes are cut to their picture and rounded to hundredths of a pixel. All else keeps its bytes; of Pascal VOC and YOLO the
 * copy is COCO JSON. It is written beside `path`, then renamed.
 *   images_dir, annotations, format   as in fovea_evaluator_open_any()
 *   first_id   may be NULL: of the annotations that are new, which have ids one by one from there, in the order of
 *              `accepted`
 * Fails with FOVEA_ERROR_ARGUMENT where something is at path already, a match is right already, two change the same
 * object, a box is not finite or empty within its picture; with FOVEA_ERROR_FORMAT where a match is not about these
 * annotations, or ids in them repeat. Then nothing is written. */
FOVEA_API fovea_status fovea_annotations_mend(const char *images_dir, const char *annotations, fovea_format format,
                                              const fovea_match *accepted, size_t count, const char *path,
                                              int64_t *first_id);

/* How sure a model is of what its anchors should learn: the losses of section 3 for every gamma, as in the paper's
 * Figure 4. The margin of an anchor and a class is the logit with the label's sign: p_t = 1 / (1 + e^-margin). Bin i holds
 * margins from i / 64 - 32 to (i + 1) / 64 - 32; those beyond are in the first and the last. */
enum { FOVEA_MARGIN_BINS = 4096 };

typedef struct fovea_margins {
    uint64_t objects[FOVEA_MARGIN_BINS];    /* objects' anchors with the class of their box */
    uint64_t background[FOVEA_MARGIN_BINS]; /* the same with the other classes, and background anchors with all */
} fovea_margins;

/* Runs a model over a picture, assigns its anchors to the boxes as training does, and adds to *margins, which the caller
 * zeroes before the first picture. Nothing is added on failure.
 *   boxes     in pixels of `image`, labels those of the model; may be NULL when n_boxes is 0
 *   options   only size and max_size count */
FOVEA_API fovea_status fovea_margins_add(fovea_margins *margins, fovea_model *model, const fovea_image *image,
                                         const fovea_box *boxes, size_t n_boxes, const fovea_detect_options *options);

/* ---- benchmarks ------------------------------------------------------------------------------------------------ */

typedef enum fovea_work {
    FOVEA_WORK_DETECT = 0, /* fovea_detect() on one picture: from its pixels to final boxes, read back */
    FOVEA_WORK_STEP = 1    /* fovea_trainer_step(): forward, losses, backward and SGD; pictures come from memory */
} fovea_work;

/* The network is torchvision's (its profile) with random weights, the pictures are noise, 7 boxes each. */
typedef struct fovea_benchmark_options {
    fovea_work work;
    int depth;  /* ResNet-18, 34, 50 or 101 (0: 50) */
    int size;   /* side of the square pictures (0: 600) */
    int batch;  /* pictures a step (0: 2); detection takes one at a time whatever this is */
    int labels; /* classes (0: 80) */
    int runs;   /* that are timed, after two that are not (0: 5) */
    fovea_norm norm; /* default: training, as in a network without weights from a file */
} fovea_benchmark_options;

typedef struct fovea_benchmark {
    int batch, runs;
    double median_seconds, best_seconds, worst_seconds; /* of one run, a whole batch */
    double host_seconds; /* processor time of the calling thread, a run */
    double idle_seconds; /* in which the device ran no kernel, a run; -1 unless it was opened with .profile */
    double first_seconds; /* of the first run, which builds the kernels that no cache holds */
    double flops; /* operations of a run's convolutions by the direct algorithm's count, a multiply-add being two */
    uint64_t memory_bytes; /* the most device memory ever held since the device was opened */
} fovea_benchmark;

/* Holds a device's results to known ones before it is timed: detections, losses and gradients of a small network with
 * blocks of that depth to what torchvision computes in float64; then, for the workload of these options, every
 * convolution to sums in float64, and outputs or losses and gradients by the algorithms that the device chose to those
 * by the direct algorithm. Fails with FOVEA_ERROR_NUMERIC, saying what is wrong. */
FOVEA_API fovea_status fovea_benchmark_verify(fovea_device *device, const fovea_benchmark_options *options);

/* Times a workload. out: required; zeroed on failure. On a device that was opened with .profile,
 * fovea_device_profile() then has the kernels of the timed runs alone. */
FOVEA_API fovea_status fovea_benchmark_run(fovea_device *device, const fovea_benchmark_options *options,
                                           fovea_benchmark *out);

#ifdef __cplusplus
}
#endif
#endif
