import { isRecord } from '../../program/is-record.ts'
import { type Check, type Checked, doubtful, type Facts, fine, type Patient, untried, wrong } from './check.ts'
import { refusalOf } from './check-http.ts'
import { type ProbeSocket, upgrade, type UpgradeOutcome } from '../probe/probe-socket.ts'
import type { Frame } from '../probe/read-frames.ts'

const subprotocol = 'cloudevents.json'
const passUpgrades =
  'Let the proxy pass upgrades on. nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; until then, clients fall back to SSE.'

function openSocket({ target, token, origin, timeoutMs, interrupted }: Patient, cursor: string): Promise<UpgradeOutcome> {
  const url = new URL(target.socket)
  url.searchParams.set('cursor', cursor)
  const protocols = token === null ? [subprotocol] : [subprotocol, `bearer.${token}`]
  return upgrade({ url, protocols, origin, timeoutMs, interrupted })
}

export const websocketCheck: Check = {
  needs: ['http', 'origin', 'token'],
  run: async (patient): Promise<Checked> => {
    const startedAtMs = patient.now()
    const outcome = await openSocket(patient, 'latest')
    if (outcome.kind === 'silent') return { finding: wrong(`The upgrade has no answer (${outcome.reason}).`, passUpgrades) }
    if (outcome.kind === 'answered') return { finding: diagnoseRefusal(patient, outcome) }
    const { socket, isKeyRight } = outcome
    if (!isKeyRight) {
      socket.close()
      return {
        finding: wrong(
          'The answer 101 is not to this request: Sec-WebSocket-Accept is wrong.',
          'A cache or proxy answers in place of the gateway. Take it out of the way.',
        ),
      }
    }
    const finding = fine(`The upgrade is answered 101 after ${patient.now() - startedAtMs} ms.`)
    return { finding, facts: { socket, subprotocol: outcome.subprotocol } }
  },
}

function diagnoseRefusal({ token }: Patient, answer: Extract<UpgradeOutcome, { readonly kind: 'answered' }>): Checked['finding'] {
  const refusal = refusalOf(answer)
  if (refusal.status === 426 || refusal.problem === 'upgrade-required')
    return wrong('The request came to the gateway without its Upgrade header (426): a proxy takes it away.', passUpgrades)
  if (refusal.problem === null) return wrong(`The upgrade is answered ${refusal.status} by a server that is not the gateway.`, passUpgrades)
  if (token === null && refusal.status === 401) return fine('The upgrade came to the gateway, which asks for a token (401).')
  return wrong(`The gateway refuses the WebSocket (${refusal.status} ${refusal.problem}).`, refusal.detail)
}

const withoutSocket = untried('It needs a WebSocket that the gateway has accepted.', 'Give a token.')

export const subprotocolCheck: Check = {
  needs: ['websocket'],
  run: async (_patient, facts): Promise<Checked> => {
    if (facts.socket === undefined) return { finding: withoutSocket }
    if (facts.subprotocol === subprotocol) return { finding: fine(`The answer has the subprotocol ${subprotocol}.`) }
    const result = `The answer has the subprotocol ${facts.subprotocol ?? 'none'}`
    return {
      finding: wrong(`${result}, so browsers drop the connection.`, 'Let the proxy pass Sec-WebSocket-Protocol on, in both directions.'),
    }
  },
}

/** A control event of the gateway (docs/protocol.md, Control events). */
interface ControlEvent {
  readonly type: string
  readonly cursor: string | undefined
  readonly heartbeatMs: number | undefined
  readonly reason: string
}

function readControlEvent(text: string): ControlEvent | null {
  try {
    const event: unknown = JSON.parse(text)
    if (!isRecord(event) || !String(event['type']).startsWith('dev.carillon.')) return null
    const { cursor, heartbeatms, data } = event
    return {
      type: String(event['type']),
      cursor: typeof cursor === 'string' ? cursor : undefined,
      heartbeatMs: typeof heartbeatms === 'number' ? heartbeatms : undefined,
      reason: isRecord(data) ? String(data['reason']) : '',
    }
  } catch {
    // Not an event.
    return null
  }
}

const controlIn = (frame: Frame | null): ControlEvent | null => (frame?.kind === 'text' ? readControlEvent(frame.text) : null)
const isResumedOrGap = (frame: Frame): boolean => /\.(?:resumed|gap)$/.test(controlIn(frame)?.type ?? '')

export const firstEventCheck: Check = {
  needs: ['websocket'],
  run: async ({ timeoutMs, now }, { socket }): Promise<Checked> => {
    if (socket === undefined) return { finding: withoutSocket }
    const startedAtMs = now()
    const frame = await socket.next(isResumedOrGap, timeoutMs)
    const control = controlIn(frame)
    const socketEventMs = now() - startedAtMs
    if (control === null) return { finding: diagnoseNoEvent(frame, timeoutMs) }
    const facts: Facts = {
      socketEventMs,
      ...(control.cursor === undefined ? {} : { cursor: control.cursor }),
      ...(control.heartbeatMs === undefined ? {} : { heartbeatMs: control.heartbeatMs }),
    }
    return { finding: fine(`${control.type} came after ${socketEventMs} ms.`), facts }
  },
}

function diagnoseNoEvent(frame: Frame | null, timeoutMs: number): Checked['finding'] {
  if (frame?.kind === 'close')
    return wrong(
      `The gateway closed the WebSocket: ${frame.code} ${frame.reason}`,
      'docs/reference/close-codes.md says what to do for each code.',
    )
  if (frame?.kind === 'end')
    return wrong(
      `The WebSocket ended before the first event. ${frame.reason}`,
      'A proxy or firewall cuts WebSockets. Check its log and idle time limit.',
    )
  return wrong(
    `No event came within ${timeoutMs} ms.`,
    'A proxy accepts the upgrade and passes nothing on. Check its log, and that it does not inspect WebSockets.',
  )
}

export const heartbeatCheck: Check = {
  needs: ['first-event'],
  run: async ({ isQuick, timeoutMs, now }, { socket, heartbeatMs }): Promise<Checked> => {
    if (socket === undefined || heartbeatMs === undefined) return { finding: withoutSocket }
    if (isQuick) return { finding: untried('Left out by --quick.') }
    const startedAtMs = now()
    const longestMs = heartbeatMs + timeoutMs
    const frame = await socket.next((one) => one.kind === 'ping' || controlIn(one)?.type.endsWith('.bookmark') === true, longestMs)
    const tookMs = now() - startedAtMs
    if (frame === null)
      return {
        finding: wrong(
          `No heartbeat came within ${longestMs} ms; the gateway promises one every ${heartbeatMs} ms.`,
          'A proxy holds frames back, or the gateway hangs. Compare with the gateway without the proxy.',
        ),
      }
    if (frame.kind === 'close' || frame.kind === 'end')
      return {
        finding: wrong(
          `The connection ended after ${tookMs} ms of silence. ${frame.reason}`,
          `A proxy cuts idle connections. Raise its idle time limit above ${heartbeatMs} ms (nginx: proxy_read_timeout), or lower HEARTBEAT_INTERVAL_MS.`,
        ),
      }
    return { finding: fine(`A heartbeat came after ${tookMs} ms; the longest healthy silence is ${heartbeatMs} ms.`) }
  },
}

export const cursorCheck: Check = {
  needs: ['first-event'],
  run: async (patient, { cursor, socket }): Promise<Checked> => {
    if (socket === undefined || cursor === undefined) return { finding: withoutSocket }
    const outcome = await openSocket(patient, cursor)
    if (outcome.kind === 'silent')
      return { finding: wrong(`The second connection has no answer (${outcome.reason}).`, 'Check the limits of the proxy on connections.') }
    if (outcome.kind === 'answered') {
      const refusal = refusalOf(outcome)
      return {
        finding: wrong(`The gateway refuses its own cursor (${refusal.status} ${refusal.problem ?? 'from a proxy'}).`, refusal.detail),
      }
    }
    return { finding: await resume(outcome.socket, patient) }
  },
}

async function resume(socket: ProbeSocket, { timeoutMs }: Patient): Promise<Checked['finding']> {
  const frame = await socket.next(isResumedOrGap, timeoutMs)
  socket.close()
  const control = controlIn(frame)
  if (control === null) return diagnoseNoEvent(frame, timeoutMs)
  if (control.type.endsWith('.resumed')) return fine('A second connection resumed with the cursor of the first one, without a gap.')
  return doubtful(
    `The resume has a gap (${control.reason}).`,
    'Events were lost in this moment, or the pods behind this address read different topics. Run the doctor again; if it stays, compare the pods.',
  )
}
