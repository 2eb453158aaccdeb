import type { RealAdapters } from './adapters.ts'
import type { Mode } from './config/mode.ts'
import type { OperatorConfig } from './config/options.ts'
import { createLeaderElection, type LeaderElection } from './runtime/leader-election.ts'

/** Parameters of a task of the operator. */
export interface Run {
  readonly config: OperatorConfig
  readonly mode: Mode
  readonly adapters: RealAdapters
  /** Resolves when the process was asked to end. */
  readonly stopped: Promise<unknown>
  /** Prints a line to standard output. */
  readonly print: (line: string) => void
}

/** Returns the leader election of this operator. Null: the options switch it off, or nothing is going to be written. */
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
 * Does a piece of work as the leader, so that no other operator works at the same time. Waits for the Lease first.
 * @param work returns the exit code
 * @returns the exit code. 1 when the work was not started, or when another operator took the Lease before it was done
 */
export async function whileLeading(run: Run, work: (mayWrite: () => boolean) => Promise<number>): Promise<number> {
  const election = electionOf(run)
  run.adapters.guardWrites(() => !run.mode.isDryRun && (election === null || election.isLeader()))
  if (election === null) return work(() => !run.mode.isDryRun)
  void run.stopped.then(() => election.stop({ deadlineMs: stopTimeoutMs }))
  run.print('Waiting until no other operator leads ...')
  let exitCode = 1
  const end = await election.run({
    onStarted: async () => {
      exitCode = await work(() => election.isLeader())
    },
    onLost: (reason) => run.print(`Another operator has taken the Lease (${reason}). Stop it, and run this command again.`),
  })
  return end === 'lost' ? 1 : exitCode
}
