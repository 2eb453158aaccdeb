/** The core with a full replay log, and thousands of clients that come back at once: our way beside the naive way. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { matches } from '../../gateway/audience/audience-matcher.ts'
import type { Principal } from '../../gateway/audience/principal.ts'
import { encodeEvent } from '../../gateway/event/encode-event.ts'
import type { LogRecord } from '../../gateway/event/log-record.ts'
import type { Channel } from '../../gateway/channel/channel.ts'
import { type Cursor, decodeCursor } from '../../gateway/replay/cursor.ts'
import { Frames } from '../../gateway/replay/frames.ts'
import { answerCalls } from '../lib/calls.ts'
import { createCoreFactory, principalOf, readOptions } from '../lib/core.ts'
import { OpenSocket } from '../lib/open-socket.ts'
import { measureSelf } from '../lib/usage.ts'
import { scanPartitions, scanRecord } from './scan-corpus.ts'

/** Calls that this process answers. Each makes a new channel, and fills its replay log before it measures. */
export interface StormCalls extends Record<string, (parameter: never) => unknown> {
  /** Joins sessions whose cursors are older than the first event. Each gets its events. */
  resume(storm: Storm): Promise<StormCost>
  /** Sends the same events to the same sessions the naive way: each session looks at every event. */
  scanForEach(storm: Storm): Promise<StormCost>
}

export interface Storm {
  readonly sessions: number
  /** Number of events. Each is for one user, and all users get the same number. */
  readonly events: number
}

export interface StormCost {
  /** Processor time of all threads, user and system, in milliseconds. */
  readonly cpuMs: number
  /** Processor time of the longest turn of the event loop, in milliseconds. */
  readonly longestTurnMs: number
  /** Bytes that the sockets took. */
  readonly bytes: number
}

/** All events of the storm fit. */
const options = readOptions({ REPLAY_MAX_BYTES: '1000000000', MAX_CONNECTIONS: '100000', HEARTBEAT_INTERVAL_MS: '600000' })
const createCore = createCoreFactory()
const self = measureSelf()

/** Handshakes that the event loop handles in one turn. */
const joinsPerTurn = 100

interface Scene {
  readonly channel: Channel
  readonly cursor: Cursor
  readonly principals: readonly Principal[]
  readonly sockets: readonly OpenSocket[]
}

const calls: StormCalls = {
  resume: (storm) => measure(storm, resumeAll),
  scanForEach: (storm) => measure(storm, scanForEach),
}

async function resumeAll({ channel, cursor, principals, sockets }: Scene): Promise<void> {
  for (const [index, socket] of sockets.entries()) {
    channel.join(socket, { principal: principals[index] ?? principalOf(''), resume: { kind: 'cursor', cursor } })
    if (index % joinsPerTurn === 0) await nextTurn()
  }
  await channel.settled()
}

async function scanForEach({ channel, cursor, principals, sockets }: Scene): Promise<void> {
  const { log } = channel
  const frames = new Frames(log, encodeEvent, { encoded: () => {}, broken: () => {} })
  const place = log.locate(cursor)
  if (place.kind !== 'found') throw new Error('the log holds all that the cursor needs')
  for (const [index, socket] of sockets.entries()) {
    const principal = principals[index] ?? principalOf('')
    const mine: Buffer[] = []
    for (let seq = place.fromSeq; seq < log.headSeq; seq += 1) {
      const entry = log.entry(seq)
      if (entry === undefined || !matches(entry.audience, principal)) continue
      const frame = frames.frame(entry, socket.framing, null)
      if (frame !== null) mine.push(frame)
    }
    socket.write(Buffer.concat(mine))
    await nextTurn()
  }
}

async function measure(storm: Storm, run: (scene: Scene) => Promise<void>): Promise<StormCost> {
  const scene = await setScene(storm)
  globalThis.gc?.()
  await nextTurn()
  self.watchTurns(null)
  const before = process.cpuUsage()
  await run(scene)
  const { user, system } = process.cpuUsage(before)
  const { cpuMs: longestTurnMs } = self.longestTurn(null)
  const bytes = scene.sockets.reduce((sum, socket) => sum + socket.bytes, 0)
  for (const socket of scene.sockets) socket.terminate()
  return { cpuMs: (user + system) / 1000, longestTurnMs, bytes }
}

async function setScene({ sessions, events }: Storm): Promise<Scene> {
  const { channel, ingest } = createCore(options)
  const zeros = Array.from({ length: scanPartitions }, () => 0)
  ingest.opened({ epoch: 'bench', startOffsets: zeros, endOffsets: zeros })
  const cursor = decodeCursor(channel.log.headCursor())
  if (!cursor.ok) throw new Error(cursor.error)
  const timestampMs = Date.now()
  const record = (index: number): LogRecord => scanRecord(index, timestampMs)
  for (let index = 0; index < events; index += 1) await ingest.records([record(index)], Math.floor(index / scanPartitions) + 1)
  if (channel.log.length !== events) throw new Error(`the log holds ${channel.log.length} events of ${events}`)
  return {
    channel,
    cursor: cursor.value,
    principals: Array.from({ length: sessions }, (_, index) => principalOf(`user-${index}`)),
    sockets: Array.from({ length: sessions }, () => new OpenSocket()),
  }
}

answerCalls(calls)
