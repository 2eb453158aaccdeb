import { createHealth } from './observability/health.ts'
import { createInternalServer } from './observability/internal-server.ts'
import { createOperator, type Operator } from './operator.ts'
import { schemaDrift } from './reconcile/watch/schema-drift.ts'
import { electionOf, type Run } from './run.ts'
import type { LeaderElection } from './runtime/leader-election.ts'

const stopTimeoutMs = 15_000

/** Longer than the operator needs to end, with the grace of its controller: the Lease is given back after that, and not left to expire. */
const releaseTimeoutMs = 25_000

/**
 * The operator's ordinary life: it watches, waits until it leads, works, and ends in order when it is told to.
 *
 * One that stands by watches, too, so that it can begin at once. One that leads no longer ends: what it holds of the world and what is under way
 * may be of a time in which another already works, and a new process is the plain way to have none of it.
 * @returns the exit code: 0 after a signal, 1 when it lost the Lease
 */
export async function serve(run: Run): Promise<number> {
  const { config, mode, adapters, stopped } = run
  const { logger } = adapters
  const election = electionOf(run)
  const mayWrite = (): boolean => !mode.isDryRun && (election === null || election.isLeader())
  adapters.guardWrites(mayWrite)
  const operator = createOperator(config, { ...adapters.operator, isDryRun: mode.isDryRun, print: run.print, mayWrite })
  const health = createHealth({
    watchers: operator.watchers,
    controller: operator.controller,
    staleAfterMs: config.watchStaleMs,
    clock: adapters.operator.clock,
  })
  const server = createInternalServer({ health, page: adapters.metricsPage, logger })
  const { port } = await server.listen({ host: config.internalHost, port: config.internalPort })
  logger.info(
    { server: adapters.server, internalPort: port, namespaces: config.namespaces, isDryRun: mode.isDryRun, identity: adapters.identity },
    'the operator starts',
  )

  const ending = new AbortController()
  void endWith(stopped)
  async function endWith(signal: Promise<unknown>): Promise<void> {
    logger.info({ signal: await signal }, 'stopping; a second signal ends it at once')
    ending.abort()
  }
  await operator.sync(ending.signal)
  if (!ending.signal.aborted) logger.info({ channels: operator.channels.all().length }, 'all watches have synced')
  void reportDrift(run) // it never rejects, and nothing waits for it
  const exitCode = ending.signal.aborted ? 0 : await lead(run, operator, { election, signal: ending.signal })
  await operator.stop({ deadlineMs: stopTimeoutMs })
  await adapters.recorder.stop({ deadlineMs: recordTimeoutMs })
  await server.close({ deadlineMs: 100 })
  return exitCode
}

/** For Events that were not written yet. */
const recordTimeoutMs = 2_000

interface Leading {
  readonly election: LeaderElection | null
  readonly signal: AbortSignal
}

/** Works until the signal, or until it leads no longer. @returns the exit code */
async function lead({ adapters }: Run, operator: Operator, { election, signal }: Leading): Promise<number> {
  if (election === null) {
    operator.work()
    await aborted(signal)
    return 0
  }
  signal.addEventListener('abort', () => void election.stop({ deadlineMs: releaseTimeoutMs }), { once: true })
  const end = await election.run({
    onStarted: async (term) => {
      operator.work()
      await aborted(term)
      // In order, the Lease is kept until nothing is under way any more. When it is lost, nothing may be waited for.
      await operator.stop({ deadlineMs: term.reason === 'lost' ? 0 : stopTimeoutMs })
      if (term.reason !== 'lost') await adapters.recorder.stop({ deadlineMs: recordTimeoutMs })
    },
    onLost: () => {},
  })
  return end === 'lost' ? 1 : 0
}

async function reportDrift({ adapters }: Run): Promise<void> {
  for (const reason of await schemaDrift(adapters.operator.api))
    adapters.logger.warn({ reason }, 'the CustomResourceDefinition of the cluster is of another version')
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
