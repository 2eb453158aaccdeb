import { broadcast } from './broadcast.ts'
import { idle } from './idle.ts'
import { loss } from './loss.ts'
import type { Measure } from './measure.ts'
import { stalled } from './stalled.ts'
import { storm } from './storm.ts'
import { targeted } from './targeted.ts'

/** Measures in the order of their runs: those with a broker come last. */
export const measures: readonly Measure[] = [broadcast, idle, stalled, storm, targeted, loss]
