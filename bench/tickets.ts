import { createPublicKey, createSecretKey, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { algorithms } from '../gateway/adapters/jose/algorithms.ts'
import { bindKey } from '../gateway/adapters/jose/has-signed.ts'
import { Tickets } from '../gateway/adapters/jose/tickets.ts'
import { keyedGateway, type ProbedGateway, startProbedGateway } from '../gateway/testing/probed-gateway.ts'
import type { TokenKeys } from '../gateway/testing/token-keys.ts'
import { type Bench, type BenchSettings, figure, figureRow, type Row } from './lib/bench.ts'
import { medianOf } from './lib/percentiles.ts'
import { RawConnection } from './lib/raw-connection.ts'
import { withTokenKeys } from './lib/with-token-keys.ts'

interface Client {
  readonly token: string
  readonly ticket: string
}

const handshakesPerRound = 200
const atOnce = 100

export const bench: Bench = {
  title: 'Resume tickets: processor time of a handshake with a token that the pod does not know, by its ticket and by its signature',
  run: (settings) => withTokenKeys((keys, folder) => measureTickets(settings, keys, folder)),
}

async function measureTickets({ isQuick, say }: BenchSettings, keys: TokenKeys, folder: string): Promise<readonly Row[]> {
  const rounds = isQuick ? 6 : 30
  const secret = randomBytes(32).toString('hex')
  const secrets = join(folder, 'secrets')
  writeFileSync(secrets, secret)
  const newClient = clientsOf(keys, secret)
  const gateway = await startProbedGateway({
    main: keyedGateway,
    env: { ...keys.env, TICKET_KEYS_FILE: secrets, UPGRADE_RATE_PER_S: '1000000', UPGRADE_BURST: '1000000' },
    execArgv: ['--expose-gc'],
  })
  try {
    const measure = (isWithTicket: boolean): Promise<number> =>
      costOf(gateway, Array.from({ length: handshakesPerRound }, newClient), isWithTicket)
    // The first rounds compile the code for the others.
    for (const isWithTicket of [true, false, true, false]) await measure(isWithTicket)
    const costs = { ticket: [] as number[], signature: [] as number[] }
    for (let round = 0; round < rounds; round += 1) {
      const isTicketFirst = round % 2 === 0
      const [first, second] = [await measure(isTicketFirst), await measure(!isTicketFirst)]
      costs.ticket.push(isTicketFirst ? first : second)
      costs.signature.push(isTicketFirst ? second : first)
    }
    say(`least of ${rounds} rounds: ${figure(Math.min(...costs.ticket))} us, ${figure(Math.min(...costs.signature))} us`)
    return [
      figureRow({
        measure: 'Handshake with a resume ticket, CPU (other: with the signature of ES256 verified)',
        unit: 'us',
        ours: medianOf(costs.ticket),
        other: `${figure(medianOf(costs.signature))} us`,
      }),
    ]
  } finally {
    await gateway.kill()
  }
}

/** Returns a function that makes a client with a token of its own, and the ticket that another pod has given it. */
function clientsOf(keys: TokenKeys, secret: string): () => Client {
  const algorithm = algorithms.get('ES256')
  if (algorithm === undefined) throw new Error('ES256 is not in the table')
  const signer = bindKey(createPublicKey(readFileSync(keys.env['JWT_KEYS_FILE'] ?? '')), 'ES256', algorithm)
  const tickets = new Tickets({ channel: 'chrome-service', secrets: () => [createSecretKey(Buffer.from(secret))] })
  const exp = Math.floor(Date.now() / 1000) + 86_400
  let count = 0
  return () => {
    const token = keys.sign({ user_id: `user-${(count += 1)}`, org_id: 'o-1', roles: ['viewer'], exp })
    return { token, ticket: tickets.issue(token, signer) ?? '' }
  }
}

async function costOf(gateway: ProbedGateway, clients: readonly Client[], isWithTicket: boolean): Promise<number> {
  const before = await gateway.ask('settled-cost')
  const waiting = clients.values()
  const connections: RawConnection[] = []
  const work = async (): Promise<void> => {
    for (const { token, ticket } of waiting) {
      const path = `/wss/chrome-service/v1/ws?cursor=latest${isWithTicket ? `&ticket=${ticket}` : ''}`
      const target = { host: '127.0.0.1', port: gateway.ports.public, path, headers: { authorization: `Bearer ${token}` } }
      connections.push(await RawConnection.openWith(target, { localAddress: '127.0.0.1', reader: () => ({ add: () => {} }) }))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  const after = await gateway.ask('cost')
  for (const connection of connections) connection.destroy()
  return ((after.processCpuMs - before.processCpuMs) * 1000) / clients.length
}
