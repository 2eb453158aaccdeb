import type { KubernetesObject } from '../../api/kubernetes.ts'
import { selectorLabels } from '../../api/labels.ts'
import { channelKind, channelType } from '../../api/v1alpha1/realtime-channel.ts'
import { eventType } from '../../operator/runtime/event-object.ts'
import { conditionReasons } from '../../operator/reconcile/condition-reasons.ts'
import { escapeControls } from '../../program/log/escape-controls.ts'
import { isRecord } from '../../program/is-record.ts'
import { rowOf } from './channels.ts'
import { type Channel, channelOf, type Cluster, describeApiError, listAll, podType, readChannel } from './cluster.ts'
import { type PluginCommand, refusePlugin } from './plugin-command.ts'
import { ageOf, renderColumns } from './words.ts'

interface PodRow {
  readonly name: string
  readonly phase: string
  readonly isReady: boolean
  readonly restarts: number
  /** Reason why a container waits, such as ImagePullBackOff; null: none waits. */
  readonly waiting: string | null
  readonly createdAt: string | null
}

interface EventRow {
  readonly at: string
  readonly type: string
  readonly reason: string
  readonly note: string
}

/** What was read beside the channel: rows, or a sentence that says why not. */
type Part<T> = readonly T[] | string

const maxEvents = 10
const asRecord = (value: unknown): Readonly<Record<string, unknown>> => (isRecord(value) ? value : {})
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

export function podRowOf({ metadata, status }: KubernetesObject): PodRow {
  const { phase, conditions, containerStatuses } = asRecord(status)
  const containers = asList(containerStatuses).map(asRecord)
  const waiting = containers.map(({ state }) => asRecord(asRecord(state)['waiting'])['reason']).find((reason) => reason !== undefined)
  return {
    name: metadata.name,
    phase: String(phase ?? 'Unknown'),
    isReady: asList(conditions).some((one) => asRecord(one)['type'] === 'Ready' && asRecord(one)['status'] === 'True'),
    restarts: containers.reduce((sum, { restartCount }) => sum + (Number(restartCount) || 0), 0),
    waiting: waiting === undefined ? null : String(waiting),
    createdAt: metadata.creationTimestamp ?? null,
  }
}

export function eventRowOf(object: KubernetesObject): EventRow {
  const at = asRecord(object['series'])['lastObservedTime'] ?? object['eventTime'] ?? object.metadata.creationTimestamp
  return { at: String(at ?? ''), type: String(object['type']), reason: String(object['reason']), note: String(object['note'] ?? '') }
}

async function readPods(cluster: Cluster, name: string): Promise<Part<PodRow>> {
  const labelSelector = Object.entries(selectorLabels(name))
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
  const listed = await listAll(cluster, podType, { namespace: cluster.namespace, labelSelector })
  return listed.ok
    ? listed.value.items.map(podRowOf)
    : describeApiError(listed.error, `list pods in the namespace ${cluster.namespace}`, cluster)
}

async function readEvents(cluster: Cluster, name: string): Promise<Part<EventRow>> {
  const fieldSelector = `regarding.kind=${channelKind},regarding.name=${name}`
  const listed = await listAll(cluster, eventType, { namespace: cluster.namespace, fieldSelector })
  if (!listed.ok) return describeApiError(listed.error, `list Events in the namespace ${cluster.namespace}`, cluster)
  return listed.value.items
    .map(eventRowOf)
    .toSorted((a, b) => (a.at < b.at ? 1 : -1))
    .slice(0, maxEvents)
}

/** Returns the meaning of a reason of docs/reference/conditions.md; null for one of another version. */
function meaningOf(reason: string): string | null {
  return Object.entries(conditionReasons).find(([known]) => known === reason)?.[1].meaning ?? null
}

function renderConditions({ status }: Channel, nowMs: number): string {
  const conditions = status.conditions ?? []
  if (conditions.length === 0) return '  none: no operator has looked at the channel yet\n'
  return conditions
    .map(({ type, status: state, reason, message, lastTransitionTime }) => {
      const meaning = state === 'True' && type !== 'Stalled' && type !== 'Reconciling' ? null : meaningOf(reason)
      const head = `  ${type} is ${state}: ${reason}, since ${ageOf(lastTransitionTime, nowMs)}`
      return [
        head,
        ...[message, meaning].filter((line) => line !== null && line !== '').map((line) => `      ${escapeControls(line ?? '')}`),
      ].join('\n')
    })
    .join('\n')
    .concat('\n')
}

const renderPart = <T>(part: Part<T>, none: string, render: (rows: readonly T[]) => string): string =>
  typeof part === 'string' ? `  ${escapeControls(part)}\n` : part.length === 0 ? `  ${none}\n` : render(part).replace(/^(?=.)/gm, '  ')

export function renderStatus(
  channel: Channel,
  { pods, events }: { readonly pods: Part<PodRow>; readonly events: Part<EventRow> },
  nowMs: number,
): string {
  const { metadata, status } = channel
  const { topic, deadLetters, upstream, control } = status
  const describeTopic = (one: typeof topic): string =>
    one === undefined
      ? 'none yet'
      : `${one.name}, ${one.partitions ?? '?'} partitions, replication factor ${one.replicas ?? '?'}, ${one.origin === 'Created' ? 'created by the operator' : 'existed before'}`
  const facts = [
    ['Class', status.className || 'none'],
    ['Browsers connect at', status.url || 'nothing: the channel has no route'],
    ['Services emit at', status.apiUrl || 'nothing yet'],
    ['Brokers', status.brokers?.join(', ') || 'none yet'],
    ['Topic', describeTopic(topic)],
    ...(deadLetters === undefined ? [] : [['Dead letters', describeTopic(deadLetters)]]),
    ...(upstream === undefined ? [] : [['Upstream', describeTopic(upstream)]]),
    ...(control === undefined ? [] : [['Control', describeTopic(control)]]),
  ]
  return [
    `Channel ${metadata.namespace ?? ''}/${metadata.name}, ${ageOf(metadata.creationTimestamp, nowMs)} old\n`,
    renderColumns(facts),
    '\nConditions:\n',
    renderConditions(channel, nowMs),
    `\nPods (${status.readyReplicas ?? 0} of ${status.replicas ?? 0} ready):\n`,
    renderPart(pods, 'none', (rows) =>
      renderColumns(
        rows.map((pod) => [
          pod.name,
          pod.isReady ? 'ready' : (pod.waiting ?? pod.phase),
          `${pod.restarts} restarts`,
          ageOf(pod.createdAt ?? undefined, nowMs),
        ]),
      ),
    ),
    `\nEvents, the last ${maxEvents}:\n`,
    renderPart(events, 'none: the API server keeps Events for an hour by default', (rows) =>
      renderColumns(rows.map((event) => [ageOf(event.at, nowMs), event.type, event.reason, event.note])),
    ),
  ].join('')
}

export const status: PluginCommand = {
  name: 'status',
  summary: 'explain the state of a channel: conditions, pods, route, topic, Events',
  usage: 'status NAME [-n NAMESPACE]',
  flags: [],
  about: ['Exits with 1 if the channel is not ready.'],
  run: async ({ names: [name = ''], isJson }, cluster, world) => {
    const found = await readChannel(cluster, channelType, name)
    if (!found.ok) return refusePlugin(world, 'failed', found.error)
    const channel = channelOf(found.value)
    const [pods, events] = await Promise.all([readPods(cluster, name), readEvents(cluster, name)])
    const row = rowOf(channel)
    if (isJson) world.out(`${JSON.stringify({ ...row, conditions: channel.status.conditions ?? [], pods, events })}\n`)
    else world.out(renderStatus(channel, { pods, events }, world.now()))
    return row.ready === 'True' ? 'ok' : 'failed'
  },
}
