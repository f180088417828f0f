/* After a step whose loss or gradient is not finite: runs its batch again, node by node, and says where it begins. */
#ifndef FOVEA_TRAIN_DIAGNOSE_H
#define FOVEA_TRAIN_DIAGNOSE_H

#include "trainer.h"

/* state: as read after the step (sgd.h). Returns FOVEA_ERROR_NUMERIC with the sentence. */
fovea_status fovea__diagnose(fovea_trainer *trainer, const float state[3]);

#endif
