import { fileURLToPath } from 'node:url'
import { readPins } from '../pins.ts'

const at = (file: string): string => fileURLToPath(new URL(`producers/${file}`, import.meta.url))

/** The versions of all producers, from the files that pin them. */
const versions = readPins({
  python: [{ file: at('python/requirements.txt') }, { file: at('python/requirements-cloudevents-1.txt'), only: 'cloudevents', as: 'cloudevents 1' }],
  goMod: at('go/go.mod'),
  packageJson: at('node/package.json'),
})

/** @throws when no file pins it */
export function versionOf(name: string): string {
  const version = versions.get(name)
  if (version === undefined) throw new Error(`no file in interop/kafka/producers pins ${name}`)
  return version
}
