/**
 * Measures two trees of this repository side by side in one run: the cost of an emit, a broadcast and a handshake in the gateway's process,
 * before a change and after it. `node bench/pairs/main.ts --before DIR [--after DIR] [--rounds N] [OPERATION...]`; `make pairs ARGS=...` does the
 * same. Both trees need their node_modules. The same tree twice shows the machine's own spread.
 */
import { Agent } from 'node:http'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { keyedGateway, type ProbedGateway, startProbedGateway } from '../../gateway/testing/probed-gateway.ts'
import type { TokenKeys } from '../../gateway/testing/token-keys.ts'
import { nowMs } from '../lib/clock.ts'
import { RawConnection } from '../lib/raw-connection.ts'
import { withTokenKeys } from '../lib/with-token-keys.ts'
import { type Cost, renderPairs, type RoundOfPair } from './report.ts'
import { type Operation, operations, type Side } from './operations.ts'
import { connectReaders } from './readers.ts'

const usage = `Usage: node bench/pairs/main.ts --before DIR [--after DIR] [--rounds N] [OPERATION...]

--after is this tree by default, --rounds 9. Operations: ${operations.map(({ name }) => `"${name}"`).join(', ')}; all by default.`

const thisTree = fileURLToPath(new URL('../..', import.meta.url))

/** Clients of each gateway that get its broadcasts. */
const broadcastReaders = 1_000

interface Running extends Side {
  readonly gateway: ProbedGateway
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      before: { type: 'string' },
      after: { type: 'string' },
      rounds: { type: 'string', default: '9' },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  })
  const chosen = operations.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
  const rounds = Number(values.rounds)
  if (values.help || values.before === undefined || chosen.length < positionals.length || !Number.isInteger(rounds) || rounds < 1) {
    console.log(usage)
    process.exitCode = values.help ? 0 : 2
    return
  }
  const trees = { before: values.before, after: values.after ?? thisTree }
  await withTokenKeys((keys) => compare(trees, { keys, chosen, rounds }))
}

interface Comparison {
  readonly keys: TokenKeys
  readonly chosen: readonly Operation[]
  readonly rounds: number
}

async function compare(trees: { readonly before: string; readonly after: string }, { keys, chosen, rounds }: Comparison): Promise<void> {
  const started: Running[] = []
  try {
    const before = await startTree(trees.before, keys)
    started.push(before)
    const after = await startTree(trees.after, keys)
    started.push(after)
    for (const operation of chosen) console.log(renderPairs(operation.name, await measure(operation, { before, after, rounds })))
  } finally {
    for (const { agent, gateway } of started) {
      agent.destroy()
      await gateway.kill()
    }
  }
}

async function startTree(tree: string, keys: TokenKeys): Promise<Running> {
  const env = {
    GATEWAY_ROOT: pathToFileURL(`${resolve(tree)}/`).href,
    EMIT_RATE_PER_S: '1000000',
    EMIT_BURST: '1000000',
    UPGRADE_RATE_PER_S: '1000000',
    UPGRADE_BURST: '1000000',
    ...keys.env,
  }
  const gateway = await startProbedGateway({ main: keyedGateway, env, execArgv: ['--expose-gc'] })
  const token = keys.sign({ user_id: 'ann', scope: 'carillon.emit', exp: Math.floor(Date.now() / 1000) + 86_400 })
  const port = gateway.ports.public
  const readers = await connectReaders(port, keys, broadcastReaders)
  const side = { gateway, token, port, readers, agent: new Agent({ keepAlive: true, maxSockets: 64 }) }
  // One session gets each emitted event: delivery is part of the cost.
  await RawConnection.openWith(
    { host: '127.0.0.1', port: side.port, path: '/wss/chrome-service/v1/ws', headers: { authorization: `Bearer ${token}` } },
    { localAddress: '127.0.0.1', reader: () => ({ add: () => {} }) },
  )
  return side
}

/** The first rounds compile the code for the others; of the others every second begins with the other tree. */
async function measure(
  operation: Operation,
  { before, after, rounds }: { readonly before: Running; readonly after: Running; readonly rounds: number },
): Promise<readonly RoundOfPair[]> {
  for (const side of [before, after, before, after]) await costOf(operation, side)
  const measured: RoundOfPair[] = []
  for (let round = 0; round < rounds; round += 1) {
    const isSwapped = round % 2 === 1
    const first = await costOf(operation, isSwapped ? after : before)
    const second = await costOf(operation, isSwapped ? before : after)
    measured.push(isSwapped ? { before: second, after: first } : { before: first, after: second })
  }
  return measured
}

async function costOf({ times, atOnce, run }: Operation, side: Running): Promise<Cost> {
  const from = await side.gateway.ask('settled-cost')
  const startMs = nowMs()
  let left = times
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await run(side)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  const wallMs = nowMs() - startMs
  const end = await side.gateway.ask('cost')
  return { cpuMicros: ((end.processCpuMs - from.processCpuMs) * 1000) / times, wallMicros: (wallMs * 1000) / times }
}

await main()
