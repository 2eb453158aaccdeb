import { isDeepStrictEqual } from 'node:util'
import { afterAll, expect, it } from 'vitest'
import { type Row, writeRows } from './rows.ts'

/** Name and version of a foreign client, for people. */
export interface Client {
  readonly name: string
  readonly version: string
}

export interface Trial {
  readonly client: Client
  /** Sentence: what the client does, and what arrives. */
  readonly what: string
  /** Right outcome, in the form that `act` returns. */
  readonly arrives: unknown
  /** Lets the client act, and returns what arrived. */
  readonly act: () => Promise<unknown>
}

/**
 * Returns a function that makes a test of a trial, and a row of the suite's table: client, action, outcome.
 *
 * @param folder of the suite's results
 */
export function tabulateInto(folder: string, file: string): (trial: Trial) => void {
  const rows: Row[] = []
  afterAll(() => writeRows(folder, file, rows))
  return ({ client, what, arrives, act }) => {
    it(`${client.name} ${client.version}: ${what}`, async () => {
      const row = (arrived: unknown): Row => ({
        client: client.name,
        version: client.version,
        what,
        arrived: typeof arrived === 'string' ? arrived : JSON.stringify(arrived),
        isRight: isDeepStrictEqual(arrived, arrives),
      })
      const arrived = await act().catch((error: unknown) => {
        rows.push(row(String(error)))
        throw error
      })
      rows.push(row(arrived))
      expect(arrived).toEqual(arrives)
    })
  }
}
