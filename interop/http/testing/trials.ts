import { tabulateInto, type Trial } from '../../trials.ts'
import { places } from '../places.ts'

export type { Client, Trial } from '../../trials.ts'

/** Returns a function that makes a test of a trial, and a row of the suite's table. */
export const tabulate = (file: string): ((trial: Trial) => void) => tabulateInto(places.results, file)
