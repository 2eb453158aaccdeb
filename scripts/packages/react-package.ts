import { bundleEntry } from './bundle-entry.ts'
import { publishTypes } from './declarations.ts'
import { renderManifest, sameRange } from './manifest.ts'
import type { PackageFolder } from './package-folder.ts'

const directory = 'react'
const source = 'react/index.ts'
const packages = {
  'client/index.ts': '@carillon/client',
  'client/filters.ts': '@carillon/client/filters',
  'client/send.ts': '@carillon/client/send',
}

/** Builds `@carillon/react`. The user's app brings React and the client: the app imports both itself, and must have one copy of each. */
export async function buildReactPackage(): Promise<PackageFolder> {
  const modules = await bundleEntry({ entry: 'index', source, external: ['react'], packages, platform: 'neutral' })
  const manifest = renderManifest({
    name: '@carillon/react',
    description:
      'Provider and hooks for React that receive the CloudEvents of a Carillon channel: one connection, typed events, no lost event',
    keywords: ['react', 'hooks', 'cloudevents', 'websocket', 'sse', 'realtime', 'kafka', 'carillon'],
    directory,
    entries: ['index'],
    peers: { '@carillon/client': sameRange(), react: '>=18' },
  })
  const types = await publishTypes({ directory, entries: { index: source }, packages })
  return { directory, files: new Map([['package.json', manifest], ...modules, ...types]) }
}
