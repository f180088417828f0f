/* Focal loss and its gradient over one pyramid level, in one pass.
 *   one work-group  one chunk of a picture's logits, whole cells; its work-items take vectors of WIDTH logits in turn,
 *                   and their sums are added up as a tree
 *   -DWIDTH         floats in a vector: 4, 8 or 16
 *   arguments       classes, places in matches, sizes in logits, alpha, gamma
 * Every sum's order is fixed by shape and work-group size. */

#define BACKGROUND (-1)
#define IGNORED (-2)
/* (1 - p_t)^gamma (-log p_t), and its derivative by `wrong`: the logit, or for an object's class its negative. With
 * q = 1 - p_t = sigmoid(wrong): log p_t and log q by log-sigmoid, so nothing overflows; the derivative
 * q^gamma (gamma p_t (-log p_t) + q) is eq. 10 and has no terms that cancel. A NaN stays one. */
static vector focal(vector wrong, float gamma, vector *derivative)
{
    const vector zero = (vector)(0.0f), one = (vector)(1.0f);
    const vector e = exp_of_minus(fabs(wrong)), log_one_e = log_one_plus(e), share = one / (one + e), rest = e * share;
    const vector minus_log_p = fmax(wrong, zero) + log_one_e, log_q = fmin(wrong, zero) - log_one_e;
    const vector q = CHOOSE(rest, share, wrong >= zero), p = CHOOSE(share, rest, wrong >= zero);
    vector focus = one;
    if (gamma == 2.0f)
        focus = q * q;
    else if (gamma == 1.0f)
        focus = q;
    else if (gamma != 0.0f)
        focus = exp_of_minus(-gamma * log_q);
    *derivative = focus * (gamma * p * minus_log_p + q);
    return focus * minus_log_p;
}

/* floor(at / classes), exactly where at < 2^20: the error of (at + 1/2) / classes is less than 1 / (2 classes). */
static int row_of(int at, float share)
{
    return (int)(((float)at + 0.5f) * share);
}

/* True where the rows (anchors) first .. last are all background. */
static bool all_background(global const int *matches, int first, int last)
{
    bool all = true;
    for (int row = first; row <= last; row++)
        all = all && matches[row] == BACKGROUND;
    return all;
}

/* Logits i .. i+count-1 with objects or ignored anchors among them, or fewer than WIDTH. Gives the weighted loss. */
static vector focal_mixed(global const float *logits, global const int *matches, global const int *labels, int classes,
                          int i, int count, float2 alphas, float gamma, float scale, global float *d_logits)
{
    float wrong[WIDTH], sign[WIDTH], weight[WIDTH];
    for (int lane = 0; lane < WIDTH; lane++) {
        const int match = lane < count ? matches[(i + lane) / classes] : IGNORED;
        const bool object = match >= 0 && labels[match] == (i + lane) % classes;
        sign[lane] = object ? -1.0f : 1.0f;
        weight[lane] = match == IGNORED ? 0.0f : object ? alphas.x : alphas.y;
        wrong[lane] = match == IGNORED ? 0.0f : sign[lane] * logits[i + lane];
    }
    vector derivative;
    const vector loss = focal(LOAD(wrong), gamma, &derivative);
    float gradients[WIDTH];
    STORE(scale * derivative * LOAD(sign) * LOAD(weight), gradients);
    for (int lane = 0; lane < count; lane++)
        d_logits[i + lane] = gradients[lane];
    return loss * LOAD(weight);
}

/* alphas: of an object's class, and of all else. chunk, end: logits of a work-group, and of a picture. */
kernel void focal_loss(global const float *all_logits, global const int *all_matches, global const int *labels,
                       global const float *scales, int classes, int n_anchors, int first_anchor,
                       int first_picture, int chunk, int end,
                       float alpha_object, float alpha_background, float gamma, global float *all_d_logits,
                       global float *partials, int first_partial, local float *sums)
{
    const int picture = get_group_id(1), item = get_local_id(0), items = get_local_size(0);
    global const float *logits = all_logits + picture * end;
    global float *d_logits = all_d_logits + picture * end;
    global const int *matches = all_matches + (first_picture + picture) * n_anchors + first_anchor;
    const float scale = scales[first_picture + picture];
    const float2 alphas = (float2)(alpha_object, alpha_background);
    const int begin = get_group_id(0) * chunk, size = min(chunk, end - begin);
    const float share = 1.0f / (float)classes;
    global const int *own_matches = matches + begin / classes;
    vector sum = (vector)(0.0f);
    for (int at = item * WIDTH; at < size; at += items * WIDTH) {
        const int i = begin + at, count = min(WIDTH, size - at);
        if (count == WIDTH && all_background(own_matches, row_of(at, share), row_of(at + WIDTH - 1, share))) {
            vector derivative;
            sum += alpha_background * focal(LOAD(logits + i), gamma, &derivative);
            PUT(scale * alpha_background * derivative, d_logits + i);
        } else {
            sum += focal_mixed(logits, matches, labels, classes, i, count, alphas, gamma, scale, d_logits);
        }
    }
    float lanes[WIDTH], total = 0.0f;
    STORE(sum, lanes);
    for (int lane = 0; lane < WIDTH; lane++)
        total += lanes[lane];
    total = sum_of_group(total, sums);
    if (item == 0)
        partials[first_partial + picture * get_num_groups(0) + get_group_id(0)] = scale * total;
}
