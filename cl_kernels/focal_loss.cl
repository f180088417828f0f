/* Focal loss and its gradient over one pyramid level, in one pass.
 *   one work-group  one chunk of a picture's logits, whole cells; its work-items take vectors of WIDTH logits in turn,
 *                   and their sums are added up as a tree
 *   -DWIDTH         floats in a vector: 4, 8 or 16
 *   arguments       classes, places in matches, sizes in logits, alpha, gamma
 * Every sum's order is fixed by shape and work-group size. */

#define BACKGROUND (-1)
#define IGNORED (-2)
#define PASTE(a, b) a##b
#define JOIN(a, b) PASTE(a, b)
#define LOAD JOIN(vload, WIDTH)
#define STORE JOIN(vstore, WIDTH)
typedef JOIN(float, WIDTH) vector;

/* log(1 + e) of e in 0 .. 1, as 2 atanh(e / (2 + e)) by its series: to 2^-26 with seven terms, at a fraction of log1p's
 * cost on CPUs. */
static vector log_one_plus(vector e)
{
    const vector t = e / (2.0f + e), u = t * t;
    const vector tail = 1.0f / 7 + u * (1.0f / 9 + u * (1.0f / 11 + u * (1.0f / 13)));
    return 2.0f * t * (1.0f + u * (1.0f / 3 + u * (1.0f / 5 + u * tail)));
}

/* (1 - p_t)^gamma (-log p_t), and its derivative by `wrong`: the logit, or for an object's class its negative. With
 * q = 1 - p_t = sigmoid(wrong): log p_t and log q by log-sigmoid, so nothing overflows; the derivative
 * q^gamma (gamma p_t (-log p_t) + q) is eq. 10 and has no terms that cancel. A NaN stays one. */
static vector focal(vector wrong, float gamma, vector *derivative)
{
    const vector zero = (vector)(0.0f), one = (vector)(1.0f);
    const vector e = exp(-fabs(wrong)), log_one_e = log_one_plus(e), share = one / (one + e);
    const vector minus_log_p = fmax(wrong, zero) + log_one_e, log_q = fmin(wrong, zero) - log_one_e;
    const vector q = select(e, one, wrong >= zero) * share, p = select(one, e, wrong >= zero) * share;
    vector focus = one;
    if (gamma == 2.0f)
        focus = q * q;
    else if (gamma != 0.0f)
        focus = exp(gamma * log_q);
    *derivative = focus * (gamma * p * minus_log_p + q);
    return focus * minus_log_p;
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
    const vector loss = focal(LOAD(0, wrong), gamma, &derivative);
    float gradients[WIDTH];
    STORE(scale * derivative * LOAD(0, sign) * LOAD(0, weight), 0, gradients);
    for (int lane = 0; lane < count; lane++)
        d_logits[i + lane] = gradients[lane];
    return loss * LOAD(0, weight);
}

/* alphas: of an object's class, and of all else. chunk, end: logits of a work-group, and of a picture. */
kernel void focal_loss(global const float *all_logits, global const int *all_matches, global const int *labels,
                       global const float *scales, int classes, int n_anchors, int first_anchor, int chunk, int end,
                       float alpha_object, float alpha_background, float gamma, global float *all_d_logits,
                       global float *partials, int first_partial, local float *sums)
{
    const int picture = get_group_id(1), item = get_local_id(0), items = get_local_size(0);
    global const float *logits = all_logits + picture * end;
    global float *d_logits = all_d_logits + picture * end;
    global const int *matches = all_matches + picture * n_anchors + first_anchor;
    const float scale = scales[picture];
    const float2 alphas = (float2)(alpha_object, alpha_background);
    const int begin = get_group_id(0) * chunk, size = min(chunk, end - begin);
    vector sum = (vector)(0.0f);
    for (int at = item * WIDTH; at < size; at += items * WIDTH) {
        const int i = begin + at, count = min(WIDTH, size - at);
        if (count == WIDTH && all_background(matches, i / classes, (i + WIDTH - 1) / classes)) {
            vector derivative;
            sum += alpha_background * focal(LOAD(0, logits + i), gamma, &derivative);
            STORE(scale * alpha_background * derivative, 0, d_logits + i);
        } else {
            sum += focal_mixed(logits, matches, labels, classes, i, count, alphas, gamma, scale, d_logits);
        }
    }
    float lanes[WIDTH], total = 0.0f;
    STORE(sum, 0, lanes);
    for (int lane = 0; lane < WIDTH; lane++)
        total += lanes[lane];
    sums[item] = total;
    for (int half_items = items / 2; half_items > 0; half_items /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (item < half_items)
            sums[item] += sums[item + half_items];
    }
    if (item == 0)
        partials[first_partial + picture * get_num_groups(0) + get_group_id(0)] = scale * sums[0];
}
