/* Anchors of one pyramid level. One work-item = one anchor: the box of its cell, moved to its place.
 *   arguments  boxes of a cell (from first_box on), boxes a cell, places a row, strides, the level's first anchor */

kernel void anchors_write(global const float *boxes, int first_box, int a_cell, int width, int stride_y, int stride_x,
                          int first, int count, global float *out)
{
    const int i = get_global_id(0);
    if (i >= count)
        return;
    const int place = i / a_cell;
    const float x = (float)(place % width * stride_x), y = (float)(place / width * stride_y);
    vstore4((float4)(x, y, x, y) + vload4(first_box + i % a_cell, boxes), first + i, out);
}
