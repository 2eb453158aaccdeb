import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { connectRaw } from '../../adapters/http/testing/raw-client.ts'
import { handshakeHead } from '../../adapters/ws/testing/raw-client.ts'
import { problems } from '../../request/problem.ts'
import { closeCodes } from '../../session/close-codes.ts'
import { keyedGateway, type ProbedGateway, startProbedGateway } from '../probed-gateway.ts'
import { makeTokenKeys } from '../token-keys.ts'
import type { RequestSpec } from './arbitrary-requests.ts'
import { listenBySocket, listenByStream, type Listener } from '../listener.ts'
import { type Answer, type Answers, readAnswers } from './read-answers.ts'
import { type Reader, readSentEvents, type SentEvent } from './read-sent-events.ts'
import { renderRequest } from './render-request.ts'

/** The mode of the gateway: development mode, or keys of its own as in production. The log is in the process in both. */
export type FuzzMode = 'development' | 'keys'

/** Limit on one turn of the event loop for one input, in milliseconds of processor time, on a machine that takes 12 ms for a megabyte of JSON. */
const maxTurnMs = 50

/** Returns the limit on a machine that takes longer now: the processor of a virtual machine may be half as fast a moment later. */
const maxTurnMsNow = (): number => maxTurnMs * Math.max(1, megabyteOfJsonMs() / 12)

/** Returns the time of JSON.parse for a megabyte of small objects, in milliseconds: the least of five. */
function megabyteOfJsonMs(): number {
  const text = `[${'{"a":1},'.repeat(131_072)}1]`
  const times = Array.from({ length: 5 }, () => {
    const before = process.threadCpuUsage()
    JSON.parse(text)
    const { user, system } = process.threadCpuUsage(before)
    return (user + system) / 1000
  })
  return Math.min(...times)
}

const paths = { api: '/api/chrome-service/v1', socket: '/wss/chrome-service/v1/ws' } as const

const env = {
  KAFKA_TOPIC_PARTITIONS: '1',
  ALLOWED_ORIGINS: 'https://app.example',
  HEARTBEAT_INTERVAL_MS: '1000',
  REPLAY_MAX_BYTES: '1048576',
  DEDUPLICATION_MAX_IDS: '1000',
  EMIT_RATE_PER_S: '1000000',
  EMIT_BURST: '1000000',
  UPGRADE_RATE_PER_S: '1000000',
  UPGRADE_BURST: '1000000',
  CONSOLE: 'on',
}

const readers = {
  ann: { userId: 'ann', username: 'Ann', organizationId: 'o1', roles: ['r1'] },
  bob: { userId: 'bob', username: 'bob', organizationId: 'o2', roles: [] },
  cid: { userId: 'cid', username: 'cid', organizationId: 'o1', roles: [] },
  dan: { userId: 'dan', username: 'dan', organizationId: 'o2', roles: ['r1', 'r2'] },
} as const satisfies Record<string, Reader>

/** Count of each kind of outcome: a run in which nothing was accepted shows little. */
export interface Tally {
  inputs: number
  accepted: number
  refused: number
  sessions: number
  closes: number
}

export interface FuzzRig {
  readonly tally: Tally
  /**
   * Sends a request on a connection of its own.
   * @throws when the gateway is not in order afterwards
   */
  request(spec: RequestSpec): Promise<void>
  /**
   * Sends bytes after a valid handshake.
   * @throws as `request` does
   */
  frames(bytes: Buffer): Promise<void>
  /**
   * Waits for one more heartbeat of each session, then ends the gateway as Kubernetes does.
   * @throws when a session has ended before
   */
  finish(): Promise<FuzzEnd>
  /** Ends everything. */
  stop(): Promise<void>
}

export interface FuzzEnd {
  /** Status of /readyz. */
  readonly readiness: number
  /** Lines of the log of level error. */
  readonly errors: readonly string[]
  /** Growth of the gateway's memory since the first input, in bytes. */
  readonly grownBytes: number
  readonly exitCode: number | null
}

export async function startFuzzRig(mode: FuzzMode): Promise<FuzzRig> {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-fuzz-'))
  const keys = mode === 'keys' ? makeTokenKeys(folder) : null
  // With a heap as small as this, a leak ends the process.
  const gateway = await startProbedGateway({
    ...(keys === null ? { env } : { main: keyedGateway, env: { ...env, ...keys.env } }),
    execArgv: ['--expose-gc', '--max-old-space-size=96'],
  })
  const token = async (reader: Reader, scope = ''): Promise<string> => {
    const claims = {
      user_id: reader.userId,
      username: reader.username,
      org_id: reader.organizationId,
      roles: reader.roles,
      scope,
      exp: Math.floor(Date.now() / 1000) + 3_600,
    }
    return keys === null ? issued(gateway, claims) : keys.sign(claims)
  }
  const target = async (reader: Reader) => ({
    port: gateway.ports.public,
    socketPath: paths.socket,
    streamPath: `${paths.api}/events`,
    token: await token(reader),
  })
  const listeners = await Promise.all([
    target(readers.ann).then((to) => listenBySocket(readers.ann, to)),
    target(readers.bob).then((to) => listenBySocket(readers.bob, to)),
    target(readers.cid).then((to) => listenByStream(readers.cid, to)),
    target(readers.dan).then((to) => listenByStream(readers.dan, to)),
  ])
  const mal = await token({ userId: 'mal', username: 'mal', organizationId: 'o3', roles: [] }, 'carillon.emit')
  const rig = new Rig(gateway, listeners, mal)
  await rig.begin()
  return {
    tally: rig.tally,
    request: (spec) => rig.request(spec),
    frames: (bytes) => rig.frames(bytes),
    finish: () => rig.finish(),
    stop: async () => {
      for (const listener of listeners) listener.close()
      await gateway.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

class Rig {
  readonly tally: Tally = { inputs: 0, accepted: 0, refused: 0, sessions: 0, closes: 0 }
  readonly #gateway: ProbedGateway
  readonly #listeners: readonly Listener[]
  readonly #token: string
  /** Events that were accepted before: a second one with the same source and id is suppressed. */
  readonly #known = new Set<string>()
  #heldBytes = 0
  #cpuMs = 0
  #barriers = 0

  constructor(gateway: ProbedGateway, listeners: readonly Listener[], token: string) {
    this.#gateway = gateway
    this.#listeners = listeners
    this.#token = token
  }

  async begin(): Promise<void> {
    for (let index = 0; index < 50; index += 1) await this.#barrier()
    this.#heldBytes = (await this.#gateway.ask('settled-cost')).heldBytes
    this.#cpuMs = (await this.#gateway.ask('cost')).threadCpuMs
  }

  async request(spec: RequestSpec): Promise<void> {
    this.tally.inputs += 1
    const id = `f-${this.tally.inputs.toString(36).padStart(12, '0')}`
    const values = { id, token: this.#token, cursor: this.#listeners[0]?.cursor() ?? '', path: paths.api, socket: paths.socket }
    const { parts, head, body } = renderRequest(spec, values)
    const text = await this.#exchange(parts)
    const answers = readAnswers(text, spec.method === 'HEAD')
    for (const answer of answers.answers) this.#checkAnswer(answer)
    this.#checkFrames(answers)
    this.#checkDelivery(readSentEvents(head, body), answers.answers.flatMap(acceptedBy))
    await this.#checkCost(parts)
  }

  async frames(bytes: Buffer): Promise<void> {
    this.tally.inputs += 1
    const head = Buffer.from(handshakeHead(paths.socket, { authorization: `Bearer ${this.#token}` }))
    const parts = [head, bytes]
    const answers = readAnswers(await this.#exchange(parts), false)
    if (answers.answers[0]?.status !== 101) throw new Error(`a handshake that is right was answered ${answers.answers[0]?.status}`)
    this.tally.sessions += 1
    this.#checkFrames(answers)
    this.#checkDelivery([], [])
    await this.#checkCost(parts)
  }

  async finish(): Promise<FuzzEnd> {
    await Promise.all(this.#listeners.map((listener) => listener.nextPing()))
    const { status } = await fetch(`http://127.0.0.1:${this.#gateway.ports.internal}/readyz`)
    const { heldBytes } = await this.#gateway.ask('settled-cost')
    return {
      readiness: status,
      errors: this.#gateway.errors,
      grownBytes: heldBytes - this.#heldBytes,
      exitCode: await this.#gateway.stop(),
    }
  }

  /**
   * Sends bytes, waits until all clients have the events that were sent before, and hangs up.
   * @returns all answers
   */
  async #exchange(parts: readonly Buffer[]): Promise<Buffer> {
    const client = await connectRaw(this.#gateway.ports.public)
    for (const part of parts) {
      // Bytes that are not taken, because the answer came before, end with the connection.
      await new Promise((resolve) => client.socket.write(part, resolve))
      await nextTurn()
    }
    for (let round = 0; round < patience && !isAnswered(client.received()) && !client.socket.destroyed; round += 1) await this.#barrier()
    await this.#barrier()
    const text = client.received()
    client.socket.destroy()
    return Buffer.from(text, 'latin1')
  }

  /** Resolves when events that were put into the log before this call have reached their recipients: the topic has one partition. */
  async #barrier(): Promise<void> {
    this.#barriers += 1
    const id = `barrier-${this.#barriers}`
    const body = JSON.stringify({ id, type: 'barrier', broadcast: true })
    const { status } = await fetch(`http://127.0.0.1:${this.#gateway.ports.public}${paths.api}/emit-message`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#token}` },
      body,
    })
    if (status !== 202) throw new Error(`a good message of another client is answered ${status}; ${this.#gateway.ended() ?? ''}`)
    await Promise.all(this.#listeners.map((listener) => listener.until(id)))
  }

  #checkAnswer({ status, headers, body }: Answer): void {
    if (status === 101) this.tally.sessions += 1
    if (status < 400) return
    this.tally.refused += 1
    const text = body.toString()
    if (status >= 500) throw new Error(`an input is answered ${status}: ${text}`)
    if (headers.get('content-type') !== 'application/problem+json')
      throw new Error(`a refusal with ${status} is not a problem: ${JSON.stringify([...headers])} ${text}`)
    // A request of HEAD has the head of a problem.
    if (text === '') return
    const problem = JSON.parse(text) as Readonly<Record<string, unknown>> // the media type names it; the content is checked
    const type = String(problem['type']).replace('urn:carillon:problem:', '')
    if (!(type in problems) || problem['status'] !== status || typeof problem['detail'] !== 'string')
      throw new Error(`not a problem of the table: ${text}`)
    if (text.length > maxProblemBytes) throw new Error(`a problem has ${text.length} bytes`)
    if (text.includes(this.#token)) throw new Error('a problem contains the token')
  }

  #checkFrames({ frames }: Answers): void {
    for (const { opcode, payload } of frames) {
      if (opcode === 1) JSON.parse(payload.toString())
      if (opcode !== 8) continue
      this.tally.closes += 1
      const code = payload.length === 0 ? 1005 : payload.readUInt16BE(0)
      if (!isDocumentedClose(code)) throw new Error(`a session was closed with ${code}`)
    }
  }

  #checkDelivery(sent: readonly SentEvent[], accepted: readonly Accepted[]): void {
    const arrived = this.#listeners.map((listener) => ({ listener, ids: listener.take() }))
    this.tally.accepted += accepted.length
    for (const { id, source } of accepted) {
      const readings = sent.filter((event) => event.id === id || event.id === null)
      if (readings.length === 0) throw new Error(`${id} was accepted, and a lenient reader finds no such event`)
      const key = `${source}\n${id}`
      const isKnown = this.#known.has(key)
      this.#known.add(key)
      for (const { listener, ids } of arrived) {
        const times = ids.filter((one) => one === id).length
        if (times > 1) throw new Error(`${listener.userId} got ${id} ${times} times`)
        if (times === 0 && !isKnown && readings.every((event) => event.isFor(listener)))
          throw new Error(`${id} was accepted, and ${listener.userId} did not get it`)
      }
    }
    for (const { listener, ids } of arrived) {
      for (const id of ids.filter((one) => !one.startsWith('barrier-'))) {
        if (!sent.some((event) => (event.id === id || event.id === null) && event.isFor(listener)))
          throw new Error(`${listener.userId} got ${id}, which is not for this user`)
      }
    }
    for (const { listener } of arrived)
      if (listener.closed() !== null) throw new Error(`the session of ${listener.userId} was closed: ${listener.closed()}`)
  }

  /** Bounds the longest turn by all of the time since the last input. Only above the bound are turns measured, until one is short: a garbage collection may fall into others. */
  async #checkCost(parts: readonly Buffer[]): Promise<void> {
    const { threadCpuMs } = await this.#gateway.ask('cost')
    const usedMs = threadCpuMs - this.#cpuMs
    this.#cpuMs = threadCpuMs
    if (usedMs < maxTurnMs) return
    const turns: string[] = []
    let isShort = false
    for (let round = 0; round < 5 && !isShort; round += 1) {
      await this.#gateway.ask('watch-turns')
      await this.#exchange(parts)
      const { longestTurnMs } = await this.#gateway.ask('stop-watching')
      const limitMs = maxTurnMsNow()
      isShort = longestTurnMs < limitMs
      turns.push(`${Math.round(longestTurnMs)} ms of ${Math.round(limitMs)} ms`)
    }
    for (const listener of this.#listeners) listener.take()
    this.#cpuMs = (await this.#gateway.ask('cost')).threadCpuMs
    if (!isShort) throw new Error(`an input blocks the event loop for ${turns.join(', ')}`)
  }
}

/** Rounds of another client's events that an answer may take. A request without an answer by then waits for more of its bytes. */
const patience = 3
const isAnswered = (text: string): boolean => /^(HTTP\/1\.1 100 [^\n]*\n\r?\n)?HTTP\/1\.1 [2-5]|^HTTP\/1\.1 101/.test(text)

const maxProblemBytes = 64 * 1024

interface Accepted {
  readonly id: string
  readonly source: string
}

function acceptedBy({ status, body }: Answer): readonly Accepted[] {
  if (status !== 202) return []
  const answer = JSON.parse(body.toString()) as Accepted | { readonly events: readonly Accepted[] } // docs/protocol.md, section 7.2
  return 'events' in answer ? answer.events : [answer]
}

/** Close codes of the table, those of the protocol, and the echo of codes with which a client may close. */
function isDocumentedClose(code: number): boolean {
  const isOurs = Object.values(closeCodes).some((row) => row.code === code)
  return isOurs || [1000, 1002, 1005, 1007].includes(code) || isEcho(code)
}
const isEcho = (code: number): boolean =>
  [1001, 1003, 1008, 1009, 1010, 1011, 1012, 1013, 1014].includes(code) || (code >= 3000 && code <= 4999)

async function issued(gateway: ProbedGateway, claims: object): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${gateway.ports.public}/dev/token`, { method: 'POST', body: JSON.stringify(claims) })
  return ((await answer.json()) as { readonly token: string }).token // docs/emit-api.md
}
