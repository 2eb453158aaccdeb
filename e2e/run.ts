/** `make e2e`: makes a kind cluster, runs the suites on it, prints a table of measurements, and deletes the cluster. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Outcome, renderOutcome } from '../scripts/test/outcome.ts'
import { runVitest } from '../scripts/test/run-vitest.ts'
import { bringUp } from './platform/bring-up.ts'
import { removeImages } from './platform/images.ts'
import { clusters, deleteCluster } from './platform/kind-cluster.ts'
import { newPlatform, root } from './platform/open-platform.ts'
import { parsePlatformOptions, type PlatformOptions } from './platform/options.ts'
import type { Platform } from './platform/platform-steps.ts'
import { readResults, readTrace, renderResults } from './testing/results.ts'

const help = `Tests everything on a kind cluster that it makes and deletes.

  node e2e/run.ts [options] [SUITE...], or make e2e ARGS="[options] [SUITE...]"

  SUITE...        Folders of e2e/, such as deliver or roll-out. Default: all.
  --keep          Keep the cluster after the run, for the next one and to look around.
  --name          Name of the kind cluster. [carillon-e2e]
  --http-port     [8081]
  --https-port    [8444]
  --ip-family     Addresses of pods and Services: ipv4, ipv6 or dual. [ipv4]
                  With ipv6 only the suite families runs: this machine does not reach the ingress.
`

interface RunOptions {
  readonly suites: readonly string[]
  readonly keep: boolean
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      keep: { type: 'boolean', default: false },
      name: { type: 'string', default: 'carillon-e2e' },
      'http-port': { type: 'string', default: '8081' },
      'https-port': { type: 'string', default: '8444' },
      'ip-family': { type: 'string', default: 'ipv4' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  const options = parsePlatformOptions(
    [
      '--name',
      values.name,
      '--http-port',
      values['http-port'],
      '--https-port',
      values['https-port'],
      '--ip-family',
      values['ip-family'],
      '--metrics',
      '--no-sample',
    ],
    process.env,
  )
  if (!options.ok || options.value === 'help') throw new Error(options.ok ? '' : options.error.join('\n'))
  const platform = await newPlatform(options.value, process.env)
  try {
    return await testOn(platform, { suites: suitesOf(options.value, positionals), keep: values.keep })
  } finally {
    if (values.keep) console.log(`\nThe cluster is still there: export KUBECONFIG=${platform.place.files.kubeconfig}`)
    else await takeAway(platform)
  }
}

/** Returns the chosen suites; on a cluster with IPv6 alone, those that can run there. */
function suitesOf({ ipFamily }: PlatformOptions, asked: readonly string[]): readonly string[] {
  return ipFamily === 'ipv6' && asked.length === 0 ? ['families'] : asked
}

const artifacts = join(root, 'artifacts/e2e')

async function testOn(platform: Platform, { suites }: RunOptions): Promise<number> {
  const startedMs = Date.now()
  const seconds = (): string => `${Math.round((Date.now() - startedMs) / 1000)} s`
  await rm(artifacts, { recursive: true, force: true })
  await mkdir(artifacts, { recursive: true })
  if (!(await bringUp(platform, console.log))) return end(notUp)
  console.log(`\nThe platform is up after ${seconds()}; now the suites.`)
  const outcome = await runVitest({
    root,
    projects: ['e2e', 'e2e-alone'],
    filters: suites.map((suite) => `e2e/${suite}/`),
    env: { ...process.env, E2E_CLUSTER: platform.place.cluster },
  })
  const trace = await readTrace()
  console.log(`\n${renderResults(await readResults())}\n`)
  if (trace !== '') console.log(`One event, from the emit to the sockets: span, start, duration and pod.\n\n${trace}`)
  console.log(`${outcome.failures.length === 0 ? 'All is well' : 'Failed: evidence is in artifacts/e2e'}, after ${seconds()}.`)
  return end(outcome)
}

const notUp: Outcome = {
  tally: { passed: 0, failed: 1, skipped: 0 },
  failures: [{ where: 'the platform', why: ['it did not come up; the step that failed, and why, is above'] }],
}

/** Prints the last lines, with the tally as the very last. @returns the exit code */
function end(outcome: Outcome): number {
  console.log(renderOutcome(outcome))
  return outcome.failures.length === 0 ? 0 : 1
}

async function takeAway({ run, place }: Platform): Promise<void> {
  if ((await clusters(run)).includes(place.cluster)) await deleteCluster(run, place)
  await removeImages(run)
  await rm(place.folder, { recursive: true, force: true })
}

process.exitCode = await main()
