import { execFileSync } from 'node:child_process'
import { pinnedVersions } from '../pins.ts'

/** Returns the version of a client. @throws when no file pins it */
export const versionOf = pinnedVersions(new URL('clients/', import.meta.url))

/** Asks a program of the machine for its version. Returns '' when it is missing, which the installation refuses. */
export function toolVersion(name: 'curl' | 'java'): string {
  try {
    return /\d+(?:\.\d+)+/.exec(execFileSync(name, ['--version'], { encoding: 'utf8', timeout: 20_000 }))?.[0] ?? ''
  } catch {
    // The program is missing or broken: the installation says so before any suite runs.
    return ''
  }
}
