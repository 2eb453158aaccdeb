import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Yaml } from 'cdk8s'
import packageJson from '../../package.json' with { type: 'json' }
import { type Image, referenceOf } from '../platform/images.ts'
import { root } from '../platform/open-platform.ts'
import { namespaces } from '../platform/platform-steps.ts'
import { planUsers } from '../proof/plan.ts'
import { type Crowd, flawless, openCrowd } from '../testing/audience-of-users.ts'
import { changeUnderLoad } from '../testing/change-under-load.ts'
import { helm, valuesInUse } from '../testing/helm.ts'
import { makePreviousRelease, type PreviousRelease } from '../testing/previous-release.ts'
import { openStage, type Stage } from '../testing/stage.ts'
import { gatewayOf } from '../testing/test-channel.ts'
import { askTopics } from '../testing/topics.ts'

/**
 * From the previous release to this one, and back, with a channel and clients at work. Chart, definitions, operator and gateways change, by the
 * commands of docs/install.md.
 */

const channel = 'upgraded'
const users = planUsers(20, 4)
const currentChart = join(root, 'charts/carillon')
let stage: Stage
let crowd: Crowd
let previous: PreviousRelease
/** Values of the installation before this suite, which has the current chart and image. */
let values: Values

interface Values {
  readonly image: Image
  readonly class: { readonly allowed: Readonly<Record<string, unknown>> }
  readonly [name: string]: unknown
}

const upgrade = (chart: string, given: Values, image: Image): Promise<string> =>
  helm(
    stage.platform,
    ['upgrade', 'carillon', chart, '--wait', '--timeout', '240s', '--values', '-'],
    JSON.stringify({ ...given, image: { ...given.image, ...image } }),
  )

/** Leaves out the values that charts of the previous release refuse, because they do not know them. */
function knownToPrevious(given: Values): Values {
  const { upstream: _, ...allowed } = given.class.allowed
  return { ...given, class: { ...given.class, allowed } }
}

beforeAll(async () => {
  stage = await openStage('upgrade')
  previous = await makePreviousRelease(stage.platform, packageJson.version)
  values = JSON.parse(await valuesInUse(stage.platform)) as Values // chartValues of e2e/platform made them
  await upgrade(previous.chart, knownToPrevious(values), previous.image)
  crowd = await openCrowd(stage, { channel, users, clients: 100 })
})
afterAll(async () => {
  crowd?.close()
  if (previous !== undefined) await upgrade(currentChart, values, values.image)
  // The next suite waits for this one's namespace. A namespace with pods checks again only after half of their termination grace period.
  await stage?.kubectl(['delete', 'rtc', '--all', '--cascade=foreground', '--timeout=120s'])
  await stage?.leave()
})
beforeEach(() => stage.keepEvidence())

const definition = 'realtimechannels.carillon.dev'

/** Returns the schema of channels that the API server has. */
async function schemaInUse(): Promise<unknown> {
  const { spec } = JSON.parse(await stage.demand(['get', `crd/${definition}`, '--output', 'json'])) as Definition
  return schemaOf(spec)
}

interface Definition {
  readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: unknown } }[] }
}

const schemaOf = ({ versions }: Definition['spec']): unknown => versions.map(({ schema }) => schema.openAPIV3Schema)

/** Returns the schema of channels that a chart brings. */
const schemaOfChart = (chart: string): unknown => {
  const [document] = Yaml.load(join(chart, 'files/realtimechannels.yaml')) as readonly Definition[]
  return document === undefined ? null : schemaOf(document.spec)
}

const imageOfGateways = (): Promise<string> =>
  stage.demand(['get', `deployment/${gatewayOf(channel)}`, '--output', 'jsonpath={.spec.template.spec.containers[0].image}'])

/** Returns the id of the channel's topic: a topic that was deleted and created again has another one. */
async function topicId(): Promise<string> {
  const answer = await askTopics(stage, ['--describe', '--topic', `${stage.namespace}.${channel}`])
  return /TopicId: (\S+)/.exec(answer)?.[1] ?? answer
}

/** Returns the lines at the level of errors that operators of an image have written since their start. */
async function errorsOfOperators(image: Image): Promise<readonly string[]> {
  const operators = ['--namespace', namespaces.operator] as const
  const pods = `jsonpath={range .items[?(@.spec.containers[0].image=="${referenceOf(image)}")]}{.metadata.name}{"\\n"}{end}`
  const selector = 'app.kubernetes.io/name=carillon-operator'
  const names = (await stage.demand(['get', 'pods', ...operators, '--selector', selector, '--output', pods])).trim().split('\n')
  const logs = await Promise.all(names.map((name) => stage.demand(['logs', name, ...operators, '--tail=-1'])))
  const lines = logs.flatMap((log) => log.split('\n').filter((line) => line.startsWith('{')))
  // The operator says at least that it has started.
  expect(lines.length).toBeGreaterThan(0)
  return lines.filter((line) => ['error', 'fatal'].includes(String((JSON.parse(line) as { readonly level: unknown }).level))) // program/log
}

/** Waits until the channel has the gateways of an image and is ready. */
async function settlesOn(image: Image): Promise<void> {
  await stage.reaches(`deployment/${gatewayOf(channel)}`, `jsonpath={.spec.template.spec.containers[0].image}=${referenceOf(image)}`)
  await stage.rolledOut(gatewayOf(channel))
  await stage.reaches(`rtc/${channel}`, 'condition=Ready')
}

/**
 * Changes the release under load. No client may miss an event or give its page one twice, and the topic must stay.
 * @returns how many events came twice on the wire
 */
async function expectNothingToBeLost(name: string, seed: number, change: () => Promise<unknown>): Promise<number> {
  const topic = await topicId()
  const { verdict, endings } = await changeUnderLoad(crowd, users, { suite: 'upgrade', name, seed, change })
  // Where as many are delivered as expected and none is missing, a page got none twice.
  expect(verdict).toMatchObject({ ...flawless, duplicates: expect.any(Number), delivered: verdict.expected })
  // Each client that was connected has moved to a new gateway, or the test shows nothing.
  expect(endings.length).toBeGreaterThan(0)
  expect(await topicId()).toBe(topic)
  return verdict.duplicates
}

describe('the previous release', () => {
  it('runs with its own definitions, operator and gateways before the upgrade', async () => {
    expect(await schemaInUse()).toEqual(schemaOfChart(previous.chart))
    expect(await imageOfGateways()).toBe(referenceOf(previous.image))
  })

  it('is upgraded by `helm upgrade`: no event is lost or repeated, no topic is deleted, and the definitions are the new ones', async () => {
    const repeated = await expectNothingToBeLost('from the previous release', 1, async () => {
      await upgrade(currentChart, values, values.image)
      await settlesOn(values.image)
    })
    expect(repeated).toBe(0)
    expect(await schemaInUse()).toEqual(schemaOfChart(currentChart))
    expect(await errorsOfOperators(values.image)).toEqual([])
  })

  // The previous release does not know short cursors. It resumes at the last whole one, and repeats events that the client suppresses (ADR 0035).
  it('comes back by `helm rollback`: no event is lost or reaches a page twice, no topic is deleted, and the definitions are the old ones', async () => {
    await expectNothingToBeLost('back to the previous release', 2, async () => {
      await helm(stage.platform, ['rollback', 'carillon', '--wait', '--timeout', '240s'])
      await settlesOn(previous.image)
    })
    expect(await schemaInUse()).toEqual(schemaOfChart(previous.chart))
  })
})
