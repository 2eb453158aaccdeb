import type { ConnectionModel } from './connection-model.ts'

export function formatLatency(latencyMs: number | null): string {
  if (latencyMs === null) return '–'
  if (latencyMs < 0) return '< 0 ms'
  if (latencyMs < 10) return `${latencyMs.toFixed(1)} ms`
  if (latencyMs < 1000) return `${Math.round(latencyMs)} ms`
  return latencyMs < 60_000 ? `${(latencyMs / 1000).toFixed(1)} s` : `${Math.round(latencyMs / 60_000)} min`
}

/** Local time of day with milliseconds. */
export function formatTime(timeMs: number): string {
  const time = new Date(timeMs)
  const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0')
  return `${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}.${pad(time.getMilliseconds(), 3)}`
}

export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}

/** The state of a connection in words. */
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

/** Why a connection is where it is; empty when there is nothing to explain. */
export function explainState({ state }: Pick<ConnectionModel, 'state'>): string {
  if (state.kind === 'connecting' || state.kind === 'open' || state.code === 1000 || state.code === 0) return ''
  const reason = state.reason.replace(/ ?reconnect-after=\d+$/, '')
  return reason === '' ? `Code ${state.code}.` : `${state.code}: ${reason}`
}

const gapReasons: Readonly<Record<string, string>> = {
  'too-old': 'The cursor is older than what the gateway still holds.',
  'too-slow': 'The connection was too slow, and what it had not yet received is no longer held.',
  epoch: 'The cursor is of an earlier life of the log: it was made anew since.',
  future: 'The cursor lies beyond the end of the log.',
  'log-lost': 'The log lost events.',
  'bad-cursor': 'The cursor was not one of this channel, so delivery began anew.',
}

export const explainGap = (reason: string): string => gapReasons[reason] ?? `The gateway says: ${reason}.`

/** How long an event took: from the moment this page emitted it, when it did, else from the event's own time; null when neither is known. */
export function latencyOf(event: { readonly time?: string | undefined }, emittedAtMs: number | undefined, nowMs: number): number | null {
  const startMs = emittedAtMs ?? Date.parse(event.time ?? '')
  return Number.isNaN(startMs) ? null : nowMs - startMs
}
