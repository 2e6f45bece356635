/**
 * include/uapi/linux/ioprio.h: ioprio_set(2). A priority is class << IOPRIO_CLASS_SHIFT | level.
 */

export const IOPRIO_CLASS_SHIFT = 13
export const IOPRIO_CLASS_NONE = 0
export const IOPRIO_CLASS_RT = 1
export const IOPRIO_CLASS_BE = 2
export const IOPRIO_CLASS_IDLE = 3
export const IOPRIO_WHO_PROCESS = 1
export const IOPRIO_WHO_PGRP = 2
export const IOPRIO_WHO_USER = 3
