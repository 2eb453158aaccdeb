import type { ConnectionModel } from './connection-model.ts'

export function formatLatency(latencyMs: number | null): string {
  if (latencyMs === null) return '–'
  if (latencyMs < 0) return '< 0 ms'
  if (latencyMs < 10) return `${latencyMs.toFixed(1)} ms`
  if (latencyMs < 1000) return `${Math.round(latencyMs)} ms`
  return latencyMs < 60_000 ? `${(latencyMs / 1000).toFixed(1)} s` : `${Math.round(latencyMs / 60_000)} min`
}

/** Returns the local time of day with milliseconds. */
export function formatTime(timeMs: number): string {
  const time = new Date(timeMs)
  const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0')
  return `${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}.${pad(time.getMilliseconds(), 3)}`
}

export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}

/** Returns the state of a connection in words. */
export function describeState({ state, retryAtMs }: Pick<ConnectionModel, 'state' | 'retryAtMs'>, nowMs: number): string {
  switch (state.kind) {
    case 'connecting':
      return 'Connecting'
    case 'open':
      return state.transport === 'sse' ? 'Open · SSE' : 'Open · WebSocket'
    case 'waiting':
      return `Back in ${Math.max(0, Math.ceil(((retryAtMs ?? nowMs) - nowMs) / 1000))} s`
    case 'closed':
      return state.code === 1000 || state.code === 0 ? 'Stopped' : 'Refused'
  }
}

/** Returns the reason of a connection's state; empty: none. */
export function explainState({ state }: Pick<ConnectionModel, 'state'>): string {
  if (state.kind === 'connecting' || state.kind === 'open' || state.code === 1000 || state.code === 0) return ''
  const reason = state.reason.replace(/ ?reconnect-after=\d+$/, '')
  return reason === '' ? `Code ${state.code}.` : `${state.code}: ${reason}`
}

const gapReasons: Readonly<Record<string, string>> = {
  'too-old': 'The cursor is older than the events that the gateway holds.',
  'too-slow': 'The connection was too slow. The gateway no longer holds events that it has not received.',
  epoch: 'The cursor is of a topic that was recreated since.',
  future: 'The cursor is beyond the end of the topic.',
  'log-lost': 'The topic lost events.',
  'bad-cursor': 'The cursor was not of this channel. Delivery started at the newest event.',
}

export const explainGap = (reason: string): string => gapReasons[reason] ?? `Reason: ${reason}.`

/** Returns the latency of an event, from the time this page emitted it, else from the event's own time; null: neither is known. */
export function latencyOf(event: { readonly time?: string | undefined }, emittedAtMs: number | undefined, nowMs: number): number | null {
  const startMs = emittedAtMs ?? Date.parse(event.time ?? '')
  return Number.isNaN(startMs) ? null : nowMs - startMs
}
