import { cdk8sTypes } from '../build/cdk8s.ts'
import { bundleEntry } from './bundle-entry.ts'
import { majorRange, renderManifest } from './manifest.ts'
import type { PackageFolder } from './package-folder.ts'

const directory = 'cdk8s'
const peers = ['cdk8s', 'constructs']

/** Builds `@carillon/cdk8s`. The user's app brings cdk8s and constructs: two copies of them would not know each other's constructs. */
export async function buildCdk8sPackage(): Promise<PackageFolder> {
  const modules = await bundleEntry({ entry: 'index', source: 'cdk8s/index.ts', external: peers, platform: 'node' })
  const manifest = renderManifest({
    name: '@carillon/cdk8s',
    description: 'cdk8s constructs for the Kubernetes resources of Carillon: RealtimeChannel and RealtimeChannelClass',
    keywords: ['cdk8s', 'kubernetes', 'kafka', 'websocket', 'cloudevents', 'realtime', 'carillon'],
    directory,
    entries: ['index'],
    peers: Object.fromEntries(peers.map((peer) => [peer, majorRange(peer)])),
  })
  const types = await cdk8sTypes()
  return { directory, files: new Map([['package.json', manifest], ...modules, ['index.d.ts', types], ['index.d.cts', types]]) }
}
