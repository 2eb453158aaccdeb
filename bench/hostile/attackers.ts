/** Process of the hostile clients. Started by `startChild`. */
import { once } from 'node:events'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { answerCalls } from '../lib/calls.ts'
import { type Attack, attacks, type AttackTarget } from './attacks.ts'

/** Calls that this process answers. */
export interface AttackCalls extends Record<string, (parameter: never) => unknown> {
  /** Begins an attack. Resolves when its connections were opened or refused. */
  begin(parameter: { readonly attack: string; readonly target: AttackTarget }): Promise<void>
  /** Ends all connections. @returns how many were open until then */
  end(parameter: null): number
}

const pieceBytes = 65_536
/** Most connections that an attack with `perSecond` holds at once. */
const maxHeld = 1_000
const emitsPerSecond = 30

const sockets = new Set<Socket>()
const timers = new Set<NodeJS.Timeout>()

const calls: AttackCalls = {
  begin: async ({ attack: name, target }) => {
    const attack = attacks.find((one) => one.name === name)
    if (attack === undefined) throw new Error(`there is no attack ${name}`)
    for (let index = 0; index < attack.connections; index += 1) {
      await open(attack, target, index)
    }
    if (attack.perSecond !== undefined) repeat(attack.perSecond, () => void open(attack, target, 0))
    const { emitsBytes } = attack
    if (emitsBytes !== undefined) repeat(emitsPerSecond, () => emit(target, emitsBytes))
  },
  end: () => {
    for (const timer of timers) clearInterval(timer)
    timers.clear()
    const held = sockets.size
    for (const socket of sockets) socket.destroy()
    return held
  },
}

/** Calls `act` this often a second, in ten portions. */
function repeat(perSecond: number, act: () => void): void {
  timers.add(setInterval(() => Array.from({ length: perSecond / 10 }, act), 100))
}

/** Resolves when the connection is open or was refused. */
async function open(attack: Attack, target: AttackTarget, index: number): Promise<void> {
  const [oldest] = sockets
  if (attack.perSecond !== undefined && sockets.size >= maxHeld) oldest?.destroy()
  const socket = connect({ host: '127.0.0.1', port: target.port })
  sockets.add(socket)
  // Refused or reset: the gateway may do so. The attacker reads nothing.
  socket
    .on('error', () => {})
    .on('close', () => sockets.delete(socket))
    .pause()
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {})
  socket.write(attack.first(target, index))
  if (attack.again !== undefined) sendAll(socket, Buffer.from(attack.again.request(target).repeat(attack.again.times)))
}

/** Sends the bytes as fast as the gateway takes them. */
function sendAll(socket: Socket, bytes: Buffer): void {
  let at = 0
  const send = (): void => {
    while (at < bytes.length && !socket.destroyed) {
      const piece = bytes.subarray(at, at + pieceBytes)
      at += piece.length
      if (!socket.write(piece)) return void socket.once('drain', send)
    }
  }
  send()
}

function emit({ port, token }: AttackTarget, bytes: number): void {
  const body = JSON.stringify({ type: 'flood', users: ['mal'], payload: 'x'.repeat(bytes) })
  const outgoing = request(
    {
      host: '127.0.0.1',
      port,
      path: '/api/chrome-service/v1/emit-message',
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-length': body.length },
    },
    (response) => response.resume(),
  )
  outgoing.on('error', () => {}).end(body)
}

answerCalls(calls)
