import { readFileSync } from 'node:fs'

/** A server with its verdicts, by the rules' ids. */
export interface RecordedServer {
  readonly name: string
  /** Null: the version of this repository. */
  readonly version: string | null
  readonly verdicts: Readonly<Record<string, string>>
}

/** Verdicts of the last run, as docs/conformance.md shows them. Tests hold them: of Carillon a unit test, of others `make interop`. */
export const recordedServers: readonly RecordedServer[] = JSON.parse(
  readFileSync(new URL('verdicts.json', import.meta.url), 'utf8'),
) as readonly RecordedServer[] // our own file

/** @throws when the file has no run of this version */
export function recordedVerdicts(name: string, version: string | null): Readonly<Record<string, string>> {
  const found = recordedServers.find((server) => server.name === name && server.version === version)
  if (found === undefined)
    throw new Error(
      `verdicts.json has no run of ${name} ${version}. Run carillon conformance on it, record the verdicts, and run make docs.`,
    )
  return found.verdicts
}
