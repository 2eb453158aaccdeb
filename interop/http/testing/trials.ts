import { isDeepStrictEqual } from 'node:util'
import { afterAll, expect, it } from 'vitest'
import { type Row, writeRows } from './results.ts'

/** A foreign client: its name and version for people. */
export interface Client {
  readonly name: string
  readonly version: string
}

export interface Trial {
  readonly client: Client
  /** A sentence: what the client does, and what arrives. */
  readonly what: string
  /** The right outcome, in the form in which `act` returns it. */
  readonly arrives: unknown
  /** Lets the client act, and returns what arrived. */
  readonly act: () => Promise<unknown>
}

/** Returns a function that makes a test of a trial, and a row of the suite's table: which client, what it did, what arrived. */
export function tabulate(suite: string): (trial: Trial) => void {
  const rows: Row[] = []
  afterAll(() => writeRows(suite, rows))
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
