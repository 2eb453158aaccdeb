/** Milliseconds of the machine's monotonic clock: the same in all its processes (on Linux). */
export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6
