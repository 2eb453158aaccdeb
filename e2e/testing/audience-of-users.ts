import { emitAll, type EmitReport } from '../proof/emit-all.ts'
import { isOwed, type PlannedEvent, type User } from '../proof/plan.ts'
import { type Judged, judge, percentile, sum } from '../proof/report.ts'
import type { Reconnect, SdkClient } from '../../testing/clients/sdk-client.ts'
import { connectThroughIngress } from './ingress-client.ts'
import { addResult, type Row } from './results.ts'
import type { Stage } from './stage.ts'
import { emitPath, socketPath, testChannel, type TestChannelOptions } from './test-channel.ts'
import { pause, until } from '../../testing/until.ts'

/** Clients of a channel, and what becomes of the events that are emitted while they are connected. */
export interface Crowd {
  readonly clients: readonly SdkClient<User>[]
  /** Emits all of them, spread over a time, each until it is acknowledged. */
  emit(events: readonly PlannedEvent[], durationMs: number): Promise<EmitReport>
  /** Waits until everybody has what they are owed, or nothing more comes. */
  settle(events: readonly PlannedEvent[]): Promise<void>
  close(): void
}

export interface CrowdOptions {
  readonly channel: string
  readonly users: readonly User[]
  /** How many clients; users have several each. */
  readonly clients: number
}

/** Makes a channel, and gathers its clients when it is ready. */
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
      const lacks = whoLacks(clients, events)
      // Whoever lacks something when the time is over is the judge's matter.
      await until(() => lacks().length === 0, { what: 'all deliveries' }).catch(() => {})
      // What should not come has time to come, too.
      await pause(1500)
    },
    close: () => clients.forEach((client) => client.close()),
  }
}

/** @returns gives the clients to whom some of these events is still to come; what came to them of others before does not count */
export function whoLacks<C extends Pick<Judged, 'user' | 'received'>>(
  clients: readonly C[],
  events: readonly PlannedEvent[],
): () => readonly C[] {
  let waiting = clients.map((client) => ({
    client,
    owed: new Set(events.filter((event) => isOwed(event, client.user)).map(({ id }) => id)),
  }))
  return () => {
    // Who has all keeps it.
    waiting = waiting.filter(({ client, owed }) => !owed.isSubsetOf(new Set(client.received.map(({ id }) => id))))
    return waiting.map(({ client }) => client)
  }
}

/** What an oracle that knows nothing of the gateway says of a crowd. */
export interface Judgement {
  readonly owed: number
  readonly delivered: number
  readonly missing: number
  readonly foreign: number
  readonly duplicates: number
  readonly outOfOrder: number
  readonly gaps: readonly string[]
  readonly refusals: readonly number[]
  readonly abandoned: number
}

/** What came to a client, all of it or since some moment. */
export interface Witness extends Judged {
  readonly reconnects: readonly Reconnect[]
  readonly gaps: readonly string[]
  readonly refusals: readonly number[]
}

/** @returns gives what has come to each client since now; what is wrong with a client stays with it */
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

function judgeAll(clients: readonly Witness[], events: readonly PlannedEvent[], emitted: Pick<EmitReport, 'abandoned'>): Judgement {
  const verdicts = clients.map((client) => judge(client, events))
  return {
    owed: sum(verdicts, 'expected'),
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

/** What a judgement is when nothing went wrong. */
export const flawless = { missing: 0, foreign: 0, duplicates: 0, outOfOrder: 0, gaps: [], refusals: [], abandoned: 0 } as const

/** What is to be judged: who has seen what, of which events. */
export interface Case extends Pick<EmitReport, 'abandoned'> {
  /** Asked when all has come that comes. */
  readonly witnesses: () => readonly Witness[]
  readonly events: readonly PlannedEvent[]
}

/** Waits until nothing more comes, judges, and puts a row into the table of `make e2e`. */
export async function settleAndJudge(
  crowd: Pick<Crowd, 'settle'>,
  suite: string,
  { witnesses, events, abandoned }: Case,
): Promise<Judgement> {
  await crowd.settle(events)
  const seen = witnesses()
  const judgement = judgeAll(seen, events, { abandoned })
  await addResult(rowOf(suite, seen, events.length, judgement))
  return judgement
}

/** For the table of `make e2e`. */
function rowOf(suite: string, clients: readonly Witness[], events: number, judgement: Judgement): Row {
  const took = clients.flatMap(({ reconnects }) => reconnects.map(({ tookMs }) => tookMs))
  const { owed, delivered, duplicates, missing } = judgement
  return {
    suite,
    clients: clients.length,
    events,
    owed,
    delivered,
    duplicates,
    lost: missing,
    reconnects: took.length,
    p50Ms: took.length === 0 ? null : percentile(took, 0.5),
    p99Ms: took.length === 0 ? null : percentile(took, 0.99),
  }
}
