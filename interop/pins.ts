import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Files of a suite that pin the versions of foreign programs. */
interface PinFiles {
  /** Requirements files, each with the prefix of the names that are read from it. */
  readonly python: readonly { readonly file: string; readonly only?: string; readonly as?: string }[]
  readonly goMod: string
  readonly packageJson: string
}

/** Reads the exact versions that the files pin, by the packages' names. npm's `cloudevents` has the name `cloudevents (npm)`. */
function readPins({ python, goMod, packageJson }: PinFiles): ReadonlyMap<string, string> {
  const read = (file: string): string => readFileSync(file, 'utf8')
  const pair = ([, name = '', version = '']: RegExpMatchArray): readonly [string, string] => [name, version]
  const requirements = python.flatMap(({ file, only, as }) =>
    [...read(file).matchAll(/^([\w-]+)==(\S+)$/gm)]
      .map(pair)
      .filter(([name]) => only === undefined || name === only)
      .map(([name, version]) => [as ?? name, version] as const),
  )
  // npm's own format: names and exact versions.
  const { dependencies } = JSON.parse(read(packageJson)) as { readonly dependencies: Readonly<Record<string, string>> }
  return new Map([
    ...requirements,
    ...[...read(goMod).matchAll(/^\t(\S+) v(\S+)$/gm)].map(pair),
    ...Object.entries(dependencies).map(([name, version]) => [name === 'cloudevents' ? 'cloudevents (npm)' : name, version] as const),
  ])
}

/**
 * Returns a look-up of the version of a foreign program, from the files of a suite's folder that pin it. The look-up throws when none does.
 */
export function pinnedVersions(folder: URL): (name: string) => string {
  const at = (file: string): string => fileURLToPath(new URL(file, folder))
  const versions = readPins({
    python: [
      { file: at('python/requirements.txt') },
      // Only some suites run the older SDK as well.
      { file: at('python/requirements-cloudevents-1.txt'), only: 'cloudevents', as: 'cloudevents 1' },
    ].filter(({ file }) => existsSync(file)),
    goMod: at('go/go.mod'),
    packageJson: at('node/package.json'),
  })
  return (name) => {
    const version = versions.get(name)
    if (version === undefined)
      throw new Error(`no file in interop/${relative(fileURLToPath(new URL('.', import.meta.url)), fileURLToPath(folder))} pins ${name}`)
    return version
  }
}
