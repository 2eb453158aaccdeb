import { bundleCli } from '../build/cli.ts'
import { renderProgramManifest } from './manifest.ts'
import type { PackageFolder } from './package-folder.ts'

const directory = 'cli'

/** Builds `carillon`, the command: one module without dependencies, so that `npx carillon` brings one package. */
export async function buildCliPackage(): Promise<PackageFolder> {
  const { code } = await bundleCli()
  const manifest = renderProgramManifest({
    name: 'carillon',
    description: 'Command line of Carillon: listen to a channel, emit CloudEvents, make tokens, and find out why no event arrives',
    keywords: ['cli', 'cloudevents', 'websocket', 'sse', 'realtime', 'kafka', 'carillon'],
    directory,
    program: 'carillon.js',
  })
  return {
    directory,
    files: new Map([
      ['package.json', manifest],
      ['carillon.js', code],
    ]),
  }
}
