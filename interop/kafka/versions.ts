import { readFileSync } from 'node:fs'

const read = (file: string): string => readFileSync(new URL(`producers/${file}`, import.meta.url), 'utf8')

/** The versions of all producers, from the files that pin them. */
const versions: ReadonlyMap<string, string> = new Map([
  ...[...read('python/requirements.txt').matchAll(/^([\w-]+)==(\S+)$/gm)].map(pair),
  ...[...read('python/requirements-cloudevents-1.txt').matchAll(/^(cloudevents)==(\S+)$/gm)].map(([, , version]) => ['cloudevents 1', version ?? ''] as const),
  ...[...read('go/go.mod').matchAll(/^\t(\S+) v(\S+)$/gm)].map(pair),
  // npm's own format: names and exact versions.
  ...Object.entries((JSON.parse(read('node/package.json')) as { readonly dependencies: Readonly<Record<string, string>> }).dependencies).map(([name, version]) => [name === 'cloudevents' ? 'cloudevents (npm)' : name, version] as const),
])

function pair([, name = '', version = '']: RegExpMatchArray): readonly [string, string] {
  return [name, version]
}

/** @throws when no file pins it */
export function versionOf(name: string): string {
  const version = versions.get(name)
  if (version === undefined) throw new Error(`no file in interop/kafka/producers pins ${name}`)
  return version
}
