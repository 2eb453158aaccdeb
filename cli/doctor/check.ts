import type { Target } from '../target.ts'
import type { ProbeSocket } from '../probe/probe-socket.ts'

/** Every check, in the order in which they are made. */
export const checkNames = [
  'dns',
  'tcp',
  'tls',
  'http',
  'origin',
  'token',
  'websocket',
  'subprotocol',
  'first-event',
  'heartbeat',
  'cursor',
  'sse',
  'emit',
] as const

export type CheckName = (typeof checkNames)[number]

export interface Finding {
  readonly status: 'ok' | 'warning' | 'failed' | 'not-tried'
  /** Sentence that says what was seen. */
  readonly result: string
  /** Remedy; null: there is nothing to do. */
  readonly remedy: string | null
}

export const fine = (result: string): Finding => ({ status: 'ok', result, remedy: null })
export const doubtful = (result: string, remedy: string): Finding => ({ status: 'warning', result, remedy })
export const wrong = (result: string, remedy: string): Finding => ({ status: 'failed', result, remedy })
export const untried = (result: string, remedy: string | null = null): Finding => ({ status: 'not-tried', result, remedy })

/** Settings of a run of the doctor. */
export interface Patient {
  readonly target: Target
  readonly token: string | null
  readonly emitToken: string | null
  readonly origin: string | null
  /** True: does not wait for a heartbeat. */
  readonly isQuick: boolean
  /** Time for each answer, in milliseconds. */
  readonly timeoutMs: number
  readonly now: () => number
  readonly interrupted: AbortSignal
}

/** Facts that a check has found for later ones. */
export interface Facts {
  /** The WebSocket that the gateway accepted. */
  readonly socket?: ProbeSocket
  /** Subprotocol of the answer; null: none. */
  readonly subprotocol?: string | null
  readonly cursor?: string
  readonly heartbeatMs?: number
  /** Time from the upgrade to the first event, in milliseconds. */
  readonly socketEventMs?: number
}

export interface Checked {
  readonly finding: Finding
  readonly facts?: Facts
}

export interface Check {
  /** Checks without which this one has no meaning. */
  readonly needs: readonly CheckName[]
  run(patient: Patient, facts: Facts): Promise<Checked>
}
