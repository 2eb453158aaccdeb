import { bundleCli, entries } from '../build/cli.ts'
import { renderProgramManifest } from './manifest.ts'
import type { PackageFolder } from './package-folder.ts'

const directory = 'cli'

/** Builds `carillon`: the command and the plugin of kubectl, a module each without dependencies, so that `npx carillon` brings one package. */
export async function buildCliPackage(): Promise<PackageFolder> {
  const [command, plugin] = await Promise.all([bundleCli('carillon'), bundleCli('kubectl-carillon')])
  const manifest = renderProgramManifest({
    name: 'carillon',
    description:
      'Command line of Carillon: listen to a channel, emit CloudEvents, make tokens, find out why no event arrives, check conformance; and a kubectl plugin',
    keywords: ['cli', 'cloudevents', 'websocket', 'sse', 'realtime', 'kafka', 'carillon'],
    directory,
    programs: [entries.carillon.file, entries['kubectl-carillon'].file],
  })
  return {
    directory,
    files: new Map([
      ['package.json', manifest],
      [entries.carillon.file, command.code],
      [entries['kubectl-carillon'].file, plugin.code],
    ]),
  }
}
