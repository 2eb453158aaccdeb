import type { RealAdapters } from './adapters.ts'
import type { Mode } from './config/mode.ts'
import type { OperatorConfig } from './config/options.ts'
import { createLeaderElection, type LeaderElection } from './runtime/leader-election.ts'

/** What a task of the operator is given. */
export interface Run {
  readonly config: OperatorConfig
  readonly mode: Mode
  readonly adapters: RealAdapters
  /** Resolves when somebody wants the process to end. */
  readonly stopped: Promise<unknown>
  /** A line for a person, to standard output. */
  readonly print: (line: string) => void
}

/** The election that this operator takes part in; null: whoever started it said that there is no other, or nothing is going to be written. */
export function electionOf({ config, mode, adapters }: Run): LeaderElection | null {
  if (!config.leaderElection || mode.isDryRun) return null
  return createLeaderElection({
    api: adapters.leaseApi,
    options: {
      lease: adapters.operator.lease,
      identity: adapters.identity,
      durationMs: config.leaseDurationMs,
      renewDeadlineMs: config.renewDeadlineMs,
      retryPeriodMs: config.retryPeriodMs,
    },
    metrics: adapters.operator.metrics,
    logger: adapters.logger,
    clock: adapters.operator.clock,
    random: adapters.operator.random,
  })
}

const stopTimeoutMs = 10_000

/**
 * Does a piece of work as the leader, so that no other operator works at the same time: waits until there is none.
 * @param work gives the exit code
 * @returns the exit code; 1 when the work was not begun, or another operator began before it was done
 */
export async function whileLeading(run: Run, work: (mayWrite: () => boolean) => Promise<number>): Promise<number> {
  const election = electionOf(run)
  run.adapters.guardWrites(() => !run.mode.isDryRun && (election === null || election.isLeader()))
  if (election === null) return work(() => !run.mode.isDryRun)
  void run.stopped.then(() => election.stop({ deadlineMs: stopTimeoutMs }))
  run.print('Waiting until no other operator works ...')
  let exitCode = 1
  const end = await election.run({
    onStarted: async () => {
      exitCode = await work(() => election.isLeader())
    },
    onLost: (reason) => run.print(`Another operator has begun to work meanwhile (${reason}): run this again when none is left.`),
  })
  return end === 'lost' ? 1 : exitCode
}
