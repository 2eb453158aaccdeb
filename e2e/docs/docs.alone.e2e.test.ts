import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe } from 'vitest'
import { must } from '../platform/command.ts'
import { root } from '../platform/open-platform.ts'
import { namespaces } from '../platform/platform-steps.ts'
import { helm, valuesInUse } from '../testing/helm.ts'
import { readPage } from '../../scripts/docs/reader.ts'
import { openSample, type Sample } from '../testing/sample.ts'
import { until } from '../../testing/until.ts'

/** Sections that take a node, Kafka or the operator away run alone. A section that ends with a failed command is cleaned up here. */

let sample: Sample
let values: string
beforeAll(async () => {
  sample = await openSample()
  // The guide waits for all channels of the cluster, and channels that are being deleted do not become ready any more.
  await until(async () => !(await sample.stage.demand(['get', 'namespaces', '--output', 'name'])).includes('namespace/e2e-'), {
    seconds: 300,
    what: 'the namespaces of other suites to be gone',
    everyMs: 1000,
  })
  values = await valuesInUse(sample.platform)
})
afterAll(async () => {
  if (sample === undefined) return
  const { run, place, options } = sample.platform
  for (const node of ['worker', 'worker2']) await run('kubectl', ['uncordon', `${place.cluster}-${node}`])
  await run('kubectl', ['scale', 'statefulset/kafka', '--namespace', namespaces.kafka, `--replicas=${options.brokers}`])
  // A release whose uninstallation was interrupted can only be uninstalled once more.
  if (!(await helm(sample.platform, ['list', '--deployed', '--short'])).includes('carillon'))
    await helm(sample.platform, ['uninstall', 'carillon', '--ignore-not-found', '--wait', '--timeout', '240s'])
  await helm(
    sample.platform,
    ['upgrade', '--install', 'carillon', join(root, 'charts/carillon'), '--wait', '--timeout', '240s', '--values', '-'],
    values,
  )
  await must(
    run('kubectl', ['rollout', 'status', 'statefulset/kafka', '--namespace', namespaces.kafka, '--timeout=120s']),
    'Kafka did not come back',
  )
  await sample.putBack()
})
beforeEach(() => sample.stage.keepEvidence())

describe('docs/operations.md', () => void readPage({ page: 'docs/operations.md', place: 'e2e-alone', platform: () => sample.platform }))
describe('docs/kind.md', () => void readPage({ page: 'docs/kind.md', place: 'e2e-alone', platform: () => sample.platform }))
