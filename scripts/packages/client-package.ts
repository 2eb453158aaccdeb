import { bundleEntry } from './bundle-entry.ts'
import { publishTypes } from './declarations.ts'
import { renderManifest } from './manifest.ts'
import type { PackageFolder } from './package-folder.ts'

const directory = 'client'

/** Sources of the entry points of `@carillon/client`. */
const entries: Readonly<Record<string, string>> = {
  index: 'client/index.ts',
  testing: 'client/memory-gateway.ts',
  filters: 'client/filters.ts',
  send: 'client/send.ts',
  share: 'client/share.ts',
}

/** Builds `@carillon/client`. It has no dependencies, and its types need neither the DOM's nor those of Node.js. */
export async function buildClientPackage(): Promise<PackageFolder> {
  const modules = await Promise.all(
    Object.entries(entries).map(([entry, source]) => bundleEntry({ entry, source, external: [], platform: 'neutral' })),
  )
  const manifest = renderManifest({
    name: '@carillon/client',
    description:
      'Receives and sends the CloudEvents of a Carillon channel in browsers and Node.js, over WebSocket or SSE, and resumes without loss',
    keywords: ['cloudevents', 'websocket', 'sse', 'server-sent-events', 'realtime', 'kafka', 'carillon'],
    directory,
    entries: Object.keys(entries),
    peers: {},
  })
  return {
    directory,
    files: new Map([
      ['package.json', manifest],
      ...modules.flatMap((files) => [...files]),
      ...(await publishTypes({ directory, entries })),
    ]),
  }
}
