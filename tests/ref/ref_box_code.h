/* Box codes in double (Girshick et al. 2014, appendix C). */
#ifndef FOVEA_REF_BOX_CODE_H
#define FOVEA_REF_BOX_CODE_H

#include "box_code.h"

void ref_box_code_encode(const double anchor[4], const double box[4], double code[4]);
void ref_box_code_decode(const double anchor[4], const double code[4], double box[4]);

#endif
