import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { KubernetesObject, ObjectRef } from '../../api/kubernetes.ts'
import {
  annotations,
  apiVersion,
  channelKind,
  channelType,
  type RealtimeChannelSpec,
  withDefaults,
} from '../../api/v1alpha1/realtime-channel.ts'
import type { ApiError } from '../../operator/runtime/kubernetes-api.ts'
import { eventType } from '../../operator/runtime/event-object.ts'
import { answerSuffix, questionOf } from '../../operator/reconcile/preview/question.ts'
import { readYaml } from '../../operator/adapters/kubernetes/read-yaml.ts'
import { escapeControls } from '../../program/log/escape-controls.ts'
import { isRecord } from '../../program/is-record.ts'
import { messageOf } from '../../program/message-of.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import type { Exit } from '../exit-codes.ts'
import { channelOf, type Cluster, describeApiError, type PluginWorld, readChannel } from './cluster.ts'
import { type PluginArguments, type PluginCommand, refusePlugin } from './plugin-command.ts'

/** A channel of a file. */
interface WantedChannel {
  readonly name: string
  readonly namespace: string | null
  readonly object: KubernetesObject
}

const pollMs = 500
const fieldManager = 'kubectl-carillon'

/** Returns the JSON merge patch (RFC 7396) that makes `after` of `before`. */
export function diffAsMergePatch(before: unknown, after: unknown): unknown {
  if (!isRecord(before) || !isRecord(after)) return after
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return Object.fromEntries(
    names
      .filter((name) => !isDeepStrictEqual(before[name], after[name]))
      .map((name) => [name, name in after ? diffAsMergePatch(before[name], after[name]) : null]),
  )
}

/**
 * Returns the text of a question. The operator answers a text once, and an answer of an hour ago is not one about now. So blanks at its end,
 * which JSON allows, make each text another one.
 */
export function askText(patch: unknown, random: Buffer): string {
  const blanks = [...random].map((byte) => [' ', '\t', '\n', '\r'][byte % 4]).join('')
  return `${JSON.stringify(patch)}${blanks}`
}

/** Returns true for a text of `askText`. */
export const isAskText = (text: string): boolean => /\S[ \t\n\r]{16}$/.test(text)

function readWanted(text: string): Result<WantedChannel, string> {
  const read = readYaml(text)
  if (!read.ok) return failed(`The file is not one document of YAML or JSON: ${read.error}`)
  const object = read.value
  if (!isRecord(object) || object['apiVersion'] !== apiVersion || object['kind'] !== channelKind || !isRecord(object['metadata']))
    return failed(`The file is not a ${channelKind} of ${apiVersion}. Give a file with one channel.`)
  const { name, namespace } = object['metadata']
  if (typeof name !== 'string') return failed('The channel of the file has no metadata.name.')
  // The fields that are read have been checked. The API server checks all others.
  return ok({ name, namespace: typeof namespace === 'string' ? namespace : null, object: object as unknown as KubernetesObject })
}

async function readFileOf({ file }: PluginArguments, world: PluginWorld): Promise<Result<WantedChannel | null, string>> {
  if (file === null) return ok(null)
  try {
    return readWanted(file === '-' ? await world.readInput() : world.readFile(file))
  } catch (error) {
    // Missing, a folder, or not readable by this user.
    return failed(`The file of -f cannot be read: ${messageOf(error)}`)
  }
}

export const plan: PluginCommand = {
  name: 'plan',
  summary: 'show what the operator would make or change, and change nothing',
  usage: 'plan (NAME | -f FILE) [-n NAMESPACE]',
  flags: ['filename', 'create-paused', 'timeout'],
  about: [
    'Asks the operator that runs in the cluster: sets the annotation carillon.dev/plan, waits for the Event with the answer, and takes the annotation away. NAME asks about the channel as it is, -f FILE about the channel as the file has it.',
    'You need the right to patch the channel and to read Events. Kafka is asked by the operator alone.',
    'A channel that does not exist is checked by the API server. With --create-paused it is created paused, so that the operator plans it and makes nothing.',
  ],
  problemOf: ({ names, file }) => ((file === null) === (names.length === 0) ? 'plan takes a NAME or -f FILE, one of the two.' : null),
  run: async (given, cluster, world) => {
    const [named] = given.names
    const wanted = await readFileOf(given, world)
    if (!wanted.ok) return refusePlugin(world, 'usage', wanted.error)
    const there = { ...cluster, namespace: wanted.value?.namespace ?? cluster.namespace }
    return wanted.value === null ? planNamed(named ?? '', given, there, world) : planFile(wanted.value, given, there, world)
  },
}

async function planNamed(name: string, given: PluginArguments, cluster: Cluster, world: PluginWorld): Promise<Exit> {
  const found = await readChannel(cluster, channelType, name)
  return found.ok ? ask(found.value, {}, given, { cluster, world }) : refusePlugin(world, 'failed', found.error)
}

async function planFile({ name, object }: WantedChannel, given: PluginArguments, cluster: Cluster, world: PluginWorld): Promise<Exit> {
  const complete = { ...object, metadata: { ...object.metadata, namespace: cluster.namespace } }
  const checked = await cluster.api.apply(channelType, complete, { fieldManager, force: true, isDryRun: true })
  if (!checked.ok) return refusePlugin(world, 'failed', describeApiError(checked.error, `apply the channel ${name}`, cluster))
  const before = await cluster.api.get(channelType, { namespace: cluster.namespace, name })
  if (before.ok) return ask(before.value, patchTo(before.value, complete), given, { cluster, world })
  if (before.error.kind !== 'not-found')
    return refusePlugin(world, 'failed', describeApiError(before.error, `read the channel ${name}`, cluster))
  return given.createPaused ? createAndAsk(complete, given, { cluster, world }) : sayNew(name, given, { cluster, world })
}

/** Returns the patch from the channel in the cluster to the one of the file. Defaults of the schema are no change. */
function patchTo(before: KubernetesObject, after: KubernetesObject): unknown {
  const specOf = (object: KubernetesObject): RealtimeChannelSpec => withDefaults(channelOf(object).spec)
  return diffAsMergePatch(specOf(before), specOf(after))
}

interface Place {
  readonly cluster: Cluster
  readonly world: PluginWorld
}

function sayNew(name: string, { isJson }: PluginArguments, { cluster, world }: Place): Exit {
  const text = `The channel ${cluster.namespace}/${name} does not exist. The API server would accept it. The operator plans only channels that exist: --create-paused creates it paused, and asks.`
  world.out(isJson ? `${JSON.stringify({ namespace: cluster.namespace, name, exists: false, plan: null })}\n` : `${text}\n`)
  return 'ok'
}

async function createAndAsk(object: KubernetesObject, given: PluginArguments, place: Place): Promise<Exit> {
  const { cluster, world } = place
  const { name, annotations: own = {} } = object.metadata
  const paused = { ...object, metadata: { ...object.metadata, annotations: { ...own, [annotations.paused]: 'true' } } }
  const created = await cluster.api.create(channelType, paused)
  if (!created.ok) return refusePlugin(world, 'failed', describeApiError(created.error, `create the channel ${name}`, cluster))
  world.err(
    `Created ${cluster.namespace}/${name}, paused. Go on: kubectl annotate rtc/${name} -n ${cluster.namespace} ${annotations.paused}-\nTake it away: kubectl delete rtc/${name} -n ${cluster.namespace}\n`,
  )
  return ask(created.value, {}, given, place)
}

/** Asks the operator, and restores the annotation that was there before. */
async function ask(channel: KubernetesObject, patch: unknown, given: PluginArguments, place: Place): Promise<Exit> {
  const { cluster, world } = place
  const { name } = channel.metadata
  const ref = { namespace: cluster.namespace, name }
  const text = askText(patch, randomBytes(16))
  const asked = await annotate(cluster, ref, text)
  // Without an answer, the API server may have stored the annotation.
  if (!asked.ok && asked.error.kind !== 'unavailable')
    return refusePlugin(world, 'failed', describeApiError(asked.error, `patch the channel ${name}`, cluster))
  try {
    if (!asked.ok) return refusePlugin(world, 'failed', describeApiError(asked.error, `patch the channel ${name}`, cluster))
    const answer = await awaitAnswer(asked.value, given, place)
    if (!answer.ok) return refusePlugin(world, 'failed', answer.error)
    world.out(
      given.isJson ? `${JSON.stringify({ ...ref, exists: true, patch, plan: answer.value })}\n` : `${escapeControls(answer.value)}\n`,
    )
    return 'ok'
  } finally {
    const restored = await restore(cluster, ref, { text, before: annotationOf(channel) })
    if (!restored.ok) world.err(`kubectl carillon: the annotation ${annotations.plan} stays on the channel: ${restored.error.message}\n`)
  }
}

const annotationOf = ({ metadata }: KubernetesObject): string | null => metadata.annotations?.[annotations.plan] ?? null

const annotate = (cluster: Cluster, ref: ObjectRef, value: string | null, resourceVersion?: string) =>
  cluster.api.mergePatch(channelType, ref, {
    metadata: { ...(resourceVersion === undefined ? {} : { resourceVersion }), annotations: { [annotations.plan]: value } },
  })

/**
 * Restores the annotation from before the question. Someone else may have asked in the meantime, and then it is theirs. A question of this
 * command does not come back: it has its answer, or its asker has left.
 */
async function restore(
  cluster: Cluster,
  ref: ObjectRef,
  { text, before }: { readonly text: string; readonly before: string | null },
): Promise<Result<void, ApiError>> {
  for (let attempt = 1; ; attempt += 1) {
    const now = await cluster.api.get(channelType, ref)
    if (!now.ok) return now
    if (annotationOf(now.value) !== text) return ok(undefined)
    const earlier = before !== null && isAskText(before) ? null : before
    const restored = await annotate(cluster, ref, earlier, now.value.metadata.resourceVersion)
    if (restored.ok) return ok(undefined)
    if (restored.error.kind !== 'conflict' || attempt === maxRestores) return restored
  }
}

/** Most attempts to restore the annotation while others write the channel. */
const maxRestores = 5

async function awaitAnswer(
  channel: KubernetesObject,
  { timeoutMs }: PluginArguments,
  { cluster, world }: Place,
): Promise<Result<string, string>> {
  const question = questionOf(channel)
  if (question === null) return failed(`The API server dropped the annotation ${annotations.plan}. An admission webhook may take it away.`)
  const ref = { namespace: cluster.namespace, name: `${channel.metadata.name}.${answerSuffix(question)}` }
  const endsAtMs = world.now() + timeoutMs
  while (!world.interrupted.aborted) {
    const event = await cluster.api.get(eventType, ref)
    if (event.ok) return ok(String(event.value['note']))
    if (event.error.kind !== 'not-found')
      return failed(describeApiError(event.error, `read Events in the namespace ${ref.namespace}`, cluster))
    if (world.now() >= endsAtMs)
      return failed(
        `No operator has answered within ${timeoutMs / 1_000} s. Check that one runs and watches the namespace ${ref.namespace}: kubectl carillon status ${channel.metadata.name}.`,
      )
    await world.sleep(pollMs)
  }
  return failed('Interrupted before the answer.')
}
