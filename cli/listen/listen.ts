import { type Filter, withFilters } from '../../client/filters.ts'
import { connect } from '../../client/index.ts'
import type { CloudEvent, Connection, ConnectionState } from '../../client/types.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import { readToken, tokenFlags } from '../bearer-token.ts'
import { defineCommand, type Flags, type Given, refuse } from '../command.ts'
import type { Exit } from '../exit-codes.ts'
import { messageOf } from '../../program/message-of.ts'
import { describeRefusal, readRefusal } from '../problem.ts'
import { readText } from '../read-text.ts'
import { aboutUrl, readTarget, type Target, targetFlags } from '../target.ts'
import { readWholeNumber } from '../whole-number.ts'
import type { World } from '../world.ts'
import { type CursorFile, openCursorFile } from './cursor-file.ts'
import { renderEvent } from './render-event.ts'
import { readTypeFilter, type TypeFilter } from './type-filter.ts'

const flags = {
  type: {
    type: 'string',
    value: 'TYPE',
    multiple: true,
    sentence: 'Print events of this type only, or of a prefix with * at its end: order.*',
  },
  filters: {
    type: 'string',
    value: 'JSON',
    sentence: 'Have the gateway send only events that pass these filters: one, or an array (docs/protocol.md, section 2.6).',
  },
  json: { type: 'boolean', sentence: 'Print each event as one line of JSON (NDJSON).' },
  count: { type: 'string', value: 'N', sentence: 'End after this many printed events.' },
  cursor: { type: 'string', value: 'CURSOR', sentence: 'Resume after this cursor. Default: begin with events from now on.' },
  'cursor-file': { type: 'string', value: 'FILE', sentence: 'Resume from the cursor in this file, and keep the newest one there.' },
  transport: { type: 'string', value: 'NAME', sentence: 'websocket, sse or auto. Default: auto, which uses SSE where no WebSocket opens.' },
  ...tokenFlags,
  ...targetFlags,
} as const satisfies Flags

/** Bytes that may wait for a slow reader of standard output. */
const maxPendingBytes = 64 * 1024 * 1024
const explainTimeoutMs = 10_000

export const listen = defineCommand({
  name: 'listen',
  summary: 'print the events that reach a user',
  about: [
    aboutUrl,
    'Reconnects and resumes by itself. Ctrl-C ends it, and prints the cursor to standard error. Lost events are reported there as a gap.',
  ],
  flags,
  examples: [
    'carillon listen http://localhost:8000 --token-file ann.jwt',
    "carillon listen wss://push.example.com/wss/orders/v1/ws --type 'order.*' --json --cursor-file orders.cursor",
  ],
  run: async (given, world) => {
    const settings = readSettings(given, world)
    return settings.ok ? receive(settings.value, world) : refuse(world, 'usage', settings.error)
  },
})

interface Settings {
  readonly target: Target
  readonly token: string | null
  readonly isShown: TypeFilter
  readonly isJson: boolean
  readonly count: number
  readonly cursor: string | null
  readonly cursorFile: CursorFile
  readonly transport: 'auto' | 'websocket' | 'sse'
}

function readSettings(given: Given<keyof typeof flags>, world: World): Result<Settings, string> {
  const target = readTarget(given)
  if (!target.ok) return target
  const token = readToken(given, world)
  if (!token.ok) return token
  const isShown = readTypeFilter(given.texts('type'))
  if (!isShown.ok) return isShown
  const filters = readFilters(given.text('filters'))
  if (!filters.ok) return filters
  const count = readWholeNumber(given.text('count'), {
    flag: 'count',
    least: 1,
    most: Number.MAX_SAFE_INTEGER,
    fallback: Number.POSITIVE_INFINITY,
  })
  if (!count.ok) return count
  const transport = readTransport(given.text('transport'), world)
  if (!transport.ok) return transport
  const cursorFile = openCursorFile(given.text('cursor-file'), world)
  if (!cursorFile.ok) return cursorFile
  return ok({
    target: filters.value === null ? target.value : filtered(target.value, filters.value),
    token: token.value,
    isShown: isShown.value,
    isJson: given.has('json'),
    count: count.value,
    cursor: given.text('cursor') ?? cursorFile.value.cursor,
    cursorFile: cursorFile.value,
    transport: transport.value,
  })
}

/** The gateway checks what the filters say. @returns null: there are none */
function readFilters(text: string | undefined): Result<readonly Filter[] | null, string> {
  if (text === undefined) return ok(null)
  try {
    const filters: unknown = JSON.parse(text)
    // Whatever it is, the gateway reads it as filters.
    return ok((Array.isArray(filters) ? filters : [filters]) as readonly Filter[])
  } catch (error) {
    return failed(`--filters is not JSON: ${messageOf(error)}. Give such as '{"prefix": {"type": "order."}}'.`)
  }
}

const filtered = ({ socket, events, ...target }: Target, filters: readonly Filter[]): Target => ({
  ...target,
  socket: new URL(withFilters(socket.href, filters)),
  events: new URL(withFilters(events.href, filters)),
})

function readTransport(text = 'auto', { WebSocket, err }: World): Result<Settings['transport'], string> {
  if (text !== 'auto' && text !== 'websocket' && text !== 'sse') return failed(`--transport is "${text}". Give websocket, sse or auto.`)
  if (WebSocket !== undefined || text === 'sse') return ok(text)
  if (text === 'websocket') return failed('This Node.js has no WebSocket. Use Node.js 22 or later, or --transport sse.')
  err('This Node.js has no WebSocket (Node.js 22 has it), so events come over SSE.\n')
  return ok('sse')
}

function receive(settings: Settings, world: World): Promise<Exit> {
  const { target, token, cursorFile, transport } = settings
  return new Promise((resolve) => {
    let left = settings.count
    let isEnded = false
    let hasOpened = false
    let isHinted = false
    const end = (exit: Exit, message?: string): void => {
      if (isEnded) return
      isEnded = true
      world.interrupted.removeEventListener('abort', interrupt)
      connection.close()
      cursorFile.keep(connection.cursor)
      const saved = cursorFile.save()
      if (message !== undefined) world.err(`carillon: ${message}\n`)
      if (connection.cursor !== null) world.err(`cursor: ${connection.cursor}\n`)
      resolve(saved.ok ? exit : refuse(world, 'failed', saved.error))
    }
    const interrupt = (): void => end('ok')
    const changed = (state: ConnectionState): void => {
      if (state.kind === 'open') hasOpened = true
      if (state.kind === 'closed') end('failed', `The connection is closed (${state.code}). ${state.reason}`)
      const line = isEnded ? null : describeState(state)
      if (line !== null) world.err(`${line}\n`)
      // A handshake that was refused looks like a network failure to a WebSocket: one request shows the reason.
      if (state.kind === 'waiting' && !hasOpened) void explain(target, token).then(explained)
    }
    const explained = (answer: StreamAnswer): void => {
      if (isEnded || hasOpened) return
      if (answer.kind === 'refused') end('failed', answer.reason)
      if (answer.kind === 'opens' && !isHinted)
        world.err(`The event stream opens, and the WebSocket does not. carillon doctor ${target.socket.href} shows the reason.\n`)
      isHinted ||= answer.kind === 'opens'
    }
    const connection: Connection = connect({
      url: target.socket.href,
      eventsUrl: target.events.href,
      cursor: settings.cursor,
      token: () => token,
      transport,
      onEvent: (event) => {
        if (isEnded || !settings.isShown(event.type)) return
        world.out(settings.isJson ? `${JSON.stringify(event)}\n` : renderEvent(event))
        cursorFile.keep(connection.cursor)
        left -= 1
        if (left === 0) end('ok')
        else if (world.pendingBytes() > maxPendingBytes) end('failed', 'The reader of standard output is too slow. Resume from the cursor.')
      },
      onControl: (event: CloudEvent) => {
        if (event.type.endsWith('.resumed') || event.type.endsWith('.bookmark')) cursorFile.keep(connection.cursor)
      },
      onGap: ({ reason }) => world.err(`gap: ${reason}. Events may be lost; fetch the current state.\n`),
      onStateChange: changed,
      onError: (error) => world.err(`carillon: ${messageOf(error)}\n`),
      ...(world.WebSocket === undefined ? {} : { WebSocket: world.WebSocket }),
    })
    world.interrupted.addEventListener('abort', interrupt)
    if (world.interrupted.aborted) interrupt()
  })
}

function describeState(state: ConnectionState): string | null {
  if (state.kind === 'open') return `connected (${state.transport})`
  return state.kind === 'waiting' ? `disconnected (${state.code}: ${state.reason}), next attempt in ${state.retryInMs} ms` : null
}

/** Answer of the event stream to a user whose connection did not open. */
type StreamAnswer = { readonly kind: 'opens' } | { readonly kind: 'refused'; readonly reason: string } | { readonly kind: 'unclear' }

/** Asks the event stream for the reason of a refusal, which a WebSocket does not show. */
async function explain({ events }: Target, token: string | null): Promise<StreamAnswer> {
  try {
    const response = await fetch(events, {
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(explainTimeoutMs),
    })
    if (response.ok) {
      await response.body?.cancel()
      return { kind: 'opens' }
    }
    const refusal = readRefusal({ status: response.status, text: await readText(response), retryAfter: null })
    const isFinal = refusal.problem !== null && refusal.status < 500 && ![408, 429].includes(refusal.status)
    return isFinal ? { kind: 'refused', reason: `The gateway refuses the connection: ${describeRefusal(refusal)}` } : { kind: 'unclear' }
  } catch {
    // Not reachable, or no answer in time: the client tries again.
    return { kind: 'unclear' }
  }
}
