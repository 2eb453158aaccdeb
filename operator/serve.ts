import { createHealth } from './observability/health.ts'
import { createInternalServer } from './observability/internal-server.ts'
import { createOperator, type Operator } from './operator.ts'
import { schemaDrift } from './reconcile/watch/schema-drift.ts'
import { electionOf, type Run } from './run.ts'
import type { LeaderElection } from './runtime/leader-election.ts'

const stopTimeoutMs = 15_000

/** Longest end of the operator, including the grace of its controller. The Lease is released after that instead of expiring. */
const releaseTimeoutMs = 25_000

/**
 * Runs the operator: watches, waits until it leads, works, and stops in order after a signal.
 *
 * A standby watches, too, so that it can start at once. An operator that has lost the leadership ends. What it has read and what is in
 * progress may be outdated, because another operator may work already. A new process is the simple way to drop all of it.
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
    'operator started',
  )

  const ending = new AbortController()
  void endWith(stopped)
  async function endWith(signal: Promise<unknown>): Promise<void> {
    logger.info({ signal: await signal }, 'stopping; a second signal exits at once')
    ending.abort()
  }
  await operator.sync(ending.signal)
  if (!ending.signal.aborted) logger.info({ channels: operator.channels.all().length }, 'watches synced')
  void reportDrift(run) // never rejects, and nothing waits for it
  const exitCode = ending.signal.aborted ? 0 : await lead(run, operator, { election, signal: ending.signal })
  await operator.stop({ deadlineMs: stopTimeoutMs })
  await adapters.recorder.stop({ deadlineMs: recordTimeoutMs })
  await server.close({ deadlineMs: 100 })
  return exitCode
}

/** Limit for Events that are not written yet. */
const recordTimeoutMs = 2_000

interface Leading {
  readonly election: LeaderElection | null
  readonly signal: AbortSignal
}

/** Works until the signal aborts or the leadership is lost. @returns the exit code */
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
      // In an orderly stop, the Lease is kept until no reconcile is in progress. When it is lost, nothing is waited for.
      await operator.stop({ deadlineMs: term.reason === 'lost' ? 0 : stopTimeoutMs })
      if (term.reason !== 'lost') await adapters.recorder.stop({ deadlineMs: recordTimeoutMs })
    },
    onLost: () => {},
  })
  return end === 'lost' ? 1 : 0
}

async function reportDrift({ adapters }: Run): Promise<void> {
  for (const reason of await schemaDrift(adapters.operator.api))
    adapters.logger.warn({ reason }, 'CustomResourceDefinition of another version')
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
