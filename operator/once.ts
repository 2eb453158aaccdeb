import { sleep } from '../program/waiting.ts'
import { createOperator, type Operator } from './operator.ts'
import { whileLeading, type Run } from './run.ts'
import type { ObjectRef } from '../api/kubernetes.ts'
import { keyOf } from '../api/object-ref.ts'
import type { ReconcileResult } from './runtime/reconcile-run.ts'

const syncTimeoutMs = 60_000
const stopTimeoutMs = 10_000

/**
 * `--once`: reconciles each channel once, and again where a reconcile asks for a retry within a short wait.
 * @returns the exit code: 0 when all channels have converged. 1 when one has not, or when the channels of a namespace could not be read
 */
export function runOnce(run: Run): Promise<number> {
  return whileLeading(run, (mayWrite) => lookOnce(run, mayWrite))
}

async function lookOnce({ config, mode, adapters, stopped, print }: Run, mayWrite: () => boolean): Promise<number> {
  const operator = createOperator(config, { ...adapters.operator, isDryRun: mode.isDryRun, print, mayWrite })
  const giveUp = new AbortController()
  const timer = setTimeout(() => giveUp.abort(), syncTimeoutMs)
  void stopped.then(() => giveUp.abort())
  await operator.sync(giveUp.signal)
  clearTimeout(timer)
  const haveSynced = operator.watchers.every((watcher) => watcher.state().hasSynced)
  if (!haveSynced)
    print(`The API server ${adapters.server} did not return all objects within ${syncTimeoutMs / 1_000} s. The log gives the reason.`)
  for (const namespace of operator.reach.all())
    print(
      `The namespace ${namespace} cannot be read, so its channels were not reconciled. Check that it exists and that the operator has its Role there.`,
    )
  const failures = haveSynced ? (await reconcileAll(operator, config.workers, print)) + operator.reach.all().length : 1
  await operator.stop({ deadlineMs: stopTimeoutMs })
  await adapters.recorder.stop({ deadlineMs: stopTimeoutMs })
  return failures === 0 ? 0 : 1
}

/** Reconciles all channels. @returns the number of channels that have not converged */
async function reconcileAll({ channels, reconcile }: Operator, workers: number, print: (line: string) => void): Promise<number> {
  const waiting = [...channels.all()]
  let failures = 0
  const work = async (): Promise<void> => {
    for (let ref = waiting.shift(); ref !== undefined; ref = waiting.shift()) {
      const result = await settle(ref, reconcile)
      if (result.kind === 'done') continue
      failures += 1
      print(`${keyOf(ref)}: ${result.kind === 'retry' ? result.reason : 'waiting; the status gives the reason'}`)
    }
  }
  await Promise.all(Array.from({ length: workers }, work))
  print(`${channels.all().length} channels, ${failures} not converged.`)
  return failures
}

const maxLooks = 5
const maxShortWaitMs = 2_000

/** Reconciles one channel, and again after short waits: brokers show a new topic only after a moment. */
async function settle(ref: ObjectRef, reconcile: Operator['reconcile']): Promise<ReconcileResult> {
  for (let look = 1; ; look++) {
    const result = await reconcile(ref, { signal: AbortSignal.timeout(syncTimeoutMs), priority: 'user' })
    const isShortWait = result.kind === 'requeue' && result.afterMs <= maxShortWaitMs
    if (!isShortWait || look === maxLooks) return result
    await sleep(result.afterMs)
  }
}
