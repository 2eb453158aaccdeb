import { emitAll, type EmitReport } from '../proof/emit-all.ts'
import { isExpected, type PlannedEvent, type User } from '../proof/plan.ts'
import { type ClientRecord, checkClient, percentile, sum } from '../proof/report.ts'
import type { Reconnect, SdkClient } from '../../testing/clients/sdk-client.ts'
import { connectThroughIngress } from './ingress-client.ts'
import { addResult, type Row } from './results.ts'
import type { Stage } from './stage.ts'
import { emitPath, socketPath, testChannel, type TestChannelOptions } from './test-channel.ts'
import { sleep } from '../../program/waiting.ts'
import { until } from '../../testing/until.ts'

/** Clients of a channel, and a record of the events that they got while connected. */
export interface Crowd {
  readonly clients: readonly SdkClient<User>[]
  /** Emits all of them, spread over a time, each until it is acknowledged. */
  emit(events: readonly PlannedEvent[], durationMs: number): Promise<EmitReport>
  /** Waits until every client has its events, or until nothing more arrives. */
  settle(events: readonly PlannedEvent[]): Promise<void>
  close(): void
}

export interface CrowdOptions {
  readonly channel: string
  readonly users: readonly User[]
  /** Number of clients; users have several each. */
  readonly clients: number
}

/** Makes a channel, and connects its clients when it is ready. */
export async function openCrowd(stage: Stage, { spec, ...options }: CrowdOptions & Pick<TestChannelOptions, 'spec'>): Promise<Crowd> {
  await stage.apply(testChannel(stage, { name: options.channel, ...(spec === undefined ? {} : { spec }) }))
  await stage.reaches(`rtc/${options.channel}`, 'condition=Ready')
  return gather(stage, options)
}

export async function gather(stage: Stage, { channel, users, clients: count }: CrowdOptions): Promise<Crowd> {
  const tokens = users.map((user) =>
    stage.token({ user_id: user.id, username: user.username, org_id: user.organization, roles: user.roles }, 7200),
  )
  const clients: SdkClient<User>[] = []
  for (let index = 0; index < count; index += 1) {
    const [user, token] = [users[index % users.length], tokens[index % users.length]]
    if (user === undefined || token === undefined) throw new Error('there are no users')
    clients.push(connectThroughIngress(stage.platform, { user, path: socketPath(channel), token }))
    // Not all handshakes at once: this process is the slower side.
    if (index % 25 === 24) await until(() => clients.every(({ isOpen }) => isOpen), { what: `${clients.length} clients to be connected` })
  }
  await until(() => clients.every(({ isOpen }) => isOpen), { what: 'all clients to be connected' })
  const emitter = stage.token({ user_id: 'emitter', scope: 'carillon.emit' }, 7200)
  return {
    clients,
    emit: (events, durationMs) =>
      emitAll(events, {
        post: async (body) => {
          const { status, body: text } = await stage.ask({
            path: emitPath(channel),
            method: 'POST',
            headers: { authorization: `Bearer ${emitter}`, 'content-type': 'application/json' },
            body,
          })
          return { status, text }
        },
        durationMs,
        giveUpAfterMs: 60_000,
        progress: () => {},
      }),
    settle: async (events) => {
      const lacks = clientsLacking(clients, events)
      // A client that still lacks events is reported by the check that follows.
      await until(() => lacks().length === 0, { what: 'all deliveries' }).catch(() => {})
      // Time for wrong events to arrive as well.
      await sleep(1500)
    },
    close: () => clients.forEach((client) => client.close()),
  }
}

/**
 *
 * @returns a function that gives the clients which still lack some of these events; other events do not count
 */
export function clientsLacking<C extends Pick<ClientRecord, 'user' | 'received'>>(
  clients: readonly C[],
  events: readonly PlannedEvent[],
): () => readonly C[] {
  let waiting = clients.map((client) => ({
    client,
    expected: new Set(events.filter((event) => isExpected(event, client.user)).map(({ id }) => id)),
  }))
  return () => {
    // A client that has all of its events keeps them.
    waiting = waiting.filter(({ client, expected }) => !expected.isSubsetOf(new Set(client.received.map(({ id }) => id))))
    return waiting.map(({ client }) => client)
  }
}

/** Verdict of an oracle without knowledge of the gateway, about all clients. */
export interface CrowdVerdict {
  readonly expected: number
  readonly delivered: number
  readonly missing: number
  readonly foreign: number
  readonly duplicates: number
  readonly outOfOrder: number
  readonly gaps: readonly string[]
  readonly refusals: readonly number[]
  readonly abandoned: number
}

/** Events that a client got, all of them or since some moment. */
export interface Witness extends ClientRecord {
  readonly reconnects: readonly Reconnect[]
  readonly gaps: readonly string[]
  readonly refusals: readonly number[]
}

/**
 *
 * @returns a function that gives what each client got since now; earlier faults of a client still count
 */
export function sinceNow({ clients }: Pick<Crowd, 'clients'>): () => readonly Witness[] {
  const before = clients.map(({ received, reconnects }) => ({ received: received.length, reconnects: reconnects.length }))
  return () =>
    clients.map((client, index) => ({
      user: client.user,
      wireDuplicates: client.wireDuplicates,
      gaps: client.gaps,
      refusals: client.refusals,
      received: client.received.slice(before[index]?.received),
      reconnects: client.reconnects.slice(before[index]?.reconnects),
    }))
}

function checkAll(clients: readonly Witness[], events: readonly PlannedEvent[], emitted: Pick<EmitReport, 'abandoned'>): CrowdVerdict {
  const verdicts = clients.map((client) => checkClient(client, events))
  return {
    expected: sum(verdicts, 'expected'),
    delivered: sum(verdicts, 'delivered'),
    missing: sum(verdicts, 'missing'),
    foreign: sum(verdicts, 'foreign'),
    duplicates: sum(verdicts, 'duplicates'),
    outOfOrder: sum(verdicts, 'outOfOrder'),
    gaps: clients.flatMap(({ gaps }) => gaps),
    refusals: clients.flatMap(({ refusals }) => refusals),
    abandoned: emitted.abandoned.length,
  }
}

/** Verdict without a fault. */
export const flawless = { missing: 0, foreign: 0, duplicates: 0, outOfOrder: 0, gaps: [], refusals: [], abandoned: 0 } as const

/** Input of the oracle: events, and what each client got of them. */
export interface Case extends Pick<EmitReport, 'abandoned'> {
  /** Called when nothing more arrives. */
  readonly witnesses: () => readonly Witness[]
  readonly events: readonly PlannedEvent[]
}

/** Waits until nothing more arrives, asks the oracle, and adds a row to the table of `make e2e`. */
export async function settleAndCheck(
  crowd: Pick<Crowd, 'settle'>,
  suite: string,
  { witnesses, events, abandoned }: Case,
): Promise<CrowdVerdict> {
  await crowd.settle(events)
  const seen = witnesses()
  const verdict = checkAll(seen, events, { abandoned })
  await addResult(rowOf(suite, seen, events.length, verdict))
  return verdict
}

/** Row of the table of `make e2e`. */
function rowOf(suite: string, clients: readonly Witness[], events: number, verdict: CrowdVerdict): Row {
  const took = clients.flatMap(({ reconnects }) => reconnects.map(({ tookMs }) => tookMs))
  const { expected, delivered, duplicates, missing } = verdict
  return {
    suite,
    clients: clients.length,
    events,
    expected,
    delivered,
    duplicates,
    lost: missing,
    reconnects: took.length,
    p50Ms: took.length === 0 ? null : percentile(took, 0.5),
    p99Ms: took.length === 0 ? null : percentile(took, 0.99),
  }
}
