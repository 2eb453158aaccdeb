import { channelType, type RealtimeChannelStatus } from '../../api/v1alpha1/realtime-channel.ts'
import { escapeControls } from '../../program/log/escape-controls.ts'
import { type Channel, channelOf, describeApiError, listAll } from './cluster.ts'
import { type PluginCommand, refusePlugin } from './plugin-command.ts'
import { ageOf, renderColumns } from './words.ts'

type Condition = NonNullable<RealtimeChannelStatus['conditions']>[number]

/** A channel in the words of a table. */
export interface ChannelRow {
  readonly namespace: string
  readonly name: string
  /** True, False or Unknown. */
  readonly ready: string
  readonly reason: string
  /** Message of the condition Ready: the state, and what to do. */
  readonly message: string
  readonly host: string | null
  readonly topic: string | null
  readonly replicas: number | null
  readonly readyReplicas: number | null
  readonly className: string | null
  readonly createdAt: string | null
}

const unseen: Pick<Condition, 'status' | 'reason' | 'message'> = {
  status: 'Unknown',
  reason: 'NotSeen',
  message: 'No operator has looked at the channel yet. Check that one runs, and that it watches the namespace.',
}
const stale = (message: string): string => `The operator has not seen the last change of the channel yet. Before the change: ${message}`

/** Returns the row of a channel. An answer about an earlier generation says so. */
export function rowOf({ metadata, status }: Channel): ChannelRow {
  const ready = status.conditions?.find(({ type }) => type === 'Ready') ?? unseen
  const isStale = status.observedGeneration !== undefined && status.observedGeneration !== metadata.generation
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    ready: isStale ? 'Unknown' : ready.status,
    reason: isStale ? 'NotSeen' : ready.reason,
    message: isStale ? stale(ready.message) : ready.message,
    host: status.route?.host ?? (status.host === '' ? null : (status.host ?? null)),
    topic: status.topic?.name ?? null,
    replicas: status.replicas ?? null,
    readyReplicas: status.readyReplicas ?? null,
    className: status.className === '' ? null : (status.className ?? null),
    createdAt: metadata.creationTimestamp ?? null,
  }
}

/** Renders the table, and below it a line for each channel that is not ready. */
export function renderChannels(
  rows: readonly ChannelRow[],
  { withNamespace, nowMs }: { readonly withNamespace: boolean; readonly nowMs: number },
): string {
  const head = [...(withNamespace ? ['NAMESPACE'] : []), 'NAME', 'READY', 'REASON', 'PODS', 'HOST', 'TOPIC', 'CLASS', 'AGE']
  const lines = rows.map((row) => [
    ...(withNamespace ? [row.namespace] : []),
    row.name,
    row.ready,
    row.reason,
    row.replicas === null ? '-' : `${row.readyReplicas ?? 0}/${row.replicas}`,
    row.host ?? '-',
    row.topic ?? '-',
    row.className ?? '-',
    ageOf(row.createdAt ?? undefined, nowMs),
  ])
  const remedies = rows
    .filter(({ ready }) => ready !== 'True')
    .map(({ namespace, name, message }) => `${withNamespace ? `${namespace}/` : ''}${name}: ${escapeControls(message)}\n`)
  return `${renderColumns([head, ...lines])}${remedies.length === 0 ? '' : `\n${remedies.join('')}`}`
}

export const channels: PluginCommand = {
  name: 'channels',
  summary: 'list channels, and what to do about those that are not ready',
  usage: 'channels [-n NAMESPACE | -A]',
  flags: ['all-namespaces'],
  about: ['Exits with 1 if a channel is not ready.'],
  run: async ({ isEverywhere, isJson }, cluster, world) => {
    const place = isEverywhere ? 'in all namespaces' : `in the namespace ${cluster.namespace}`
    const listed = await listAll(cluster, channelType, isEverywhere ? {} : { namespace: cluster.namespace })
    if (!listed.ok) return refusePlugin(world, 'failed', describeApiError(listed.error, `list channels ${place}`, cluster))
    const rows = listed.value.items.map((object) => rowOf(channelOf(object)))
    if (listed.value.isCut)
      world.err(`kubectl carillon: there are more channels than the first ${rows.length}. Give a namespace with -n.\n`)
    if (isJson) world.out(`${JSON.stringify({ channels: rows })}\n`)
    else if (rows.length === 0) world.err(`There are no channels ${place}.\n`)
    else world.out(renderChannels(rows, { withNamespace: isEverywhere, nowMs: world.now() }))
    return rows.every(({ ready }) => ready === 'True') ? 'ok' : 'failed'
  },
}
