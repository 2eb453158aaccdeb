import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { readPins } from '../pins.ts'

const at = (file: string): string => fileURLToPath(new URL(`clients/${file}`, import.meta.url))

/** The versions of all clients, from the files that pin them. */
const versions = readPins({
  python: [{ file: at('python/requirements.txt') }, { file: at('python/requirements-cloudevents-1.txt'), only: 'cloudevents', as: 'cloudevents 1' }],
  goMod: at('go/go.mod'),
  packageJson: at('node/package.json'),
})

/** @throws when no file pins it */
export function versionOf(name: string): string {
  const version = versions.get(name)
  if (version === undefined) throw new Error(`no file in interop/http/clients pins ${name}`)
  return version
}

/** Asks a program of the machine for its version. Returns '' when it is missing, which the installation refuses. */
export function toolVersion(name: 'curl' | 'java'): string {
  try {
    return /\d+(?:\.\d+)+/.exec(execFileSync(name, ['--version'], { encoding: 'utf8', timeout: 20_000 }))?.[0] ?? ''
  } catch {
    // The program is missing or broken: the installation says so before any suite runs.
    return ''
  }
}
